"""Faces seen now and then become faces that are followed without a gap."""

from __future__ import annotations

from pathlib import Path as File

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask.faces import Box, Face, enlarge, iou
from pipelines.video.looking import COLOURS, Glimpse, Sight
from pipelines.video.tracking import Path, _hold, carry, link

av = pytest.importorskip("av")

SIZE = 320, 180


def sight(x: float, y: float, side: float = 40, score: float = 0.9, hue: int = 0) -> Sight:
    """A face at a place, in one colour."""
    colours = np.zeros(COLOURS, np.float32)
    colours[hue] = 1
    return Sight(Face((x, y, x + side, y + side), score), colours)


def glimpse(seen: dict[int, tuple[Sight, ...]], frames: int, cuts: tuple[int, ...] = ()) -> Glimpse:
    """All looks of a clip."""
    return Glimpse(0, frames, seen, cuts)


def clip_of(frames: list[np.ndarray], path: File):
    """The frames as a clip without loss."""
    from deepmask.media.clip import Clip

    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "bgr0"
        for frame in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24").reformat(format="bgr0")))
        file.mux(stream.encode(None))
    return Clip.open(path)


def astronaut_at(x: int, y: int, backdrop: np.ndarray) -> np.ndarray:
    """A photographed face, 40 px, on a backdrop."""
    frame = backdrop.copy()
    face = cv2.resize(data.astronaut()[50:190, 160:300], (40, 40), interpolation=cv2.INTER_AREA)
    frame[y : y + 40, x : x + 40] = face
    return frame


@pytest.fixture
def backdrop() -> np.ndarray:
    """Something without a face."""
    return cv2.resize(data.coffee(), SIZE, interpolation=cv2.INTER_AREA)


def test_a_face_that_moves_is_one_path() -> None:
    seen = {n: (sight(10 + 6 * n, 50),) for n in range(0, 30, 3)}
    (path,) = link([glimpse(seen, 30)], 30, SIZE)
    assert sorted(path.seen) == list(range(0, 30, 3))


def test_two_who_cross_keep_their_paths() -> None:
    seen = {
        n: (sight(20 + 6 * n, 60, hue=1), sight(200 - 6 * n, 62, hue=2)) for n in range(0, 31, 3) if not 13 <= n <= 17
    }
    paths = link([glimpse(seen, 31)], 31, SIZE)
    for path in paths:
        assert len({int(one.colours.argmax()) for one in path.seen.values()}) == 1, "a path went over to somebody else"
    assert len(paths) == 2


def test_no_path_goes_over_a_cut() -> None:
    seen = {n: (sight(50, 50),) for n in range(0, 20, 2)}
    paths = link([glimpse(seen, 20, cuts=(10,))], 20, SIZE)
    assert [path.shot for path in paths] == [(0, 9), (10, 19)]


def test_stretches_looked_at_apart_are_linked_like_one() -> None:
    seen = {n: (sight(10 + 3 * n, 50),) for n in range(0, 40, 4)}
    halves = [
        Glimpse(0, 20, {n: faces for n, faces in seen.items() if n < 20}),
        Glimpse(20, 40, {n: faces for n, faces in seen.items() if n >= 20}),
    ]
    assert link(halves, 40, SIZE) == link([glimpse(seen, 40)], 40, SIZE)


@pytest.mark.parametrize(
    ("score", "side", "kept"),
    [(0.3, 12, False), (0.3, 40, True), (0.7, 12, True)],
    ids=["small and unsure", "large", "sure"],
)
def test_only_what_is_small_and_unsure_needs_a_second_look(score: float, side: float, kept: bool) -> None:
    seen = {0: (), 3: (sight(50, 50, side, score),), 6: (), 9: ()}
    assert bool(link([glimpse(seen, 12)], 12, SIZE)) is kept


def test_an_unsure_face_in_a_shot_with_one_look_is_kept() -> None:
    assert link([glimpse({0: (sight(50, 50, 12, 0.3),)}, 2)], 2, SIZE)


def test_a_face_is_hidden_before_it_was_first_seen(tmp_path: File, backdrop: np.ndarray) -> None:
    frames = [astronaut_at(40 + 2 * n, 60, backdrop) for n in range(40)]
    clip = clip_of(frames, tmp_path / "moves.mkv")
    seen = {n: (Sight(Face((40 + 2 * n, 60, 80 + 2 * n, 100)), _colours(frames[n], 40 + 2 * n, 60)),) for n in (20, 24)}
    (path,) = carry(clip, link([glimpse(seen, 40)], 40, clip.size_wh))
    boxes = path.dense()
    for frame in range(5, 36):
        truth: Box = (40 + 2 * frame, 60, 80 + 2 * frame, 100)
        x1, y1, x2, y2 = (float(v) for v in boxes[frame - path.first])
        assert iou(enlarge((x1, y1, x2, y2), 1.0), truth) > 0.6, f"frame {frame}"


def test_a_place_that_was_left_is_not_followed_for_long(tmp_path: File, backdrop: np.ndarray) -> None:
    frames = [astronaut_at(100, 60, backdrop) if n < 20 else backdrop for n in range(60)]
    clip = clip_of(frames, tmp_path / "leaves.mkv")
    seen = {
        n: (Sight(Face((100, 60, 140, 100)), _colours(frames[n], 100, 60)),) if n < 20 else () for n in range(0, 60, 3)
    }
    (path,) = carry(clip, link([glimpse(seen, 60)], 60, clip.size_wh))
    assert path.first == 0
    assert 19 <= path.last <= 19 + round(0.5 * 25), "covered while it is there, and not much longer"


def test_trembling_boxes_are_steadied_without_lag() -> None:
    from pipelines.video import tracking

    noise = np.random.default_rng(3).normal(0, 2.0, (40, 2))
    path = Path((0, 119))
    for n in range(40):
        x, y = 20 + 2.0 * 3 * n + noise[n, 0], 60 + noise[n, 1]
        path.see(3 * n, sight(x, y))
    before = np.abs(np.diff(path.dense(), 2, axis=0)).mean()
    tracking._steady(path, 25)
    after = path.dense()
    assert np.abs(np.diff(after, 2, axis=0)).mean() < 0.4 * before
    truth = 20 + 2.0 * np.arange(118)
    assert abs((after[10:-10, 0] - truth[10:-10]).mean()) < 0.8, "neither late nor early"


def _colours(frame: np.ndarray, x: int, y: int) -> np.ndarray:
    from pipelines.video.looking import colours_of

    return colours_of(frame, (x, y, x + 40, y + 40))


@pytest.mark.parametrize(("looks", "seconds"), [(5, 0.3), (30, 0.5)])
def test_a_place_stays_covered_before_and_after_but_not_over_a_cut(looks: int, seconds: float) -> None:
    path = Path((0, 130))
    for frame in range(40, 40 + 3 * looks, 3):
        path.see(frame, sight(50, 50))
    last = path.last
    _hold(path, 25.0)
    assert path.first == 40 - round(seconds * 25)
    assert path.last == min(last + round(seconds * 25), 130)
