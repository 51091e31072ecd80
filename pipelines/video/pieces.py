"""What another machine needs of a video file to decode one stretch of it: the same file with a hole.

A stretch is not cut out by writing a new file, which would have other times and other beginnings, but by leaving out
the bytes of all that is not decoded for it. Index, times and positions stay those of the whole file, so decoding takes
the same way and gives the same bits. Files in which that way leads elsewhere (no index, broken, from their start only)
travel whole.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import MediaError
from deepmask.media.clip import Clip
from deepmask.media.clip_timeline import Damage

_HEAD_BYTES = 5_100_000
"""What FFmpeg may read to learn what a file is (its ``probesize``, and a block more)."""
_SLACK_BYTES = 1 << 20
"""Headers of clusters and other tracks around the packets that are needed."""
_LATER_FRAMES = 64
"""Pictures after the stretch: decoders give a picture only when they got later ones, each thread of theirs one."""
_KEYS_BACK = (0, 1, 4)
"""Where decoding cannot begin at the key picture before the stretch (some of HEVC are none), earlier ones are tried."""
_WORTH = 0.7
"""Pieces that come to more than this of the file are not worth cutting."""
_OPEN_FILES = Path("/proc/self/fd")


@dataclass(frozen=True)
class Piece:
    """Parts of a file."""

    size: int
    """Of the whole file, bytes."""
    parts: tuple[tuple[int, bytes], ...]
    """Positions and bytes."""

    def __len__(self) -> int:
        return sum(len(data) for _, data in self.parts)

    @contextlib.contextmanager
    def placed(self, path: Path) -> Iterator[Path]:
        """A file of the same length with holes, called ``path``.

        Where the system allows it, that is but a link to a file without a name, which is gone with this process,
        however it ends.
        """
        nameless = _OPEN_FILES.is_dir()
        with tempfile.TemporaryFile(dir=path.parent) if nameless else path.open("wb") as file:
            for position, data in self.parts:
                file.seek(position)
                file.write(data)
            file.truncate(self.size)
            file.flush()
            if nameless:
                path.symlink_to(_OPEN_FILES / str(file.fileno()))
            try:
                yield path
            finally:
                path.unlink()


class Cutter:
    """Cuts pieces from the file of a clip."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._size = clip.path.stat().st_size
        self._packets = None if clip.is_animation or not clip.timeline.seekable else _packets(clip)

    def piece(self, begins: Sequence[int], stop: int) -> Piece | None:
        """What is needed to decode from each of ``begins`` up to ``stop``, which is not included; None: the whole file.

        Args:
            begins: indices of pictures, as :meth:`deepmask.media.clip.Clip.pictures` is asked for.
        """
        if self._packets is None:
            return None
        for back in _KEYS_BACK:
            ranges = self._ranges(self._packets, min(begins), stop, back)
            if sum(end - start for start, end in ranges) > _WORTH * self._size:
                return None
            with self._clip.path.open("rb") as file:
                piece = Piece(self._size, tuple((start, _read(file, start, end)) for start, end in ranges))
            if all(_begins(self._clip, piece, begin) for begin in begins):
                return piece
        return None

    def _ranges(self, packets: _Packets, begin: int, stop: int, back: int) -> list[tuple[int, int]]:
        low, high = packets.reach(self._clip, begin, stop, back)
        wanted = [(0, _HEAD_BYTES), (low - _SLACK_BYTES, high + _SLACK_BYTES), (packets.end, self._size)]
        return _united([(max(start, 0), min(end, self._size)) for start, end in wanted])

    def whole(self) -> Piece:
        """All of the file."""
        return Piece(self._size, ((0, self._clip.path.read_bytes()),))


@dataclass(frozen=True)
class _Packets:
    """Those of the moving picture, in the order of decoding; (n,) each."""

    shown: NDArray[np.int64]
    """Ticks."""
    position: NDArray[np.int64]
    """Bytes from the start of the file."""
    size: NDArray[np.int64]
    key: NDArray[np.bool_]
    end: int
    """Where the last packet of all tracks ends."""

    def reach(self, clip: Clip, begin: int, stop: int, back: int) -> tuple[int, int]:
        """First byte of the packets that are decoded for a stretch, and the end of the last.

        Args:
            back: key pictures further back from which decoding begins.
        """
        timeline = clip.timeline
        wanted = int(timeline.pts[begin])
        last = int(timeline.pts[min(stop + _LATER_FRAMES, len(timeline)) - 1])
        keys = np.flatnonzero(self.key & (self.shown <= wanted))
        first = int(keys[-1 - back]) if back < len(keys) else 0
        behind = int(np.flatnonzero(self.shown <= last)[-1]) + 1
        here = slice(first, max(behind, first + 1))
        return int(self.position[here].min()), int((self.position[here] + self.size[here]).max())


def _packets(clip: Clip) -> _Packets | None:
    """None where the file does not tell where its packets lie."""
    from deepmask.media.clip_reading import BROKEN_OFF, opened, picture_track

    rows: list[tuple[int, int, int, bool]] = []
    end = 0
    with opened(clip.path) as container:
        track = picture_track(clip.path, container)
        try:
            for packet in container.demux():
                if not packet.size:
                    continue
                if packet.pos is None or packet.pos < 0:
                    return None
                end = max(end, packet.pos + packet.size)
                if packet.stream_index == track.index:
                    if packet.pts is None:
                        return None
                    rows.append((packet.pts - clip.timeline.origin, packet.pos, packet.size, packet.is_keyframe))
        except BROKEN_OFF:
            return None
    if not any(key for *_, key in rows):
        return None
    shown, position, size, key = zip(*rows, strict=True)
    return _Packets(
        np.array(shown, np.int64), np.array(position, np.int64), np.array(size, np.int64), np.array(key), end
    )


def _united(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending ranges that do not touch."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        elif end > start:
            united.append((start, end))
    return united


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def _begins(clip: Clip, piece: Piece, index: int) -> bool:
    """Whether decoding of the piece begins with this picture, and without a fault."""
    damage = Damage()
    with tempfile.TemporaryDirectory(prefix="deepmask-") as folder, piece.placed(Path(folder) / clip.path.name) as path:
        try:
            found = [picture.index for picture in clip.at(path).pictures(index, index + 1, damage=damage)]
        except MediaError:
            return False
    return found == [index] and not damage.broken and not damage.broken_off
