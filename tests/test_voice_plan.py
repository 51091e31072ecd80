import json
from dataclasses import replace

import pytest

from deepmask import subtitles
from deepmask.errors import InputError, PlanError
from deepmask.transcript import Phrase, Word
from deepmask.voice import Voice
from deepmask.voice_plan import Speaker, VoiceDecision, VoicePlan

PHRASES = (
    Phrase("good morning", 0.5, 1.5, "anna", (Word("good", 0.5, 0.9), Word("morning", 0.9, 1.5)), 0.8),
    Phrase("who is <there> & why", 3661.25, 3663.0, "ben"),
)
PLAN = VoicePlan(
    "talk.wav",
    "f" * 64,
    3700.0,
    (Speaker("anna", VoiceDecision("persona", "maya")), Speaker("ben", VoiceDecision("anonymous"), Voice(seed=3))),
    PHRASES,
    "respeak",
    engines={"transcriber": "sphinx"},
)


def test_a_plan_survives_its_file(tmp_path):
    PLAN.save(tmp_path / "plan.json")
    assert VoicePlan.load(tmp_path / "plan.json") == PLAN


def test_words_and_decisions_are_edited():
    edited = PLAN.said(0, "  good   evening ").decided("ben", VoiceDecision("keep"))
    assert edited.phrases[0].text == "good evening"
    assert edited.phrases[0].words == (), "times of words that are no longer said"
    assert edited.speaker("ben").decision.action == "keep"
    with pytest.raises(PlanError, match="no speaker 'eve'"):
        PLAN.decided("eve", VoiceDecision())
    with pytest.raises(PlanError, match="2 phrases"):
        PLAN.said(2, "")


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"medium": "photo"},
        {"speakers": []},
        {"method": "sing"},
        {"phrases": [{"text": "x", "start_s": 2, "end_s": 1, "speaker": "anna"}]},
        {"phrases": [{"text": "x", "start_s": 1, "end_s": 2, "speaker": "eve"}]},
        {"speakers": [{"id": "anna", "decision": {"action": "persona"}}]},
        {"speakers": [{"id": "anna", "decision": {}, "voice": {"pitch_hz": 9000}}]},
        {"seconds": "long"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_bad_plan_is_one_sentence(change):
    text = json.dumps(json.loads(PLAN.to_json()) | change)
    with pytest.raises(InputError) as error:
        VoicePlan.from_json(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00", '{"version": "new"}'])
def test_what_is_no_plan_is_said_to_be_none(text):
    with pytest.raises(PlanError, match="not a Deepmask plan for a recording"):
        VoicePlan.from_json(text)


def test_subtitles_have_the_right_times(tmp_path):
    assert subtitles.srt(PHRASES) == (
        "1\n00:00:00,500 --> 00:00:01,500\ngood morning\n\n2\n01:01:01,250 --> 01:01:03,000\nwho is <there> & why\n"
    )
    assert subtitles.vtt(PHRASES).startswith("WEBVTT\n\n00:00:00.500 --> 00:00:01.500\ngood morning\n\n")
    assert "who is &lt;there&gt; &amp; why" in subtitles.vtt(PHRASES)
    subtitles.save(PHRASES, tmp_path / "talk.VTT")
    assert (tmp_path / "talk.VTT").read_text("utf-8") == subtitles.vtt(PHRASES)
    with pytest.raises(InputError, match=r"\.srt or \.vtt"):
        subtitles.save(PHRASES, tmp_path / "talk.txt")


def test_silenced_phrases_have_no_subtitle():
    assert subtitles.srt((replace(PHRASES[0], text=" "),)) == ""
