import json
from dataclasses import replace

import pytest

from deepmask.errors import PlanError
from deepmask.look import Look
from deepmask.plan import Decision, Match, Plan, Region


@pytest.fixture
def plan():
    one = Region(
        "face-1", (1.5, 2, 30, 40), Decision("persona", "maya"), 0.9, "thorough", Match("ada", 0.31, 0.2), 12.5
    )
    two = Region("face-2", (50, 50, 80, 90), Decision("pixelate"))
    return Plan("photo", "a.jpg", "ab" * 32, (100, 100), (one, two), {"face_finder": "thorough"})


def test_json_there_and_back(plan, tmp_path):
    plan = replace(plan, engines={**plan.engines, "face_swapper": "inswapper"}, look=Look(512, 0.7, "head"))
    plan.save(tmp_path / "plan.json")
    assert Plan.load(tmp_path / "plan.json") == plan


def test_a_plan_of_the_first_schema_is_read_with_the_usual_look(plan):
    data = json.loads(plan.to_json())
    del data["look"]
    read = Plan.from_json(json.dumps({**data, "version": 1}))
    assert read == plan
    assert (read.look, read.version) == (Look(), 2)


def test_editing_leaves_the_original_plan_alone(plan):
    edited = plan.with_region(plan.region("face-1").decided(Decision("keep"))).without("face-2")
    assert edited.region("face-1").decision.action == "keep"
    assert [r.id for r in plan.regions] == ["face-1", "face-2"]
    assert edited.new_id() == "face-2"
    with pytest.raises(PlanError, match="no region 'face-9'"):
        plan.without("face-9")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 99}, "newer Deepmask"),
        ({"version": "x"}, "not a Deepmask plan"),
        ({"regions": [{"id": "a"}]}, "damaged"),
        ({"surprise": 1}, "damaged"),
        ({"size_wh": []}, "damaged"),
        ({"size_wh": [1e999, 5]}, "damaged"),
        ({"engines": None}, "damaged"),
        ({"medium": "video"}, "is for a video"),
        ({"look": None}, "damaged"),
        ({"look": {"detail_px": 7}}, r"damaged \(The detail must be 128, 256 or 512 px, got 7\);"),
        ({"look": {"surprise": 1}}, "damaged"),
    ],
)
def test_bad_plans_are_one_sentence(plan, change, sentence, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**json.loads(plan.to_json()), **change}))
    with pytest.raises(PlanError, match=sentence):
        Plan.load(path)


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00", '{"version": 1}'])
def test_files_that_are_no_plans(text, tmp_path):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(PlanError):
        Plan.load(tmp_path / "plan.json")


def test_two_regions_of_one_id_and_inverted_boxes_are_refused(plan):
    data = json.loads(plan.to_json())
    data["regions"][1]["id"] = "face-1"
    with pytest.raises(PlanError, match="same id"):
        Plan.from_json(json.dumps(data))
    data = json.loads(plan.to_json())
    data["regions"][0]["box_xyxy"] = [5, 5, 1, 9]
    with pytest.raises(PlanError, match="damaged"):
        Plan.from_json(json.dumps(data))


SOLID = {"action": "solid"}


@pytest.mark.parametrize(
    "region",
    [
        {"id": "a", "box_xyxy": [0, 0, 1e999, 5], "decision": SOLID},
        {"id": "a", "box_xyxy": [0, 0, float("nan"), 5], "decision": SOLID},
        {"id": ["a"], "box_xyxy": [0, 0, 5, 5], "decision": SOLID},
        {"id": "a", "box_xyxy": [0, 0, 5, 5], "decision": {"action": "persona", "persona": 7}},
        {"id": "a", "box_xyxy": [0, 0, 5, 5], "decision": {"action": ["solid"]}},
        "face-1",
    ],
)
def test_regions_that_make_no_sense_are_one_sentence(plan, region):
    with pytest.raises(PlanError):
        Plan.from_json(json.dumps({**json.loads(plan.to_json()), "regions": [region]}))


def test_a_region_added_by_hand_needs_id_box_and_decision_only(plan):
    added = {"id": "mine", "box_xyxy": [1, 2, 30, 40], "decision": SOLID}
    read = Plan.from_json(json.dumps({**json.loads(plan.to_json()), "regions": [added]}))
    assert read.region("mine") == Region("mine", (1, 2, 30, 40), Decision("solid"))


def test_a_decision_names_a_persona_only_for_personas():
    with pytest.raises(PlanError):
        Decision("persona")
    with pytest.raises(PlanError):
        Decision("pixelate", "maya")
    with pytest.raises(PlanError, match="one of persona"):
        Decision("blur")  # type: ignore[arg-type]
