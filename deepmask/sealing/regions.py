"""Segmentation maps for seals: which class prevails in each cell of a coarse grid.

Coarse on purpose. A mark moves pixels by one level, and another processor rounds otherwise; both move the borders of a
fine map, which must not look like a forgery.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

_LEAST_PX = 16
"""A cell is at least so large."""
_LONGER_SIDE = 32
"""Cells along the longer side, at most."""
_HEAD = struct.Struct(">HBBH")
_NAME = re.compile(r"[\w][\w .-]{0,39}", re.ASCII)
"""Names come from strangers and are printed."""


@dataclass(frozen=True, eq=False)
class Regions:
    """A coarse segmentation map."""

    parser: str
    """The engine it comes from."""
    classes: tuple[str, ...]
    """Names by number; the first is the background."""
    cells: NDArray[np.uint8]
    """(rows, columns) numbers of classes."""

    @classmethod
    def of(cls, parsed: NDArray[np.uint8], parser: str, classes: tuple[str, ...]) -> Self:
        """Of a full map (H, W): the most frequent class of each cell, of equals the one with the lower number."""
        h, w = parsed.shape
        side = max(_LEAST_PX, -(-max(h, w) // _LONGER_SIDE))
        rows, columns = -(-h // side), -(-w // side)
        ys, xs = (np.arange(rows) * side, np.arange(columns) * side)
        counts = [
            np.add.reduceat(np.add.reduceat(parsed == n, ys, 0, dtype=np.int32), xs, 1) for n in range(len(classes))
        ]
        return cls(parser, classes, np.argmax(counts, axis=0).astype(np.uint8))

    def digest(self) -> bytes:
        """SHA-256 of the names of the classes that occur, and of which cells are whose."""
        said = [f"{name}:{self.where(name).tobytes().hex()}" for name in sorted(self.classes) if self.where(name).any()]
        return hashlib.sha256("\n".join([self.parser, str(self.cells.shape), *said]).encode()).digest()

    def agreement(self, other: Regions) -> dict[str, float]:
        """Class → 0..1, the share of cells with this class in either map that have it in both."""
        if self.cells.shape != other.cells.shape:
            return {}
        shares: dict[str, float] = {}
        for name in dict.fromkeys([*self.classes, *other.classes]):
            a, b = self.where(name), other.where(name)
            if either := int((a | b).sum()):
                shares[name] = int((a & b).sum()) / either
        return shares

    def where(self, name: str) -> NDArray[np.bool_]:
        """(rows, columns) cells of one class."""
        return self.cells == self.classes.index(name) if name in self.classes else np.zeros(self.cells.shape, bool)


def pack_maps(before: Regions, after: Regions) -> bytes:
    """Two maps of one picture: parser, names of the classes that occur, size, runs of the first and of differences."""
    names = sorted({maps.classes[n] for maps in (before, after) for n in np.unique(maps.cells)})
    first, second = (_numbered(maps, names) for maps in (before, after))
    text = "\n".join([before.parser, *names]).encode()
    runs, differing = pack_runs(first), pack_runs(np.where(first == second, 0, second + 1).astype(np.uint8))
    return _HEAD.pack(len(text), *first.shape, len(runs)) + text + runs + differing


def unpack_maps(data: bytes) -> tuple[Regions, Regions]:
    """Inverse of :func:`pack_maps`, with the classes that occur.

    Raises:
        ValueError: these bytes are no maps.
    """
    if len(data) < _HEAD.size:
        raise ValueError("no segmentation maps")
    length, rows, columns, run_bytes = _HEAD.unpack_from(data)
    text, runs = data[_HEAD.size : _HEAD.size + length].decode("ascii"), data[_HEAD.size + length :]
    parser, *names = text.split("\n")
    first = unpack_runs(runs[:run_bytes], (rows, columns))
    differing = unpack_runs(runs[run_bytes:], (rows, columns))
    second = np.where(differing > 0, differing - 1, first).astype(np.uint8)
    if not _NAME.fullmatch(parser) or not all(map(_NAME.fullmatch, names)) or not first.size:
        raise ValueError("no segmentation maps")
    if max(first.max(), second.max()) >= len(names):
        raise ValueError("a class without a name")
    return Regions(parser, tuple(names), first), Regions(parser, tuple(names), second)


def _numbered(maps: Regions, names: list[str]) -> NDArray[np.uint8]:
    numbers = np.array([names.index(name) if name in names else 0 for name in maps.classes], np.uint8)
    return numbers[maps.cells]


def pack_runs(cells: NDArray[np.uint8] | NDArray[np.bool_]) -> bytes:
    """Run lengths: value and length less one, a byte each. Unlike zlib's output it is the same everywhere."""
    return bytes(byte for run in _runs(cells.ravel()) for byte in run)


def _runs(flat: NDArray[np.uint8] | NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1, [len(flat)]])
    for a, b in itertools.pairwise(starts.tolist()):
        for begin in range(a, b, 256):
            yield int(flat[begin]), min(256, b - begin) - 1


def unpack_runs(data: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Inverse of :func:`pack_runs`.

    Raises:
        ValueError: not as many cells as ``shape`` has.
    """
    pairs = np.frombuffer(data, np.uint8).reshape(-1, 2)
    cells = np.repeat(pairs[:, 0], pairs[:, 1].astype(np.int64) + 1)
    if cells.size != np.prod(shape):
        raise ValueError("run lengths of another size")
    return cells.reshape(shape)
