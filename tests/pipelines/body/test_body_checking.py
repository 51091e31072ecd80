"""What is said of a result, wherever it came from."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from deepmask.area import Area
from deepmask.errors import InputError, PlanError
from deepmask.faces import Face
from deepmask.media import Photo
from deepmask.roster import Roster
from pipelines import body
from pipelines.body import BodyOptions
from tests.tiny.bodies import ANNA, BACK, BEN, PICTURE, SIZE, Finder, Segmenter, crossed, drawn


def as_jpeg(photo: Photo, quality: int) -> Photo:
    buffer = io.BytesIO()
    Image.fromarray(photo.rgb).save(buffer, "JPEG", quality=quality)
    return Photo.from_array(np.asarray(Image.open(buffer)).copy(), "out.jpg")


@pytest.mark.parametrize("action", ["silhouette", "remove"])
def test_a_result_is_checked_as_a_jpeg_from_anywhere(source, vault, action):
    plan = body.analyze(source, Roster(), BodyOptions(bystanders=action))
    masked = body.render(source, plan, vault)
    report = body.check(source, as_jpeg(masked.photo, 50), plan)
    assert report.safe, report.to_json()
    untouched = body.check(source, as_jpeg(source, 50), plan)
    assert {f.verdict for f in untouched.findings} == {"leak"}
    assert "as it was" in untouched.findings[0].note


def test_half_a_person_is_a_leak(source, vault):
    plan = body.analyze(source, Roster())
    half = body.render(source, plan, vault).photo.rgb.copy()
    half[200:] = PICTURE[200:]
    report = body.check(source, source.edited(half), plan)
    assert [f.verdict for f in report.findings[:2]] == ["leak", "leak"]
    assert 0.2 < (report.findings[0].unchanged or 0) < 0.5


@pytest.mark.parametrize("action", ["silhouette", "remove"])
@pytest.mark.parametrize("tones", [lambda was: was * 0.7 + 70, lambda was: was * 0.6 + 10, lambda was: 255.0 - was])
def test_somebody_put_back_in_other_tones_is_a_leak(source, vault, action, tones):
    plan = body.analyze(source, Roster(), BodyOptions(bystanders=action))
    back = body.render(source, plan, vault).photo.rgb.copy()
    back[BACK.window] = tones(PICTURE[BACK.window])
    report = body.check(source, as_jpeg(Photo.from_array(back), 75), plan)
    assert [f.verdict for f in report.findings] == ["hidden", "hidden", "leak"]


def test_a_removed_person_who_is_found_again_is_weak_a_silhouette_is_not(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(ANNA, BEN, BACK)
    removed, _ = drawn(source, vault, bystanders="remove")
    assert [f.verdict for f in removed.report.findings] == ["weak"] * 3
    assert not removed.report.safe
    assert "still found there" in removed.report.findings[0].note
    assert drawn(source, vault)[0].report.safe
    fakes["why_not"] = "there is no background"
    assert drawn(source, vault, bystanders="remove")[0].report.safe


def test_somebody_whom_the_plan_does_not_speak_of_is_told(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(BACK)
    plan = body.analyze(source, Roster()).without("person-3")
    masked = body.render(source, plan, vault)
    finding = body.check(source, masked.photo, plan, masked.outcomes, masked.faces).findings[-1]
    assert (finding.region, finding.verdict) == ("extra-1", "weak")
    assert "somebody at (300, 100)–(340, 220) is not in the plan" in finding.note
    fakes["person_segmenter"] = Segmenter(Area.of_box((200, 100, 260, 250), SIZE))
    assert drawn(source, vault)[0].report.safe, "who is seen in the result only is imagined"


def test_who_was_covered_by_hand_is_nobody_whom_the_plan_forgot(source, vault, fakes):
    fakes["person_segmenter"] = Segmenter(BACK)
    plan = body.analyze(source, Roster()).without("person-3")
    plan = body.add_box(plan, source, BACK.box_xyxy)
    masked = body.render(source, plan, vault)
    assert body.check(source, masked.photo, plan, masked.outcomes, masked.faces).safe


def test_who_stays_beside_a_removed_person_is_not_taken_for_them(source, vault, fakes):
    plan, _, _ = crossed(source, "remove", "keep")
    fakes["person_segmenter"] = Segmenter(Area.of_box((225, 60, 310, 280), SIZE))
    masked = body.render(source, plan, vault)
    assert body.check(source, masked.photo, plan, masked.outcomes, masked.faces).safe


def test_a_face_that_was_missed_beside_a_new_person_is_told(source, vault, fakes):
    class Missed(Finder):
        def find(self, image, *, progress=None):
            known = super().find(image)
            return known if np.array_equal(image, PICTURE) else [Face((210.0, 210.0, 240.0, 240.0), 0.9)]

    fakes.update({"ready": True, "face_finder": Missed()})
    result, _ = drawn(source, vault, bystanders="swap")
    assert [face.verdict for face in result.report.faces.findings] == ["hidden", "hidden", "leak"]


def test_a_check_needs_a_version_of_the_same_photo(source, vault):
    plan = body.analyze(source, Roster())
    other = Photo.from_array(PICTURE[::-1].copy(), "other.png")
    with pytest.raises(PlanError, match="another photo"):
        body.check(other, other, plan)
    with pytest.raises(PlanError, match="another photo"):
        body.render(other, plan, vault)
    with pytest.raises(InputError, match="sizes differ"):
        body.check(source, Photo.from_array(PICTURE[:9].copy()), plan)


def test_a_plan_for_another_size_is_refused_whatever_its_fingerprint(source, vault):
    turned = (SIZE[1], SIZE[0])
    plan = replace(body.analyze(source, Roster()), regions=(), size_wh=turned)
    with pytest.raises(PlanError, match="another photo"):
        body.render(source, plan, vault)
    with pytest.raises(PlanError, match="another photo"):
        body.check(source, source, replace(plan, size_wh=SIZE, faces=replace(plan.faces, size_wh=turned)))


def test_a_face_of_less_than_a_pixel_is_no_trouble(source, vault):
    plan = body.analyze(source, Roster())
    tiny = replace(plan.faces.regions[0], box_xyxy=(50.1, 70.1, 50.2, 70.2))
    plan = replace(plan, faces=plan.faces.with_region(tiny))
    masked = body.render(source, plan, vault)
    assert body.check(source, masked.photo, plan, masked.outcomes, masked.faces).safe
