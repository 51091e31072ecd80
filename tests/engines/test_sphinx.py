"""What PocketSphinx makes of sounds that our own synthesiser speaks."""

from itertools import pairwise

import numpy as np
import pytest

from deepmask import engines
from deepmask.errors import Cancelled, EngineFailed
from deepmask.media import Sound
from deepmask.voice import Voice

EASY = (
    "one two three four five six seven",
    "this is a very good question",
    "my father was a doctor and my mother was a teacher",
)
VOICE = Voice(120, 0.2, 1.0, 1.0, 3)
PAUSE_S = 0.8


@pytest.fixture(scope="module")
def sphinx():
    return engines.load("transcriber", "sphinx")


@pytest.fixture(scope="module")
def spoken():
    """The sentences with pauses, and when each begins and ends."""
    espeak = engines.load("speech_synthesizer", "espeak")
    pieces, times, at = [], [], 0.0
    for text in EASY:
        samples, rate_hz = espeak.speak(text, VOICE)
        pieces += [np.zeros(round(PAUSE_S * rate_hz), np.float32), samples]
        times.append((at + PAUSE_S, at + PAUSE_S + len(samples) / rate_hz))
        at = times[-1][1]
    return Sound.from_array(np.concatenate([*pieces, pieces[0]])[:, None], rate_hz), times


def word_errors(wanted: list[str], heard: list[str]) -> int:
    """Levenshtein distance."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def test_easy_sentences_are_written_down(sphinx, spoken):
    sound, times = spoken
    transcript = sphinx.transcribe(sound)
    wanted = " ".join(EASY).split()
    assert word_errors(wanted, transcript.text.split()) <= 0.25 * len(wanted)
    assert transcript.language == "en"
    words = [word for phrase in transcript.phrases for word in phrase.words]
    assert all(a.start_s < a.end_s <= b.start_s + 0.011 for a, b in pairwise(words))
    for start_s, end_s in times:
        inside = [word for word in words if start_s - 0.15 < word.start_s and word.end_s < end_s + 0.15]
        assert len(inside) >= 3
        assert inside[0].start_s == pytest.approx(start_s, abs=0.3)
    assert sum(any(a - 0.15 < w.start_s < b + 0.15 for a, b in times) for w in words) == len(words), "none in a pause"
    for phrase in transcript.phrases:
        assert phrase.end_s - phrase.start_s <= 4.0
        assert 0 <= phrase.confidence <= 1


def test_quiet_and_stereo_recordings_are_understood_as_well(sphinx, spoken):
    sound, times = spoken
    first = sound.samples()[: round((times[0][1] + 0.5) * sound.rate_hz)]
    quiet = Sound.from_array(np.repeat(first * np.float32(0.01), 2, axis=1), sound.rate_hz)
    wanted = EASY[0].split()
    assert word_errors(wanted, sphinx.transcribe(quiet).text.split()) <= 0.3 * len(wanted)


@pytest.mark.parametrize(
    "samples",
    [np.zeros((32_000, 1)), np.zeros((10, 1)), 0.5 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)[:, None]],
    ids=["silence", "very short", "tone"],
)
def test_no_speech_is_no_phrase(sphinx, samples):
    transcript = sphinx.transcribe(Sound.from_array(samples.astype(np.float32), 16_000))
    assert len(transcript.text.split()) <= 1


def test_it_says_that_it_knows_only_english(sphinx, spoken):
    with pytest.raises(EngineFailed, match=r"English only, not 'de'; run: deepmask engines install whisperx"):
        sphinx.transcribe(spoken[0], language="de")


def test_listening_tells_how_far_it_is_and_can_be_stopped(sphinx, spoken):
    seen: list[float] = []

    def stop(fraction: float, message: str) -> None:
        seen.append(fraction)
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        sphinx.transcribe(spoken[0], progress=stop)
    assert seen == sorted(seen)
    assert seen[-1] < 0.8
