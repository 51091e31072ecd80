"""Enrolment with the real recogniser: one photo shipped with scikit-image, and personas of our own for other people."""

import numpy as np
import pytest
from skimage import data

from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.persona import Attributes
from deepmask.roster import Roster
from pipelines import avatar, people

ASTRONAUT = Photo.from_array(data.astronaut(), "astronaut.png")
MIRRORED = Photo.from_array(np.ascontiguousarray(data.astronaut()[:, ::-1]), "mirrored.png")


@pytest.fixture(scope="module")
def stranger() -> Photo:
    looks = Attributes(gender="male", age=60, skin="deep", beard="none", glasses="none", mood="neutral")
    draft = avatar.create("", 5, avatar.AvatarOptions(count=1, size_px=384))[0]
    return Photo.from_array(avatar.redraw(draft, looks, size_px=384).portrait, "stranger.png")


def test_two_photos_of_one_person_are_enrolled_together():
    roster = people.enrol(Roster(), "Eileen", [ASTRONAUT, MIRRORED], None)
    assert [len(p.embeddings) for p in roster.people] == [2]


def test_photos_of_different_people_are_not_enrolled_as_one(stranger):
    with pytest.raises(InputError, match=r"stranger\.png and astronaut\.png show different people"):
        people.enrol(Roster(), "Eileen", [ASTRONAUT, stranger], None)
    known = people.enrol(Roster(), "Eileen", [ASTRONAUT], None)
    with pytest.raises(InputError, match="the earlier photos"):
        people.enrol(known, "eileen", [stranger], None)


def test_one_person_is_not_enrolled_under_two_names(stranger):
    known = people.enrol(Roster(), "Eileen", [ASTRONAUT], None)
    with pytest.raises(InputError, match="shows Eileen, who is enrolled already"):
        people.enrol(known, "Collins", [MIRRORED], None)
    assert len(people.enrol(known, "Somebody", [stranger], None).people) == 2


def test_without_photos_nobody_is_enrolled():
    with pytest.raises(InputError, match="at least one photo"):
        people.enrol(Roster(), "Eileen", [], None)
