"""From evidence to a verdict."""

import pytest

from pipelines.verify.detecting.judging import judge, verdict_of
from pipelines.verify.detecting.model import Evidence


def says(kind, verdict):
    return Evidence(kind, verdict, f"The {kind} says {verdict}.")


@pytest.mark.parametrize(
    ("score", "verdict"), [(0.9, "fake"), (0.8, "fake"), (0.79, "unsure"), (0.3, "unsure"), (0.29, "likely real")]
)
def test_a_score_is_only_believed_beyond_the_bars(score, verdict):
    assert verdict_of(score, fake_above=0.8, real_below=0.3) == verdict


def test_nothing_measured_is_nothing_known():
    assert verdict_of(None, 0.8, 0.3) == "unsure"
    assert judge([says("detector", "unsure")])[0] == "unsure"


@pytest.mark.parametrize("detector", ["fake", "unsure", "likely real"])
def test_the_owners_original_decides_whatever_the_detector_sees(detector):
    for verdict in ("fake", "likely real"):
        found, reasons = judge([says("detector", detector), says("original", verdict)])
        assert found == verdict
        assert reasons[0].kind == "original"


def test_an_original_of_another_scene_decides_nothing():
    found, reasons = judge([says("original", None), says("detector", "fake")])
    assert found == "fake"
    assert [reason.kind for reason in reasons] == ["detector", "original"]


@pytest.mark.parametrize("detector", ["fake", "unsure", "likely real"])
def test_an_original_that_shows_only_a_part_makes_nothing_real(detector):
    found, _ = judge([says("original", "unsure"), says("detector", detector)])
    assert found == ("fake" if detector == "fake" else "unsure")
    assert judge([says("original", "unsure"), says("tag", "fake"), says("detector", "likely real")])[0] == "fake"


@pytest.mark.parametrize("mark", ["seal", "tag"])
def test_a_broken_mark_is_a_fake(mark):
    assert judge([says(mark, "fake"), says("detector", "likely real")])[0] == "fake"


def test_a_whole_seal_speaks_for_the_time_since():
    assert judge([says("seal", "likely real"), says("detector", "unsure")])[0] == "likely real"


def test_a_seal_over_a_doubtful_mark_leaves_the_doubt():
    given = [says("seal", "likely real"), says("tag", "unsure"), says("detector", "likely real")]
    assert judge(given)[0] == "unsure"


@pytest.mark.parametrize("says_tag", ["likely real", None])
@pytest.mark.parametrize("detector", ["fake", "unsure", "likely real"])
def test_a_tag_makes_nothing_more_real_than_the_detector_does(says_tag, detector):
    assert judge([says("tag", says_tag), says("detector", detector)])[0] == detector


def test_a_whole_seal_against_a_sure_detector_leaves_it_open_and_says_why():
    found, reasons = judge([says("seal", "likely real"), says("detector", "fake")])
    assert found == "unsure"
    assert "older than the mark" in reasons[1].words
    assert {reason.kind for reason in reasons} == {"seal", "detector"}


def test_a_machines_own_word_is_believed_against_itself():
    found, reasons = judge([says("credentials", "fake"), says("seal", "likely real"), says("detector", "likely real")])
    assert found == "fake"
    assert reasons[0].kind == "credentials"


def test_credentials_that_do_not_hold_make_it_doubtful():
    assert judge([says("credentials", "unsure"), says("detector", "likely real")])[0] == "unsure"
    assert judge([says("credentials", "unsure"), says("detector", "fake")])[0] == "fake"


def test_what_decides_is_told_first_and_all_else_as_well():
    given = [says("detector", "likely real"), says("credentials", None), says("seal", "likely real")]
    _, reasons = judge(given)
    assert reasons[0].kind == "seal"
    assert {reason.words for reason in reasons} >= {one.words for one in given}
