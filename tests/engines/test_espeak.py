"""The persona's voice out of espeak-ng: its pitch, its size, its time, and a process that may die."""

import sys

import numpy as np
import pytest

from deepmask import engines
from deepmask.engines import espeak as espeak_module
from deepmask.errors import Cancelled, EngineFailed
from deepmask.voice import Voice

TEXT = "Good morning, my name is nobody and I live in a small house near the river."
LOW, HIGH = Voice(105, 0.2, 0.97, 1.0, 1), Voice(205, 0.2, 1.12, 1.0, 2)


@pytest.fixture(scope="module")
def espeak():
    return engines.load("speech_synthesizer", "espeak")


def pitch_hz(samples: np.ndarray, rate_hz: int) -> float:
    import pyworld

    found, times = pyworld.dio(samples.astype(float), rate_hz, f0_floor=50, f0_ceil=450)
    found = pyworld.stonemask(samples.astype(float), found, times, rate_hz)
    return float(np.median(found[found > 0]))


@pytest.mark.parametrize("voice", [LOW, HIGH, Voice(90, 0.16, 0.92), Voice(250, 0.3, 1.2, 0.7)], ids=str)
def test_a_voice_has_its_pitch(espeak, voice):
    samples, rate_hz = espeak.speak(TEXT, voice)
    assert samples.dtype == np.float32
    assert 0.1 < np.abs(samples).max() < 0.99
    assert pitch_hz(samples, rate_hz) == pytest.approx(voice.pitch_hz, rel=0.06)


def test_two_personas_sound_different(espeak):
    low, high = (pitch_hz(*espeak.speak(TEXT, voice)) for voice in (LOW, HIGH))
    assert high > 1.6 * low


def test_size_and_seed_change_the_spectrum_not_the_pitch(espeak):
    def spectrum(voice: Voice) -> np.ndarray:
        samples, rate_hz = espeak.speak(TEXT, voice)
        power = np.abs(np.fft.rfft(samples)) ** 2
        bands = np.array_split(power[: len(power) * 8_000 // rate_hz], 40)
        return np.log([band.mean() for band in bands])

    plain = spectrum(Voice())
    assert np.abs(plain - spectrum(Voice(size=1.2))).mean() > 0.3
    assert np.abs(plain - spectrum(Voice(seed=5))).mean() > 0.3
    assert np.array_equal(plain, spectrum(Voice())), "the same voice says it the same way every time"


@pytest.mark.parametrize("seconds", [2.4, 3.0, 4.0, 5.5])
def test_speech_takes_the_time_it_is_given(espeak, seconds):
    samples, rate_hz = espeak.speak(TEXT, LOW, seconds=seconds)
    assert len(samples) / rate_hz == pytest.approx(seconds, abs=0.03)
    assert np.abs(samples[-round(0.1 * rate_hz) :]).max() > 0.005, "no silence at the end"


def test_a_time_that_is_not_natural_is_not_forced(espeak):
    short, rate_hz = espeak.speak(TEXT, LOW, seconds=0.3)
    assert len(short) / rate_hz > 1.2
    long, _ = espeak.speak("Yes.", LOW, seconds=30.0)
    assert len(long) / rate_hz < 2


def test_other_languages_and_scripts_are_spoken(espeak):
    assert {"en", "de", "fr", "es", "ru", "hi"} <= set(espeak.languages)
    for language, text in (("de", "Guten Tag, wie geht es Ihnen?"), ("ru", "Добрый день"), ("en", "naïve café — 42 %")):
        samples, rate_hz = espeak.speak(text, LOW, language=language)
        assert len(samples) / rate_hz > 0.5
    with pytest.raises(EngineFailed, match=r"does not speak the language 'xx'; give its ISO 639-1 code"):
        espeak.speak(TEXT, LOW, language="xx")


@pytest.mark.parametrize("text", ["", "  ", "...", "\0", "?!"])
def test_a_text_without_words_is_a_sentence(espeak, text):
    with pytest.raises(EngineFailed, match="no word to speak"):
        espeak.speak(text, LOW)


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.exit(1)",
        'import sys; sys.stdin.readline(); print(\'{"rate_hz": 22050, "bytes": 9}\')',
        "print('a banner', flush=True)",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "import time; time.sleep(60)",
    ],
    ids=["ends", "breaks off", "talks", "crashes", "hangs"],
)
def test_trouble_in_the_child_is_a_sentence_and_the_next_text_is_spoken(espeak, monkeypatch, code):
    with monkeypatch.context() as patch:
        start = espeak_module._started
        patch.setattr(espeak_module, "_started", lambda command, folder: start([sys.executable, "-c", code], folder))
        patch.setattr(espeak_module, "_START_S", 0.5)
        patch.setattr(espeak_module, "_S_PER_CHARACTER", 0.0)
        with pytest.raises(EngineFailed, match="broke off"):
            espeak.speak(TEXT, LOW)
    assert len(espeak.speak(TEXT, LOW)[0])


def test_speaking_can_be_stopped(espeak):
    def stop(fraction: float, message: str) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        espeak.speak(TEXT, LOW, seconds=3.0, progress=stop)
    assert len(espeak.speak(TEXT, LOW)[0])
