"""Which blocks a picture has: squares of 64 pixels, and of 32 where more protection is asked for.

Cells begin at the upper left corner; the last column and row take what is left over, so their cells are up to 127
pixels long. A fine cell has four blocks instead of one.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

CELL_PX = 64
LEAST_PX = CELL_PX
"""A sealed picture is at least so long on both sides."""
MOST_PARTS = 60_000
"""Of a message; fewer than :data:`deepmask.sealing.erasure.MOST_PARTS`."""
MOST_PARTS_OF_BLOCK = 4
"""Of an ordinary block beside fine ones, which have a quarter of its area and one part each."""

Rectangle = tuple[int, int, int, int]
"""left, top, width, height in whole pixels."""


@dataclass(frozen=True)
class Block:
    """One block: what is sealed, changed and restored as a whole."""

    box: Rectangle
    fine: bool
    """Whether it lies where more protection was asked for."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The blocks of one picture."""

    size_wh: tuple[int, int]
    fine: NDArray[np.bool_]
    """(rows, columns) cells with more protection."""

    @classmethod
    def plain(cls, size_wh: tuple[int, int]) -> Layout:
        """Without fine cells."""
        columns, rows = (len(_edges(length)) - 1 for length in size_wh)
        return cls(size_wh, np.zeros((rows, columns), bool))

    @classmethod
    def protecting(cls, mask: NDArray[np.bool_]) -> Layout:
        """With fine cells where ``mask`` (H, W) is set anywhere; none if there would be too many blocks."""
        h, w = mask.shape
        ys, xs = _edges(h), _edges(w)
        touched = np.add.reduceat(np.add.reduceat(mask, ys[:-1], 0, dtype=np.int64), xs[:-1], 1) > 0
        few = touched.size + 3 * int(touched.sum()) <= MOST_PARTS
        return cls((w, h), touched if few else np.zeros_like(touched))

    @cached_property
    def cells(self) -> list[Rectangle]:
        """All cells, row by row."""
        xs, ys = _edges(self.size_wh[0]), _edges(self.size_wh[1])
        return [(x, y, xs[i + 1] - x, ys[j + 1] - y) for j, y in enumerate(ys[:-1]) for i, x in enumerate(xs[:-1])]

    @cached_property
    def weights(self) -> list[int]:
        """How many parts of a message each block holds: ordinary ones as many as four fine ones, if there are any."""
        coarse, fine = int((~self.fine).sum()), 4 * int(self.fine.sum())
        many = MOST_PARTS_OF_BLOCK if fine and MOST_PARTS_OF_BLOCK * coarse + fine <= MOST_PARTS else 1
        return [1 if block.fine else many for block in self.blocks]

    @cached_property
    def firsts(self) -> list[int]:
        """The number of the first part of each block."""
        return [0, *itertools.accumulate(self.weights[:-1])]

    @cached_property
    def blocks(self) -> list[Block]:
        """All blocks, cell by cell; a block is numbered by its place here."""
        found: list[Block] = []
        for cell, fine in zip(self.cells, self.fine.ravel(), strict=True):
            found += [Block(box, True) for box in quarters(cell)] if fine else [Block(cell, False)]
        return found


def quarters(cell: Rectangle) -> list[Rectangle]:
    """The four blocks of a fine cell, row by row."""
    left, top, width, height = cell
    w, h = width // 2, height // 2
    xs, ys = ((left, w), (left + w, width - w)), ((top, h), (top + h, height - h))
    return [(x, y, block_w, block_h) for y, block_h in ys for x, block_w in xs]


def _edges(length: int) -> list[int]:
    """Where cells begin along one side, and where the last one ends."""
    return [*range(0, CELL_PX * max(1, length // CELL_PX), CELL_PX), length]
