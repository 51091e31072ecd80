"""Videos out: rendered in segments that survive a kill, joined at exact times, with their sound and without a maker."""

import errno
import hashlib
import itertools
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from deepmask.errors import Cancelled, DeepmaskError, MediaError
from deepmask.media import Clip, SoundWriter
from deepmask.media.clip_encoding import Encoding
from deepmask.media.clip_joining import join
from deepmask.media.clip_writing import SegmentWriter
from tests.tiny.clips import CLICK_S, SIZE_WH, SPOKEN, clicks_s, even, make_clip, number_of, numbered, uneven

COUNT, STEP = 70, 24


def rendered(clip: Clip, folder: Path, encoding: Encoding) -> list[Path]:
    """Segments of a clip, each made only if it is not there."""
    segments = []
    for start in range(0, len(clip.timeline), STEP):
        path = folder / f"{start:04}.mp4"
        segments.append(path)
        if path.exists():
            continue
        with SegmentWriter(path, clip, encoding) as writer:
            for picture in clip.pictures(start, start + STEP):
                writer.write(picture)
    return segments


def written(clip: Clip, out: Path, *, sound: Path | None = None, codec: str = "auto", quality="good"):
    """Render and join; what the join noted."""
    folder = out.parent / f"pieces of {out.name}"
    return join(rendered(clip, folder, Encoding(out.suffix, codec, quality)), clip, out, sound=sound)


def times(clip: Clip) -> np.ndarray:
    """Seconds after the first picture."""
    return (clip.timeline.pts - clip.timeline.pts[0]) * float(clip.time_base)


def packets(path: Path, kind: str, index: int = 0) -> list[bytes]:
    with av.open(str(path)) as source:
        return [bytes(packet) for packet in source.demux(**{kind: index}) if packet.size]


# -- pictures and their times -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "codec", "wanted"),
    [
        (".mp4", "auto", "h264"),
        (".mp4", "hevc", "hevc"),
        (".mp4", "av1", "av1"),
        (".mov", "auto", "h264"),
        (".mkv", "auto", "h264"),
        (".webm", "auto", "vp9"),
    ],
)
def test_pictures_keep_number_time_and_colour(tmp_path, suffix, codec, wanted):
    clip = Clip.open(make_clip(tmp_path / "in.mp4", uneven(COUNT), options={"bf": "2", "crf": "4"}))
    assert written(clip, tmp_path / f"out{suffix}", codec=codec) == ()
    out = Clip.open(tmp_path / f"out{suffix}")
    assert out.codec == wanted
    if wanted == "hevc":
        with av.open(str(out.path)) as film:
            assert film.streams.video[0].codec_context.codec_tag == "hvc1", "Apple's players ask for it"
    assert out.size_wh == clip.size_wh
    assert [number_of(picture.rgb) for picture in out.pictures()] == list(range(COUNT))
    exact = 1e-9 if suffix in (".mp4", ".mov") else 0.0011
    assert np.abs(times(out) - times(clip)).max() <= exact
    ends = [float(c.timeline.end * c.time_base) for c in (clip, out)]
    assert ends[1] == pytest.approx(ends[0], abs=0.04)
    for before, after in zip(clip.pictures(10, 12), out.pictures(10, 12), strict=True):
        for left in (8, SIZE_WH[0] // 2 + 8):
            corner = (slice(-24, -8), slice(left, left + 32))
            assert np.abs(before.rgb[corner].astype(int) - after.rgb[corner]).mean() <= 3


def test_joints_are_invisible_to_players(tmp_path):
    """Decoding times rise over every joint, and a key picture begins each segment."""
    clip = Clip.open(make_clip(tmp_path / "in.mp4", uneven(COUNT)))
    written(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as source:
        coded = [packet for packet in source.demux(video=0) if packet.size]
    decoded_at = [packet.dts for packet in coded]
    assert all(a < b for a, b in itertools.pairwise(decoded_at))
    assert all(packet.dts <= packet.pts for packet in coded)
    keys = {packet.pts for packet in coded if packet.is_keyframe}
    assert set(clip.timeline.pts[::STEP].tolist()) <= keys


def test_mp4_begins_with_its_index_and_says_nothing_about_its_maker(tmp_path):
    source = make_clip(tmp_path / "in.mp4", even(COUNT), sounds=["deu"], sound_codec="libmp3lame")
    assert b"secret" in source.read_bytes()
    for suffix in (".mp4", ".mkv", ".webm"):
        written(Clip.open(source), tmp_path / f"out{suffix}")
        data = (tmp_path / f"out{suffix}").read_bytes()
        for word in (b"secret", b"+48.2", b"2020-01", b"Lavc", b"x264", b"x265"):
            assert word not in data, suffix
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")


def test_turned_videos_are_written_upright(tmp_path):
    path = make_clip(tmp_path / "in.mp4", even(5), prepare=lambda track: track.set_display_rotation(90))
    clip = Clip.open(path)
    written(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as source:
        frame = next(source.decode(video=0))
        assert frame.rotation == 0
        assert (frame.width, frame.height) == SIZE_WH[::-1]


@pytest.mark.parametrize(("suffix", "size_wh"), [(".mp4", (98, 66)), (".webm", (97, 65)), (".gif", (97, 65))])
def test_odd_sizes_are_not_resampled(tmp_path, suffix, size_wh):
    """H.264 knows no odd sizes: the last row and column come twice; other codecs keep the size."""
    path = make_clip(tmp_path / "in.mkv", even(4), size_wh=(97, 65), codec="ffv1", pixel_format="bgr0", options={})
    clip = Clip.open(path)
    notes = written(clip, tmp_path / f"out{suffix}", quality="better")
    assert notes == (("made 98 x 66 pixels, since h264 knows only even sizes",) if suffix == ".mp4" else ())
    out = Clip.open(tmp_path / f"out{suffix}")
    assert out.size_wh == size_wh
    for before, after in zip(clip.pictures(), out.pictures(), strict=True):
        inner = after.rgb[: clip.size_wh[1], : clip.size_wh[0]].astype(int)
        assert np.abs(inner - before.rgb)[40:60, 55:90].mean() < 3
        assert number_of(after.rgb) == before.index


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_animations_out_have_the_same_times(tmp_path, suffix):
    frames = [Image.fromarray(numbered(number)) for number in range(5)]
    spans = [40, 120, 500, 30, 60]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:], duration=spans)
    clip = Clip.open(tmp_path / "in.gif")
    assert written(clip, tmp_path / f"out{suffix}") == ()
    out = list(Clip.open(tmp_path / f"out{suffix}").pictures())
    assert [picture.duration for picture in out] == spans
    assert [number_of(picture.rgb) for picture in out] == list(range(5))


def test_an_animation_becomes_a_video_and_a_video_an_animation(tmp_path):
    frames = [Image.fromarray(numbered(number)) for number in range(5)]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:], duration=[40, 120, 500, 30, 60])
    clip = Clip.open(tmp_path / "in.gif")
    written(clip, tmp_path / "out.mp4")
    assert times(Clip.open(tmp_path / "out.mp4")) == pytest.approx(times(clip))

    film = Clip.open(make_clip(tmp_path / "in.mp4", [0, 3600, 7200, 10_800, 10_900, 14_400], sounds=["eng"]))
    notes = written(film, tmp_path / "out.gif")
    assert "its sound was left out" in notes
    assert any(note.endswith("that briefly: 1") for note in notes), "one is shown for 1 ms only"
    assert [number_of(picture.rgb) for picture in Clip.open(tmp_path / "out.gif").pictures()] == [0, 1, 2, 3, 5]


# -- sound, subtitles, chapters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize(("name", "codec"), [("in.mp4", "aac"), ("in.mkv", "libopus"), ("in.ts", "aac")])
def test_every_sound_track_stays_in_time(tmp_path, name, codec, suffix):
    source = make_clip(tmp_path / name, even(COUNT), sounds=["deu", "eng"], sound_codec=codec)
    out = tmp_path / f"out{suffix}"
    notes = written(Clip.open(source), out)
    heard, before = clicks_s(out), clicks_s(source)
    assert len(heard) == 2
    assert heard == pytest.approx(before, abs=0.001)
    assert heard[0] == pytest.approx(CLICK_S, abs=0.03)
    fits = {"aac": (".mp4", ".mov", ".mkv"), "libopus": (".mkv", ".webm")}[codec]
    if suffix in fits:
        assert notes == ()
        if name != "in.ts":
            assert packets(out, "audio", 1) == packets(source, "audio", 1), "copied to the bit"
    else:
        assert len(notes) == 2
        assert "coded anew" in notes[0]
    with av.open(str(out)) as film:
        languages = [track.language for track in film.streams.audio]
    if name != "in.ts":
        assert languages == ["deu", "eng"] or suffix == ".mov", "QuickTime's own codes know few languages"


@pytest.mark.parametrize(
    ("source", "made", "suffix", "kept"),
    [
        ("in.mp4", "mov_text", ".mp4", "mov_text"),
        ("in.mp4", "mov_text", ".mkv", "subrip"),
        ("in.mkv", "srt", ".mp4", "mov_text"),
        ("in.mkv", "srt", ".mkv", "subrip"),
        ("in.mkv", "srt", ".webm", "webvtt"),
        ("in.mkv", "ass", ".mp4", "mov_text"),
        ("in.mkv", "ass", ".mkv", "ass"),
    ],
)
def test_subtitles_and_chapters_stay(tmp_path, source, made, suffix, kept):
    path = make_clip(tmp_path / source, even(COUNT), sounds=["deu"], subtitles=made, chapters=True)
    out = tmp_path / f"out{suffix}"
    notes = written(Clip.open(path), out)
    assert any("lost their looks" in note for note in notes) == (made == "ass" and kept != "ass")
    with av.open(str(out)) as film:
        (track,) = film.streams.subtitles
        assert track.language == "fra"
        assert track.codec_context.codec.canonical_name == kept
        titles = [
            (chapter["metadata"]["title"], float(chapter["start"] * chapter["time_base"]))
            for chapter in film.chapters()
        ]
        start = (film.start_time or 0) / av.time_base
        said = [
            (float(packet.pts * packet.time_base) - start, bytes(packet)) for packet in film.demux(track) if packet.size
        ]
    said = [(moment, words) for moment, words in said if len(words) > 2]
    assert [words for words, _ in titles] == ["One", "Two"]
    assert titles[1][1] == pytest.approx(1.2, abs=0.03)
    assert len(said) == len(SPOKEN)
    for (moment, words), (from_ms, _, text) in zip(said, SPOKEN, strict=True):
        assert text.encode() in words
        assert moment == pytest.approx(from_ms / 1000, abs=0.03)


def test_lines_shown_at_once_become_one_where_only_one_is_shown_at_a_time(tmp_path):
    spoken = ((500, 1500, "Ada"), (500, 1500, "Bob"), (1200, 2000, "Cyd"))
    path = make_clip(tmp_path / "in.mkv", even(COUNT), subtitles="srt", spoken=spoken)
    written(Clip.open(path), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as film:
        said = [
            (float(packet.pts * packet.time_base), bytes(packet)[2:])
            for packet in film.demux(subtitles=0)
            if packet.size
        ]
    shown = [(moment, words.decode()) for moment, words in said if words]
    assert shown == [
        (pytest.approx(0.5), "Ada\nBob"),
        (pytest.approx(1.2), "Ada\nBob\nCyd"),
        (pytest.approx(1.5), "Cyd"),
    ]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_another_voice_takes_the_place_of_all_sound(tmp_path, suffix):
    clip = Clip.open(make_clip(tmp_path / "in.mp4", even(COUNT), sounds=["deu", "eng"]))
    samples = np.zeros((110_250, 1), np.float32)
    samples[44_100 // 2 : 44_100 // 2 + 90] = 0.9
    with SoundWriter(tmp_path / "voice.wav", 44_100, 1) as writer:
        writer.write(samples)
    notes = written(clip, tmp_path / f"out{suffix}", sound=tmp_path / "voice.wav")
    assert notes == ("2 sound tracks became one",)
    assert clicks_s(tmp_path / f"out{suffix}") == pytest.approx([0.5], abs=0.002)


# -- the same bits, whole or not at all -------------------------------------------------------------------------------

RENDER = """
import sys
from pathlib import Path
from deepmask.media import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.media.clip_writing import SegmentWriter
clip = Clip.open(Path(sys.argv[1]))
with SegmentWriter(Path(sys.argv[2]), clip, Encoding(sys.argv[3], sys.argv[4])) as writer:
    for picture in clip.pictures(24, 48):
        writer.write(picture)
"""


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp4", "h264"), (".mp4", "hevc"), (".webm", "vp9"), (".mp4", "av1"), (".gif", "auto")]
)
def test_another_process_gives_the_same_bits(tmp_path, suffix, codec):
    path = make_clip(tmp_path / "in.mp4", uneven(COUNT), size_wh=(320, 192))
    here = rendered(Clip.open(path), tmp_path / "here", Encoding(suffix, codec))[1]
    there = tmp_path / "there.mp4"
    subprocess.run(
        [sys.executable, "-c", RENDER, str(path), str(there), suffix, codec], check=True, capture_output=True
    )
    assert here.read_bytes() == there.read_bytes()


def test_the_same_segments_give_the_same_file(tmp_path):
    clip = Clip.open(
        make_clip(tmp_path / "in.mkv", even(COUNT), sounds=["deu"], sound_codec="libopus", subtitles="srt")
    )
    for suffix in (".mp4", ".mkv", ".webm"):
        segments = rendered(clip, tmp_path / suffix, Encoding(suffix))
        sums = set()
        for _ in range(2):
            join(segments, clip, tmp_path / f"out{suffix}")
            sums.add(hashlib.sha256((tmp_path / f"out{suffix}").read_bytes()).hexdigest())
        assert len(sums) == 1


def test_a_killed_run_leaves_whole_segments_only(tmp_path):
    clip = Clip.open(make_clip(tmp_path / "in.mp4", even(COUNT)))

    def interrupted() -> None:
        with SegmentWriter(tmp_path / "pieces" / "0000.mp4", clip) as writer:
            for picture in clip.pictures(0, 40):
                writer.write(picture)
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        interrupted()
    assert list((tmp_path / "pieces").iterdir()) == []


def test_a_stopped_join_leaves_nothing(tmp_path):
    clip = Clip.open(make_clip(tmp_path / "in.mp4", even(COUNT)))
    segments = rendered(clip, tmp_path / "pieces", Encoding())

    def stop(fraction: float, message: str) -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    (tmp_path / "out").mkdir()
    with pytest.raises(Cancelled):
        join(segments, clip, tmp_path / "out" / "a.mp4", progress=stop)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".gif"])
def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch, suffix):
    clip = Clip.open(make_clip(tmp_path / "in.mp4", even(COUNT)))
    segments = rendered(clip, tmp_path / "pieces", Encoding(suffix))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "out").mkdir()
    with pytest.raises(DeepmaskError, match="is full; free some space"):
        join(segments, clip, tmp_path / "out" / f"a{suffix}")
    with pytest.raises(DeepmaskError, match="is full; free some space"):
        rendered(clip, tmp_path / "out", Encoding(suffix))
    assert list((tmp_path / "out").iterdir()) == []


# -- what does not go together ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"suffix": ".avi"}, "cannot be saved as '.avi'"),
        ({"suffix": ".webm", "codec": "h264"}, "written with vp9 or av1"),
        ({"codec": "divx"}, "not with 'divx'"),
        ({"quality": "best"}, "no quality"),
        ({"quality": 99}, "no quality"),
        ({"hardware": "vaapi"}, "choose one of nvenc"),
        ({"suffix": ".gif", "codec": "h264"}, "leave the codec at 'auto'"),
    ],
)
def test_wishes_that_do_not_go_together_are_told(arguments, sentence):
    with pytest.raises(MediaError, match=sentence):
        Encoding(**arguments)


@pytest.mark.parametrize("hardware", ["videotoolbox", "qsv", "nvenc"])
def test_hardware_that_is_not_there_is_one_sentence(tmp_path, monkeypatch, hardware):
    """Whatever this machine has: an encoder by a name FFmpeg does not know."""
    from dataclasses import replace

    from deepmask.media import clip_encoding

    row = clip_encoding._HARDWARE[hardware, "h264"]
    monkeypatch.setitem(clip_encoding._HARDWARE, (hardware, "h264"), replace(row, name="h264_of_another_machine"))
    clip = Clip.open(make_clip(tmp_path / "in.mp4", even(3)))
    with pytest.raises(MediaError, match=f"no working '{hardware}' encoder; leave hardware at 'none'"):
        rendered(clip, tmp_path / "pieces", Encoding(hardware=hardware))
    assert list((tmp_path / "pieces").iterdir()) == []


def test_segments_that_do_not_belong_are_refused(tmp_path):
    clip = Clip.open(make_clip(tmp_path / "in.mp4", uneven(COUNT)))
    segments = rendered(clip, tmp_path / "pieces", Encoding())
    out = tmp_path / "out.mp4"
    with pytest.raises(MediaError, match="does not belong there"):
        join([segments[1], segments[0]], clip, out)
    with pytest.raises(MediaError, match="missing or broken; render it again"):
        join([*segments, tmp_path / "none.mp4"], clip, out)
    with pytest.raises(MediaError, match="render it first"):
        join([], clip, out)
    other = rendered(clip, tmp_path / "other", Encoding(quality="small", codec="hevc"))
    with pytest.raises(MediaError, match="other settings"):
        join([segments[0], other[1]], clip, out)
    with pytest.raises(MediaError, match="these pictures are h264"):
        join(segments, clip, tmp_path / "out.webm")
    assert not out.exists()


def test_pictures_that_could_not_be_decoded_are_told(tmp_path):
    clip = Clip.open(make_clip(tmp_path / "in.mp4", even(COUNT)))
    segments = rendered(clip, tmp_path / "pieces", Encoding())
    notes = join([segments[0], *segments[2:]], clip, tmp_path / "out.mp4")
    assert notes == (f"pictures that cannot be decoded and were left out: {STEP}",)
    assert times(Clip.open(tmp_path / "out.mp4"))[STEP] == pytest.approx(times(clip)[2 * STEP])
