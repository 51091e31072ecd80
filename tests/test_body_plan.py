import json
from dataclasses import replace

import pytest

from deepmask.area import Area, Click, Selection
from deepmask.body_plan import BodyDecision, BodyPlan, BodyRegion, Edges
from deepmask.errors import InputError, PlanError
from deepmask.plan import Decision, Match, Plan, Region

SIZE = (100, 80)


@pytest.fixture
def plan():
    faces = Plan("photo", "a.jpg", "ab" * 32, SIZE, (Region("face-1", (10.0, 5.0, 20.0, 18.0), Decision("keep")),))
    ada = BodyRegion(
        "person-1", Area.of_box((5, 0, 30, 80), SIZE), BodyDecision("swap", "maya", "red coat"), score=0.9,
        found_by="poses", face="face-1", match=Match("ada", 0.3, 0.2),
    )  # fmt: skip
    pointed = Selection((Click(70.0, 40.0), Click(60.0, 10.0, inside=False)), (60.0, 20.0, 80.0, 70.0))
    somebody = BodyRegion("person-2", Area.of_box((60, 20, 80, 70), SIZE), BodyDecision("remove"), selection=pointed)
    sign = BodyRegion("text-1", Area.of_box((40, 0, 55, 6), SIZE), BodyDecision("pixelate"), "text")
    regions, used = (ada, somebody, sign), {"person_segmenter": "poses"}
    return BodyPlan("a.jpg", "ab" * 32, SIZE, faces, regions, Edges(4, 1.5, True), 7, used)


def test_json_there_and_back(plan, tmp_path):
    path = tmp_path / "plan.json"
    plan.save(path)
    read = BodyPlan.load(path)
    assert read.to_json() == plan.to_json()
    assert [replace(r, area=plan.region(r.id).area) for r in read.regions] == list(plan.regions)
    assert (read.faces, read.edges, read.seed, read.engines) == (plan.faces, plan.edges, 7, plan.engines)
    assert max(len(line) for line in path.read_text().splitlines()) < 200
    assert len(path.read_text().splitlines()) < 150, "run lengths do not fill the file that people edit"


def test_editing_leaves_the_original_plan_alone(plan):
    edited = plan.decided("person-1", BodyDecision("keep")).without("person-2")
    assert edited.region("person-1").decision.action == "keep"
    assert [r.id for r in edited.regions] == ["person-1", "text-1"]
    assert (edited.new_id(), edited.new_id("text"), edited.new_id("other")) == ("person-2", "text-2", "other-1")
    assert len(plan.regions) == 3
    with pytest.raises(PlanError, match="no region 'person-9'"):
        plan.without("person-9")


def test_only_people_are_exchanged_or_get_a_face(plan):
    for action in ("swap", "face"):
        with pytest.raises(PlanError, match="text-1 is no person"):
            plan.decided("text-1", BodyDecision(action))
    with pytest.raises(PlanError, match="Only 'swap' takes a persona"):
        BodyDecision("remove", "maya")
    with pytest.raises(PlanError, match="one of face, silhouette"):
        BodyDecision("vanish")  # type: ignore[arg-type]


@pytest.mark.parametrize("edges", [{"grow_px": -1}, {"feather_px": 201}, {"grow_px": float("nan")}])
def test_margins_have_limits(edges):
    with pytest.raises(InputError, match="between 0 and 200"):
        Edges(**edges)


def _region(**changes):
    return lambda data: data["regions"][0].update(changes)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda data: data.update(version=99), "newer Deepmask"),
        (lambda data: data.update(medium="photo"), "is for a photo"),
        (lambda data: data.clear(), "not a Deepmask plan"),
        (lambda data: data.update(surprise=1), "damaged"),
        (lambda data: data.update(size_wh=[50, 80]), "another size"),
        (lambda data: data.update(edges={"grow_px": "far"}), "damaged"),
        (lambda data: data.update(faces=None), "plan"),
        (_region(area={"size": [80, 100], "counts": [5]}), "damaged"),
        (_region(area=None), "damaged"),
        (_region(face="face-7"), "'face-7' that is not in it"),
        (_region(id="person-2"), "two regions have the same id"),
        (_region(decision={"action": "swap", "persona": 7}), "must be texts"),
        (_region(decision={"action": "vanish"}), "one of face"),
        (_region(thing="text"), "no person"),
        (_region(thing="cat"), "one of person, text, other"),
        (_region(score="sure"), "damaged"),
        (_region(match={"person": "ada", "distance": None, "margin": 1}), "damaged"),
        (_region(selection={"clicks": [{"x": 1e999, "y": 3, "inside": True}]}), "damaged"),
        (_region(selection={"clicks": [{"x": 300, "y": 3, "inside": True}]}), "outside the picture"),
        (lambda data: data["edges"].update(shadows="no"), "true or false"),
        (lambda data: data["regions"][1].update(face="face-1"), "two regions have the same face"),
    ],
)
def test_bad_plans_are_one_sentence(plan, spoil, sentence):
    data = json.loads(plan.to_json())
    spoil(data)
    with pytest.raises(PlanError, match=sentence) as error:
        BodyPlan.from_json(json.dumps(data))
    assert str(error.value).endswith(".")
