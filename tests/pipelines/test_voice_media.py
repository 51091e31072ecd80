"""Recordings as people have them, through the real engines: what comes out is right, or one sentence says why not."""

from __future__ import annotations

import av
import numpy as np
import pytest

from deepmask import engines
from deepmask.errors import InputError, MediaError
from deepmask.media.sound import Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.vault import Vault
from deepmask.voice import Voice
from pipelines import voice
from pipelines.voice import VoiceOptions

RATE = 16_000
WORDS = "Please tell the others that the room has changed."


@pytest.fixture(scope="module")
def speech():
    """Two sentences by a machine with a low voice, half a second of silence around each; (n,) at 16 kHz."""
    spoken, rate = engines.load("speech_synthesizer", "espeak").speak(WORDS, Voice(pitch_hz=105, seed=2))
    at = np.arange(0, len(spoken), rate / RATE)
    quiet = np.zeros(RATE // 2, np.float32)
    once = np.interp(at, np.arange(len(spoken)), spoken).astype(np.float32) * 0.6
    return np.concatenate([quiet, once, quiet, once, quiet])


def saved(path, samples, rate=RATE):
    with SoundWriter(path, rate, 1) as writer:
        writer.write(np.asarray(samples, np.float32)[:, None])
    return path


def heard(path):
    return Sound.open(path).samples()[:, 0]


def likeness(one, other):
    count = min(len(one), len(other))
    return abs(float(np.corrcoef(one[:count], other[:count])[0, 1]))


def filmed(path, samples, *, with_sound=True):
    """A film of a grey picture that is bright while somebody speaks."""
    with av.open(str(path), "w") as film:
        picture = film.add_stream("libx264", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        track = film.add_stream("aac", rate=RATE, layout="mono") if with_sound else None
        for n in range(round(10 * len(samples) / RATE)):
            loud = np.abs(samples[n * RATE // 10 : (n + 1) * RATE // 10]).max() > 0.05
            shade = np.full((48, 64, 3), 200 if loud else 40, np.uint8)
            film.mux(picture.encode(av.VideoFrame.from_ndarray(shade, "rgb24")))
        film.mux(picture.encode(None))
        if track is not None:
            frame = av.AudioFrame.from_ndarray(samples[None, :], "flt", "mono")
            frame.sample_rate, frame.pts = RATE, 0
            fifo = av.AudioFifo()
            fifo.write(frame)
            while piece := fifo.read(1024, partial=True):
                film.mux(track.encode(piece))
            film.mux(track.encode(None))
    return path


def loudness(samples, rate):
    """Root mean square of each 100 ms."""
    step = rate // 10
    return np.sqrt((samples[: len(samples) // step * step].reshape(-1, step) ** 2).mean(axis=1))


def assert_same_times(before, after):
    """Speech is where speech was, and silence where silence was; how loud a sound is depends on the drawn voice."""
    was, now = loudness(before, RATE), loudness(after, RATE)
    assert np.corrcoef(was, now)[0, 1] > 0.8, "somebody speaks when somebody spoke"
    silent = was < 0.02 * was.max()
    assert silent.sum() >= 12, "half a second before, between and after"
    assert (now[silent] < 0.05 * now.max()).mean() > 0.85, "and is silent when somebody was"
    late = [np.corrcoef(was, np.roll(now, shift))[0, 1] for shift in (-1, 0, 1)]
    assert int(np.argmax(late)) == 1


def test_speech_gets_the_pitch_of_another_voice_and_keeps_its_time(speech, tmp_path):
    result = voice.mask(Sound.open(saved(tmp_path / "talk.wav", speech)), Vault(), tmp_path / "out.wav")
    after = heard(result.path)
    assert len(after) == len(speech)
    assert likeness(after, speech) < 0.5
    assert_same_times(speech, after)
    finding = result.report.findings[0]
    assert finding.pitch_before_hz == pytest.approx(105, abs=12)
    assert finding.pitch_hz == pytest.approx(finding.pitch_target_hz, rel=0.12)


def test_words_that_were_corrected_are_spoken_in_their_time_without_listening_again(speech, tmp_path):
    sound = Sound.open(saved(tmp_path / "talk.wav", speech))
    plan = voice.analyze(sound, VoiceOptions(method="respeak", transcriber="sphinx", synthesizer="espeak"))
    assert plan.phrases, "a recogniser of English hears that somebody speaks"
    plan = plan.said(0, "Something else entirely.")
    masked = voice.render(sound, plan, Vault(), tmp_path / "out.wav")
    report = voice.check(sound, masked.sound, plan, Vault(), masked.outcomes)
    after = heard(tmp_path / "out.wav")
    assert len(after) == len(speech)
    assert likeness(after, speech) < 0.2
    assert not after[: round((plan.phrases[0].start_s - 0.1) * RATE)].any()
    assert report.findings[0].engine == "espeak"
    assert report.findings[0].phrases == len(plan.phrases)
    assert report.words_lost is None, "no recogniser here understands espeak"


def test_a_video_keeps_its_picture_in_time_with_its_new_voice(speech, tmp_path):
    film = filmed(tmp_path / "talk.mp4", speech)
    result = voice.mask(Sound.open(film), Vault(), tmp_path / "out.mp4")
    assert result.report.findings[0].engine == "world"
    with av.open(str(result.path)) as after, av.open(str(film)) as before:
        pictures = [[frame.to_ndarray(format="gray").mean() for frame in f.decode(video=0)] for f in (before, after)]
    assert pictures[0] == pictures[1], "not a bit of the picture changes"
    before, after = heard(film), heard(result.path)
    assert len(before) == len(after)
    assert_same_times(before, after)
    assert likeness(before, after) < 0.5


def test_a_video_without_sound_is_one_sentence(speech, tmp_path):
    film = filmed(tmp_path / "mute.mp4", speech, with_sound=False)
    with pytest.raises(MediaError, match="no sound track"):
        voice.mask(Sound.open(film), Vault(), tmp_path / "out.mp4")


def test_silence_stays_silent_and_has_no_words(tmp_path):
    sound = Sound.open(saved(tmp_path / "silence.wav", np.zeros(RATE * 2)))
    result = voice.mask(sound, Vault(), tmp_path / "out.wav")
    assert not heard(result.path).any()
    assert result.report.findings[0].pitch_hz is None
    with pytest.raises(InputError, match="No speech was understood"):
        voice.analyze(sound, VoiceOptions(method="respeak"))


def test_a_tone_without_speech_is_told(tmp_path):
    tone = 0.3 * np.sin(2 * np.pi * 700 * np.arange(RATE * 2) / RATE)
    sound = Sound.open(saved(tmp_path / "tone.wav", tone))
    with pytest.raises(InputError, match="convert the voice instead"):
        voice.analyze(sound, VoiceOptions(method="respeak"))
    assert len(heard(voice.mask(sound, Vault(), tmp_path / "out.wav").path)) == len(tone)


@pytest.mark.parametrize("length", [1, 160, 1600])
def test_a_click_is_a_recording_too(tmp_path, length):
    click = np.zeros(length)
    click[length // 2] = 0.8
    result = voice.mask(Sound.open(saved(tmp_path / "click.wav", click)), Vault(), tmp_path / "out.wav")
    assert len(heard(result.path)) == length


def test_a_recording_of_a_telephone_stays_one(speech, tmp_path):
    """8 kHz, mu-law."""
    path = tmp_path / "phone.wav"
    with av.open(str(path), "w") as file:
        track = file.add_stream("pcm_mulaw", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray((speech[None, ::2] * 32_767).astype(np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        file.mux(track.encode(frame))
        file.mux(track.encode(None))
    result = voice.mask(Sound.open(path), Vault(), tmp_path / "out.wav")
    after = Sound.open(result.path)
    assert after.rate_hz == 8000
    assert len(heard(result.path)) == len(speech[::2])
    assert likeness(heard(result.path), speech[::2]) < 0.5


@pytest.mark.parametrize("name", ["broken.wav", "broken.mp4", "broken.ogg"])
def test_what_is_broken_or_no_sound_is_one_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt nothing of the kind" * 20)
    with pytest.raises(MediaError, match=name.replace(".", r"\.")) as found:
        Sound.open(tmp_path / name)
    assert str(found.value).count("\n") == 0


def test_a_recording_of_no_length_is_one_sentence(tmp_path):
    with pytest.raises(MediaError, match="0 seconds"):
        Sound.from_array(np.zeros((0, 1), np.float32), RATE, "empty.wav")


def test_a_sample_is_the_same_every_time_and_higher_for_a_higher_voice(tmp_path):
    low, high = Voice(pitch_hz=100, seed=3), Voice(pitch_hz=210, seed=3)
    pitches = []
    for name, sounds in (("low", low), ("again", low), ("high", high)):
        voice.sample(sounds, tmp_path / f"{name}.wav")
        pitches.append(engines.load("voice_converter").pitch_hz(Sound.open(tmp_path / f"{name}.wav")))
    assert (heard(tmp_path / "low.wav") == heard(tmp_path / "again.wav")).all()
    assert pitches[0] == pytest.approx(100, rel=0.1)
    assert pitches[2] == pytest.approx(210, rel=0.1)
    voice.sample(low, tmp_path / "spoken.wav", method="respeak")
    assert heard(tmp_path / "spoken.wav").any()
