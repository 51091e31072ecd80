"""Outlining without weights: things stand out by their colours, people by a segmenter, and points are heeded."""

from __future__ import annotations

import time
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.area import Area, Body, Click, Selection
from deepmask.engines import EngineSpec
from deepmask.engines.selecting import GrabCut
from deepmask.errors import Cancelled, EngineFailed, InputError
from deepmask.faces import Face, RGBImage
from deepmask.progress import Progress, silent

Corners = Sequence[tuple[int, int]]

COLLINS: Corners = (
    (178, 28), (205, 17), (232, 17), (262, 26), (285, 45), (300, 72), (301, 100), (292, 122), (272, 137), (258, 148),
    (262, 160), (282, 180), (298, 205), (306, 235), (330, 255), (346, 272), (352, 300), (358, 330), (362, 345),
    (345, 352), (318, 370), (300, 398), (288, 425), (281, 455), (279, 490), (285, 511), (50, 511), (38, 480), (30, 460),
    (24, 430), (22, 400), (24, 365), (33, 330), (45, 290), (62, 255), (85, 232), (114, 212), (113, 195), (120, 175),
    (135, 160), (160, 152), (180, 155), (178, 130), (165, 120), (155, 100), (154, 75), (160, 50),
)  # fmt: skip
SUIT: Corners = (
    (116, 212), (130, 240), (155, 265), (190, 288), (225, 298), (255, 296), (285, 282), (303, 255), (308, 238),
    *COLLINS[14:36],
)  # fmt: skip
"""Drawn by hand on scikit-image's astronaut."""

TABLEWARE: Corners = (
    (292, 15), (350, 30), (390, 65), (402, 95), (404, 68), (422, 72), (412, 105), (440, 135), (465, 180), (478, 230),
    (470, 290), (440, 340), (390, 372), (320, 385), (255, 380), (190, 358), (135, 320), (98, 275), (78, 215), (80, 165),
    (105, 115), (150, 75), (172, 85), (185, 55), (225, 28),
)  # fmt: skip
"""Cup, saucer and spoon of scikit-image's coffee."""

FACE, BADGE = (225.0, 130.0), (170.0, 385.0)


def area_of(corners: Corners, image: RGBImage) -> Area:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.array(corners)], (1,))
    return Area.of(mask > 0)


def pointing(*inside: tuple[float, float], without: Sequence[tuple[float, float]] = (), box=None) -> Selection:
    clicks = [Click(x, y) for x, y in inside] + [Click(x, y, False) for x, y in without]
    return Selection(tuple(clicks), box)


class Knows:
    """A segmenter that knows where Eileen Collins is."""

    asked = 0

    def segment(self, image: RGBImage, faces: Sequence[Face] = (), *, progress: Progress = silent) -> list[Body]:
        Knows.asked += 1
        return [Body(area_of(COLLINS, image), 0.9)]


class Fails:
    def segment(self, image: RGBImage, faces: Sequence[Face] = (), *, progress: Progress = silent) -> list[Body]:
        raise EngineFailed("no")


def with_segmenter(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    """Only this engine finds people; none with an empty entry."""
    others = tuple(row for row in engines.table() if row.kind != "person_segmenter")
    mine = (EngineSpec("person_segmenter", "mine", entry, "", ""),) if entry else ()
    monkeypatch.setattr(engines, "table", lambda: mine + others)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with_segmenter(monkeypatch, "")


# -- things -----------------------------------------------------------------------------------------------------------


def test_a_click_on_the_suit_selects_the_suit(nobody: None) -> None:
    image = data.astronaut()
    area = GrabCut().select(image, pointing((120, 300)))
    assert area.iou(area_of(SUIT, image)) > 0.76


@pytest.mark.parametrize("spot", [(280, 25), (250, 150), (190, 120)], ids=["rim", "coffee", "inside"])
def test_a_click_on_the_cup_selects_the_cup(nobody: None, spot: tuple[float, float]) -> None:
    image = data.coffee()
    cup = np.zeros(image.shape[:2], np.uint8)
    cv2.ellipse(cup, (288, 113), (116, 96), 0, 0, 360, (1,), -1)
    assert GrabCut().select(image, pointing(spot)).iou(Area.of(cup > 0)) > 0.9


def test_more_points_mean_more_of_it(nobody: None) -> None:
    image = data.coffee()
    area = GrabCut().select(image, pointing((280, 25), (130, 200), (300, 340)))
    assert area.iou(area_of(TABLEWARE, image)) > 0.88


def test_a_box_is_enough(nobody: None) -> None:
    image = data.coffee()
    area = GrabCut().select(image, pointing(box=(65, 10, 485, 392)))
    assert area.iou(area_of(TABLEWARE, image)) > 0.9
    x1, y1, x2, y2 = area.box_xyxy
    assert x1 >= 65
    assert y1 >= 10
    assert x2 <= 485
    assert y2 <= 392


def test_an_excluded_thing_is_spared(nobody: None) -> None:
    image, engine = data.astronaut(), GrabCut()
    plain = engine.select(image, pointing((120, 300)))
    assert plain.contains(*BADGE), "what a thing surrounds belongs to it"
    spared = engine.select(image, pointing((120, 300), without=[BADGE]))
    assert not spared.contains(*BADGE)
    assert spared.contains(120, 300)
    assert 1500 < plain.pixels - spared.pixels < 12_000, "the badge, and little more"


def test_a_small_thing_in_a_large_picture_is_outlined_to_the_pixel(nobody: None) -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(120, 6, (3000, 4000, 3)).clip(0, 255).astype(np.uint8)
    truth = np.zeros(image.shape[:2], np.uint8)
    cv2.circle(truth, (2600, 1300), 150, (1,), -1)
    image[truth > 0] = rng.normal((190, 60, 50), 6, (int(truth.sum()), 3)).clip(0, 255)
    engine = GrabCut()
    assert engine.select(image, pointing((2600, 1300))).iou(Area.of(truth > 0)) > 0.97
    start = time.process_time()
    engine.select(image, pointing((2550, 1350)))
    assert time.process_time() - start < 3, "the second click of a 12-megapixel picture"


# -- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "selection", [pointing((120, 300)), pointing(FACE), pointing((120, 300), FACE), pointing(box=(15, 10, 370, 512))]
)
def test_pointing_at_a_person_selects_all_of_them(monkeypatch: pytest.MonkeyPatch, selection: Selection) -> None:
    with_segmenter(monkeypatch, "deepmask.engines.people:PoseSegmenter")
    image = data.astronaut()
    assert GrabCut().select(image, selection).iou(area_of(COLLINS, image)) > 0.85


def test_a_person_without_what_is_excluded(monkeypatch: pytest.MonkeyPatch) -> None:
    with_segmenter(monkeypatch, f"{__name__}:Knows")
    area = GrabCut().select(data.astronaut(), pointing((120, 300), without=[FACE]))
    assert not area.contains(*FACE)
    assert area.contains(120, 300)
    assert area.contains(100, 450)


def test_pointing_beside_people_selects_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with_segmenter(monkeypatch, f"{__name__}:Knows")
    image = data.astronaut()
    helmet = GrabCut().select(image, pointing((420, 430)))
    assert helmet.overlap(area_of(COLLINS, image)) < 0.05 * helmet.pixels
    rocket = GrabCut().select(image, pointing(box=(350, 0, 455, 292)))
    assert rocket.contains(390, 180)


def test_people_are_looked_for_once_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    with_segmenter(monkeypatch, f"{__name__}:Knows")
    monkeypatch.setattr(Knows, "asked", 0)
    engine, image = GrabCut(), data.astronaut()
    for x, y in ((120, 300), (420, 430), (225, 130)):
        engine.select(image, pointing((x, y)))
    assert Knows.asked == 1
    engine.select(np.ascontiguousarray(image[:, ::-1]), pointing((100, 100)))
    assert Knows.asked == 2


def test_a_segmenter_that_fails_leaves_the_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    with_segmenter(monkeypatch, f"{__name__}:Fails")
    image = data.astronaut()
    assert GrabCut().select(image, pointing((120, 300))).iou(area_of(SUIT, image)) > 0.76


# -- always -----------------------------------------------------------------------------------------------------------


def test_the_same_selection_gives_the_same_bits(nobody: None) -> None:
    image = data.coffee()
    for selection in (pointing((280, 25)), pointing(box=(65, 10, 485, 392))):
        first, again = GrabCut().select(image, selection), GrabCut().select(image.copy(), selection)
        np.testing.assert_array_equal(first.full(), again.full())


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 40), (7, 3), (30, 30), (2000, 20)])
@pytest.mark.parametrize("noisy", [False, True])
def test_any_picture_gives_an_area_with_the_click_or_one_sentence(
    nobody: None, size_wh: tuple[int, int], noisy: bool
) -> None:
    w, h = size_wh
    image = np.full((h, w, 3), 90, np.uint8)
    if noisy:
        image = np.random.default_rng(0).integers(0, 255, image.shape, np.uint8)
    for selection in (pointing((w - 1, h - 1)), pointing((0, 0)), pointing(box=(0, 0, w, h))):
        area = GrabCut().select(image, selection)
        assert area.size_wh == (w, h)
        assert all(area.contains(click.x, click.y) for click in selection.clicks)


def test_points_that_contradict_each_other_are_one_sentence(nobody: None) -> None:
    with pytest.raises(EngineFailed, match="move the points, or draw a box"):
        GrabCut().select(data.coffee(), pointing((280, 25), without=[(280.4, 25.2)]))


def test_pointing_outside_the_picture_is_told(nobody: None) -> None:
    with pytest.raises(InputError, match="outside the picture"):
        GrabCut().select(data.coffee(), pointing((700, 25)))


def test_it_can_be_stopped(nobody: None) -> None:
    def stop(share: float, text: str) -> None:
        if share > 0:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        GrabCut().select(data.coffee(), pointing((280, 25)), progress=stop)
