"""The same person is near, another one is far, and no box is odd enough to raise."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask.engines.crops import square_crop
from deepmask.engines.landmarks import FaceMesh
from deepmask.engines.recognizer import DlibRecognizer
from deepmask.faces import Box, Embedding, Face

BOX: Box = (172.0, 63.0, 274.0, 190.0)


@pytest.fixture(scope="module")
def recognizer() -> DlibRecognizer:
    return DlibRecognizer()


@pytest.fixture(scope="module")
def face() -> Face:
    return Face(BOX, landmarks=FaceMesh().fit(data.astronaut(), BOX))


@pytest.fixture(scope="module")
def known(recognizer: DlibRecognizer, face: Face) -> Embedding:
    return recognizer.embed(data.astronaut(), face)


def test_an_embedding_is_128_numbers_and_repeats(recognizer: DlibRecognizer, face: Face, known: Embedding) -> None:
    assert known.shape == (128,)
    assert known.dtype == np.float32
    np.testing.assert_array_equal(recognizer.embed(data.astronaut(), face), known)


def test_with_and_without_landmarks_the_person_is_the_same(recognizer: DlibRecognizer, known: Embedding) -> None:
    assert np.linalg.norm(recognizer.embed(data.astronaut(), Face(BOX)) - known) < 0.2


@pytest.mark.parametrize("change", ["mirrored", "dark", "soft", "small"])
def test_the_same_person_in_another_picture_matches(recognizer: DlibRecognizer, known: Embedding, change: str) -> None:
    image, box = data.astronaut(), BOX
    if change == "mirrored":
        image, box = np.ascontiguousarray(image[:, ::-1]), (512 - BOX[2], BOX[1], 512 - BOX[0], BOX[3])
    elif change == "dark":
        image = (image * 0.35).astype(np.uint8)
    elif change == "soft":
        image = cv2.GaussianBlur(image, (0, 0), 2).astype(np.uint8)
    else:
        image = cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA).astype(np.uint8)
        box = (BOX[0] / 4, BOX[1] / 4, BOX[2] / 4, BOX[3] / 4)
    assert np.linalg.norm(recognizer.embed(image, Face(box)) - known) < recognizer.match_below


def test_landmarks_make_a_lying_head_match(recognizer: DlibRecognizer, face: Face, known: Embedding) -> None:
    assert face.landmarks is not None
    turned = square_crop(data.astronaut(), (223.0, 127.0), 150, 400, 90)
    lying = Face((100, 100, 300, 300), landmarks=turned.points_to_crop(face.landmarks))
    assert np.linalg.norm(recognizer.embed(turned.rgb, lying) - known) < 0.2


def test_the_bars_are_strict(recognizer: DlibRecognizer) -> None:
    """King's own threshold for "the same person" is .6: matching stays below it, and hiding goes beyond it."""
    assert recognizer.match_below <= 0.5
    assert recognizer.match_margin >= 0.05
    assert recognizer.hidden_above >= 0.65


def test_other_people_are_far(recognizer: DlibRecognizer, known: Embedding) -> None:
    """The first rows of scikit-image's excerpt of Labeled Faces in the Wild are other people's faces, 25 px each."""
    for grey in data.lfw_subset()[:6]:
        small = np.repeat((grey * 255).astype(np.uint8)[..., None], 3, axis=2)
        other = recognizer.embed(small, Face((0.0, 0.0, 25.0, 25.0)))
        assert np.linalg.norm(other - known) > recognizer.match_below + recognizer.match_margin


@pytest.mark.parametrize(
    "box", [(-500, -500, -400, -450), (0, 0, 0.01, 0.01), (511, 511, 512, 512), (0, 0, 1e5, 1e5), (100, 0, 101, 500)]
)
def test_no_box_raises(recognizer: DlibRecognizer, box: Box) -> None:
    assert np.isfinite(recognizer.embed(data.astronaut(), Face(box))).all()
    assert np.isfinite(recognizer.embed(np.zeros((1, 1, 3), np.uint8), Face(box))).all()


def test_collapsed_landmarks_do_not_raise(recognizer: DlibRecognizer) -> None:
    spot = Face(BOX, landmarks=np.full((478, 3), 50.0))
    assert np.isfinite(recognizer.embed(data.astronaut(), spot)).all()
