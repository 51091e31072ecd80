"""The outlines that the Bodies tab shows."""

import numpy as np
import pytest

from deepmask.area import Area, Click, Selection
from ui.body_pictures import COLOURS, Outlined, contours, crop, with_outlines

GREY = np.full((300, 400, 3), 128, np.uint8)


def disc(x: float, y: float, radius: float, size_wh=(400, 300)) -> Area:
    ys, xs = np.mgrid[: size_wh[1], : size_wh[0]] + 0.5
    return Area.of((xs - x) ** 2 + (ys - y) ** 2 < radius**2)


@pytest.mark.parametrize("scale", [1.0, 0.35])
def test_an_outline_is_smooth_and_lies_on_the_edge(scale):
    (line,) = contours(disc(200, 150, 80), scale)
    radii = np.hypot(line[:, 0] - 200 * scale, line[:, 1] - 150 * scale)
    assert np.abs(radii - 80 * scale).max() < 1.2
    assert np.std(radii) < 0.35, "without the steps of pixels"


def test_a_margin_lies_around_the_outline():
    (line,) = contours(disc(200, 150, 40), 1.0, 20)
    assert np.hypot(line[:, 0] - 200, line[:, 1] - 150).min() > 57


def test_the_smallest_area_has_an_outline():
    assert contours(Area.of_box((10, 10, 12, 12), (400, 300)), 0.3)


def test_who_goes_is_tinted_and_who_stays_is_not():
    gone, kept = disc(100, 150, 50), disc(300, 150, 50)
    shown = with_outlines(GREY, [Outlined(gone, 1, True), Outlined(kept, 2, False)], 1.0)
    assert np.abs(shown[150, 100].astype(int) - 128).max() > 20
    assert (shown[150, 300] == 128).all()
    assert (shown[150, 200] == 128).all(), "nothing happens beside them"
    assert (GREY == 128).all(), "the preview itself stays"


def test_all_but_the_selected_one_is_darker():
    shown = with_outlines(GREY, [Outlined(disc(100, 150, 50), 1, False, selected=True)], 1.0)
    assert (shown[150, 100] == 128).all()
    assert shown[250, 350].max() < 100


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_line_is_seen_on_any_ground(level):
    shown = with_outlines(np.full_like(GREY, level), [Outlined(disc(200, 150, 80), 1, False)], 1.0).astype(int)
    row = shown[150, 110:135]
    assert np.abs(row - COLOURS[0]).sum(1).min() < 60, "the colour itself"
    assert row.min(1).max() > 140, "and light beside it"


def test_numbers_of_people_close_to_each_other_do_not_cover_each_other():
    marks = [Outlined(disc(200 + 8 * n, 150, 6), n + 1, False) for n in range(3)]
    shown = with_outlines(GREY, marks, 1.0).astype(int)
    for mark in marks:
        assert (np.abs(shown - mark.colour).sum(2) < 12).sum() > 60, f"the badge of {mark.number}"


def test_points_and_corners_are_shown_where_they_were_clicked():
    mark = Outlined(disc(100, 150, 50), 1, False, selected=True)
    clicked = Selection((Click(100, 150), Click(300, 100, inside=False)))
    plain = with_outlines(GREY, [mark], 1.0)
    shown = with_outlines(GREY, [mark], 1.0, corner_xy=(350, 250), selection=clicked)
    for x, y in ((100, 150), (300, 100), (350, 250)):
        assert (shown[y - 3 : y + 4, x - 3 : x + 4] != plain[y - 3 : y + 4, x - 3 : x + 4]).any()


def test_in_a_crop_the_person_stands_out():
    red = np.full((300, 400, 3), (200, 30, 30), np.uint8)
    cut = crop(red, disc(390, 150, 60))
    h, w = cut.shape[:2]
    assert h == w
    assert tuple(cut[h // 2, w // 2]) == (200, 30, 30)
    assert cut[3, 3].min() > 120, "all the rest is pale"
