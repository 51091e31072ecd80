"""Pictures in: decoded from the last point before the wanted one at which that is possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError

from deepmask.media.clip import Clip, Picture
from deepmask.media.clip_colours import ToRGB
from deepmask.media.clip_reading import BROKEN_OFF, opened, picture_track
from deepmask.media.clip_timeline import Damage, Timeline
from deepmask.media.clip_turning import Turn

_STEPS_BACK = (0, 1, 4)
"""Points before the wanted picture that are tried in turn; after them the file is decoded from its start."""


def pictures(clip: Clip, start: int, stop: int | None, damage: Damage) -> Iterator[Picture]:
    """See :meth:`deepmask.media.clip.Clip.pictures`."""
    if clip.is_animation:
        from deepmask.media.clip_animation import animation_pictures

        yield from animation_pictures(clip, start, stop)
        return
    timeline = clip.timeline
    stop = min(stop if stop is not None else len(timeline), len(timeline))
    if start >= stop:
        return
    convert: ToRGB | None = None
    turn = Turn()
    for index, frame in _frames(clip, timeline, start, damage):
        if index >= stop:
            return
        if convert is None:
            turn = Turn.of(frame)
            stored = clip.size_wh[::-1] if turn.transpose else clip.size_wh
            convert = ToRGB(stored[0], stored[1], clip.colours)
        pts = int(timeline.pts[index])
        time = pts * clip.time_base
        yield Picture(index, Fraction(time), pts, timeline.duration(index), turn.upright(convert.convert(frame)))


def _frames(clip: Clip, timeline: Timeline, start: int, damage: Damage) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decoded frames from index ``start`` on, each with its index, ascending."""
    wanted = int(timeline.pts[start])
    before = int(np.searchsorted(timeline.keys, wanted, "right")) - 1
    tries = [before - step for step in _STEPS_BACK if before - step > 0] if timeline.seekable else []
    for key in (*tries, None):
        known = replace(damage)
        with opened(clip.path) as container:
            decoding = _Decoding(clip, timeline, container, damage)
            if key is None or decoding.seek(key):
                found = decoding.frames()
                first = next(((index, frame) for index, frame in found if index >= start), None)
                if first is not None and (key is None or first[0] == start):
                    yield first
                    yield from found
                    return
        if key is not None:  # this point was none: decoding begins anew at an earlier one
            damage.restore(known)


class _Decoding:
    """One run through an open file, from its start or from a key picture."""

    def __init__(self, clip: Clip, timeline: Timeline, container: InputContainer, damage: Damage) -> None:
        self._clip, self._timeline, self._container, self._damage = clip, timeline, container, damage
        self._track = picture_track(clip.path, container)
        self._track.thread_type = "AUTO"
        self._sought: int | None = None

    def seek(self, key: int) -> bool:
        """Go to a key picture of the timeline, or one before it."""
        try:
            self._container.seek(int(self._timeline.key_dts[key]), stream=self._track)
        except (FFmpegError, OSError):
            return False
        self._sought = int(self._timeline.keys[key])
        return True

    def frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames with their indices; after a seek only those that need nothing of what was passed over."""
        last = -1
        for frame in self._decoded():
            index = last + 1
            if self._timeline.timed and frame.pts is not None:
                ticks = frame.pts - self._timeline.origin
                if self._sought is not None and ticks < self._sought:
                    continue
                index = max(int(np.searchsorted(self._timeline.pts, ticks)), index)
            elif self._sought is not None and last < 0:
                continue
            if index >= len(self._timeline):
                return
            last = index
            yield index, frame

    def _decoded(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except (FFmpegError, ValueError):
                self._damage.add(self._seconds(packet.pts))
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self._damage.add(self._seconds(frame.pts))
                yield frame

    def _packets(self) -> Iterator[av.Packet]:
        packets = self._container.demux(self._track)
        waiting = self._sought is not None
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except BROKEN_OFF:
                self._damage.broken_off = True
                return
            if waiting and packet.size:
                if not packet.is_keyframe or packet.pts is None:
                    continue
                if self._sought is not None and packet.pts - self._timeline.origin > self._sought:
                    return  # landed behind the picture that was sought
                waiting = False
            yield packet

    def _seconds(self, pts: int | None) -> float | None:
        return float((pts - self._timeline.origin) * self._clip.time_base) if pts is not None else None
