"""The embedded portrait painter, as its users see it: pictures."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from deepmask.engines.painter import Painter, avatar_for
from deepmask.engines.painter.colours import HAIR_COLOURS, SKIN_TONES, colour, to_linear
from deepmask.engines.painter.identity import identity_of
from deepmask.engines.painter.portrait import PREPARING, is_ready
from deepmask.persona import CHOICES, Attributes

SIZE = 96
PLAIN = Attributes(
    gender="male", age=30, heritage="white", skin="fair", hair_colour="brown", hair_style="buzz", eyes="brown",
    beard="none", glasses="none", mood="friendly", clothing="tee", clothing_colour="#3b6ea5", background="studio",
)  # fmt: skip


def paint(attributes: Attributes, seed: int = 3, size: int = SIZE) -> np.ndarray:
    return Painter().paint(attributes, seed, size)


def changed_pixels(a: np.ndarray, b: np.ndarray) -> int:
    """How many pixels differ so much that an eye sees it."""
    return int((np.abs(a.astype(int) - b).max(-1) > 8).sum())


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return paint(PLAIN)


def test_the_same_persona_has_the_same_bits_in_another_process(plain):
    script = (
        "import cv2, sys; cv2.setNumThreads(1);"
        "from deepmask.engines.painter import Painter; from deepmask.persona import Attributes;"
        f"sys.stdout.buffer.write(Painter().paint(Attributes.from_json({PLAIN.to_json()!r}), 3, {SIZE}).tobytes())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environment, check=True)
    assert run.stdout == plain.tobytes()


def test_naming_the_painter_imports_nothing_heavy():
    script = (
        "import sys, deepmask.engines.painter;"
        "print([m for m in ('numba', 'cv2', 'scipy', 'deepmask.engines.painter.render') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_portraits_have_the_size_asked_for_and_are_pictures(plain):
    for size in (64, 130):
        picture = paint(PLAIN, size=size)
        assert picture.shape == (size, size, 3)
        assert picture.dtype == np.uint8
    assert plain.std() > 30, "a face before a background, not one flat colour"


def test_two_seeds_are_two_people():
    open_choice = Attributes(gender="female", heritage="latino")
    faces = [paint(open_choice, seed) for seed in (1, 2, 3)]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert changed_pixels(faces[i], faces[j]) > 0.15 * SIZE**2


CHANGES = [(name, word) for name, words in CHOICES.items() for word in words if word != getattr(PLAIN, name)]


@pytest.mark.parametrize(("name", "word"), CHANGES)
def test_every_word_is_seen(plain, name, word):
    assert changed_pixels(paint(PLAIN.changed(**{name: word})), plain) >= 8


@pytest.mark.parametrize(("name", "value"), [("age", 75), ("freckles", True), ("clothing_colour", "#aa2222")])
def test_other_attributes_are_seen(name, value):
    assert changed_pixels(paint(PLAIN.changed(**{name: value}), size=200), paint(PLAIN, size=200)) >= 20


def test_changing_one_attribute_keeps_the_rest_of_the_person():
    base = Attributes(gender="female")
    before = identity_of(base, 5)
    after = identity_of(base.changed(glasses="round", hair_colour="blue", clothing="suit", mood="angry"), 5)
    assert before.face == after.face
    assert before.skin == after.skin
    assert before.hair.style == after.hair.style
    assert before.pose == after.pose
    assert identity_of(base.changed(age=40), 5).eye == before.eye


def region(picture: np.ndarray, x: float, y: float, half: float) -> np.ndarray:
    """Median linear colour of a square given in shares of the size."""
    n = len(picture)
    part = picture[int((y - half) * n) : int((y + half) * n), int((x - half) * n) : int((x + half) * n)]
    return np.median(to_linear(part.reshape(-1, 3) / 255), 0)


def hue_distance(seen: np.ndarray, asked: np.ndarray) -> float:
    """Distance of two colours after both are brought to the same brightness."""
    return float(np.abs(seen / seen.sum() - asked / asked.sum()).sum())


@pytest.mark.parametrize("tone", ["pale", "deep", "#9a6a50"])
def test_the_skin_has_the_colour_asked_for(tone):
    picture = paint(PLAIN.changed(skin=tone), size=128)
    asked = colour(SKIN_TONES.get(tone, tone))
    seen = region(picture, 0.5, 0.24, 0.04)  # forehead
    assert hue_distance(seen, asked) < 0.16
    assert 0.5 < seen.mean() / asked.mean() < 1.6


@pytest.mark.parametrize("name", ["black", "ginger", "platinum", "#30a070"])
def test_the_hair_has_the_colour_asked_for(name):
    painted = paint(PLAIN.changed(hair_colour=name, hair_style="short"), size=128)
    bald = paint(PLAIN.changed(hair_style="bald"), size=128)
    hair = np.abs(painted.astype(int) - bald).sum(-1) > 40
    hair[40:] = False
    seen = np.median(to_linear(painted[hair] / 255), 0)
    asked = colour(HAIR_COLOURS.get(name, name))
    if name == "black":
        assert seen.max() < 0.05
    else:
        assert hue_distance(seen, asked) < 0.3
        assert 0.3 < seen.mean() / asked.mean() < 1.7


def test_a_face_detector_finds_the_face():
    mediapipe = pytest.importorskip("mediapipe")
    people = [
        PLAIN,
        PLAIN.changed(gender="female", hair_style="long", skin="deep", mood="laughing"),
        PLAIN.changed(beard="full", glasses="square", age=70),
        Attributes(gender="male", age=24, heritage="south_asian", hair_colour="black", clothing="suit"),
    ]
    with mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        for i, person in enumerate(people):
            picture = paint(person, i, 256)
            found = mesh.process(picture).multi_face_landmarks
            assert found, f"no face in {person}"
            y = [p.y for p in found[0].landmark]
            assert 0.38 < max(y) - min(y) < 0.55, "the face fills about 45 to 50 % of the height"


def test_an_avatar_is_built_once_for_portrait_and_mask():
    assert avatar_for(PLAIN, 3) is avatar_for(PLAIN.changed(), 3)


def test_progress_rises_to_one(plain):
    heard: list[tuple[float, str]] = []
    Painter().paint(PLAIN, 3, 48, progress=lambda fraction, message: heard.append((fraction, message)))
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert all(message for _, message in heard)
    assert is_ready()
    assert PREPARING not in {message for _, message in heard}, "it is prepared only once"
