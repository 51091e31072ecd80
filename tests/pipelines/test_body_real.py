"""Bodies with the real embedded engines: one woman twice, before a lawn."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.area import Click, Selection
from deepmask.body_plan import BodyDecision
from deepmask.media import Photo
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import body
from pipelines.body.measuring import unchanged
from pipelines.body.outlines import outlines

LEFT, RIGHT = (20, 120), (330, 150)
"""Upper left pixels of the two."""


@pytest.fixture(scope="module")
def woman():
    """The astronaut without her background: colours and opacity, 200 x 220."""
    photo = Photo.from_array(np.ascontiguousarray(data.astronaut()[:440, 50:450]))
    (found,) = body.analyze(photo, Roster()).regions
    small = cv2.resize(photo.rgb, (200, 220), interpolation=cv2.INTER_AREA)
    opacity = cv2.resize(found.area.full().astype(np.float32), (200, 220), interpolation=cv2.INTER_AREA)
    return small, opacity[..., None]


@pytest.fixture(scope="module")
def lawn():
    """What is behind the two: grass below a bright sky."""
    grass = cv2.resize(data.grass(), (560, 560))[:250, :, None] * np.array([0.55, 0.75, 0.35])
    sky = np.linspace((140, 180, 230), (215, 228, 240), 120)[:, None] * np.ones((1, 560, 1))
    return np.concatenate([sky, grass]).astype(np.uint8)


@pytest.fixture(scope="module")
def source(woman, lawn):
    colours, opacity = woman
    picture = lawn.astype(np.float32)
    for (x, y), flip in ((LEFT, 1), (RIGHT, -1)):
        place = np.s_[y : y + 220, x : x + 200]
        picture[place] = picture[place] * (1 - opacity[:, ::flip]) + colours[:, ::flip] * opacity[:, ::flip]
    return Photo.from_array(np.rint(picture).astype(np.uint8), "lawn.png")


@pytest.fixture(scope="module")
def plan(source):
    return body.analyze(source, Roster())


@pytest.fixture
def vault(tmp_path):
    vault = Vault(tmp_path)
    portrait = np.full((64, 64, 3), 128, np.uint8)
    vault.add(Persona("", "Maya", "painter", portrait, 7, attributes=Attributes(gender="female", age=30)))
    return vault


def at(plan, x):
    """The person around a column of the picture."""
    region = body.pointed_at(plan, x, 300)
    assert region is not None
    return region


def outside(plan):
    everything = np.zeros((plan.size_wh[1], plan.size_wh[0]), bool)
    for outline in outlines(plan).values():
        everything |= outline.outer.full()
    return ~everything


def test_both_are_found_with_their_faces(plan):
    people = [at(plan, 120), at(plan, 430)]
    assert len(plan.regions) == 2
    assert {person.face for person in people} == {face.id for face in plan.faces.regions}
    assert all(0.06 < person.area.share < 0.2 for person in people)


@pytest.mark.parametrize("action", ["silhouette", "pixelate"])
def test_covered_people_are_hidden_and_the_rest_is_untouched(source, plan, vault, action):
    for region in plan.regions:
        plan = plan.decided(region.id, BodyDecision(action))
    masked = body.render(source, plan, vault)
    report = body.check(source, masked.photo, plan, masked.outcomes, masked.faces)
    assert {finding.engine for finding in (*report.findings, *report.faces.findings)} == {action}
    assert report.safe, report.to_json()
    assert max(finding.unchanged or 0 for finding in report.findings) < 0.02
    quiet = outside(plan)
    for face in plan.faces.regions:
        x1, y1, x2, y2 = (int(v) for v in face.box_xyxy)
        quiet[max(0, y1 - 40) : y2 + 40, max(0, x1 - 40) : x2 + 40] = False
    assert np.array_equal(masked.photo.rgb[quiet], source.rgb[quiet])


def test_one_is_removed_and_the_other_wears_a_persona(source, plan, vault, lawn):
    gone, stays = at(plan, 120), at(plan, 430)
    plan = plan.decided(gone.id, BodyDecision("remove")).decided(stays.id, BodyDecision("face"))
    face = plan.faces.region(stays.face)
    plan = replace(plan, faces=plan.faces.with_region(face.decided(Decision("persona", "maya"))))
    masked = body.render(source, plan, vault)
    report = body.check(source, masked.photo, plan, masked.outcomes, masked.faces)
    verdicts = {finding.region: (finding.engine, finding.verdict) for finding in report.findings}
    assert verdicts == {gone.id: ("patchmatch", "hidden"), stays.id: ("none", "kept")}
    assert report.safe, report.to_json()
    hole = gone.area.full()
    apart = np.abs(masked.photo.rgb[hole].astype(float).mean(0) - lawn[hole].astype(float).mean(0))
    before = np.abs(source.rgb[hole].astype(float).mean(0) - lawn[hole].astype(float).mean(0))
    assert apart.max() < 30 < before.max(), "lawn and sky instead of her"
    body_of_who_stays = stays.area.full()
    body_of_who_stays[: int(face.box_xyxy[3]) + 40] = False
    assert np.array_equal(masked.photo.rgb[body_of_who_stays], source.rgb[body_of_who_stays])


def test_a_click_outlines_somebody_who_was_not_found(source, plan):
    missing = at(plan, 430)
    alone = plan.without(missing.id)
    x1, y1, x2, y2 = missing.area.box_xyxy
    pointed = Selection((Click((x1 + x2) / 2, y1 + 0.75 * (y2 - y1)),), (x1 - 6, y1 - 6, x2 + 6, y2))
    outlined = body.select(alone, source, pointed, BodyDecision("remove"))
    new = outlined.regions[-1]
    assert new.face == missing.face
    assert new.area.iou(missing.area) > 0.7


def test_a_result_that_shows_her_again_is_a_leak(source, plan, vault):
    masked = body.render(source, plan, vault).photo.rgb.copy()
    person = at(plan, 120)
    masked[200:340, 20:220] = source.rgb[200:340, 20:220]
    assert unchanged(source.rgb, masked, person.area) > 0.3
    report = body.check(source, source.edited(masked), plan)
    assert [f.verdict for f in report.findings if f.region == person.id] == ["leak"]
    assert engines.choose("person_segmenter").name in report.engines
