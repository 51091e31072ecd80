"""Live masks: no picture in which a face is uncovered is shown, whatever the engines do."""

import threading

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.errors import InputError
from deepmask.faces import Face, clip_box, enlarge
from deepmask.persona import Attributes, Persona
from pipelines.live import LiveMask
from pipelines.live.masking import BUSY, DELAY, FAILED, PREPARING, covering

FACE = np.array([178.0, 68.0, 270.0, 190.0])
"""Of skimage's astronaut, in her picture."""
SIDE = 300
BACKGROUND = cv2.resize(data.coffee(), (640, 360))
PERSONA = Persona("maya", "Maya", "painter", np.zeros((64, 64, 3), np.uint8), 3, attributes=Attributes(age=30))


def picture(x: int, y: int = 60, mirrored: bool = False):
    """(360, 640, 3) with the astronaut's head at (x, y), and the box of her face; beyond the frame she is cut."""
    head = data.astronaut()[:300, 70:370]
    box = FACE - (70, 0, 70, 0)
    if mirrored:
        head, box = head[:, ::-1], np.array([SIDE - box[2], box[1], SIDE - box[0], box[3]])
    frame = BACKGROUND.copy()
    left, right = max(0, x), min(640, x + SIDE)
    if right > left:
        frame[y:, left:right] = head[: 360 - y, left - x : right - x]
    x1, y1, x2, y2 = (float(v) for v in box + (x, y, x, y))
    return frame, (x1, y1, x2, y2)


def ready(*args) -> LiveMask:
    live = LiveMask(*args)
    live.prepare()
    return live


def changed(shown, frame, box) -> float:
    """Share of the face inside the frame that no longer is what it was."""
    x1, y1, x2, y2 = clip_box(enlarge(box, 0.8), (640, 360))
    return float((np.abs(shown[y1:y2, x1:x2].astype(int) - frame[y1:y2, x1:x2]).max(2) > 3).mean())


def play(live: LiveMask, frames) -> list:
    """What is shown of frames taken every tenth of a second, with the number of the frame each belongs to."""
    shown = [live.mask(frame, n / 10) for n, (frame, _) in enumerate(frames)]
    return [(one, round(one.seconds * 10)) for one in shown if not one.covered]


@pytest.mark.parametrize("style", ["pixelate", "solid", "vector"])
def test_a_face_that_moves_and_turns_around_is_masked_in_every_picture(style):
    frames = [picture(40 + 25 * n, mirrored=n >= 6) for n in range(12)]
    shown = play(ready(style), frames)
    assert [n for _, n in shown] == list(range(12 - DELAY))
    assert all(changed(one.rgb, *frames[n]) > 0.85 for one, n in shown)
    assert all(one.faces >= 1 for one, _ in shown)


def test_a_persona_is_painted_over_the_face_and_nobody_is_recognised_in_it():
    recognizer = engines.load("face_recognizer")
    frames = [picture(120 + 6 * n) for n in range(5)]
    shown = play(ready("persona", PERSONA), frames)
    assert shown
    for one, n in shown:
        frame, box = frames[n]
        assert "painter" in one.engines
        before, after = (recognizer.embed(rgb, Face(box)) for rgb in (frame, one.rgb))
        assert np.linalg.norm(before - after) >= recognizer.hidden_above


def test_a_face_that_comes_into_the_picture_is_masked_from_the_first_picture_in_which_it_is_shown():
    ways = [picture(-330 + 45 * n) for n in range(10)]
    shown = play(ready("pixelate"), ways)
    visible = [(one, n) for one, n in shown if ways[n][1][0] > -20]  # most of the face is inside the frame
    assert len(visible) >= 3
    assert all(changed(one.rgb, *ways[n]) > 0.85 for one, n in visible)


def test_a_face_that_a_look_misses_is_followed_and_stays_covered(monkeypatch):
    live = ready("pixelate")
    finder = engines.load("face_finder", "frames")
    looks = iter(range(100))
    find = type(finder).find
    monkeypatch.setattr(
        type(finder), "find", lambda self, rgb, **k: [] if next(looks) in (3, 4, 6) else find(self, rgb, **k)
    )
    frames = [picture(100 + 20 * n) for n in range(9)]
    shown = play(live, frames)
    assert len(shown) == 9 - DELAY
    assert all(changed(one.rgb, *frames[n]) > 0.85 for one, n in shown)


def test_a_face_that_is_found_late_is_covered_in_the_pictures_that_wait(monkeypatch):
    live = ready("pixelate")
    finder = engines.load("face_finder", "frames")
    looks = iter(range(100))
    find = type(finder).find
    monkeypatch.setattr(type(finder), "find", lambda self, rgb, **k: [] if next(looks) < 2 else find(self, rgb, **k))
    frames = [picture(100 + 10 * n) for n in range(5)]
    shown = play(live, frames)
    assert [n for _, n in shown] == [0, 1, 2]
    assert all(changed(one.rgb, *frames[n]) > 0.85 for one, n in shown)


def is_covered(shown, frame) -> bool:
    """Whether nothing but broad colours of ``frame`` is left."""
    return np.array_equal(shown.rgb, covering(frame)) and bool(shown.covered)


def test_before_the_first_look_has_ended_the_whole_picture_is_covered():
    frame, box = picture(150)
    live = LiveMask("pixelate")
    shown = live.mask(frame, 0.0)
    assert is_covered(shown, frame)
    assert shown.covered == PREPARING
    live.prepare()
    assert is_covered(live.mask(frame, 0.1), frame), "the first picture waits for the next"
    recognizer = engines.load("face_recognizer")
    distance = np.linalg.norm(recognizer.embed(frame, Face(box)) - recognizer.embed(shown.rgb, Face(box)))
    assert distance >= recognizer.hidden_above
    assert not engines.load("face_finder", "fast").find(shown.rgb)


def test_a_finder_that_fails_leaves_only_covered_pictures(monkeypatch):
    live = ready("pixelate")
    frames = [picture(150)[0]] * (DELAY + 2)
    assert not [live.mask(frame, n / 10).covered for n, frame in enumerate(frames)][-1]

    def broken(self, rgb, **_):
        raise RuntimeError("out of order")

    monkeypatch.setattr(type(engines.load("face_finder", "frames")), "find", broken)
    shown = live.mask(frames[0], 1.0)
    assert is_covered(shown, frames[0])
    assert shown.covered == FAILED


def test_where_every_mask_fails_the_face_is_under_a_rectangle(monkeypatch):
    def broken(self, *_, **__):
        raise RuntimeError("out of order")

    live = ready("pixelate")
    for name in ("pixelate", "solid"):
        monkeypatch.setattr(type(engines.load("face_swapper", name)), "swap", broken)
    frames = [picture(150)] * 4
    for one, n in play(live, frames):
        assert one.engines == ("rectangle",)
        assert changed(one.rgb, *frames[n]) > 0.85


def test_while_other_work_holds_the_engines_pictures_are_covered():
    live = ready("pixelate")
    frame, _ = picture(150)
    held, done = threading.Event(), threading.Event()

    def work() -> None:
        with engines.exclusive:
            held.set()
            done.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    held.wait(30)
    shown = live.mask(frame, 0.0)
    done.set()
    thread.join()
    assert is_covered(shown, frame)
    assert shown.covered == BUSY


def test_a_picture_without_faces_is_shown_as_it_is():
    live = ready("pixelate")
    sky = np.repeat(np.linspace(120, 200, 360, dtype=np.uint8)[:, None, None], 640, axis=1).repeat(3, axis=2)
    shown = [live.mask(sky, n / 10) for n in range(DELAY + 1)][-1]
    assert np.array_equal(shown.rgb, sky)
    assert shown.faces == 0


def test_large_pictures_are_shown_smaller_and_large_faces_painted_smaller_without_a_seam():
    live = ready("persona", PERSONA)
    frame, box = picture(150)
    large = cv2.resize(frame, (1920, 1080), interpolation=cv2.INTER_CUBIC)
    shown = [live.mask(large, n / 10) for n in range(DELAY + 1)][-1]
    assert shown.rgb.shape == (720, 1280, 3)
    assert "painter" in shown.engines
    seen = cv2.resize(large, (1280, 720), interpolation=cv2.INTER_AREA)
    x1, y1, x2, y2 = clip_box(enlarge((2 * box[0], 2 * box[1], 2 * box[2], 2 * box[3]), 2.4), (1280, 720))
    away = np.ones((720, 1280), bool)
    away[y1:y2, x1:x2] = False
    masked_elsewhere = np.abs(shown.rgb.astype(int) - seen).max(2)[away] > 3
    assert shown.faces > 1 or not masked_elsewhere.any()


@pytest.mark.parametrize(("style", "persona"), [("keep", None), ("persona", None), ("pixelate", PERSONA)])
def test_a_live_picture_is_never_left_as_it_is(style, persona):
    with pytest.raises(InputError):
        LiveMask(style, persona)
