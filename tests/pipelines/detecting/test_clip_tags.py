"""What the tag of a video is evidence of."""

from dataclasses import replace

import pytest

from deepmask.tag_report import TagReading
from pipelines.verify.detecting.marks import of_clip_tag

MINE = TagReading("film.mp4", "00" * 8, "public", "tiles", 9.0, what="a video", standing="yours", fit="fits")


def test_a_tag_on_all_faces_decides_nothing_and_says_why():
    found = of_clip_tag(MINE, [0.0] * 50, [1.0] * 12)
    assert found.says is None
    assert "everybody with Deepmask can lay it over a changed picture again" in found.words
    found = of_clip_tag(replace(MINE, key="private"), [0.0] * 50)
    assert "who has one picture with it can lay it" in found.words


@pytest.mark.parametrize(
    ("without", "says"), [(0, None), (1, None), (2, "unsure"), (12, "unsure"), (15, "fake"), (60, "fake")]
)
def test_frames_with_a_face_that_lacks_the_tag_are_counted(without, says):
    found = of_clip_tag(MINE, [0.0] * (100 - without) + [1.0] * without)
    assert found.says == says
    if says == "unsure":
        assert f"{without} of 100 frames ({without} %)" in found.words


def test_pictures_that_lack_the_tag_as_a_whole_leave_it_open():
    assert of_clip_tag(MINE, [0.0] * 50, [1.0] * 11 + [0.0]).says is None
    found = of_clip_tag(MINE, [0.0] * 50, [1.0] * 9 + [0.0] * 3)
    assert found.says == "unsure"
    assert "In 3 of 12 frames" in found.words


@pytest.mark.parametrize(
    "known",
    [
        {"standing": ""},
        {"standing": "stranger"},
        {"standing": "unsigned"},
        {"standing": "broken"},
        {"standing": "", "key": "private"},
        {"fit": "unsure"},
        {"fit": ""},
        {"what": "a video that was tagged before by somebody else"},
    ],
    ids=str,
)
@pytest.mark.parametrize("gaps", [[], [0.0] * 50, [0.2] * 50], ids=["no faces", "whole", "weak"])
def test_a_tag_of_which_it_is_not_known_what_it_was_given_to_is_doubtful_however_whole_it_is(known, gaps):
    assert of_clip_tag(replace(MINE, **known), gaps).says == "unsure"


@pytest.mark.parametrize("what", ["a masked video", "a made-up video"])
def test_what_the_record_calls_made_up_is(what):
    found = of_clip_tag(replace(MINE, what=what), [0.0] * 50)
    assert found.says == "fake"
    assert what in found.words
