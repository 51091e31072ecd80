"""Sound files in and out: nothing is lost on the way but the metadata."""

import tracemalloc
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from deepmask.errors import Cancelled, DeepmaskError, MediaError
from deepmask.media import Sound, SoundWriter, find_sounds


def sweep(seconds: float, rate_hz: int, channels: int = 1) -> np.ndarray:
    """Two rising tones, another one in each channel."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tones = [0.5 * np.sin(2 * np.pi * (base + 100 * t) * t) for base in (200, 320)[:channels]]
    return np.stack(tones, axis=1).astype(np.float32)


def save(path: Path, samples: np.ndarray, rate_hz: int) -> Path:
    with SoundWriter(path, rate_hz, samples.shape[1]) as writer:
        for start in range(0, len(samples), 5_000):
            writer.write(samples[start : start + 5_000])
    return path


def at_rate(samples: np.ndarray, rate_hz: int, to_hz: int) -> np.ndarray:
    """Each channel at another rate."""
    channels = [
        np.concatenate(list(Sound.from_array(samples[:, c : c + 1], rate_hz).mono(to_hz)))
        for c in range(samples.shape[1])
    ]
    return np.stack(channels, axis=1)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 96_000])
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_saved_sound_is_heard_again(tmp_path, suffix, rate_hz, channels):
    samples = sweep(1.7, rate_hz, channels)
    sound = Sound.open(save(tmp_path / f"a{suffix}", samples, rate_hz))
    assert sound.channels == channels
    assert sound.rate_hz == (
        48_000 if suffix in (".ogg", ".opus") or (suffix, rate_hz) == (".mp3", 96_000) else rate_hz
    )
    assert not sound.has_video
    assert not sound.damaged

    heard, wanted = sound.samples(), at_rate(samples, rate_hz, sound.rate_hz)
    padding = 1024 if suffix == ".m4a" else 0  # AAC fills its last packet
    assert 0 <= len(heard) - len(wanted) <= padding
    assert sound.seconds == pytest.approx(1.7, abs=0.01)
    for c in range(channels):
        assert np.corrcoef(heard[: len(wanted), c], wanted[:, c])[0, 1] > 0.99


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_lossless_files_keep_16_bits_exactly(tmp_path, suffix):
    samples = (np.random.default_rng(1).integers(-32_768, 32_768, (9_999, 2)) / 32_768).astype(np.float32)
    assert np.array_equal(Sound.open(save(tmp_path / f"a{suffix}", samples, 22_050)).samples(), samples)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_all_kinds_of_wav_are_read(tmp_path, subtype):
    samples = sweep(1.0, 8_000)
    soundfile.write(tmp_path / "a.wav", samples, 8_000, subtype=subtype)
    sound = Sound.open(tmp_path / "a.wav")
    assert (sound.rate_hz, sound.channels, sound.measured.frames) == (8_000, 1, 8_000)
    assert np.abs(sound.samples() - samples).max() < 0.03


def test_blocks_can_be_had_again_and_are_the_same_at_any_size(tmp_path):
    sound = Sound.open(save(tmp_path / "a.mp3", sweep(3.3, 44_100, 2), 44_100))
    whole = sound.samples()
    assert np.array_equal(np.concatenate(list(sound.blocks(0.7))), whole)
    assert [len(block) for block in sound.blocks(1.0)] == [44_100, 44_100, 44_100, len(whole) - 3 * 44_100]
    assert np.array_equal(np.concatenate(list(sound.blocks(100))), whole)


def test_the_fingerprint_is_that_of_the_samples(tmp_path):
    samples = sweep(1.0, 16_000)
    rounded = Sound.open(save(tmp_path / "a.wav", samples, 16_000))
    assert Sound.open(save(tmp_path / "b.flac", samples, 16_000)).fingerprint == rounded.fingerprint
    assert Sound.from_array(rounded.samples(), 16_000).fingerprint == rounded.fingerprint
    assert Sound.open(save(tmp_path / "c.wav", samples * 0.9, 16_000)).fingerprint != rounded.fingerprint


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 96_000])
def test_listeners_get_mono_at_their_rate(rate_hz):
    sound = Sound.from_array(sweep(2.0, rate_hz, 2), rate_hz)
    heard = np.concatenate(list(sound.mono(16_000)))
    wanted = sweep(2.0, 16_000, 2).mean(axis=1)
    assert len(heard) == len(wanted)
    assert np.corrcoef(heard, wanted)[0, 1] > 0.999


def test_six_channels_become_two(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.repeat(sweep(1.0, 16_000) * 0.2, 6, axis=1), 16_000)
    sound = Sound.open(tmp_path / "a.wav")
    assert sound.channels == 2
    assert sound.notes == ("6 channels are mixed to two",)
    assert sound.samples().shape == (16_000, 2)


def test_numbers_that_are_none_become_silence(tmp_path):
    samples = sweep(1.0, 16_000)
    samples[100:200], samples[300], samples[301], samples[302] = np.nan, np.inf, -np.inf, 1e30
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    heard = Sound.open(tmp_path / "a.wav").samples()
    assert not heard[100:200].any()
    assert heard[300:303].ravel().tolist() == [1.0, -1.0, 1.0]


def test_a_cover_picture_makes_no_video(tmp_path):
    with av.open(str(tmp_path / "a.m4a"), "w", format="mp4") as container:
        track = container.add_stream("aac", rate=16_000, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width = cover.height = 64
        cover.pix_fmt = "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        picture.pts, picture.time_base = 0, Fraction(1, 1)
        container.mux(cover.encode(picture))
        container.mux(cover.encode(None))
        frame = av.AudioFrame.from_ndarray(sweep(1.0, 16_000).T[:, :1024], "flt", "mono")
        frame.sample_rate = 16_000
        for _ in range(16):
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    sound = Sound.open(tmp_path / "a.m4a")
    assert not sound.has_video
    assert sound.seconds == pytest.approx(1.0, abs=0.1)


def test_silence_is_a_sound(tmp_path):
    sound = Sound.open(save(tmp_path / "a.flac", np.zeros((8_000, 1), np.float32), 8_000))
    assert sound.measured.frames == 8_000
    assert not sound.samples().any()


# -- files that are broken --------------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(MediaError) as caught:
        Sound.open(path)
    sentence = str(caught.value)
    assert path.name in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("a.wav", b"", "empty"),
        ("a.wav", b"RIFF\x24\0\0\0WAVEfmt ", "damaged"),
        ("a.mp3", b"hello " * 1000, "damaged"),
        ("a.txt", b"hello " * 1000, "not a sound"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(1000), "picture"),
        ("a.mp4", b"\0\0\0\x18ftypisom" + bytes(1000), "damaged"),
        (
            "a.m3u8",
            b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            "not a sound",
        ),
        ("concat:a|b", b"hello " * 1000, "not a sound"),
    ],
)
def test_what_is_no_sound_is_refused_in_a_sentence(tmp_path, name, data, word):
    (tmp_path / name).write_bytes(data)
    assert word in refused(tmp_path / name)


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(MediaError, match="does not exist"):
        Sound.open(tmp_path / "a.wav")
    with pytest.raises(MediaError, match="is a folder"):
        Sound.open(tmp_path)


def test_a_sound_of_no_length_is_refused(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
    assert "0 seconds" in refused(tmp_path / "a.wav")
    with pytest.raises(MediaError, match="0 seconds"):
        Sound.from_array(np.zeros((0, 1), np.float32), 16_000)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_of_a_truncated_file_we_get_what_is_there(tmp_path, suffix):
    path = save(tmp_path / f"a{suffix}", sweep(10.0, 16_000), 16_000)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    sound = Sound.open(path)
    assert sound.measured.frames / 16_000 == pytest.approx(6.0, abs=0.7)
    assert "seconds are missing" in sound.damaged
    assert len(sound.samples()) == sound.measured.frames


def test_of_a_damaged_file_the_sound_parts_are_heard(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, (48_000 * 8, 1)).astype(np.float32)
    path = save(tmp_path / "a.mp3", noise, 48_000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3_000] = bytes(3_000)
    path.write_bytes(data)
    assert Sound.open(path).measured.frames / 48_000 == pytest.approx(8.0, abs=0.6)


def test_a_video_without_sound_is_refused(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width = picture.height = 64
        for i in range(25):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
    assert "no sound track" in refused(tmp_path / "a.mp4")


def test_a_pause_in_the_time_stamps_is_silence(tmp_path):
    """As browsers record a microphone that was muted for a while; they state no length either."""
    with av.open(str(tmp_path / "a.webm"), "w", format="webm", options={"live": "1"}) as container:
        track = container.add_stream("libopus", rate=48_000, layout="mono")
        for i in range(150):
            frame = av.AudioFrame.from_ndarray(np.full((1, 960), 0.3 * (i % 2), np.float32), "flt", "mono")
            frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
            frame.pts = 960 * i + (96_000 if i >= 50 else 0)
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    sound = Sound.open(tmp_path / "a.webm")
    assert sound.seconds == pytest.approx(5.0, abs=0.1)
    heard = sound.samples()
    assert len(heard) / 48_000 == pytest.approx(5.0, abs=0.05)
    assert not heard[round(1.1 * 48_000) : round(2.9 * 48_000)].any()
    assert heard[round(3.1 * 48_000) :].any()


# -- writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a", ".ogg"])
def test_nothing_but_sound_is_written(tmp_path, suffix):
    path = save(tmp_path / f"a{suffix}", sweep(1.0, 44_100), 44_100)
    of_the_format = {"major_brand", "minor_version", "compatible_brands", "handler_name", "language"}
    with av.open(str(path)) as container:
        tags = {**container.metadata, **container.streams[0].metadata}
        tags = {key: value for key, value in tags.items() if key not in of_the_format}
    assert tags in ({}, {"encoder": "Lavf"}), "at most the family of the library, no version"
    assert path.read_bytes() == save(tmp_path / f"b{suffix}", sweep(1.0, 44_100), 44_100).read_bytes(), "no date"


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a", ".ogg"])
def test_a_stopped_writer_leaves_the_old_file(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"before")
    with pytest.raises(Cancelled), SoundWriter(path, 16_000, 1) as writer:  # noqa: PT012
        writer.write(sweep(1.0, 16_000))
        raise Cancelled("stopped")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_refuses_what_it_cannot_do(tmp_path):
    with pytest.raises(MediaError, match=r"\.wav, \.flac"):
        SoundWriter(tmp_path / "a.xyz", 16_000, 1)
    with pytest.raises(MediaError, match="no sound"), SoundWriter(tmp_path / "a.wav", 16_000, 1):
        pass
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DeepmaskError, match="choose another place"),
        SoundWriter(tmp_path / "file" / "a.wav", 16_000, 1),
    ):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_too_loud_is_clipped_not_wrapped(tmp_path):
    loud = np.full((4_000, 1), 3.0, np.float32)
    assert Sound.open(save(tmp_path / "a.wav", loud, 8_000)).samples().min() > 0.999


def test_wav_files_may_outgrow_4_gb(tmp_path):
    """The room for the larger sizes of RF64 (EBU Tech 3306) is kept from the start."""
    assert save(tmp_path / "a.wav", sweep(0.1, 8_000), 8_000).read_bytes()[12:16] == b"JUNK"


def test_hours_need_no_more_memory_than_minutes(tmp_path):
    def peak(seconds: int) -> int:
        path = tmp_path / f"{seconds}.flac"
        tracemalloc.start()
        with SoundWriter(path, 8_000, 1) as writer:
            for _ in range(seconds // 60):
                writer.write(np.zeros((480_000, 1), np.float32))
        assert sum(len(block) for block in Sound.open(path).blocks(10.0)) == 8_000 * seconds
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(1_200) < 1.1 * peak(120) + 1_000_000


def test_folders_stand_for_their_sounds(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("z.wav", "b/a.MP3", "b/clip.mp4", "notes.txt", ".hidden.wav"):
        (tmp_path / name).write_bytes(b"x")
    found = [str(path.relative_to(tmp_path)) for path in find_sounds([tmp_path])]
    assert found == ["b/a.MP3", "b/clip.mp4", "z.wav"]
    (tmp_path / "c").mkdir()
    with pytest.raises(MediaError, match="no sounds"):
        find_sounds([tmp_path / "c"])
