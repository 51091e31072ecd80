"""What a key and an id look like: a tile of 64 x 64 signs ("chips"), repeated over the whole picture.

A third of the chips, the pilot, are the same for all ids of a key: they say where the tile lies. The others carry the
coded id, each bit in ten or eleven places. The pilot's signs are those of a sum of few cosines, so that the spectrum of
a tagged picture has few lines by which turning and scaling are found (S. Pereira and T. Pun, Robust template matching
for affine resistant image watermarks, IEEE Transactions on Image Processing 9, 2000); everything is drawn from
SHAKE-256 of the key, so that a tag can still be read with the numpy of another year.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.tiles.coding import CODED_BITS, encoded

CHIPS = 64
"""Chips on a side of the tile."""
CHIP_PX = 2
"""Side of a chip in pixels of the pattern's own."""
TILE_PX = CHIPS * CHIP_PX
SHORT_PX = 512
"""The pattern is laid out for a picture with this shorter side, and scaled with it."""
SMALL_PX = 320
"""Below this shorter side the tile is laid twice as large, or its chips would be finer than pixels."""
SMALLEST_PX = 128
"""No tag below this shorter side."""
LINES = 10
_LINE_RADII = (12.0, 26.0)
"""Cycles in a tile: below are the picture's own contrasts, above is what blurring takes away."""
_PILOT_SHARE = 3


@dataclass(frozen=True, eq=False)
class Keyed:
    """What is drawn from a key."""

    pilot: NDArray[np.int8]
    """(64, 64) signs; of chips that carry a bit, what the bit is multiplied with."""
    carries: NDArray[np.int16]
    """(64, 64) number of the coded bit, -1 for the pilot's own chips."""
    lines: NDArray[np.float64]
    """(10, 2) x and y of the pilot's frequencies, cycles in a pixel of the pattern."""

    def chips(self, tag_id: int) -> NDArray[np.int8]:
        """(64, 64) signs of the tile for an id."""
        coded = encoded(tag_id)
        return np.where(self.carries < 0, self.pilot, self.pilot * coded[self.carries]).astype(np.int8)

    def pilot_tile(self) -> NDArray[np.float32]:
        """(128, 128) the pilot alone; 0 where bits are."""
        only = np.where(self.carries < 0, self.pilot, 0).astype(np.float32)
        return np.kron(only, np.ones((CHIP_PX, CHIP_PX), np.float32))

    def tile(self, tag_id: int) -> NDArray[np.float32]:
        """(128, 128) the whole tile for an id."""
        return np.kron(self.chips(tag_id).astype(np.float32), np.ones((CHIP_PX, CHIP_PX), np.float32))

    def soft(self, tile: NDArray[np.floating]) -> NDArray[np.float64]:
        """(258,) what a (128, 128) tile as seen in a picture says of each coded bit."""
        seen = tile.reshape(CHIPS, CHIP_PX, CHIPS, CHIP_PX).sum((1, 3)) * self.pilot
        data = self.carries >= 0
        return np.bincount(self.carries[data], weights=seen[data], minlength=CODED_BITS).astype(np.float64)


@lru_cache(maxsize=8)
def keyed(key: bytes) -> Keyed:
    """The pattern of a key."""
    words = _Words(key)
    cycles = _drawn_lines(words)
    phases = words.unit(LINES) * 2 * np.pi
    y, x = np.mgrid[:CHIPS, :CHIPS]
    turns = (cycles[:, 0, None, None] * x + cycles[:, 1, None, None] * y) * 2 * np.pi / CHIPS
    waves = np.cos(turns + phases[:, None, None]).sum(0)
    order = words.order(CHIPS * CHIPS)
    share = CHIPS * CHIPS // _PILOT_SHARE
    carries = np.full(CHIPS * CHIPS, -1, np.int16)
    carries[order[share:]] = np.arange(CHIPS * CHIPS - share) % CODED_BITS
    carries = carries.reshape(CHIPS, CHIPS)
    noise = np.where(words.unit(CHIPS * CHIPS).reshape(CHIPS, CHIPS) < 0.5, -1, 1)
    pilot = np.where(carries < 0, np.where(waves < 0, -1, 1), noise)
    return Keyed(pilot.astype(np.int8), carries, cycles / TILE_PX)


def _drawn_lines(words: _Words) -> NDArray[np.float64]:
    """(10, 2) cycles in a tile, one in each of ten sectors of the half plane."""
    low, high = _LINE_RADII
    drawn = words.unit(2 * LINES)
    angles = (np.arange(LINES) + 0.2 + 0.6 * drawn[:LINES]) * np.pi / LINES
    radii = low + (high - low) * drawn[LINES:]
    return np.round(np.stack((np.cos(angles), np.sin(angles)), 1) * radii[:, None])


class _Words:
    """Numbers that a key stands for."""

    def __init__(self, key: bytes) -> None:
        self._stream = hashlib.shake_256(b"deepmask tiles 1\0" + key)
        self._used = 0

    def _next(self, count: int) -> NDArray[np.uint64]:
        start, self._used = self._used, self._used + 8 * count
        return np.frombuffer(self._stream.digest(self._used)[start:], "<u8").astype(np.uint64)

    def unit(self, count: int) -> NDArray[np.float64]:
        """Uniform in 0..1."""
        return (self._next(count) >> np.uint64(11)) / 2.0**53

    def order(self, count: int) -> NDArray[np.intp]:
        """A permutation."""
        return np.argsort(self._next(count), kind="stable")


def pattern_scale(height: int, width: int) -> float:
    """Pixels of the pattern in one pixel of a picture of this size, when the tag is laid."""
    short = min(height, width)
    return (SHORT_PX if short >= SMALL_PX else SHORT_PX // 2) / short


def laid(chips: NDArray[np.int8], height: int, width: int) -> NDArray[np.float32]:
    """(height, width) the tile repeated at the scale of a picture: in -1..1, a chip blending into the next."""
    scale = pattern_scale(height, width)
    down, across = _weights(height, scale), _weights(width, scale)
    return (down @ chips.astype(np.float32)) @ across.T


def _weights(length: int, scale: float) -> NDArray[np.float32]:
    """(length, 64) how much of each pixel lies in which chip of a row of repeated tiles."""
    reach = max(scale, 1.0) / CHIP_PX
    centres = (np.arange(length) + 0.5) * scale / CHIP_PX
    first = np.floor(centres - reach / 2).astype(np.intp)
    weights = np.zeros((length, CHIPS), np.float64)
    rows = np.arange(length)
    for step in range(int(np.ceil(reach)) + 1):
        chip = first + step
        overlap = np.minimum(centres + reach / 2, chip + 1) - np.maximum(centres - reach / 2, chip)
        weights[rows, chip % CHIPS] += np.clip(overlap, 0.0, None) / reach
    return weights.astype(np.float32)
