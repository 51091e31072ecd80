"""The usual photo filters: what people see of them."""

import numpy as np
import pytest
from skimage import data

from deepmask.errors import InputError, UnknownName
from deepmask.filters import ONE_SIDED, Filters


@pytest.fixture(scope="module")
def photo():
    return np.ascontiguousarray(data.astronaut()[::2, ::2])


def apply(photo, *words):
    return Filters.parse(words).apply(photo).astype(float)


def test_no_filter_changes_nothing(photo):
    assert np.array_equal(Filters().apply(photo), photo)


@pytest.mark.parametrize("name", Filters.names())
def test_every_filter_changes_the_picture_and_keeps_its_shape(photo, name):
    for amount in (0.5,) if name in ONE_SIDED else (0.5, -0.5):
        result = Filters(**{name: amount}).apply(photo)
        assert result.shape == photo.shape
        assert result.dtype == np.uint8
        assert np.abs(result.astype(int) - photo).mean() > 0.5


@pytest.mark.parametrize("name", Filters.names())
def test_filters_are_repeatable_and_leave_the_picture_alone(photo, name):
    before = photo.copy()
    one, again = (Filters(**{name: 1.0}).apply(photo) for _ in range(2))
    assert np.array_equal(one, again)
    assert np.array_equal(photo, before)


def test_brightness_and_contrast(photo):
    assert apply(photo, "brightness=0.5").mean() > photo.mean() > apply(photo, "brightness=-0.5").mean()
    assert apply(photo, "contrast=0.5").std() > photo.std() > apply(photo, "contrast=-0.5").std()


def test_warmth_is_yellow_and_cold_is_blue(photo):
    warm, cold = (apply(photo, f"warmth={amount}").mean((0, 1)) for amount in (0.6, -0.6))
    assert warm[0] - warm[2] > photo[..., 0].mean() - photo[..., 2].mean() > cold[0] - cold[2]


def test_black_and_white_has_no_colour(photo):
    grey = apply(photo, "black-and-white")
    assert (grey == grey[..., :1]).all()
    assert np.array_equal(apply(photo, "saturation=-1"), grey)


def test_a_vignette_darkens_the_corners_alone(photo):
    dark = apply(photo, "vignette=0.8")
    middle = np.s_[100:156, 100:156]
    assert np.array_equal(dark[middle], photo[middle])
    assert dark[:20, :20].mean() < 0.7 * photo[:20, :20].mean()


def test_sharpen_and_soften(photo):
    edges = [np.abs(np.diff(apply(photo, f"sharpen={amount}"), axis=0)).mean() for amount in (-1, 0.001, 1)]
    assert edges[0] < edges[1] < edges[2]


def test_words_name_filters_and_amounts():
    assert Filters.parse(["warmth=0.3", "Vignette", "contrast=-.2"]) == Filters(warmth=0.3, vignette=1, contrast=-0.2)
    assert Filters.parse(["warmth=0.3"]).used() == {"warmth": 0.3}


@pytest.mark.parametrize("word", ["warmth=2", "vignette=-0.5", "warmth=much", "warmth=nan"])
def test_amounts_that_make_no_sense_are_refused(word):
    with pytest.raises(InputError, match=r"warmth|vignette"):
        Filters.parse([word])


def test_unknown_filters_are_told_with_the_known_ones():
    with pytest.raises(UnknownName, match="black_and_white"):
        Filters.parse(["glitter=1"])
