"""Who gets what in a photo of several people."""

from dataclasses import replace

import numpy as np
import pytest

from deepmask.area import Area
from deepmask.body_plan import BodyDecision, Edges
from deepmask.plan import Decision
from deepmask.roster import Roster
from pipelines import body
from pipelines.body import BodyOptions
from tests.tiny.bodies import ANNA, ANNAS_FACE, BACK, BEN, BENS_FACE, CELLS, FACE, FLAT, SIZE, Segmenter, drawn, margin


def test_everybody_is_found_and_bystanders_become_silhouettes(source, vault):
    result, changed = drawn(source, vault)
    assert [(r.id, r.face, r.decision.action) for r in result.plan.regions] == [
        ("person-1", "face-1", "silhouette"), ("person-2", "face-2", "silhouette"), ("person-3", None, "silhouette"),
    ]  # fmt: skip
    for area in (ANNA, BEN, BACK):
        assert (result.photo.rgb[area.full()] == FLAT).all()
    assert not changed[~(margin(ANNA) | margin(BEN) | margin(BACK))].any()
    assert result.report.safe
    assert result.report.summary() == "3 regions: 3 hidden. 2 faces: 2 hidden."


def test_who_is_enrolled_keeps_the_body_and_gets_the_persona(source, vault, roster):
    result, changed = drawn(source, vault, roster)
    anna, ben = result.plan.regions[:2]
    assert (anna.decision.action, anna.match.person if anna.match else None) == ("face", "anna")
    assert ben.decision.action == "silhouette"
    x1, y1, x2, y2 = (int(v) for v in ANNAS_FACE)
    assert (result.photo.rgb[y1:y2, x1:x2] == FACE).all()
    inside = np.zeros_like(changed)
    inside[y1:y2, x1:x2] = True
    assert not changed[ANNA.full() & ~inside].any(), "not even by the margin around Ben, who stands beside her"
    assert result.report.safe


@pytest.mark.parametrize("action", ["silhouette", "pixelate", "remove"])
def test_a_hidden_body_hides_a_face_that_its_plan_would_keep(source, vault, roster, action):
    keeping = replace(roster, people=(replace(roster.people[0], persona=None),))
    result, changed = drawn(source, vault, keeping, enrolled=action)
    assert result.plan.faces.region("face-1").decision == Decision("keep")
    assert changed[ANNA.full()].all()
    assert result.report.safe
    assert result.report.faces.findings[0].wanted == "pixelate"


def test_keeping_a_body_keeps_its_face(source, vault):
    result, changed = drawn(source, vault, bystanders="keep")
    assert not changed.any()
    assert {f.verdict for f in (*result.report.findings, *result.report.faces.findings)} == {"kept"}


def test_no_face_belongs_to_two_people(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(ANNA, ANNAS_FACE), (BEN, ANNAS_FACE), (ANNA.united(BEN), None)])
    result, changed = drawn(source, vault)
    assert [region.face for region in result.plan.regions] == ["face-1", None, None]
    assert changed[ANNA.united(BEN).full()].all()


def test_who_is_enrolled_is_exchanged_for_their_own_persona(source, roster):
    plan = body.analyze(source, roster, BodyOptions(enrolled="swap", prompt="in a red coat"))
    assert plan.regions[0].decision == BodyDecision("swap", "maya", "in a red coat")


def test_who_is_hidden_gets_no_persona(source, vault, roster):
    result, _ = drawn(source, vault, roster, enrolled="silhouette")
    assert [(face.wanted, face.engine) for face in result.report.faces.findings] == [("pixelate", "silhouette")] * 2


def test_the_margin_around_somebody_takes_nothing_of_a_head_without_a_body(source, vault, roster, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BEN, BENS_FACE)])
    _, changed = drawn(source, vault, roster, edges=Edges(grow_px=40))
    forehead = (slice(62, 70), slice(68, 84))
    assert not changed[forehead].any()
    assert changed[150:160, 76:100].all(), "beside her the margin is as wide as asked"


def test_a_hidden_head_within_somebody_who_stays_is_covered_at_the_face_only(source, vault, roster, fakes):
    anna = ANNA.united(Area.of_box((110, 50, 190, 130), SIZE))
    ben = Area.of_box((112, 130, 180, 280), SIZE)
    fakes["person_segmenter"] = Segmenter(bodies=[(anna, ANNAS_FACE), (ben, BENS_FACE)])
    result, changed = drawn(source, vault, roster, enrolled="keep")
    x1, y1, x2, y2 = (int(v) for v in BENS_FACE)
    assert changed[y1:y2, x1:x2].all()
    inside = np.zeros_like(changed)
    inside[y1:y2, x1:x2] = True
    assert not changed[anna.full() & ~inside].any()
    assert result.report.safe


def test_a_head_that_the_outline_misses_goes_with_the_body(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(Area.of_box((40, 120, 110, 280), SIZE), ANNAS_FACE)])
    result, changed = drawn(source, vault)
    x1, y1, x2, y2 = (int(v) for v in ANNAS_FACE)
    assert result.plan.regions[0].face == "face-1"
    assert changed[y1 - 6 : y2, x1 + 4 : x2 - 4].all()


def test_a_face_without_a_body_is_masked_as_a_face_and_told(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(bodies=[(BACK, None)])
    result, _ = drawn(source, vault)
    assert result.report.notes == ("no body was found for face-1, face-2: only the face is masked",)
    assert result.report.safe


def test_writing_is_looked_for_only_if_asked(source, vault):
    assert len(drawn(source, vault)[0].plan.regions) == 3
    result, _ = drawn(source, vault, text="pixelate")
    sign = result.plan.regions[3]
    assert (sign.id, sign.thing, sign.found_by, sign.decision.action) == ("text-1", "text", "ppocr", "pixelate")
    assert (result.photo.rgb[sign.area.full()] == CELLS).all()


def test_decisions_are_made_anew_without_looking_again(source, vault, roster, fakes):
    plan = body.add_box(body.analyze(source, roster), source, (200, 200, 240, 220))
    fakes["person_segmenter"] = None
    options = BodyOptions(bystanders="swap", prompt="in a red coat", seed=4, edges=Edges(shadows=True))
    decided = body.decide(plan, roster, options, keep={"person-2"})
    assert [r.decision.action for r in decided.regions] == ["face", "silhouette", "swap", "pixelate"]
    assert decided.regions[2].decision.prompt == "in a red coat"
    assert (decided.seed, decided.edges.shadows) == (4, True)
    forgotten = body.decide(plan, Roster(), options)
    assert forgotten.regions[0].decision.action == "swap", "nobody is enrolled any more"
