import json

import numpy as np
import pytest

from deepmask.area import Area, Click, Selection
from deepmask.errors import InputError

SIZE = (60, 40)


def disc(x, y, radius, size_wh=SIZE):
    ys, xs = np.mgrid[: size_wh[1], : size_wh[0]]
    return Area.of((xs - x) ** 2 + (ys - y) ** 2 <= radius**2)


def test_an_area_knows_its_place_and_size():
    area = Area.of_box((10.2, 5, 20, 8), SIZE)
    assert (area.box_xyxy, area.pixels, area.share) == ((10, 5, 20, 8), 30, 30 / 2400)
    assert area.full().sum() == 30
    assert area.contains(10, 5)
    assert area.contains(19.9, 7.9)
    assert not area.contains(20, 7)
    assert not area.contains(-1, -1)


@pytest.mark.parametrize("box", [(60, 0, 70, 10), (-9, 0, 0, 9), (0, 41, 5, 50)])
def test_a_box_beside_the_picture_is_refused(box):
    with pytest.raises(InputError, match="outside the picture"):
        Area.of_box(box, SIZE)


def test_an_ellipse_is_cut_off_by_the_frame():
    whole, cut = Area.of_ellipse((10, 10, 30, 30), SIZE), Area.of_ellipse((-10, 10, 10, 30), SIZE)
    assert whole.pixels == pytest.approx(np.pi * 100, rel=0.03)
    assert cut.pixels == pytest.approx(np.pi * 50, rel=0.05)
    assert cut.box_xyxy == (0, 10, 10, 30)
    with pytest.raises(InputError):
        Area.of_ellipse((70, 10, 80, 30), SIZE)


def test_areas_are_compared_and_put_together():
    one, two = Area.of_box((0, 0, 10, 10), SIZE), Area.of_box((5, 0, 15, 10), SIZE)
    far = Area.of_box((40, 20, 50, 30), SIZE)
    assert (one.overlap(two), one.overlap(far)) == (50, 0)
    assert one.iou(two) == pytest.approx(50 / 150)
    assert one.united(two).box_xyxy == (0, 0, 15, 10)
    left = one.without(two)
    assert left is not None
    assert left.box_xyxy == (0, 0, 5, 10)
    assert one.without(one) is None
    inside = one.within(two.full())
    assert inside is not None
    assert inside.box_xyxy == (5, 0, 10, 10)
    assert one.within(far.full()) is None


def test_growing_reaches_as_far_as_it_says_and_stops_at_the_frame():
    area = disc(5, 20, 4)
    grown = area.grown(6)
    assert grown.box_xyxy == (0, 10, 16, 31)
    assert (grown.full() | area.full()).sum() == grown.pixels
    assert area.grown(0.2) is area
    assert disc(30, 20, 8).grown(-3).pixels < disc(30, 20, 6).pixels
    assert area.grown(-50) is area, "nothing shrinks to nothing"


@pytest.mark.parametrize("area", [disc(5, 20, 4), disc(30, 20, 15), Area.of_box((0, 0, *SIZE), SIZE), disc(0, 0, 1)])
def test_run_lengths_there_and_back(area):
    read = Area.from_json(json.loads(json.dumps(area.to_json())))
    assert np.array_equal(read.full(), area.full())
    assert read.origin_xy == area.origin_xy


@pytest.mark.parametrize(
    "data",
    [
        {"size": [4, 4], "counts": [4, 4]},
        {"size": [4, 4], "counts": [16]},
        {"size": [4, 4], "counts": []},
        {"size": [4, 4], "counts": [20, -4]},
        {"size": [1_000_000, 1_000_000], "counts": [10**12 - 1, 1]},
        {"size": [4], "counts": [16]},
        {"counts": [16]},
    ],
)
def test_damaged_run_lengths_are_refused(data):
    with pytest.raises((ValueError, KeyError, TypeError)):
        Area.from_json(data)


def test_pointing_needs_something_inside():
    with pytest.raises(InputError, match="at least one point inside"):
        Selection((Click(3, 3, inside=False),))
    with pytest.raises(InputError, match="left edge left"):
        Selection(box_xyxy=(9, 0, 3, 9))
    with pytest.raises(InputError, match="left edge left"):
        Selection(box_xyxy=(0, 0, float("nan"), 9))
    with pytest.raises(InputError, match="60, 3 lies outside"):
        Selection((Click(60, 3),)).check(SIZE)
    Selection((Click(59.9, 3), Click(0, 0, inside=False))).check(SIZE)
