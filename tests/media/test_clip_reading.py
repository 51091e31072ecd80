"""Videos in: upright, in the right colours, at their true times, and one sentence where there is nothing to see."""

import itertools
import pickle
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from deepmask.errors import MediaError
from deepmask.media import Clip, SoundWriter, find_clips
from deepmask.media.clip_timeline import Damage
from tests.tiny.clips import SIZE_WH, TIME_BASE, even, make_clip, number_of, numbered, uneven

COUNT = 60
OPEN_GOPS = {"g": "12", "bf": "3", "x264-params": "open-gop=1:keyint=12:scenecut=0", "x265-params": "log-level=none"}


def noise(number: int) -> np.ndarray:
    """A picture that takes many bytes, so that damage hits pictures and no headers."""
    width, height = SIZE_WH
    return np.random.default_rng(number).integers(0, 255, (height, width, 3), dtype=np.uint8)


# -- times and seeking ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.mov", "libx265"),
        ("a.webm", "libvpx-vp9"),
        ("a.ts", "libx264"),
        ("a.flv", "libx264"),
    ],
)
def test_any_picture_is_found_by_its_index(tmp_path, name, codec):
    stamps = uneven(COUNT)
    clip = Clip.open(make_clip(tmp_path / name, stamps, codec=codec, options=OPEN_GOPS))
    assert clip.size_wh == SIZE_WH
    assert clip.variable
    assert clip.fps == pytest.approx(COUNT / float(stamps[-1] * TIME_BASE), rel=0.03)
    assert len(clip.timeline) == COUNT
    assert not clip.damaged

    whole = list(clip.pictures())
    assert [picture.index for picture in whole] == list(range(COUNT))
    assert [number_of(picture.rgb) for picture in whole] == list(range(COUNT))
    for picture, stamp in zip(whole, stamps, strict=True):
        assert float(picture.time - whole[0].time) == pytest.approx(float(stamp * TIME_BASE), abs=0.00051)
    assert all(a.pts + a.duration == b.pts for a, b in itertools.pairwise(whole))
    for start in (1, 11, 12, 13, 30, COUNT - 1):
        part = list(clip.pictures(start, start + 3))
        assert [picture.index for picture in part] == list(range(start, min(start + 3, COUNT)))
        assert all(np.array_equal(picture.rgb, whole[picture.index].rgb) for picture in part), "the same to the bit"


def test_mpeg_files_are_decoded_from_their_start(tmp_path):
    options, beat = {"g": "12", "bf": "2"}, Fraction(1, 30)
    path = make_clip(tmp_path / "a.mpg", range(COUNT), codec="mpeg2video", options=options, time_base=beat)
    clip = Clip.open(path)
    whole = list(clip.pictures())
    assert [number_of(picture.rgb) for picture in whole] == list(range(COUNT))
    assert all(np.array_equal(picture.rgb, whole[picture.index].rgb) for picture in clip.pictures(29, 33))


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg"])
def test_old_avi_files_state_no_times_and_are_counted(tmp_path, codec):
    path = tmp_path / "old.avi"
    with av.open(str(path), "w") as target:
        track = target.add_stream(codec, rate=25, options={"bf": "2", "g": "12"} if codec == "mpeg4" else {})
        track.width, track.height = SIZE_WH
        track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(COUNT):
            target.mux(track.encode(av.VideoFrame.from_ndarray(numbered(number), format="rgb24")))
        target.mux(track.encode(None))
    clip = Clip.open(path)
    assert [number_of(picture.rgb) for picture in clip.pictures()] == list(range(COUNT))
    assert [number_of(picture.rgb) for picture in clip.pictures(31, 35)] == [31, 32, 33, 34]
    assert clip.fps == pytest.approx(25)


def test_a_steady_clip_is_told_from_a_variable_one(tmp_path):
    assert not Clip.open(make_clip(tmp_path / "steady.mp4", even(COUNT))).variable
    assert not Clip.open(make_clip(tmp_path / "steady.mkv", even(COUNT))).variable, "Matroska rounds to milliseconds"


def test_a_clip_goes_to_another_process_with_its_timeline(tmp_path):
    clip = Clip.open(make_clip(tmp_path / "a.mp4", uneven(20)))
    assert len(clip.timeline) == 20
    there = pickle.loads(pickle.dumps(clip))
    assert there.fingerprint == clip.fingerprint
    assert [number_of(picture.rgb) for picture in there.pictures(7, 9)] == [7, 8]


def test_what_begins_late_keeps_its_time(tmp_path):
    """The clip begins with its sound; the first picture comes half a second later."""
    stamps = [45_000 + stamp for stamp in even(30)]
    clip = Clip.open(make_clip(tmp_path / "late.mkv", stamps, sounds=["eng"]))
    assert clip.has_sound
    assert float(next(clip.pictures()).time) == pytest.approx(0.5, abs=0.03)


def test_the_fingerprint_is_that_of_the_pictures(tmp_path):
    path = make_clip(tmp_path / "a.mp4", even(20))
    in_matroska = tmp_path / "a.mkv"
    with av.open(str(path)) as source, av.open(str(in_matroska), "w") as target:
        track = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                target.mux(packet)
    other = make_clip(tmp_path / "b.mp4", even(20), picture=lambda number: numbered(number + 1))
    assert Clip.open(path).fingerprint == Clip.open(in_matroska).fingerprint
    assert Clip.open(path).fingerprint != Clip.open(other).fingerprint


def test_memory_does_not_grow_with_length(tmp_path):
    def peak(count: int) -> int:
        clip = Clip.open(make_clip(tmp_path / f"{count}.mp4", even(count)))
        tracemalloc.start()
        for _ in clip.pictures():
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(400) < peak(40) + 100_000


# -- the right way up -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_and_mirrored_videos_are_upright(tmp_path, degrees, mirrored, suffix):
    path = make_clip(
        tmp_path / f"turned{suffix}",
        even(2),
        prepare=lambda track: track.set_display_rotation(degrees, hflip=mirrored),
    )
    clip = Clip.open(path)
    upright = np.rot90(numbered(0), degrees // 90)
    if mirrored:
        upright = upright[:, ::-1]
    picture = next(clip.pictures()).rgb
    assert clip.size_wh == upright.shape[1::-1]
    assert picture.shape == upright.shape
    assert np.abs(picture.astype(int) - upright).mean() < 4


def test_odd_sizes_and_oblong_pixels(tmp_path):
    def oblong(track):
        track.codec_context.sample_aspect_ratio = Fraction(4, 3)
        track.set_display_rotation(90)

    clip = Clip.open(make_clip(tmp_path / "a.mp4", even(2), size_wh=(97, 65), pixel_format="yuv444p", prepare=oblong))
    assert clip.size_wh == (65, 97)
    assert clip.pixel_aspect == Fraction(3, 4)
    assert "its pixels are not square" in clip.notes
    assert next(clip.pictures()).rgb.shape == (97, 65, 3)


# -- colours ----------------------------------------------------------------------------------------------------------

FLAT = ((200, 40, 40), (40, 180, 60), (50, 60, 210), (230, 200, 150), (128, 128, 128))


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize(("stated", "matrix"), [(1, Colorspace.ITU709), (6, Colorspace.ITU601), (2, Colorspace.ITU601)])
def test_colours_are_those_the_file_means(tmp_path, stated, matrix, full_range, pixel_format):
    span = ColorRange.JPEG if full_range else ColorRange.MPEG

    def flat(number: int) -> av.VideoFrame:
        picture = np.full((*SIZE_WH[::-1], 3), FLAT[number], np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        return frame.reformat(
            format=pixel_format, dst_colorspace=matrix, src_color_range=ColorRange.JPEG, dst_color_range=span
        )

    def tell(track):
        track.codec_context.colorspace, track.codec_context.color_range = stated, int(span)

    path = make_clip(
        tmp_path / "a.mp4",
        even(len(FLAT)),
        options={"crf": "4", "x265-params": "log-level=none"},
        codec="libx265",
        pixel_format=pixel_format,
        picture=flat,
        prepare=tell,
    )
    for picture in Clip.open(path).pictures():
        assert np.abs(picture.rgb.mean(axis=(0, 1)) - FLAT[picture.index]).max() < 2.5


def _hdr_frame(nits: float, transfer: int) -> av.VideoFrame:
    """A grey of some light, in PQ (SMPTE ST 2084) or HLG (ITU-R BT.2100)."""
    if transfer == 16:
        y = (nits / 10_000) ** 0.1593017578125
        value = ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375
    else:
        scene = (nits / 1000) ** (1 / 1.2)
        value = np.sqrt(3 * scene) if scene <= 1 / 12 else 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073
    picture = np.full((*SIZE_WH[::-1], 3), round(65_535 * value), np.uint16)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb48le").reformat(
        format="yuv420p10le", dst_colorspace=Colorspace.BT2020, src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )  # fmt: skip
    frame.color_primaries, frame.color_trc, frame.colorspace = 9, transfer, 9
    return frame


@pytest.mark.parametrize(("transfer", "kind"), [(16, "PQ"), (18, "HLG")])
def test_much_light_is_brought_to_what_a_screen_shows(tmp_path, transfer, kind):
    def tell(track):
        context = track.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, transfer, 9, 1

    light = (20.0, 100.0, 203.0, 500.0, 990.0)
    path = make_clip(
        tmp_path / "hdr.mp4",
        even(len(light)),
        codec="libx265",
        options={"crf": "4", "x265-params": "log-level=none"},
        pixel_format="yuv420p10le",
        picture=lambda number: _hdr_frame(light[number], transfer),
        prepare=tell,
    )
    clip = Clip.open(path)
    assert clip.hdr == kind
    assert any(kind in note for note in clip.notes)
    greys = [picture.rgb.mean() for picture in clip.pictures()]
    for nits, grey in zip(light[:2], greys, strict=False):
        linear = nits / 203
        assert grey == pytest.approx(255 * (1.055 * linear ** (1 / 2.4) - 0.055), abs=3), (
            "below the knee nothing changes"
        )
    assert 215 < greys[2] < 245, "white paper is nearly white"
    assert greys[2] + 5 < greys[3] < greys[4] <= 255, "what is brighter is still told apart"


def test_interlaced_pictures_are_told(tmp_path):
    options = {"flags": "+ildct+ilme", "x264-params": "tff=1"}
    clip = Clip.open(make_clip(tmp_path / "a.mp4", even(5), options=options))
    assert "interlaced: each picture holds two moments" in clip.notes


# -- animations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations_are_clips(tmp_path, suffix):
    frames = [Image.fromarray(numbered(number, (41, 31))) for number in range(5)]
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[40, 120, 500, 30, 60], lossless=True)
    clip = Clip.open(path)
    assert clip.size_wh == (41, 31)
    assert clip.variable
    assert clip.seconds == pytest.approx(0.75)
    pictures = list(clip.pictures())
    assert [number_of(picture.rgb) for picture in pictures] == list(range(5))
    assert [picture.duration for picture in pictures] == [40, 120, 500, 30, 60]
    assert [float(picture.time) for picture in pictures] == pytest.approx([0, 0.04, 0.16, 0.66, 0.69])
    assert number_of(next(clip.pictures(3)).rgb) == 3


def test_a_gif_in_a_hurry_is_shown_as_browsers_do(tmp_path):
    frames = [Image.fromarray(numbered(number)) for number in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=[0, 10, 20])
    assert [picture.duration for picture in Clip.open(tmp_path / "a.gif").pictures()] == [100, 100, 20]


# -- what is wrong with a file ----------------------------------------------------------------------------------------


def _sound_file(path: Path) -> Path:
    with SoundWriter(path, 48_000, 1) as writer:
        writer.write(np.full((24_000, 1), 0.1, np.float32))
    return path


def _without_index(tmp_path: Path) -> Path:
    data = make_clip(tmp_path / "whole.mp4", even(20)).read_bytes()
    (tmp_path / "a.mp4").write_bytes(data[: data.find(b"moov") - 4])
    return tmp_path / "a.mp4"


def _no_packets(tmp_path: Path) -> Path:
    with av.open(str(tmp_path / "a.mp4"), "w") as target:
        track = target.add_stream("libx264", rate=25)
        track.width, track.height = SIZE_WH
        target.start_encoding()
    return tmp_path / "a.mp4"


def _locked(tmp_path: Path) -> Path:
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "01" * 16, "encryption_kid": "02" * 16}
    return make_clip(tmp_path / "a.mp4", even(20), container_options=key, picture=noise)


def _bytes(tmp_path: Path, data: bytes, name: str = "a.mp4") -> Path:
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


def _still(tmp_path: Path, name: str) -> Path:
    Image.new("RGB", (40, 30)).save(tmp_path / name)
    return tmp_path / name


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder, "is a folder"),
        (lambda folder: folder / "none.mp4", "does not exist"),
        (lambda folder: _bytes(folder, b""), "is empty"),
        (lambda folder: _bytes(folder, b"hello" * 100), "not a video we can read"),
        (lambda folder: _sound_file(folder / "a.wav"), "is a sound, not a video"),
        (lambda folder: _sound_file(folder / "a.m4a"), "only sound"),
        (_without_index, "damaged or incomplete"),
        (_no_packets, "a.mp4 "),
        (_locked, "copy protection"),
        (lambda folder: _still(folder, "a.jpg"), "not a video we can read"),
        (lambda folder: _still(folder, "a.gif"), "still picture"),
        (lambda folder: _still(folder, "a.webp"), "still picture"),
    ],
)
def test_one_sentence_for_what_is_no_video(tmp_path, make, sentence):
    path = make(tmp_path)
    with pytest.raises(MediaError, match=sentence) as caught:
        Clip.open(path)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert ";" in text, "the remedy is named"


def test_one_picture_is_a_clip(tmp_path):
    clip = Clip.open(make_clip(tmp_path / "one.mp4", [0]))
    assert [number_of(picture.rgb) for picture in clip.pictures()] == [0]
    assert len(clip.timeline) == 1
    assert next(clip.pictures()).duration > 0


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_of_a_file_that_breaks_off_the_rest_is_given(tmp_path, suffix):
    options = {"movflags": "+faststart"} if suffix == ".mp4" else {}
    data = make_clip(tmp_path / f"whole{suffix}", even(90), picture=noise, container_options=options).read_bytes()
    clip = Clip.open(_bytes(tmp_path, data[: len(data) * 2 // 3], f"cut{suffix}"))
    assert "seconds are missing" in clip.damaged
    assert 50 <= len(list(clip.pictures())) <= 70


def test_damage_in_the_middle_is_told_and_the_rest_is_given(tmp_path):
    data = bytearray(make_clip(tmp_path / "whole.mp4", even(90), picture=noise).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(np.random.default_rng(0).integers(0, 255, 4000, dtype=np.uint8))
    clip, damage = Clip.open(_bytes(tmp_path, bytes(data), "hurt.mp4")), Damage()
    pictures = list(clip.pictures(damage=damage))
    assert 80 <= len(pictures) <= 90
    assert damage.broken
    assert 0.5 < (damage.first_s or 0) < 2.5
    assert "from 0:01 on" in str(damage) or "from 0:02 on" in str(damage)
    again = list(clip.pictures(pictures[-3].index))
    assert [picture.index for picture in again] == [picture.index for picture in pictures[-3:]]


def test_videos_are_found_in_folders(tmp_path):
    names = ["a.mp4", "b.MOV", "deep/c.webm", "d.gif"]
    for name in [*names, "photo.jpg", "sound.wav", ".hidden.mp4"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert sorted(path.name for path in find_clips([tmp_path])) == ["a.mp4", "b.MOV", "c.webm", "d.gif"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="has no videos"):
        find_clips([tmp_path / "empty"])


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.gif", "a.webp"])
def test_broken_bytes_give_pictures_or_one_sentence(tmp_path, name):
    path = tmp_path / name
    if name in ("a.gif", "a.webp"):
        frames = [Image.fromarray(numbered(number)) for number in range(6)]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=40)
    else:
        make_clip(path, uneven(20), sounds=["eng"])
    whole, rng = path.read_bytes(), np.random.default_rng(3)
    outcomes = []
    for number in range(16):
        data = bytearray(whole)
        if number % 2:
            data = data[: rng.integers(1, len(data))]
        else:
            for place in rng.integers(0, len(data), 12):
                data[place] = rng.integers(256)
        try:
            clip = Clip.open(_bytes(tmp_path, bytes(data), f"broken{path.suffix}"))
            assert all(picture.rgb.shape[1::-1] == clip.size_wh for picture in clip.pictures())
            outcomes.append("")
        except MediaError as error:
            outcomes.append(str(error))
    assert not any("\n" in sentence for sentence in outcomes)
    assert "" in outcomes or name == "a.webp", "of most, something can be shown"
