"""The photo pipeline on a real photo, with the real embedded engines."""

from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.engines.protocols import FaceSwapper
from deepmask.errors import Cancelled, EngineFailed, InputError, PlanError, UnknownName
from deepmask.faces import Patch, clip_box, enlarge
from deepmask.media import Photo
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import photo


@pytest.fixture(scope="module")
def astronaut() -> Photo:
    return Photo.from_array(data.astronaut(), "astronaut.png")


@pytest.fixture(scope="module")
def plan(astronaut):
    return photo.analyze(astronaut, Roster())


@pytest.fixture(scope="module")
def roster(astronaut):
    vector, name = photo.embed(astronaut)
    return Roster(recognizer=name).enrolled("Eileen", [vector], "maya")


@pytest.fixture
def vault(tmp_path):
    vault = Vault(tmp_path)
    portrait = np.full((64, 64, 3), 128, np.uint8)
    vault.add(Persona("", "Maya", "painter", portrait, 7, attributes=Attributes(gender="female", age=30)))
    return vault


def _region_of(source, plan, factor=2.2):
    x1, y1, x2, y2 = clip_box(enlarge(plan.regions[0].box_xyxy, factor), source.size_wh)
    inside = np.zeros(source.rgb.shape[:2], bool)
    inside[y1:y2, x1:x2] = True
    return inside


def test_a_bystander_is_found_hidden_and_the_rest_is_untouched(astronaut, plan, vault):
    assert len(plan.regions) == 1
    assert plan.regions[0].decision == Decision("pixelate")
    masked = photo.render(astronaut, plan, vault)
    report = photo.check(astronaut, masked.photo, plan, masked.outcomes)
    assert report.safe, report.to_json()
    assert report.findings[0].distance >= engines.load("face_recognizer").hidden_above
    changed = (masked.photo.rgb != astronaut.rgb).any(2)
    assert changed.any()
    assert not changed[~_region_of(astronaut, plan)].any()


def test_an_enrolled_person_gets_their_persona_on_another_picture_of_them(astronaut, roster, vault):
    other = Photo.from_array(np.ascontiguousarray(data.astronaut()[::-1, ::-1][::-1]), "mirrored.png")
    result = photo.mask(other, vault, roster)
    region = result.plan.regions[0]
    assert region.match is not None
    assert region.match.person == "eileen"
    assert region.decision == Decision("persona", "maya")
    assert result.report.safe, result.report.to_json()
    assert result.report.findings[0].engine == "painter"


def test_somebody_else_is_a_bystander(astronaut, roster):
    stranger = replace(roster.people[0], embeddings=(-roster.people[0].embeddings[0],))
    plan = photo.analyze(astronaut, replace(roster, people=(stranger,)))
    assert plan.regions[0].match is None
    assert plan.regions[0].decision.action == "pixelate"


def test_one_person_appears_once_in_a_photo(astronaut, roster):
    twice = Photo.from_array(np.hstack([data.astronaut(), data.astronaut()]), "twice.png")
    plan = photo.analyze(twice, roster)
    assert len(plan.regions) == 2
    assert sorted(r.decision.action for r in plan.regions) == ["persona", "pixelate"]


class _Broken:
    needs_persona, needs_landmarks, min_size_px, max_yaw_degrees = False, False, 0.0, 180.0

    def __init__(self, error: Exception) -> None:
        self.error = error

    def swap(self, image, face, persona, *, strength=0.8, look=None):
        raise self.error


def _break(monkeypatch, broken: dict[str, FaceSwapper]):
    real = engines.load
    monkeypatch.setattr(engines, "load", lambda kind, name="auto": broken[name] if name in broken else real(kind, name))


def test_a_failing_engine_is_replaced_by_a_plainer_one_and_the_report_says_so(astronaut, plan, vault, monkeypatch):
    _break(monkeypatch, {"pixelate": _Broken(EngineFailed("the cells ran out"))})
    masked = photo.render(astronaut, plan, vault)
    report = photo.check(astronaut, masked.photo, plan, masked.outcomes)
    assert report.safe
    assert report.findings[0].engine == "solid"
    assert "the cells ran out" in report.findings[0].note


def test_whatever_breaks_the_face_is_covered(astronaut, plan, vault, monkeypatch):
    _break(monkeypatch, {"pixelate": _Broken(ValueError("boom")), "solid": _Broken(MemoryError())})
    masked = photo.render(astronaut, plan, vault)
    x1, y1, x2, y2 = (int(v) for v in plan.regions[0].box_xyxy)
    assert (masked.photo.rgb[y1:y2, x1:x2] == 127).all()
    assert masked.outcomes[0].engine == "rectangle"


def test_a_mask_that_does_not_disguise_is_undone(astronaut, plan, vault, monkeypatch):
    class Nothing(_Broken):
        def swap(self, image, face, persona, *, strength=0.8, look=None):
            x, y = (int(v) for v in face.box_xyxy[:2])
            return photo_patch(image[y : y + 4, x : x + 4] // 2, x, y)

    def photo_patch(rgb, x, y):
        return Patch(np.ascontiguousarray(rgb), np.ones(rgb.shape[:2], np.float32), (x, y))

    _break(monkeypatch, {"pixelate": Nothing(ValueError())})
    masked = photo.render(astronaut, plan, vault)
    assert masked.outcomes[0].engine == "solid"
    assert "disguised too little" in masked.outcomes[0].note


def test_keep_leaves_every_pixel_and_says_so(astronaut, plan, vault):
    kept = plan.with_region(plan.regions[0].decided(Decision("keep")))
    masked = photo.render(astronaut, kept, vault)
    assert np.array_equal(masked.photo.rgb, astronaut.rgb)
    report = photo.check(astronaut, masked.photo, kept, masked.outcomes)
    assert [f.verdict for f in report.findings] == ["kept"]
    assert report.safe


def test_a_face_the_plan_forgot_and_an_unmasked_photo_are_leaks(astronaut, plan):
    report = photo.check(astronaut, astronaut, plan.without("face-1"))
    assert [f.verdict for f in report.findings] == ["leak"]
    assert "not in the plan" in report.findings[0].note
    report = photo.check(astronaut, astronaut, plan)
    assert [f.verdict for f in report.findings] == ["leak"]
    assert "STILL RECOGNISABLE" in report.summary()


def test_a_face_that_was_only_compressed_again_is_a_leak_even_where_no_finder_sees_it(astronaut, plan, tmp_path):
    astronaut.save(tmp_path / "again.jpg")
    again = Photo.open(tmp_path / "again.jpg")
    x1, y1, *_ = plan.regions[0].box_xyxy
    tiny = replace(plan.regions[0], id="face-2", box_xyxy=(x1 + 30, y1 + 30, x1 + 50, y1 + 50))
    report = photo.check(astronaut, again, plan.with_region(tiny))
    assert [f.verdict for f in report.findings] == ["leak", "leak"]
    assert report.findings[1].distance is None


def test_a_forgotten_face_is_a_leak_although_it_leans_against_a_masked_one(astronaut, plan, vault):
    x1, y1, x2, y2 = plan.regions[0].box_xyxy
    shift = 0.6 * (x2 - x1)
    neighbour = replace(plan.regions[0], box_xyxy=(x1 - shift, y1, x2 - shift, y2), decision=Decision("keep"))
    beside = plan.with_region(neighbour)
    assert [f.verdict for f in photo.check(astronaut, astronaut, beside).findings] == ["kept", "leak"]


def test_a_flat_shape_hides_whatever_the_judge_reads_around_it(astronaut, plan, vault, monkeypatch):
    solid = plan.with_region(plan.regions[0].decided(Decision("solid")))
    masked = photo.render(astronaut, solid, vault)
    monkeypatch.setattr(type(engines.load("face_recognizer")), "match_below", 9.0)
    monkeypatch.setattr(type(engines.load("face_recognizer")), "hidden_above", 9.0)
    assert photo.check(astronaut, masked.photo, solid, masked.outcomes).findings[0].verdict == "hidden"
    pixelated = photo.render(astronaut, plan, vault, progress=lambda *_: None)
    assert pixelated.outcomes[0].engine == "solid", "nothing but a flat shape passes a judge that is never content"


def test_a_judge_whose_numbers_overflow_says_nothing_is_hidden(astronaut, plan, vault, monkeypatch):
    masked = photo.render(astronaut, plan, vault)
    judge = engines.load("face_recognizer", "dlib")
    embed = type(judge).embed

    def overflowing(self, image, face):
        return embed(self, image, face) * (1.0 if image is astronaut.rgb else float("nan"))

    monkeypatch.setattr(type(judge), "embed", overflowing)
    again = Photo.from_array(masked.photo.rgb // 2, "darker.png")
    (finding,) = photo.check(astronaut, again, plan, masked.outcomes).findings
    assert finding.verdict in ("weak", "leak")
    assert finding.distance == 0


def test_a_box_drawn_by_hand_is_masked(astronaut, plan, vault):
    empty = plan.without("face-1")
    added = photo.add_box(empty, astronaut, (400, 380, 500, 480), Decision("solid"))
    masked = photo.render(astronaut, added, vault)
    assert (masked.photo.rgb[400:460, 420:480] != astronaut.rgb[400:460, 420:480]).any(2).mean() > 0.9
    with pytest.raises(PlanError, match="outside the picture"):
        photo.add_box(empty, astronaut, (900, 900, 990, 990), Decision("solid"))


def test_a_photo_without_faces_stays_as_it_is(vault):
    wall = Photo.from_array(np.full((90, 120, 3), 180, np.uint8), "wall.png")
    result = photo.mask(wall, vault, Roster())
    assert np.array_equal(result.photo.rgb, wall.rgb)
    assert result.report.summary() == "No face was found; nothing was changed."


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2)])
def test_tiny_photos_do_not_break_it(size, vault):
    result = photo.mask(Photo.from_array(np.zeros((*size, 3), np.uint8), "tiny.png"), vault, Roster())
    assert result.photo.rgb.shape == (*size, 3)


def test_bad_plans_are_refused_before_anything_is_drawn(astronaut, plan, vault):
    other = Photo.from_array(data.astronaut()[:, ::-1], "other.png")
    with pytest.raises(PlanError, match="made for another photo"):
        photo.render(other, plan, vault)
    with pytest.raises(UnknownName, match="known: Maya"):
        photo.render(astronaut, plan.with_region(plan.regions[0].decided(Decision("persona", "eve"))), vault)
    outside = replace(plan.regions[0], box_xyxy=(900.0, 900.0, 990.0, 990.0))
    with pytest.raises(PlanError, match="outside the picture"):
        photo.render(astronaut, plan.with_region(outside), vault)
    with pytest.raises(InputError, match="sizes differ"):
        photo.check(astronaut, Photo.from_array(data.astronaut()[:100], "half.png"), plan)


def test_cancelling_stops_at_once(astronaut, vault):
    def stop(fraction, message):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        photo.mask(astronaut, vault, Roster(), progress=stop)


def test_bystanders_cannot_be_given_a_persona_wholesale():
    with pytest.raises(InputError, match="Bystanders can get"):
        photo.PhotoOptions(bystanders="persona")


def test_enrolment_needs_exactly_one_face():
    with pytest.raises(InputError, match="No face was found in wall"):
        photo.embed(Photo.from_array(np.full((90, 120, 3), 180, np.uint8), "wall.png"))
    with pytest.raises(InputError, match="several people"):
        photo.embed(Photo.from_array(np.hstack([data.astronaut(), data.astronaut()]), "twice.png"))


def test_folds_that_look_like_a_face_only_beside_a_mask_are_no_leak(vault):
    crop = Photo.from_array(np.ascontiguousarray(data.astronaut()[:240, 110:350]), "crop.png")
    result = photo.mask(crop, vault, Roster(), photo.PhotoOptions(bystanders="pixelate"))
    assert [f.region for f in result.report.findings] == ["face-1"]
    missed = replace(result.plan, regions=())
    assert [f.verdict for f in photo.check(crop, crop, missed).findings] == ["leak"], "a face that was missed is one"
