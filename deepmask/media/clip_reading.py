"""Video files in: opened, looked into, and refused in one sentence where there is nothing to see.

A file comes from strangers: only the demuxers of our list are tried, and its size is known before it is decoded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from deepmask.errors import MediaError
from deepmask.media.clip import Colours
from deepmask.media.clip_colours import hdr_kind
from deepmask.media.clip_formats import ANIMATIONS, DEMUXERS, NAMES
from deepmask.media.clip_turning import Turn
from deepmask.media.formats import other_than_picture
from deepmask.media.sound_formats import SOUND_SUFFIXES
from deepmask.media.sound_reading import is_cover, video_track

BROKEN_OFF = (FFmpegError, OSError, IndexError)
"""What reading packets raises where a file is broken; IndexError where it promises tracks that never come."""

_MOST_MEGAPIXELS = 100
"""Larger pictures are refused before they are decoded; 8K has 33."""
_LOOK_AT = 300
"""Packets from which the beat of the pictures is told."""
_TRIES = 200
"""Packets that may go by until a first picture is decoded."""


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The container of a video file.

    Raises:
        MediaError: one sentence: what is wrong with the file and what to do.
    """
    head = _head(path)
    try:
        # 'file:' and the lists keep names like 'concat:...' and playlists from reaching anything else
        container = av.open(
            f"file:{os.path.abspath(path)}",
            options={"format_whitelist": DEMUXERS, "protocol_whitelist": "file", "fflags": "+genpts"},
            metadata_errors="replace",
        )
    except (FFmpegError, ValueError, OSError) as error:
        raise MediaError(_why_not_a_video(path, head)) from error
    with container:
        yield container


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise MediaError(f"{path} is a folder; name a video in it.")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist; check the spelling of the path.") from error
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} cannot be read; check its permissions.") from error
    if not head:
        raise MediaError(f"{path.name} is empty; record or download it again.")
    return head


def _why_not_a_video(path: Path, head: bytes) -> str:
    sentence = other_than_picture(path, head) or ""
    if "is a video" in sentence:
        return f"{path.name} is damaged or incomplete; export, record or download it again."
    if "is a sound" in sentence or path.suffix.lower() in SOUND_SUFFIXES:
        return f"{path.name} is a sound, not a video; mask it as a voice, or give an {NAMES}."
    return f"{path.name} is not a video we can read; give an {NAMES}."


def is_animation(path: Path) -> bool:
    """Whether a file is of a kind that Pillow reads: GIF, WebP or PNG, moving or not."""
    head = _head(path)
    return any(head.startswith(magic) and (kind != "WEBP" or head[8:12] == b"WEBP") for kind, magic in ANIMATIONS)


def picture_track(path: Path, container: InputContainer) -> av.VideoStream:
    """The moving picture of a container.

    Raises:
        MediaError: there is none, or nothing that decodes it.
    """
    track = video_track(container)
    if track is None:
        kind = "only sound" if container.streams.audio else "no pictures"
        raise MediaError(f"{path.name} has {kind} in it; give a video, or mask it as a voice.")
    if track.codec_context is None:
        raise MediaError(f"{path.name} is coded in a way we cannot decode; convert it to H.264 in an MP4 file.")
    return track


def origin_ticks(container: InputContainer, track: av.VideoStream) -> int:
    """The time stamp, in ticks of the moving picture, at which the file begins to be shown or heard."""
    assert track.time_base is not None
    return round(Fraction(container.start_time or 0, av.time_base) / track.time_base)


# -- header -----------------------------------------------------------------------------------------------------------


def read_header(path: Path) -> dict[str, Any]:
    """What a file says and its first picture shows: the fields of :class:`deepmask.media.clip.Clip`.

    Raises:
        MediaError: one sentence: what is wrong with the file and what to do.
    """
    if is_animation(path):
        from deepmask.media.clip_animation import read_animation_header

        return read_animation_header(path)
    with opened(path) as container:
        track = picture_track(path, container)
        variable, stamps = _beat(path, track.index)
        frame = _first_picture(path, container, track)
        turn = Turn.of(frame)
        aspect = track.sample_aspect_ratio or Fraction(1)
        fps = _fps(container, track, stamps, variable)
        seconds = _seconds(container, track, stamps)
        colours = Colours(frame.color_primaries, frame.color_trc, frame.colorspace)
        return {
            "name": path.name,
            "path": path,
            "size_wh": turn.size_wh(frame.width, frame.height),
            "fps": fps,
            "variable": variable,
            "seconds": seconds,
            "frames": track.frames or max(round(seconds * fps), 1),
            "codec": track.codec_context.codec.canonical_name,
            "has_sound": any(sound.codec_context is not None for sound in container.streams.audio),
            "time_base": track.time_base,
            "hdr": hdr_kind(colours),
            "colours": colours,
            "pixel_aspect": 1 / aspect if turn.transpose else aspect,
            "notes": tuple(_notes(container, track, frame, turn, colours)),
        }


def _first_picture(path: Path, container: InputContainer, track: av.VideoStream) -> av.VideoFrame:
    _refuse_what_is_too_large(path, track.width, track.height)
    broken = protected = False
    packets = 0
    try:
        for packet in islice(container.demux(track), _TRIES):
            packets += bool(packet.size)
            protected |= packet.has_sidedata("encryption_info")
            try:
                frames = packet.decode()
            except (FFmpegError, ValueError):
                broken = True
                continue
            if frames and not protected:
                _refuse_what_is_too_large(path, frames[0].width, frames[0].height)
                return frames[0]
    except BROKEN_OFF:
        broken = True
    if protected or track.codec_context.codec_tag in ("encv", "drmi"):
        raise MediaError(f"{path.name} is locked by copy protection; give a copy without it.")
    if broken or packets:
        raise MediaError(f"{path.name} is damaged: nothing in it can be decoded; export or download it again.")
    raise MediaError(f"{path.name} lasts 0 seconds; record or download it again.")


def _refuse_what_is_too_large(path: Path, width: int, height: int) -> None:
    if width * height > _MOST_MEGAPIXELS * 1_000_000:
        raise MediaError(
            f"{path.name} has {width * height / 1e6:.0f} megapixels and at most {_MOST_MEGAPIXELS} are read; "
            "make it smaller first."
        )


def _beat(path: Path, index: int) -> tuple[bool, list[int]]:
    """Whether the first pictures are shown for different times, and their ascending time stamps."""
    stamps: list[int] = []
    with opened(path) as container:
        try:
            for packet in islice(container.demux(container.streams[index]), _LOOK_AT):
                if packet.size and packet.pts is not None and not packet.is_discard:
                    stamps.append(packet.pts)
        except BROKEN_OFF:
            pass  # a damaged tail: what comes before it tells
        time_base = container.streams[index].time_base
    stamps = sorted(set(stamps))[: _LOOK_AT - 20]  # the last ones may have a picture missing between them
    steps = np.diff(np.array(stamps, np.int64))
    if len(steps) < 2 or time_base is None:
        return False, stamps
    rounding = max(1, round(Fraction(1, 1000) / time_base))  # containers and cameras round to milliseconds
    return bool(steps.max() - steps.min() > rounding), stamps


def _fps(container: InputContainer, track: av.VideoStream, stamps: list[int], variable: bool) -> float:
    rate = track.average_rate or track.guessed_rate
    states_average = "mp4" in container.format.name  # others state what was aimed at
    if rate and 0 < rate <= 1000 and (states_average or not variable):
        return float(rate)
    if len(stamps) > 1 and track.time_base:
        return float((len(stamps) - 1) / ((stamps[-1] - stamps[0]) * track.time_base))
    return 25.0


def _seconds(container: InputContainer, track: av.VideoStream, stamps: list[int]) -> float:
    if track.duration and track.time_base:
        return float(track.duration * track.time_base)
    if container.duration:
        return container.duration / av.time_base
    return float((stamps[-1] - stamps[0]) * track.time_base) if stamps and track.time_base else 0.0


def _notes(
    container: InputContainer, track: av.VideoStream, frame: av.VideoFrame, turn: Turn, colours: Colours
) -> Iterator[str]:
    if kind := hdr_kind(colours):
        yield f"{kind} {'light' if kind in ('PQ', 'HLG') else 'colours'} brought to what every screen shows"
    elif any(component.bits > 8 for component in frame.format.components):
        yield "reduced to 8 bits a channel"
    if frame.interlaced_frame:
        yield "interlaced: each picture holds two moments"
    if any(component.is_alpha for component in frame.format.components):
        yield "see-through parts are shown opaque"
    if not turn.is_right_angled:
        yield "turned by an odd angle, which is rounded to a quarter"
    pictures = [stream for stream in container.streams.video if not is_cover(stream)]
    if len(pictures) > 1:
        yield f"only the first of {len(pictures)} video tracks is used"
    if track.sample_aspect_ratio not in (None, 0, 1):
        yield "its pixels are not square"
