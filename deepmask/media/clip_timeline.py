"""When each picture of a clip is shown, and where decoding can begin: one pass over the packets, nothing decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import MediaError
from deepmask.media.clip import Clip

_SHORT_S = 0.5
"""A file whose pictures end this much before the time it states was cut off."""
_SEEKABLE = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "flv"}
"""Containers in which a seek leads where it should."""
_STATES_ITS_LENGTH = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "asf"}

Ticks = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Timeline:
    """Ticks are those of the clip's ``time_base``; tick 0 is the moment the clip begins to be shown or heard."""

    pts: Ticks
    """(n,) when each picture is shown, ascending."""
    end: int
    """When the last one goes."""
    keys: Ticks
    """(k,) times of pictures at which decoding can begin, ascending."""
    key_dts: Ticks
    """(k,) decoding times of the same; what a container is asked for."""
    origin: int
    """Time stamp in the file of tick 0."""
    timed: bool
    """False where the file states no times of showing (AVI with B-pictures): then pictures are counted."""
    seekable: bool
    """Whether decoding can begin at a key picture; else it begins at the start of the file."""
    fingerprint: str
    damaged: str

    def __len__(self) -> int:
        return len(self.pts)

    def duration(self, index: int) -> int:
        """Ticks for which a picture is shown."""
        return int(self.pts[index + 1] if index + 1 < len(self.pts) else self.end) - int(self.pts[index])

    def index_at(self, ticks: int) -> int:
        """Index of the picture that is shown at a moment; the first or last one outside the clip."""
        return min(max(int(np.searchsorted(self.pts, ticks, "right")) - 1, 0), len(self.pts) - 1)


@dataclass
class Damage:
    """What decoding stumbled over; filled in while it runs."""

    broken: int = 0
    """Pieces that could not be decoded, or not without errors."""
    first_s: float | None = None
    """Where the first of them is."""
    broken_off: bool = False
    missing_s: float = 0.0

    def add(self, seconds: float | None) -> None:
        """One more broken piece."""
        self.broken += 1
        if self.first_s is None:
            self.first_s = seconds

    def restore(self, earlier: Damage) -> None:
        """Become what it was."""
        self.broken, self.first_s = earlier.broken, earlier.first_s
        self.broken_off, self.missing_s = earlier.broken_off, earlier.missing_s

    def __str__(self) -> str:
        parts = []
        if self.broken:
            where = f" from {clock(self.first_s)} on" if self.first_s is not None else ""
            parts.append(f"{self.broken} damaged piece{'s' if self.broken > 1 else ''}{where}")
        if self.missing_s:
            parts.append(f"the last {self.missing_s:.1f} seconds are missing")
        elif self.broken_off:
            parts.append("the end cannot be read")
        return " and ".join(parts)


def clock(seconds: float) -> str:
    """'0:07' or '1:02:03'."""
    minutes, whole = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def measure(clip: Clip) -> Timeline:
    """Read all packets of the moving picture once.

    Raises:
        MediaError: the file is gone, or nothing in it can be read.
    """
    if clip.is_animation:
        from deepmask.media.clip_animation import measure_animation

        return measure_animation(clip)
    from deepmask.media.clip_reading import opened, origin_ticks, picture_track

    with opened(clip.path) as container:
        track = picture_track(clip.path, container)
        origin = origin_ticks(container, track)
        damage = Damage()
        # AVI states no times of showing, and those made up for B-pictures are wrong
        timed = container.format.name != "avi" or not track.codec_context.has_b_frames
        packets = _Packets(clip, origin, timed, container.format.name in _SEEKABLE)
        read_s = 0.0
        for packet in _read(container, damage):
            if packet.stream_index == track.index:
                packets.add(packet, damage)
            elif packet.pts is not None:
                read_s = max(read_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        return packets.finished(damage, _stated_end(container, track, origin), read_s)


def _read(container: Any, damage: Damage) -> Iterator[Any]:
    from deepmask.media.clip_reading import BROKEN_OFF

    try:
        yield from (packet for packet in container.demux() if packet.size)
    except BROKEN_OFF:
        damage.broken_off = True


def _stated_end(container: Any, track: Any, origin: int) -> tuple[int, bool]:
    """When the pictures go by the header, 0 where it does not tell; and whether that is the end of the sound, too."""
    if container.format.name not in _STATES_ITS_LENGTH:
        return 0, False
    if track.duration:
        return (track.start_time or 0) + track.duration - origin, False
    return round(Fraction(container.duration or 0, 1_000_000) / track.time_base), True


class _Packets:
    """What is noted of each packet."""

    def __init__(self, clip: Clip, origin: int, timed: bool, seekable: bool) -> None:
        self._clip, self._origin, self._timed, self._seekable = clip, origin, timed, seekable
        self._pts: list[int] = []
        self._dts: list[int] = []
        self._keys: list[tuple[int, int]] = []
        self._end = 0
        self._digest = hashlib.sha256(f"{clip.size_wh[0]}x{clip.size_wh[1]}".encode())

    def add(self, packet: Any, damage: Damage) -> None:
        self._digest.update(packet)
        pts, dts = packet.pts, packet.dts
        if pts is None:
            self._timed = False
        shown = (pts if pts is not None else dts if dts is not None else self._end + self._origin) - self._origin
        if packet.is_corrupt:
            damage.add(float(max(shown, 0) * self._clip.time_base))
        if packet.is_keyframe:
            self._keys.append((shown, dts if dts is not None else shown + self._origin))
        if packet.is_discard:
            return
        self._pts.append(shown)
        self._dts.append((dts if dts is not None else shown + self._origin) - self._origin)
        self._end = max(self._end, shown + (packet.duration or 0))

    def finished(self, damage: Damage, stated_end: tuple[int, bool], others_s: float) -> Timeline:
        """The timeline.

        Args:
            stated_end: of :func:`_stated_end`.
            others_s: time stamp up to which there was sound.
        """
        if not self._pts:
            raise MediaError(f"{self._clip.name} is damaged: no picture can be read; export or download it again.")
        times = np.array(self._pts if self._timed else self._dts, np.int64)
        pts = np.unique(times)
        stated, of_all = stated_end
        end = self._end_after(pts, 0 if of_all else stated)
        read_s = max(float(end * self._clip.time_base), others_s if of_all else 0.0)
        missing_s = float(stated * self._clip.time_base) - read_s
        if missing_s > max(_SHORT_S, 0.002 * read_s):
            damage.missing_s = missing_s
        keys = np.array(sorted(self._keys) or [(int(pts[0]), int(pts[0]) + self._origin)], np.int64)
        fingerprint, seekable = self._digest.hexdigest(), self._seekable and self._timed
        return Timeline(pts, end, keys[:, 0], keys[:, 1], self._origin, self._timed, seekable, fingerprint, str(damage))

    def _end_after(self, pts: Ticks, stated_end: int) -> int:
        """When the last picture goes: by the header if that is near, else by the packets, else after one more step."""
        last = int(pts[-1])
        step = last - int(pts[-2]) if len(pts) > 1 else max(round(1 / self._clip.fps / self._clip.time_base), 1)
        if last < stated_end <= last + max(4 * step, round(_SHORT_S / self._clip.time_base)):
            return stated_end
        return self._end if self._end > last else last + step
