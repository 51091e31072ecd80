"""Somebody points at people, and plans are kept."""

import numpy as np
import pytest

from deepmask.area import Area, Click, Selection
from deepmask.body_plan import BodyDecision, BodyPlan
from deepmask.errors import InputError, PlanError
from deepmask.roster import Roster
from pipelines import body
from pipelines.body import BodyOptions
from tests.tiny.bodies import ANNA, BACK, CELLS, SIZE, Segmenter, Selector


def test_a_click_on_somebody_means_them(source, fakes):
    plan = body.analyze(source, Roster())
    selected = body.select(plan, source, Selection((Click(150, 200),)), BodyDecision("remove"))
    assert [r.decision.action for r in selected.regions] == ["silhouette", "remove", "silhouette"]
    assert not fakes["area_selector"].asked
    pointed = body.pointed_at(plan, 150, 200)
    assert pointed is not None
    assert pointed.id == "person-2"
    beside = body.pointed_at(plan, 344, 150)
    assert beside is not None
    assert beside.id == "person-3"
    assert body.pointed_at(plan, 360, 150) is None


def test_a_new_outline_takes_nothing_of_known_people(source, fakes):
    around_both = Area.of_box((190, 90, 345, 230), SIZE)
    fakes["area_selector"] = Selector(around_both)
    plan = body.select(body.analyze(source, Roster()), source, Selection((Click(220, 150),)))
    new = plan.regions[-1].area
    assert (new.box_xyxy, new.overlap(BACK)) == ((190, 90, 345, 230), 0)
    assert new.pixels == around_both.pixels - around_both.overlap(BACK)


def test_a_click_beside_everybody_outlines_somebody_new(source, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BACK, None)])
    fakes["area_selector"] = Selector(ANNA)
    plan = body.analyze(source, Roster())
    selected = body.select(plan, source, Selection((Click(70, 100),)), BodyDecision("remove"))
    new = selected.regions[1]
    assert (new.id, new.face, new.found_by, new.decision.action) == ("person-2", "face-1", "grabcut", "remove")
    assert np.array_equal(new.area.full(), ANNA.full())
    thing = body.select(plan, source, Selection(box_xyxy=(30, 30, 120, 290)), thing="other").regions[1]
    assert (thing.id, thing.face, thing.decision.action) == ("other-1", None, "silhouette")


def test_a_better_outline_replaces_the_one_that_was_found(source, fakes):
    plan = body.analyze(source, Roster())
    better = ANNA.united(Area.of_box((30, 200, 50, 240), SIZE))
    fakes["area_selector"] = Selector(better)
    clicks = (Click(70, 100), Click(10, 10, inside=False))
    selected = body.select(plan, source, Selection(clicks), BodyDecision("pixelate"))
    assert len(selected.regions) == 3
    anna = selected.region("person-1")
    assert (anna.area, anna.face, anna.decision.action) == (better, "face-1", "pixelate")


def test_refining_adds_to_what_was_pointed_at_before(source, fakes):
    plan = body.analyze(source, Roster())
    fakes["area_selector"] = selector = Selector(ANNA)
    refined = body.refine(plan, source, "person-1", Selection((Click(20, 150),)))
    assert selector.asked[0] == Selection((Click(20, 150),), (20, 60, 110, 280)), "the box grows around the point"
    body.refine(refined, source, "person-1", Selection((Click(90, 62), Click(5, 5, inside=False))))
    assert len(selector.asked[1].clicks) == 3
    with pytest.raises(InputError, match="outside the picture"):
        body.refine(plan, source, "person-1", Selection((Click(500, 5),)))


def test_a_box_is_a_thing_of_its_own(source, vault):
    plan = body.add_box(body.analyze(source, Roster()), source, (200, 200, 240, 220), "text")
    plate = plan.regions[3]
    assert (plate.id, plate.thing, plate.decision.action, plate.area.pixels) == ("text-1", "text", "pixelate", 800)
    assert (body.render(source, plan, vault).photo.rgb[205:215, 205:235] == CELLS).all()
    with pytest.raises(PlanError, match="no person"):
        body.add_box(plan, source, (0, 0, 9, 9), decision=BodyDecision("swap"))
    with pytest.raises(InputError, match="outside the picture"):
        body.add_box(plan, source, (500, 0, 600, 9))


def test_a_plan_is_saved_and_rendered_to_the_same_pixels(source, vault, roster, tmp_path):
    plan = body.analyze(source, roster, BodyOptions(bystanders="remove", text="pixelate"))
    plan.save(tmp_path / "plan.json")
    first, second = (body.render(source, p, vault).photo.rgb for p in (plan, BodyPlan.load(tmp_path / "plan.json")))
    assert np.array_equal(first, second)
