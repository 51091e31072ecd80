"""Segmentation maps for seals: which class prevails in each cell of a coarse grid.

Coarse on purpose. A mark moves pixels by one level, and another processor rounds otherwise; both move the borders of a
fine map, which must not look like a forgery.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

_LEAST_PX = 16
"""A cell is at least so large."""
_LONGER_SIDE = 32
"""Cells along the longer side, at most."""


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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regions) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Parser, names of the classes that occur, size, runs."""
        used = np.unique(self.cells)
        names = "\n".join([self.parser, *(self.classes[n] for n in used)]).encode()
        numbered = np.searchsorted(used, self.cells).astype(np.uint8)
        rows, columns = self.cells.shape
        return bytes([len(names) & 255, len(names) >> 8, rows, columns]) + names + pack_runs(numbered)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Inverse of :meth:`to_bytes`, with the classes that occur.

        Raises:
            ValueError: these bytes are no map.
        """
        if len(data) < 4:
            raise ValueError("no segmentation map")
        length, rows, columns = data[0] + 256 * data[1], data[2], data[3]
        parser, *classes = data[4 : 4 + length].decode().split("\n")
        cells = unpack_runs(data[4 + length :], (rows, columns))
        if not classes or cells.size == 0 or cells.max() >= len(classes):
            raise ValueError("no segmentation map")
        return cls(parser, tuple(classes), cells)

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


def pack_runs(cells: NDArray[np.uint8] | NDArray[np.bool_]) -> bytes:
    """Run lengths: value and length less one, a byte each. Unlike zlib's output it is the same everywhere."""
    return bytes(byte for run in _runs(cells.ravel()) for byte in run)


def _runs(flat: NDArray[np.uint8] | NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1, [len(flat)]])
    for a, b in zip(starts[:-1], starts[1:], strict=True):
        for begin in range(a, b, 256):
            yield int(flat[begin]), min(256, int(b) - begin) - 1


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
