"""Small videos in which every picture shows its own number as black and white bars, and a click is heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.subtitles.subtitle import SubtitleSet

from deepmask.media.clip_subtitles import HEADER

BITS = 8
SIZE_WH = (96, 64)
TIME_BASE = Fraction(1, 90_000)
CLICK_S = 1
SPOKEN = ((500, 1500, "Hello, world"), (1700, 2300, "Grüß Gott"))
"""Subtitles: from, to (ms), words."""


def numbered(number: int, size_wh: tuple[int, int] = SIZE_WH) -> np.ndarray:
    """(H, W, 3) picture: the bits of ``number`` as bars above, four colours below."""
    width, height = size_wh
    picture = np.zeros((height, width, 3), np.uint8)
    picture[height // 2 :] = (200, 60, 40)
    picture[height // 2 :, width // 2 :] = (40, 90, 190)
    for bit in range(BITS):
        left, right = bit * width // BITS, (bit + 1) * width // BITS
        picture[: height // 2, left:right] = 230 if number >> bit & 1 else 25
    return picture


def number_of(picture: np.ndarray) -> int:
    """The number that a picture shows."""
    height, width = picture.shape[:2]
    row = picture[height // 4].mean(axis=1)
    return sum(1 << bit for bit in range(BITS) if row[(2 * bit + 1) * width // (2 * BITS)] > 128)


def uneven(count: int) -> list[int]:
    """Ascending time stamps, as a phone writes them in the dark."""
    return [0, *np.cumsum(np.random.default_rng(7).integers(1500, 6000, count - 1)).tolist()]


def even(count: int) -> list[int]:
    """Time stamps of 30 pictures a second."""
    return [3000 * i for i in range(count)]


def make_clip(
    path: Path,
    stamps: Sequence[int],
    *,
    codec: str = "libx264",
    time_base: Fraction = TIME_BASE,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    size_wh: tuple[int, int] = SIZE_WH,
    pixel_format: str = "yuv420p",
    picture: Callable[[int], np.ndarray | av.VideoFrame] | None = None,
    prepare: Callable[[Any], None] = lambda track: None,
    sounds: Sequence[str] = (),
    sound_codec: str = "aac",
    subtitles: str = "",
    spoken: Sequence[tuple[int, int, str]] = SPOKEN,
    chapters: bool = False,
) -> Path:
    """A video with a picture at each time stamp, sound tracks in languages, subtitles, chapters."""
    picture = picture or (lambda number: numbered(number, size_wh))
    with av.open(str(path), "w", container_options=container_options or {}) as target:
        target.metadata.update({"title": "secret", "location": "+48.2+016.4/", "creation_time": "2020-01-01T00:00"})
        track: Any = target.add_stream(codec, rate=30, options=options or {"g": "12", "bf": "2"})
        track.width, track.height, track.pix_fmt = *size_wh, pixel_format
        track.codec_context.time_base = time_base
        prepare(track)
        tracks = [_sound_track(target, sound_codec, language) for language in sounds]
        words = _subtitle_track(target, subtitles) if subtitles else None
        if chapters:
            target.set_chapters([_chapter(1, 0, 1200, "One"), _chapter(2, 1200, 2500, "Two")])
        for number, stamp in enumerate(stamps):
            shown = picture(number)
            frame = shown if isinstance(shown, av.VideoFrame) else av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts, frame.time_base = stamp, time_base
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
        for sound in tracks:
            _click(target, sound, 2.5)
        for start, stop, text in spoken if words is not None else ():
            _say(target, words, start, stop, text)
    return path


def clicks_s(path: Path) -> list[float]:
    """When each sound track clicks, after the first picture."""
    with av.open(str(path)) as source:
        frame = next(source.decode(video=0))
        first = float(frame.time)
        count = len(source.streams.audio)
    heard = []
    for index in range(count):
        with av.open(str(path)) as source:
            for frame in source.decode(audio=index):
                to_flat = av.AudioResampler("fltp", "mono", frame.sample_rate)
                loud = np.flatnonzero(np.abs(to_flat.resample(frame)[0].to_ndarray()[0]) > 0.3)
                if len(loud):
                    heard.append(float(frame.time) + loud[0] / frame.sample_rate - first)
                    break
    return heard


def _sound_track(target: Any, codec: str, language: str) -> Any:
    track = target.add_stream(codec, rate=48_000, layout="stereo")
    track.metadata.update({"language": language, "title": "secret"})
    return track


def _click(target: Any, track: Any, seconds: float) -> None:
    samples = np.zeros((round(48_000 * seconds), 2), np.float32)
    samples[48_000 * CLICK_S : 48_000 * CLICK_S + 96] = 0.9
    context = track.codec_context
    resampler = av.AudioResampler(context.format.name, "stereo", 48_000, context.frame_size)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "flt", "stereo")
    frame.sample_rate = 48_000
    pts = 0
    for ready in [*resampler.resample(frame), *resampler.resample(None)]:
        ready.pts, ready.time_base = pts, Fraction(1, 48_000)
        pts += ready.samples
        target.mux(track.encode(ready))
    target.mux(track.encode(None))


def _subtitle_track(target: Any, codec: str) -> Any:
    track = target.add_stream(codec)
    track.codec_context.subtitle_header = HEADER
    track.codec_context.time_base = Fraction(1, 1000)
    track.metadata["language"] = "fra"
    return track


def _say(target: Any, track: Any, start: int, stop: int, text: str) -> None:
    event = SubtitleSet.create(f"0,0,Default,,0,0,0,,{text}".encode(), 0, stop - start, start)
    packet = track.codec_context.encode_subtitle(event)
    packet.pts = packet.dts = start
    packet.duration, packet.time_base, packet.stream = stop - start, Fraction(1, 1000), track
    target.mux(packet)


def _chapter(number: int, start: int, end: int, title: str) -> dict[str, Any]:
    return {
        "id": number,
        "start": start,
        "end": end,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }
