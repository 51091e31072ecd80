import numpy as np
import pytest

from deepmask.faces import Face, Patch, clip_box, enlarge, inside, iou


def _patch(x, y, size=4, value=200, alpha=1.0):
    return Patch(np.full((size, size, 3), value, np.uint8), np.full((size, size), alpha, np.float32), (x, y))


@pytest.mark.parametrize(("x", "y"), [(-2, -2), (8, 8), (3, 3), (-50, 0), (50, 50)])
def test_a_patch_is_cut_at_the_picture_and_leaves_the_rest_alone(x, y):
    picture = np.zeros((10, 10, 3), np.uint8)
    patch = _patch(x, y)
    patch.paste(picture)
    covered = np.zeros((10, 10), bool)
    covered[max(0, y) : max(0, y + 4), max(0, x) : max(0, x + 4)] = True
    assert (picture[covered] == 200).all()
    assert not picture[~covered].any()
    rows, columns = patch.window((10, 10))
    assert picture[rows, columns].size == covered.sum() * 3


def test_pixels_of_zero_alpha_stay_bit_identical_and_others_are_mixed():
    picture = np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8)
    before = picture.copy()
    alpha = np.zeros((6, 6), np.float32)
    alpha[2, 2] = 0.5
    Patch(np.full((6, 6, 3), 255, np.uint8), alpha, (0, 0)).paste(picture)
    assert (picture[2, 2] == np.rint(before[2, 2] * 0.5 + 127.5)).all()
    before[2, 2] = picture[2, 2]
    assert np.array_equal(picture, before)


def test_shapes_are_checked_at_construction():
    with pytest.raises(ValueError, match="does not fit"):
        Patch(np.zeros((3, 3, 3), np.uint8), np.zeros((2, 3), np.float32), (0, 0))
    with pytest.raises(ValueError, match="x1 < x2"):
        Face((5, 5, 5, 9))


def test_box_geometry():
    assert enlarge((2, 2, 4, 6), 2) == (1, 0, 5, 8)
    assert clip_box((-3.5, 1.2, 4.1, 99), (10, 10)) == (0, 1, 5, 10)
    assert iou((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert inside((0, 0, 1, 1), (0, 0, 9, 9)) == pytest.approx(1)
