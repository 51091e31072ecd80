"""WhisperX and Tortoise themselves, in their environments, through their own loading code, with tiny networks."""

import itertools
import math

import numpy as np
import pytest

from deepmask import engines
from deepmask.engines import tortoise as speaking
from deepmask.engines import whisperx as listening
from deepmask.errors import Cancelled, EngineFailed, EngineMissing
from deepmask.media import Sound
from deepmask.vault import Vault
from deepmask.voice import Voice
from pipelines import voice
from tests.tiny.whisper import SENTENCE

pytestmark = pytest.mark.environments

PAUSE_S = 1.0


@pytest.fixture(scope="module")
def recording():
    """Speech by espeak-ng with a second of silence on both sides."""
    samples, rate_hz = engines.load("speech_synthesizer", "espeak").speak(
        "This is a recording of somebody who speaks for a while.", Voice()
    )
    pause = np.zeros(round(PAUSE_S * rate_hz), np.float32)
    return Sound.from_array(np.concatenate([pause, samples, pause])[:, None], rate_hz, "recording.wav")


def test_a_recording_becomes_words_with_times(whisperx, recording):
    told = []
    transcript = engines.load("transcriber", "whisperx").transcribe(
        recording, progress=lambda f, m: told.append((f, m))
    )
    assert transcript.text == SENTENCE.strip()
    assert transcript.language == "en"
    words = [word for phrase in transcript.phrases for word in phrase.words]
    assert all(a.start_s < a.end_s <= b.start_s + 0.02 for a, b in itertools.pairwise(words))
    assert words[0].start_s > PAUSE_S - 0.3
    assert words[-1].end_s < recording.seconds - PAUSE_S + 0.3
    assert all(0.3 < phrase.confidence <= 1 for phrase in transcript.phrases)
    assert {"Loading WhisperX", "Timing the words"} <= {message for _, message in told}
    assert engines.choose("transcriber").name == "whisperx", "what is ready and better comes first"


def test_without_an_aligner_whisper_times_the_words(whisperx, recording):
    transcript = listening.WhisperX().transcribe(recording, language="de")
    assert transcript.text == SENTENCE.strip()
    assert transcript.language == "de"
    assert all(p.start_s < p.end_s <= recording.seconds + 0.1 for p in transcript.phrases)


def test_silence_has_no_words(whisperx):
    silence = Sound.from_array(np.zeros((48_000, 1), np.float32), 16_000)
    assert listening.WhisperX().transcribe(silence).phrases == ()


def test_a_long_recording_is_heard_in_pieces(whisperx, recording, monkeypatch):
    samples = recording.samples()
    twice = Sound.from_array(np.concatenate([samples, samples]), recording.rate_hz)
    monkeypatch.setattr(listening, "_PIECE_S", recording.seconds + 0.5)
    monkeypatch.setattr(listening, "_SEARCH_S", 2.0)
    transcript = listening.WhisperX().transcribe(twice, language="en")
    assert transcript.text == f"{SENTENCE.strip()} {SENTENCE.strip()}"
    assert any(phrase.start_s > recording.seconds for phrase in transcript.phrases)


def test_speakers_are_told_apart_where_the_weights_are_there(whisperx, recording, use, built, neural_home):
    engine = listening.WhisperX()
    assert not engine.tells_speakers
    use(built("whisperx"), {"pyannote": whisperx / "pyannote"})
    assert engine.tells_speakers
    told = []
    transcript = engine.transcribe(recording, language="en", progress=lambda f, m: told.append(m))
    (neural_home / "models" / "pyannote").unlink()
    assert transcript.text == SENTENCE.strip()
    assert {phrase.speaker for phrase in transcript.phrases} == {"speaker-1"}
    assert "Telling speakers apart" in told


def test_a_language_whisper_does_not_know_is_one_sentence(whisperx, recording):
    with pytest.raises(EngineFailed, match="does not know the language 'tlh'"):
        listening.WhisperX().transcribe(recording, language="tlh")


@pytest.fixture
def quick(tortoise, monkeypatch):
    """As few attempts as make sense."""
    monkeypatch.setattr(speaking, "AUDITIONS", 2)
    monkeypatch.setattr(speaking, "CANDIDATES", 2)
    return engines.load("speech_synthesizer", "tortoise")


def test_a_voice_is_drawn_once_and_speaks(quick):
    voice, told = Voice(seed=5), []
    samples, rate_hz = quick.speak("Hello.", voice, seconds=1.0, progress=lambda f, m: told.append((f, m)))
    assert rate_hz == 24_000
    assert samples.dtype == np.float32
    assert 0.05 < len(samples) / rate_hz < 10
    assert np.isfinite(samples).all()
    assert 1e-4 < np.abs(samples).max() <= 1
    latents = speaking.latents_path(voice)
    assert latents.stat().st_mode & 0o077 == 0
    drawn = latents.read_bytes()
    assert any("Finding a voice, once" in message for _, message in told)
    told.clear()
    again, _ = quick.speak("Hello.", voice, seconds=1.0, progress=lambda f, m: told.append((f, m)))
    assert np.array_equal(samples, again), "the same words in the same voice sound the same"
    assert latents.read_bytes() == drawn
    assert not any("Finding" in message for _, message in told)
    assert speaking.latents_path(Voice(seed=6)) != latents


def test_stopping_leaves_no_half_voice_and_the_next_sentence_is_spoken(quick):
    voice = Voice(seed=7)

    def progress(fraction, message):
        if message.startswith("Making it sound"):
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        quick.speak("Hello.", voice, progress=progress)
    assert not speaking.latents_path(voice).exists()
    samples, _ = quick.speak("Hello.", voice)
    assert len(samples)


def test_a_recording_is_spoken_anew_by_the_neural_pair(whisperx, quick, recording, tmp_path):
    options = voice.VoiceOptions(method="respeak", transcriber="whisperx", synthesizer="tortoise")
    result = voice.mask(recording, Vault(), tmp_path / "masked.wav", options)
    assert result.plan.engines["transcriber"] == "whisperx"
    assert " ".join(phrase.text for phrase in result.plan.phrases) == SENTENCE.strip()
    assert result.report.findings[0].engine == "tortoise"
    masked = Sound.open(tmp_path / "masked.wav")
    assert math.isclose(masked.seconds, recording.seconds, abs_tol=0.1)
    assert np.abs(masked.samples()).max() > 0.01


def test_what_lacks_weights_names_the_command(tortoise, monkeypatch):
    monkeypatch.setenv("DEEPMASK_WHISPER_MODEL", "whisper_medium")
    with pytest.raises(EngineMissing, match="deepmask weights get whisper_medium"):
        engines.choose("transcriber", "whisperx")
