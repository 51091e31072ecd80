"""A video with another sound: the picture stays as it is, the sound where it was."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from deepmask.errors import Cancelled, MediaError
from deepmask.media import Sound, SoundWriter
from deepmask.media.muxing import mux

SECONDS, FPS, FLASH_S = 4, 25, 2
CODECS = {
    ".mp4": ("libx264", "aac"),
    ".mov": ("libx264", "aac"),
    ".mkv": ("libx264", "libopus"),
    ".webm": ("libvpx", "libopus"),
}


def make_video(path: Path, *, sound_starts_s: float = 0.0, degrees: int = 0, tracks: int = 1) -> Path:
    """A black film with one white picture and one click at the same moment, full of metadata."""
    video_codec, sound_codec = CODECS[path.suffix]
    with av.open(str(path), "w") as container:
        container.metadata.update({"title": "secret", "location": "+48.2+016.4/", "creation_time": "2020-01-01T00:00"})
        picture = container.add_stream(video_codec, rate=FPS, options={"bf": "2"})
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        if degrees:
            picture.set_display_rotation(degrees)
        sounds = [container.add_stream(sound_codec, rate=48_000, layout="mono") for _ in range(tracks)]
        for i in range(SECONDS * FPS):
            shade = 255 if i == FLASH_S * FPS else 0
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade, np.uint8), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for sound in sounds:
            _encode_click(container, sound, sound_starts_s)
    return path


def _encode_click(container, track, starts_s: float) -> None:
    samples = np.zeros((1, round(48_000 * (SECONDS - starts_s))), np.float32)
    click = round(48_000 * (FLASH_S - starts_s))
    samples[:, click : click + 96] = 0.9
    context = track.codec_context
    resampler = av.AudioResampler(context.format.name, "mono", 48_000, context.frame_size)
    frame = av.AudioFrame.from_ndarray(samples, "flt", "mono")
    frame.sample_rate = 48_000
    pts = round(48_000 * starts_s)
    for ready in [*resampler.resample(frame), *resampler.resample(None)]:
        ready.pts, ready.time_base = pts, Fraction(1, 48_000)
        pts += ready.samples
        container.mux(track.encode(ready))
    container.mux(track.encode(None))


def masked(source: Sound, path: Path) -> Path:
    """The sound of a video, a little softer, in a file of its own."""
    with SoundWriter(path, source.rate_hz, source.channels) as writer:
        for block in source.blocks(1.0):
            writer.write(block * np.float32(0.7))
    return path


def click_s(sound: Sound) -> float:
    return float(np.flatnonzero(np.abs(sound.samples()).max(axis=1) > 0.25)[0]) / sound.rate_hz


def seen(path: Path) -> tuple[list[bytes], float, int]:
    """The picture's packets, when the flash is seen after the start, and how the picture is turned."""
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    with av.open(str(path)) as container:
        start = (container.start_time or 0) / av.time_base
        frames = list(container.decode(video=0))
    flash = next(frame for frame in frames if frame.to_ndarray(format="gray").mean() > 128)
    return packets, flash.time - start, flash.rotation


@pytest.mark.parametrize("sound_starts_s", [0.0, 0.5])
@pytest.mark.parametrize("suffix", CODECS)
def test_the_click_stays_with_the_flash(tmp_path, suffix, sound_starts_s):
    source = make_video(tmp_path / f"in{suffix}", sound_starts_s=sound_starts_s, degrees=90 if suffix == ".mp4" else 0)
    video = Sound.open(source)
    assert video.has_video
    assert click_s(video) == pytest.approx(FLASH_S, abs=0.02)

    out = tmp_path / f"out{suffix}"
    assert mux(video, masked(video, tmp_path / "masked.wav"), out) == ()
    before, after = seen(source), seen(out)
    assert after[0] == before[0], "the picture is the same to the bit"
    assert after[1] == pytest.approx(before[1], abs=0.001)
    assert after[2] == before[2]
    assert click_s(Sound.open(out)) == pytest.approx(after[1], abs=0.02)
    with av.open(str(source)) as a, av.open(str(out)) as b:
        assert b.duration == pytest.approx(a.duration, abs=av.time_base / FPS)


@pytest.mark.parametrize("suffix", CODECS)
def test_no_metadata_is_carried_over(tmp_path, suffix):
    video = Sound.open(make_video(tmp_path / f"in{suffix}"))
    sound = masked(video, tmp_path / "masked.wav")
    mux(video, sound, tmp_path / f"out{suffix}")
    data = (tmp_path / f"out{suffix}").read_bytes()
    assert b"secret" in (tmp_path / f"in{suffix}").read_bytes()
    for word in (b"secret", b"+48.2", b"loci", b"2020-01"):
        assert word not in data
    mux(video, sound, tmp_path / f"again{suffix}")
    assert (tmp_path / f"again{suffix}").read_bytes() == data, "no date, no random number"


@pytest.mark.parametrize(
    ("source", "target"), [(".mp4", ".mkv"), (".mkv", ".mp4"), (".mov", ".mp4"), (".webm", ".mkv")]
)
def test_another_container_can_be_chosen(tmp_path, source, target):
    video = Sound.open(make_video(tmp_path / f"in{source}"))
    out = tmp_path / f"out{target}"
    mux(video, masked(video, tmp_path / "masked.wav"), out)
    assert click_s(Sound.open(out)) == pytest.approx(seen(out)[1], abs=0.02)


def test_every_sound_track_is_replaced(tmp_path):
    video = Sound.open(make_video(tmp_path / "in.mkv", tracks=2))
    assert video.notes == ("only one of 2 sound tracks is used",)
    notes = mux(video, masked(video, tmp_path / "masked.wav"), tmp_path / "out.mkv")
    assert notes == ("2 sound tracks became one",)
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert len(container.streams.audio) == 1


def test_subtitles_are_left_out_and_that_is_said(tmp_path):
    subtitles = tmp_path / "in.srt"
    subtitles.write_text("1\n00:00:00,500 --> 00:00:01,500\nmy name is Ada\n\n")
    plain, both = make_video(tmp_path / "plain.mkv"), tmp_path / "both.mkv"
    with av.open(str(plain)) as a, av.open(str(subtitles)) as b, av.open(str(both), "w") as out:
        sources = [a.streams.video[0], a.streams.audio[0], b.streams.subtitles[0]]
        copies = {id(stream): out.add_stream_from_template(stream) for stream in sources}
        for container in (a, b):
            for packet in container.demux():
                if packet.dts is not None:
                    packet.stream = copies[id(packet.stream)]
                    out.mux(packet)
    assert b"my name is Ada" in both.read_bytes()
    video = Sound.open(both)
    notes = mux(video, masked(video, tmp_path / "masked.wav"), tmp_path / "out.mkv")
    assert any("subtitles were left out" in note for note in notes)
    assert b"my name is Ada" not in (tmp_path / "out.mkv").read_bytes()


def test_what_cannot_be_done_is_a_sentence_and_leaves_nothing(tmp_path):
    video = Sound.open(make_video(tmp_path / "in.mp4"))
    sound = masked(video, tmp_path / "masked.wav")
    with pytest.raises(MediaError, match=r"\.webm file cannot hold the h264 video .* save it as \.mp4"):
        mux(video, sound, tmp_path / "out.webm")
    with pytest.raises(MediaError, match=r"ends in \.mp4"):
        mux(video, sound, tmp_path / "out.avi")
    with pytest.raises(MediaError, match="not a video"):
        mux(Sound.open(sound), sound, tmp_path / "out.mp4")

    def stop(fraction: float, message: str) -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        mux(video, sound, tmp_path / "out.mp4", stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mp4", "masked.wav"]
