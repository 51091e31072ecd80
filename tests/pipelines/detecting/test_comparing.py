"""Comparing with the owner's original."""

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask.media import Photo
from pipelines.verify.detecting.comparing import compare
from tests.tiny.suspects import FACE_BOX, cat_faced, collins, compressed, replaced


def scaled(rgb, factor):
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=way)


def turned(rgb):
    return cv2.warpAffine(rgb, cv2.getRotationMatrix2D((256, 256), 2, 1), (512, 512))


COPIES = {
    "the same": lambda rgb: rgb,
    "JPEG 50": lambda rgb: compressed(rgb, 50),
    "half size": lambda rgb: scaled(rgb, 0.5),
    "enlarged": lambda rgb: scaled(rgb, 1.6),
    "cropped": lambda rgb: np.ascontiguousarray(rgb[30:460, 20:500]),
    "cropped, smaller, JPEG 70": lambda rgb: compressed(scaled(np.ascontiguousarray(rgb[30:460, 20:500]), 0.6), 70),
    "mirrored": lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    "brighter": lambda rgb: np.clip(rgb * 1.2 + 10, 0, 255).astype(np.uint8),
    "turned": turned,
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_what_the_original_is_however_it_travelled(copy):
    found = compare(Photo.from_array(COPIES[copy](collins())), Photo.from_array(collins(), "mine.png"))
    assert found.says == "likely real"
    assert "mine.png" in found.words


@pytest.mark.parametrize("copy", [name for name in COPIES if name != "turned"])
def test_a_replaced_face_is_found_however_it_travelled(copy):
    suspect = COPIES[copy](cat_faced())
    found = compare(Photo.from_array(suspect), Photo.from_array(collins()))
    assert found.says == "fake"
    truth = COPIES[copy](np.repeat(replaced()[..., None] * np.uint8(255), 3, 2))[..., 0] > 127
    marked = found.heat >= 0.5
    assert found.heat.shape == suspect.shape[:2]
    assert (marked & truth).sum() > 0.6 * truth.sum()
    assert (marked & ~truth).sum() < 0.6 * truth.sum()


@pytest.mark.parametrize(
    "other",
    [data.chelsea(), np.full((300, 300, 3), 90, np.uint8), np.zeros((2, 2, 3), np.uint8)],
    ids=["a cat", "a wall", "four pixels"],
)
def test_another_scene_is_told_and_decides_nothing(other):
    found = compare(Photo.from_array(other), Photo.from_array(collins(), "mine.png"))
    assert found.says is None
    assert found.heat is None
    assert "nothing can be compared" in found.words


def test_what_lies_outside_of_the_original_is_not_held_against_the_picture():
    cut = np.ascontiguousarray(collins()[:, 20:500])
    found = compare(Photo.from_array(collins()), Photo.from_array(cut), [FACE_BOX])
    assert found.says == "likely real"
    assert "outside the original" in found.notes[0]


def test_a_picture_of_which_too_little_was_compared_is_not_called_real():
    wide = np.ascontiguousarray(cv2.resize(data.rocket(), (1200, 900)))
    wide[:512, :512] = collins()
    found = compare(Photo.from_array(wide), Photo.from_array(collins(), "mine.png"))
    assert found.says == "unsure"
    assert "76 % of the picture lies outside the original mine.png" in found.words


def test_a_face_beside_what_was_compared_leaves_it_open_however_small_that_part_is():
    below = np.ascontiguousarray(collins()[45:])
    found = compare(Photo.from_array(collins()), Photo.from_array(below), [FACE_BOX])
    assert found.says == "likely real"
    found = compare(Photo.from_array(collins()), Photo.from_array(below), [FACE_BOX, (300.0, 5.0, 330.0, 40.0)])
    assert found.says == "unsure"
    assert "with 1 of 2 faces" in found.words
