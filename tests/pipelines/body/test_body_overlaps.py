"""People who overlap, and margins."""

from dataclasses import replace

import numpy as np
import pytest

from deepmask.area import Area
from deepmask.body_plan import Edges
from pipelines import body
from pipelines.photo import PhotoOptions
from tests.tiny.bodies import BACK, CELLS, FLAT, PICTURE, SIZE, Segmenter, crossed, drawn, engines_of, margin


def test_where_areas_overlap_hiding_wins_and_beside_it_nothing_of_who_stays_is_lost(source, vault):
    plan, one, two = crossed(source, "silhouette", "keep")
    changed = (body.render(source, plan, vault).photo.rgb != PICTURE).any(2)
    rest = two.without(one)
    assert rest is not None
    assert changed[one.full()].all()
    assert not changed[rest.full()].any()


def test_a_hole_is_not_to_be_avoided_by_who_fills_it(source, vault, fakes):
    plan, one, _ = crossed(source, "remove", "silhouette")
    body.render(source, plan, vault)
    asked = fakes["patchmatch"].asked[0]
    assert asked["hole"].overlap(one) == one.pixels
    assert asked["avoid"].overlap(asked["hole"]) == 0


def test_larger_people_are_covered_last(source, vault):
    large, small = Area.of_box((200, 40, 270, 290), SIZE), Area.of_box((260, 150, 300, 280), SIZE)
    plan, _, _ = crossed(source, "silhouette", "pixelate")
    for order in ((large, small), (small, large)):
        regions = tuple(replace(region, area=area) for region, area in zip(plan.regions, order, strict=True))
        rgb = body.render(source, replace(plan, regions=regions), vault).photo.rgb
        colour = FLAT if order[0] is large else CELLS
        assert (rgb[160:270, 261:269] == colour).all()


@pytest.mark.parametrize(("first", "second"), [("remove", "silhouette"), ("pixelate", "remove"), ("swap", "pixelate")])
def test_overlapping_people_who_go_in_different_ways_are_all_hidden(source, vault, fakes, first, second):
    plan, one, two = crossed(source, first, second)
    masked = body.render(source, plan, vault)
    assert (masked.photo.rgb != PICTURE).any(2)[one.united(two).full()].all()
    assert body.check(source, masked.photo, plan, masked.outcomes, masked.faces).safe


def test_margins_are_as_wide_as_asked(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BACK, None)])
    _, changed = drawn(source, vault, faces=PhotoOptions(bystanders="keep"), edges=Edges(grow_px=0, feather_px=0))
    assert np.array_equal(changed, BACK.full())
    _, changed = drawn(source, vault, faces=PhotoOptions(bystanders="keep"), edges=Edges(grow_px=9, feather_px=3))
    assert changed[margin(BACK, 6)].all()
    assert not changed[~margin(BACK, 9)].any()
    result, changed = drawn(source, vault, faces=PhotoOptions(bystanders="keep"), edges=Edges(grow_px=2, feather_px=12))
    assert engines_of(result) == ["silhouette"], "a soft edge is no wider than the margin"
    assert (result.photo.rgb[BACK.full()] == FLAT).all()
    assert not changed[~margin(BACK, 2)].any()
