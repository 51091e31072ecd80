"""The judge of voices, where it is installed."""

import numpy as np
import pytest

pytest.importorskip("resemblyzer", reason="pip install 'deepmask[judge]'", exc_type=ImportError)

from deepmask import engines
from deepmask.voice import Voice

SENTENCES = ("The harbour is quiet before the first boats leave.", "Nobody remembers who painted the old fence green.")


@pytest.fixture(scope="module")
def judge():
    return engines.load("speaker_recognizer", "resemblyzer")


def _said(text: str, voice: Voice):
    samples, rate_hz = engines.load("speech_synthesizer", "espeak").speak(text, voice)
    return [samples], rate_hz


def test_one_voice_is_nearer_to_itself_than_to_another(judge):
    low, high = Voice(pitch_hz=100, size=0.9, seed=1), Voice(pitch_hz=230, size=1.15, seed=2)
    first, again, other = (
        judge.embed(*_said(text, voice))
        for text, voice in zip((*SENTENCES, SENTENCES[0]), (low, low, high), strict=True)
    )
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-4)
    assert first @ again > first @ other + 0.1
    assert first @ other < judge.hidden_below


@pytest.mark.parametrize("seconds", [0.0, 0.5, 3.0])
def test_silence_is_nobody(judge, seconds):
    assert judge.embed([np.zeros(round(seconds * 16_000), np.float32)], 16_000) is None
