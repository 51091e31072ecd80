"""What is said of a cloak: no more than its table shows."""

import json

from deepmask.cloak_report import VERSIONS, CloakReport, Trial


def trial(victim, version, before, after, *, attacked=True, kind="identity", face="face-1"):
    return Trial(victim, attacked, kind, face, version, before, after, 0.65 if kind == "identity" else 0.35)


def report(*trials, faces=1):
    return CloakReport("me.jpg", "dlib", 3, "face", {}, 0, faces, 38.0, 0.95, 6, tuple(trials))


def dlib(*afters, **other):
    return [trial("dlib", version, 0.1, after, **other) for version, after in zip(VERSIONS, afters, strict=True)]


def blaze(*afters):
    return [
        trial("BlazeFace", version, 0.9, after, attacked=False, kind="finder")
        for version, after in zip(VERSIONS, afters, strict=True)
    ]


def test_full_success_is_told_with_those_that_were_never_attacked():
    made = report(*dlib(0.9, 0.8, 0.7), *blaze(0.9, 0.9, 0.9))
    assert made.safe
    assert made.summary() == (
        "Deceives dlib as PNG, as JPEG 75 and at half size. Not deceived: BlazeFace, never attacked."
    )


def test_what_fails_in_some_versions_is_told():
    made = report(*dlib(0.9, 0.6, 0.6))
    assert not made.safe
    assert made.summary() == "Deceives dlib as PNG (not as JPEG 75 and at half size)."


def test_failure_is_told_plainly():
    made = report(*dlib(0.3, 0.3, 0.3), *blaze(0.9, 0.9, 0.9))
    assert made.summary() == "This photo is not protected. Not deceived: dlib; BlazeFace, never attacked."


def test_one_face_of_two_is_no_success():
    made = report(*dlib(0.9, 0.9, 0.9), *dlib(0.9, 0.4, 0.4, face="face-2"), faces=2)
    assert not made.safe
    assert made.summary() == ("Deceives dlib as PNG, as JPEG 75 with 1 of 2 faces and at half size with 1 of 2 faces.")


def test_a_finder_deceived_by_chance_is_no_merit_unless_it_saw_the_face_before():
    chance = trial("BlazeFace", "PNG", 0.2, 0.1, attacked=False, kind="finder")
    merit = trial("BlazeFace", "PNG", 0.9, 0.1, attacked=False, kind="finder")
    assert not chance.deceived
    assert merit.deceived


def test_a_face_that_was_far_from_itself_before_is_no_merit():
    assert not trial("dlib", "half size", 0.7, 0.9).deceived


def test_a_photo_without_trials_of_what_was_attacked_is_not_called_protected():
    assert not report(*blaze(0.1, 0.1, 0.1)).safe


def test_json_has_every_verdict():
    data = json.loads(report(*dlib(0.9, 0.6, 0.7)).to_json())
    assert [one["deceived"] for one in data["trials"]] == [True, False, True]
    assert data["summary"].startswith("Deceives dlib")
    assert data["safe"] is False
