"""Sound in: any file FFmpeg knows of our list, streamed, on the timeline on which it is heard.

A file comes from strangers: only the demuxers of our list are tried, and what a decoder stumbles over is skipped and
named. Of a video, sample 0 is the moment the video begins; a gap in the timestamps (a muted microphone, a lost packet)
becomes silence, so that sound stays in sync over hours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from numpy.typing import NDArray

from deepmask.errors import MediaError
from deepmask.media.formats import SUFFIXES as PICTURE_SUFFIXES
from deepmask.media.sound_formats import DEMUXERS, NAMES, SOUND_SUFFIXES, VIDEO_SUFFIXES

Samples = NDArray[np.float32]

_GAP_S = 0.05
"""Smaller holes in the timestamps are rounding and jitter."""
_LONGEST_GAP_S = 600.0
"""A larger hole is a broken timestamp, not a pause."""
_SHORT_S = 0.5
"""A file that ends this much before the time it states was cut off."""
_STATES_ITS_LENGTH = {"wav", "w64", "aiff", "caf", "flac", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}


@dataclass(frozen=True)
class Header:
    """What a file says and its first frame shows."""

    rate_hz: int
    channels: int
    """Of the file; more than two are mixed to two."""
    seconds: float
    has_video: bool
    codec: str
    tracks: int


@dataclass
class Damage:
    """What decoding stumbled over; filled in while it runs."""

    broken_packets: int = 0
    broken_off: bool = False
    missing_s: float = 0.0

    def __str__(self) -> str:
        parts = []
        if self.missing_s:
            parts.append(f"the last {self.missing_s:.1f} seconds are missing")
        elif self.broken_off:
            parts.append("the end cannot be read")
        if self.broken_packets:
            parts.append(f"{self.broken_packets} damaged pieces were left out")
        return " and ".join(parts)


# -- opening ----------------------------------------------------------------------------------------------------------


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The container of a media file.

    Raises:
        MediaError: one sentence: what is wrong with the file and what to do.
    """
    _refuse_what_is_no_file(path)
    try:
        # 'file:' and the lists keep names like 'concat:...' and playlists from reaching anything else
        container = av.open(
            f"file:{os.path.abspath(path)}",
            options={"format_whitelist": DEMUXERS, "protocol_whitelist": "file", "fflags": "+genpts"},
            metadata_errors="replace",
        )
    except (FFmpegError, ValueError, OSError) as error:
        raise MediaError(_why_not_a_sound(path)) from error
    with container:
        yield container


def _refuse_what_is_no_file(path: Path) -> None:
    if path.is_dir():
        raise MediaError(f"{path} is a folder; name a sound file in it.")
    try:
        with path.open("rb") as file:
            head = file.read(1)
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist; check the spelling of the path.") from error
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} cannot be read; check its permissions.") from error
    if not head:
        raise MediaError(f"{path.name} is empty; record or download it again.")


def _why_not_a_sound(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in SOUND_SUFFIXES | VIDEO_SUFFIXES:
        return f"{path.name} is damaged or incomplete; export or download it again."
    kind = "a picture, not a sound" if suffix in PICTURE_SUFFIXES else "not a sound or video we can read"
    return f"{path.name} is {kind}; give a {NAMES}."


def read_header(path: Path) -> Header:
    """What kind of sound a file holds; decodes its first frame.

    Raises:
        MediaError: no sound in it, 0 seconds, damaged.
    """
    with opened(path) as container:
        track = _sound_track(path, container)
        damage = Damage()
        frame = next(_frames(container, track, damage), None)
        if frame is None:
            if damage.broken_packets or damage.broken_off:
                raise MediaError(f"{path.name} is damaged: nothing in it can be decoded; export or download it again.")
            raise MediaError(f"{path.name} lasts 0 seconds; record or download it again.")
        return Header(
            rate_hz=frame.sample_rate,
            channels=frame.layout.nb_channels,
            seconds=_seconds(path, container, track),
            has_video=video_track(container) is not None,
            codec=track.codec_context.codec.canonical_name,
            tracks=len(container.streams.audio),
        )


def video_track(container: InputContainer) -> av.VideoStream | None:
    """The moving picture, if there is one."""
    return next((stream for stream in container.streams.video if not is_cover(stream)), None)


def is_cover(stream: av.VideoStream) -> bool:
    """Whether a picture track is the still cover of a sound file."""
    return bool(stream.disposition & Disposition.attached_pic)


def _sound_track(path: Path, container: InputContainer, index: int | None = None) -> av.AudioStream:
    track = container.streams.best("audio") if index is None else container.streams[index]
    if isinstance(track, av.AudioStream) and track.codec_context is not None:
        return track
    if video_track(container) is not None:
        raise MediaError(f"{path.name} has no sound track; give a video with sound.")
    raise MediaError(_why_not_a_sound(path))


def origin_s(container: InputContainer, track: av.AudioStream) -> float:
    """The time stamp at which the file begins to be shown or heard."""
    if video_track(container) is not None:
        return (container.start_time or 0) / av.time_base
    return float((track.start_time or 0) * track.time_base) if track.time_base else 0.0


def _seconds(path: Path, container: InputContainer, track: av.AudioStream) -> float:
    """Length by the header; by the packets' times where there is none, as in what browsers record."""
    if track.duration and track.time_base:
        start = float((track.start_time or 0) * track.time_base)
        return max(float(track.duration * track.time_base) + start - origin_s(container, track), 0.0)
    if container.duration:
        return container.duration / av.time_base
    end = 0.0
    with opened(path) as again:
        same = again.streams[track.index]
        try:
            for packet in again.demux(same):
                if packet.pts is not None and packet.time_base:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        except FFmpegError:
            pass  # a damaged tail: what comes before it is the length
    return max(end - origin_s(container, track), 0.0)


# -- decoding ---------------------------------------------------------------------------------------------------------


def blocks(
    path: Path, rate_hz: int, channels: int, frames: int, damage: Damage, track: int | None = None
) -> Iterator[Samples]:
    """(frames, channels) float32 in -1..1, one after the other; the last may be shorter.

    Args:
        damage: filled in with what could not be read.
        track: index of the sound track among all tracks of the file; None = the one a player would choose.
    """
    waiting: list[Samples] = []
    held = 0
    for piece in _pieces(path, rate_hz, channels, damage, track):
        waiting.append(piece)
        held += len(piece)
        if held >= frames:
            joined = np.concatenate(waiting)
            whole = held - held % frames
            for start in range(0, whole, frames):
                yield joined[start : start + frames]
            waiting, held = [joined[whole:].copy()], held - whole
    if held:
        yield np.concatenate(waiting)


def _pieces(path: Path, rate_hz: int, channels: int, damage: Damage, index: int | None) -> Iterator[Samples]:
    """Decoded frames on the file's timeline, gaps filled with silence."""
    with opened(path) as container:
        track = _sound_track(path, container, index)
        origin = origin_s(container, track)
        stated = _stated_s(path, container, track, origin)
        converter = _Converter(rate_hz, channels)
        done = 0
        for frame in _frames(container, track, damage):
            if frame.pts is not None and frame.time_base:
                gap = float(frame.pts * frame.time_base) - origin - done / rate_hz
                if _GAP_S < gap < _LONGEST_GAP_S:
                    yield from _silence(round(gap * rate_hz), rate_hz, channels)
                    done += round(gap * rate_hz)
            for piece in converter.convert(frame):
                done += len(piece)
                yield piece
        for piece in converter.convert(None):
            done += len(piece)
            yield piece
        if stated - done / rate_hz > max(_SHORT_S, 0.002 * stated):
            damage.missing_s = stated - done / rate_hz


def _stated_s(path: Path, container: InputContainer, track: av.AudioStream, origin: float) -> float:
    """When the sound should end by the header; 0 where the header is only a guess."""
    if container.format.name not in _STATES_ITS_LENGTH or not track.duration or not track.time_base:
        return 0.0
    end = float((track.duration + (track.start_time or 0)) * track.time_base) - origin
    if container.format.name == "wav" and track.bit_rate:  # FFmpeg believes the size of the file instead
        end += 8 * _bytes_missing(path) / track.bit_rate
    return end


def _bytes_missing(wav: Path) -> int:
    """By how much a RIFF file is shorter than its header says; programs that stream leave the number open."""
    with wav.open("rb") as file:
        head = file.read(8)
    stated = int.from_bytes(head[4:8], "little")
    return max(stated + 8 - wav.stat().st_size, 0) if head[:4] == b"RIFF" and stated < 2**31 else 0


def _silence(count: int, rate_hz: int, channels: int) -> Iterator[Samples]:
    for start in range(0, count, rate_hz):
        yield np.zeros((min(rate_hz, count - start), channels), np.float32)


def _frames(container: InputContainer, track: av.AudioStream, damage: Damage) -> Iterator[av.AudioFrame]:
    packets = container.demux(track)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (FFmpegError, OSError):
            damage.broken_off = True
            return
        try:
            frames: list[Any] = packet.decode()
        except (FFmpegError, ValueError):
            damage.broken_packets += 1
            continue
        yield from (frame for frame in frames if frame.samples)


class _Converter:
    """Decoded frames of any layout, rate and sample format as (n, channels) float32."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz = rate_hz
        self._layout = "mono" if channels == 1 else "stereo"
        self._resampler: av.AudioResampler | None = None
        self._takes: tuple[Any, ...] = ()

    def convert(self, frame: av.AudioFrame | None) -> Iterator[Samples]:
        """The samples of one frame; of what is still inside for None."""
        if frame is None:
            if self._resampler is not None:
                yield from map(_sane, self._resampler.resample(None))
            return
        takes = (frame.format.name, frame.layout.name, frame.sample_rate)
        if takes != self._takes:  # some streams change on the way
            yield from self.convert(None)
            self._resampler, self._takes = av.AudioResampler("fltp", self._layout, self._rate_hz), takes
        frame.pts = None
        assert self._resampler is not None
        yield from map(_sane, self._resampler.resample(frame))


def _sane(frame: av.AudioFrame) -> Samples:
    """Finite and within -1..1: files of floating-point numbers hold anything."""
    samples = np.ascontiguousarray(frame.to_ndarray().T, dtype=np.float32)
    np.nan_to_num(samples, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.clip(samples, -1.0, 1.0, out=samples)
