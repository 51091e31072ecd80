"""What a listener would notice: pitch, words, timing, loudness, seams, silence; on speech made by espeak-ng."""

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample_poly

from deepmask import engines
from deepmask.engines.convert import World, pitch, stream
from deepmask.engines.convert.frames import analyse
from deepmask.engines.convert.preview import preview
from deepmask.media.sound import Sound
from deepmask.voice import Voice

LOW, HIGH = Voice(110.0, 0.2, 0.95, 1.0, 1), Voice(210.0, 0.25, 1.08, 1.0, 2)
RATE = 16000


@pytest.fixture(scope="module")
def speech():
    """(n,) at 16 kHz, 2.8 s of a synthetic man."""
    samples, rate = engines.load("speech_synthesizer", "espeak").speak(
        "We were away a year ago, and nobody knew our names.", Voice(pitch_hz=120.0, liveliness=0.1, seed=3)
    )
    samples = resample_poly(samples, RATE, rate)[: 28 * RATE // 10]
    return (0.3 * samples / np.abs(samples).max()).astype(np.float32)


def converted(samples, voice=LOW, rate=RATE, **options):
    samples = samples if samples.ndim == 2 else samples[:, None]
    options = {"secret": b"a secret"} | options
    out = np.concatenate(list(World().convert(Sound.from_array(samples, rate), voice, **options)))
    assert out.shape == samples.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert np.abs(out).max() < 1.0
    return out


def mel_shape(samples):
    """(frames, 20) log powers; what is said shows in how they move."""
    frames = analyse(samples.astype(np.float64)).log_power
    return np.stack([part.mean(axis=1) for part in np.array_split(frames[:, :400], 20, axis=1)], axis=1)


def loudness(samples, rate=RATE):
    return pyloudnorm.Meter(rate).integrated_loudness(samples.astype(np.float64))


def test_the_table_offers_it():
    assert engines.choose("voice_converter").name == "world"
    assert isinstance(engines.load("voice_converter"), World)


@pytest.mark.parametrize("voice", [LOW, HIGH], ids=["low", "high"])
@pytest.mark.parametrize("strength", ["natural", "strong"])
def test_the_pitch_of_the_persona_is_reached(speech, voice, strength):
    out = converted(speech, voice, strength=strength)
    reached = World().pitch_hz(Sound.from_array(out, RATE))
    assert reached is not None
    assert abs(12 * np.log2(reached / voice.pitch_hz)) < 0.5


def test_mains_hum_is_not_taken_for_a_voice(speech):
    t = np.arange(len(speech)) / RATE
    humming = (speech + 0.03 * np.sin(2 * np.pi * 60 * t)).astype(np.float32)
    clean = World().pitch_hz(Sound.from_array(speech[:, None], RATE))
    heard = World().pitch_hz(Sound.from_array(humming[:, None], RATE))
    assert clean is not None
    assert heard is not None
    assert abs(12 * np.log2(heard / clean)) < 0.5


def test_the_pitch_of_a_thin_voice_is_found():
    """With hardly anything below its upper harmonics, as many a microphone and many a drawn colour has it."""
    samples, rate = engines.load("speech_synthesizer", "espeak").speak(
        "We were away a year ago, and nobody knew our names.", Voice(pitch_hz=190.0, liveliness=0.4, seed=5)
    )
    full = resample_poly(samples, RATE, rate)[: 28 * RATE // 10].astype(np.float64)
    thin = np.diff(full) / np.abs(np.diff(full)).max()
    thin += 0.01 * np.random.default_rng(0).standard_normal(len(thin))
    found, heard = pitch.track(full, RATE), pitch.track(thin, RATE)
    assert np.sum(heard > 0) > 0.9 * np.sum(found > 0), "stretches of the voice are taken for noise"
    assert abs(12 * np.log2(np.median(heard[heard > 0]) / np.median(found[found > 0]))) < 0.3


def test_words_stay_where_they_were_and_as_loud(speech):
    out = converted(speech, HIGH)[:, 0]
    before, after = mel_shape(speech), mel_shape(out)
    level = np.corrcoef(before.mean(axis=1), after.mean(axis=1))[0, 1]
    assert level > 0.85, "the rhythm of loud and quiet is another one"
    shifts = {lag: np.corrcoef(before[20:-20].mean(1), after[20 + lag : len(after) - 20 + lag].mean(1))[0, 1]
              for lag in range(-10, 11)}  # fmt: skip
    assert abs(max(shifts, key=lambda lag: shifts[lag])) <= 1, "more than 5 ms early or late"
    assert abs(loudness(out) - loudness(speech)) < 1.0


def test_a_secret_decides_everything_and_two_secrets_differ(speech):
    once, again = converted(speech), converted(speech)
    other = converted(speech, secret=b"another")
    assert np.array_equal(once, again)
    assert np.corrcoef(mel_shape(once[:, 0]).mean(0), mel_shape(other[:, 0]).mean(0))[0, 1] < 0.999
    assert not np.allclose(once, other, atol=0.01)


def test_it_sounds_like_somebody_else(speech):
    """Average spectrum and pitch, what listeners and recognisers go by first."""
    out = converted(speech, HIGH)[:, 0]
    before, after = analyse(speech.astype(float)), analyse(out.astype(float))
    spoken = before.f0_hz > 0
    distance = before.log_power[spoken].mean(0)[5:400] - after.log_power[spoken].mean(0)[5:400]
    assert 10 / np.log(10) * (distance - distance.mean()).std() > 3.0, "decibels"


def test_strong_goes_farther_than_natural(speech):
    def moved(strength):
        outs = [mel_shape(converted(speech, LOW, strength=strength, secret=bytes([n]))[:, 0]) for n in range(4)]
        reference = mel_shape(speech)
        return np.mean([np.corrcoef(out.ravel(), reference.ravel())[0, 1] for out in outs])

    assert moved("strong") < moved("natural")


def test_no_seam_is_heard_between_blocks(speech, monkeypatch):
    """Conversion in short windows is conversion in one go, and the spectrum jumps no more at borders than elsewhere."""
    whole = converted(speech)[:, 0]
    monkeypatch.setattr(stream, "CHUNK_S", 0.5)
    pieces = converted(speech)[:, 0]
    difference = np.sqrt(np.mean((whole - pieces) ** 2) / np.mean(whole**2))
    a, b = mel_shape(whole), mel_shape(pieces)
    assert difference < 0.35
    assert np.abs(a - b)[:, :15].mean() < 0.25, "a decibel"
    flux = np.abs(np.diff(pieces)).reshape(-1)
    borders = [int(n * 0.5 * RATE) for n in range(1, 5)]
    at = np.max([flux[border - 8 : border + 8].max() for border in borders])
    assert at <= np.percentile(flux, 99.9)


def test_silence_stays_silent_and_pauses_stay_pauses(speech):
    assert not converted(np.zeros(RATE, np.float32)).any()
    paused = np.concatenate([np.zeros(RATE // 2, np.float32), speech, np.zeros(RATE // 2, np.float32)])
    out = converted(paused)[:, 0]
    assert np.abs(out[: RATE * 4 // 10]).max() < 1e-4
    assert np.abs(out[-RATE * 4 // 10 :]).max() < 1e-4


@pytest.mark.parametrize("kind", ["noise", "chord", "click", "tiny", "loud"])
def test_what_is_no_speech_stays_sane(kind, speech):
    rng, t = np.random.default_rng(0), np.arange(2 * RATE) / RATE
    samples = {
        "noise": 0.1 * rng.standard_normal(2 * RATE),
        "chord": 0.2 * sum(np.sin(2 * np.pi * hz * t) for hz in (220, 277.2, 329.6)),
        "click": np.where(np.arange(2 * RATE) == RATE, 0.9, 0.0),
        "tiny": 0.3 * rng.standard_normal(7),
        "loud": np.clip(20 * speech, -1, 1),
    }[kind].astype(np.float32)
    out = converted(samples)
    if kind in ("noise", "chord"):
        assert abs(10 * np.log10(np.mean(out**2) / np.mean(samples**2))) < 4


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_any_rate(speech, rate):
    samples = resample_poly(speech, rate, RATE).astype(np.float32)
    out = converted(samples, HIGH, rate)
    reached = World().pitch_hz(Sound.from_array(out, rate))
    assert reached is not None
    assert abs(12 * np.log2(reached / HIGH.pitch_hz)) < 0.6
    assert abs(loudness(out[:, 0], rate) - loudness(samples, rate)) < 1.0


def test_nothing_above_8_khz_is_the_original_s(speech):
    """A speaker could be told by it: whatever is up there is made from the converted voice."""
    rate = 48000
    samples = resample_poly(speech, rate, RATE).astype(np.float32)
    t = np.arange(len(samples)) / rate
    whistle = (samples + 0.05 * np.sin(2 * np.pi * 11000 * t)).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(converted(whistle, HIGH, rate)[:, 0]))
    at = round(11000 * len(samples) / rate)
    assert spectrum[at - 2 : at + 3].max() < 5 * np.median(spectrum[at - 500 : at + 500])


def test_who_speaks_left_stays_left(speech):
    half = len(speech) // 2
    panned = np.stack([speech, speech], axis=1)
    panned[:half, 1] = 0
    panned[half:, 0] = 0
    out = converted(panned, HIGH)
    power = np.square(out)
    assert power[: half - 3000, 0].mean() > 100 * power[: half - 3000, 1].mean()
    assert power[half + 3000 :, 1].mean() > 100 * power[half + 3000 :, 0].mean()
    assert abs(loudness(out) - loudness(panned)) < 1.5


def test_channels_upside_down_do_not_cancel(speech):
    out = converted(np.stack([speech, -speech], axis=1), HIGH)
    assert np.corrcoef(out[:, 0], out[:, 1])[0, 1] < -0.99
    assert abs(loudness(out) - loudness(np.stack([speech, -speech], axis=1))) < 1.0


def test_a_loud_recording_does_not_clip(speech):
    samples = np.clip(speech * 3.3, -1, 1)
    assert np.abs(converted(samples, LOW)).max() <= 10 ** (-1 / 20) + 1e-4


def test_progress_is_told_and_cancels(speech):
    told = []
    converted(speech, progress=lambda share, words: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(share, words):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        converted(speech, progress=stop)


def test_a_persona_can_be_heard_on_a_sentence_that_ships():
    low, high = preview(LOW), preview(HIGH)
    assert np.array_equal(high.samples(), preview(HIGH).samples())
    assert World().pitch_hz(low) < 130 < World().pitch_hz(high)
    assert 2 < low.seconds < 8
