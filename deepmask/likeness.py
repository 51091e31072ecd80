"""What a picture roughly looks like, in some hundred bits from which nobody can see what it shows.

Of a grid with 16 cells on the shorter side it is known whether a cell is lighter than its right and its lower
neighbour, no more (the difference hash of N. Krawetz, 2013, on a grid that does not change its shape with the
picture's). The grid fits the tiles of a tag, so that a crop can be laid onto the whole picture's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import InputError

CELLS_SHORT = 16
"""Cells on the shorter side of a picture."""
_MOST_CELLS = 1024
"""On the longer side."""
_CLEAR = 12.0
"""Grey levels between neighbours from which on a bit counts fully."""
_LEAST_BITS = 24
"""In which two pictures must overlap."""
_MOSTLY = 0.7
"""Share of the other picture that must lie over this one: it may have a frame now, no more."""


@dataclass(frozen=True, eq=False)
class Likeness:
    """The bits of one picture."""

    across: NDArray[np.bool_]
    """(rows, columns - 1) whether a cell is lighter than the one to its right."""
    down: NDArray[np.bool_]
    """(rows - 1, columns) whether it is lighter than the one below."""

    @classmethod
    def of(cls, cells: NDArray[np.floating]) -> Self:
        """That of (rows, columns) mean grey levels."""
        return cls(cells[:, :-1] > cells[:, 1:], cells[:-1] > cells[1:])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return self.across.shape[0], self.down.shape[1]

    def agreement(self, cells: NDArray[np.floating], place: tuple[int, int]) -> float:
        """How well other cells agree; see :meth:`Likenesses.agreements`."""
        return float(Likenesses.of([self]).agreements(cells, place)[0])

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        bits = np.concatenate((self.across.ravel(), self.down.ravel()))
        return {"rows": self.shape[0], "columns": self.shape[1], "bits": np.packbits(bits).tobytes().hex()}

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read what :meth:`to_json` made.

        Raises:
            InputError: it is something else.
        """
        try:
            rows, columns = int(data["rows"]), int(data["columns"])
            if not (2 <= rows <= _MOST_CELLS and 2 <= columns <= _MOST_CELLS):
                raise ValueError("too many cells")
            first, second = rows * (columns - 1), (rows - 1) * columns
            packed = np.frombuffer(bytes.fromhex(data["bits"]), np.uint8)
            bits = np.unpackbits(packed, count=first + second).astype(bool)
            if len(packed) != -(-(first + second) // 8):
                raise ValueError("too many bits")
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"This is no likeness of a picture ({error}).") from error
        return cls(bits[:first].reshape(rows, columns - 1), bits[first:].reshape(rows - 1, columns))


@dataclass(frozen=True, eq=False)
class Likenesses:
    """Those of several pictures of one size, compared in one go."""

    across: NDArray[np.float32]
    """(n, rows, columns - 1) 1 where a cell is lighter than the one to its right, else -1."""
    down: NDArray[np.float32]
    """(n, rows - 1, columns)."""

    @classmethod
    def of(cls, several: Sequence[Likeness]) -> Self:
        """Some of the same shape."""
        across, down = np.stack([one.across for one in several]), np.stack([one.down for one in several])
        return cls(across.astype(np.float32) * 2 - 1, down.astype(np.float32) * 2 - 1)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return self.across.shape[1], self.down.shape[2]

    def agreements(self, cells: NDArray[np.floating], place: tuple[int, int]) -> NDArray[np.float32]:
        """(n,) how well other cells agree: 1 in all bits, 0 as often as by chance, -1 in none; less where few overlap.

        Args:
            cells: (rows, columns) mean grey levels; NaN where nothing is known.
            place: row and column of this grid at which the first of ``cells`` lies, perhaps negative.
        """
        right, lower = steps(cells)
        agreed, weighed, bits = np.zeros(len(self.across), np.float32), 0.0, 0
        for ours, theirs in ((self.across, right), (self.down, lower)):
            mine, its = _overlap(ours.shape[1:], theirs, place)
            weight = _weights(its)
            agreed += np.tensordot(ours[:, mine[0], mine[1]], np.where(its > 0, weight, -weight).astype(np.float32), 2)
            weighed += float(weight.sum())
            bits += int((~np.isnan(its)).sum())
        if bits < _LEAST_BITS or weighed <= 0:
            return np.zeros_like(agreed)
        return agreed / weighed * min(1.0, weighed / _LEAST_BITS, weighed / clearness(cells) / _MOSTLY)


def steps(cells: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """By how much cells are lighter than those to their right, and than those below."""
    return cells[:, :-1] - cells[:, 1:], cells[:-1] - cells[1:]


def clearness(cells: NDArray[np.floating]) -> float:
    """How many bits such cells have, unclear ones counting in part."""
    return float(sum(_weights(one).sum() for one in steps(cells)))


def plain(cells: NDArray[np.floating]) -> bool:
    """Whether so little is seen that nothing can be compared with it."""
    return clearness(cells) < _LEAST_BITS


def _weights(differences: NDArray[np.floating]) -> NDArray[np.floating]:
    """0..1 how clearly one cell is lighter than the other; 0 where that is not known."""
    return np.nan_to_num(np.minimum(np.abs(differences) / _CLEAR, 1.0))


def _overlap(
    shape: tuple[int, ...], theirs: NDArray[np.floating], place: tuple[int, int]
) -> tuple[list[slice], NDArray[np.floating]]:
    """Where in a grid of this shape others lie over it, and that part of them."""
    mine, its = [], []
    for length, other, first in zip(shape, theirs.shape, place, strict=True):
        start, stop = max(0, first), max(0, min(length, first + other))
        mine.append(slice(start, max(start, stop)))
        its.append(slice(start - first, max(start, stop) - first))
    return mine, theirs[its[0], its[1]]
