"""GIF, animated WebP and animated PNG out, picture by picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.filter import Graph

from deepmask.errors import MediaError
from deepmask.faces import RGBImage
from deepmask.media.sound_writing import silence_about_us
from deepmask.progress import Progress

_MS = Fraction(1, 1000)
_ENCODERS = {
    "GIF": ("gif", "gif", "pal8", {}),
    "WEBP": ("webp", "libwebp_anim", "bgra", {"quality": "85", "compression_level": "4"}),
    "PNG": ("apng", "apng", "rgb24", {}),
}
_MOST_SIDE_PX = {"GIF": 65_535, "WEBP": 16_383, "PNG": 2**31 - 1}
_TICK_MS = {"GIF": 10, "WEBP": 1, "PNG": 1}
_SHORTEST_TICKS = {"GIF": 2, "WEBP": 11, "PNG": 11}
"""Browsers show what asks for 10 ms or less for 100 ms."""

Shown = tuple[int, RGBImage]
"""Milliseconds at which a picture appears, and the (H, W, 3) uint8 picture."""


def write_animation(
    pictures: Iterator[Shown], last_ms: int, count: int, form: str, path: Path, progress: Progress
) -> list[str]:
    """Write an animation that plays over and over.

    Args:
        last_ms: milliseconds for which the last picture is shown.
        count: how many pictures there are.
        form: 'GIF', 'WEBP' or 'PNG'.

    Returns:
        What was left out, each a short clause.

    Raises:
        MediaError: larger than the format can hold.
        OSError: the disk is full.
    """
    first = next(pictures)
    height, width = first[1].shape[:2]
    if max(height, width) > _MOST_SIDE_PX[form]:
        raise MediaError(f"A {form} file holds at most {_MOST_SIDE_PX[form]} pixels a side; save the clip as .mp4.")
    tick_ms = _TICK_MS[form]
    with av.open(str(path), "w", format=_ENCODERS[form][0], container_options=_loop(form, last_ms)) as target:
        silence_about_us(target)
        track = _track(target, form, width, height)
        latest, skipped = -_SHORTEST_TICKS[form], 0
        for number, (start_ms, rgb) in enumerate(chain([first], pictures)):
            progress(number / count, "Writing the animation")
            start = round(start_ms / tick_ms)
            if start - latest < _SHORTEST_TICKS[form]:
                skipped += 1
                continue
            latest = start
            frame = _frame(rgb, form)
            frame.pts, frame.time_base = start, Fraction(tick_ms, 1000)
            frame.duration = max(round(last_ms / tick_ms), _SHORTEST_TICKS[form])
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    if form == "WEBP":
        _show_last_for(path, last_ms)
    progress(1.0, "Writing the animation")
    return [f"pictures that were left out, since animations show none that briefly: {skipped}"] if skipped else []


def _loop(form: str, last_ms: int) -> dict[str, str]:
    return {"plays": "0", "final_delay": f"{last_ms}/1000"} if form == "PNG" else {"loop": "0"}


def _track(target: OutputContainer, form: str, width: int, height: int) -> Any:
    _, encoder, pixel_format, options = _ENCODERS[form]
    track: Any = target.add_stream(encoder, rate=25, options=dict(options))
    track.width, track.height, track.pix_fmt = width, height, pixel_format
    context = track.codec_context
    context.time_base = Fraction(_TICK_MS[form], 1000)
    context.flags |= int(Flags.frame_duration) | int(Flags.bitexact)
    context.thread_count = 1
    return track


def _frame(rgb: RGBImage, form: str) -> Any:
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    return _with_palette(frame) if form == "GIF" else frame


def _with_palette(frame: av.VideoFrame) -> av.VideoFrame:
    """The picture in 256 colours of its own."""
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=_MS)
    split, sink = graph.add("split"), graph.add("buffersink")
    palette = graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
    use = graph.add("paletteuse", "new=1:dither=sierra2_4a")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    graph.push(frame)
    graph.push(None)
    reduced: Any = graph.pull()
    return reduced


def _show_last_for(path: Path, milliseconds: int) -> None:
    """Write into a WebP file for how long its last picture is shown; the encoder guesses it."""
    with path.open("rb+") as file:
        size, place, last = path.stat().st_size, 12, 0
        while place + 8 <= size:
            file.seek(place)
            head = file.read(8)
            if head[:4] == b"ANMF":
                last = place + 8
            length = int.from_bytes(head[4:], "little")
            place += 8 + length + length % 2
        if last:
            file.seek(last + 12)  # after place and size, three bytes each (WebP container specification)
            file.write(min(milliseconds, 0xFFFFFF).to_bytes(3, "little"))
