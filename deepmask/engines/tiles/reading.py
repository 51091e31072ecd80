"""From pictures, and a guess how the pattern lies in them, to the id.

Several pictures may carry the same tag in the same place, as those of a video do; what they show is added up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from deepmask.engines.protocols import TagFound
from deepmask.engines.tiles.coding import decoded
from deepmask.engines.tiles.geometry import Lay, Sheet, size_of, spread
from deepmask.engines.tiles.pattern import TILE_PX, Keyed
from deepmask.engines.tiles.residual import folded, residual

Greys = Sequence[NDArray[np.uint8]]
"""One or more (H, W) pictures of the same size."""

SURE = 5.0
"""Deviations of the pilot below which nothing is believed. One of a hundred pictures without a tag reaches as much, and
of these the checksum lets one of 30 000 pass."""
WORTH_REFINING = 4.6
"""Below it a guess is wrong."""
_WINDOW_PX, _FINER = 8, 4
_CLIMBING = ((1.5, 2), (0.5, 2), (0.2, 2))
"""Steps in pixels, at the sheet's edge, and how many to each side."""

_NO_WORSE = 0.9
_AROUND_PX = 24.0


@dataclass(frozen=True, eq=False)
class Sight:
    """A pattern seen in pictures, well or badly."""

    lay: Lay
    confidence: float
    offset_xy: tuple[float, float]
    """Where a tile of the pattern begins, in the pattern's pixels from the picture's corner."""
    tile: NDArray[np.float32]
    """(128, 128) sum of all tiles, from where the pattern begins."""


def look(greys: Greys, pattern: Keyed, lay: Lay, shift: tuple[float, float] = (0.0, 0.0)) -> Sight:
    """The pattern as it is seen if it lies like that.

    Args:
        shift: x and y, part of a pixel, by which the sheets begin later.
    """
    sheets = [spread(grey, lay.matrix, shift) for grey in greys]
    tile = np.sum([folded(residual(sheet)) for sheet in sheets], 0, dtype=np.float32)
    return _sight(lay, tile, pattern, sheets[0].origin)


def aligned(greys: Greys, pattern: Keyed, seen: Sight) -> Sight:
    """The same with its chips between the pixels of the sheet, where they are seen best."""
    height, width = greys[0].shape
    low, _ = size_of(height, width, seen.lay.matrix)
    x, y = ((at - edge) % 1.0 for at, edge in zip(seen.offset_xy, low, strict=True))
    other = look(greys, pattern, seen.lay, (x - round(x), y - round(y)))
    return max(seen, other, key=lambda sight: sight.confidence)


def _sight(lay: Lay, tile: NDArray[np.float32], pattern: Keyed, origin: tuple[float, float]) -> Sight:
    likeness = _likeness(tile, pattern)
    y, x = divmod(int(likeness.argmax()), TILE_PX)
    confidence = float((likeness[y, x] - likeness.mean()) / (likeness.std() + 1e-9))
    right, below = (x + 1) % TILE_PX, (y + 1) % TILE_PX
    fine = (
        x + _between(likeness[y, x - 1], likeness[y, x], likeness[y, right]),
        y + _between(likeness[y - 1, x], likeness[y, x], likeness[below, x]),
    )
    begins = ((fine[0] + origin[0]) % TILE_PX, (fine[1] + origin[1]) % TILE_PX)
    return Sight(lay, confidence, begins, moved(tile, fine))


def _likeness(tiles: NDArray[np.float32], pattern: Keyed) -> NDArray[np.float32]:
    """(..., 128, 128) how well tiles agree with the pilot, moved by each whole number of pixels."""
    waves = np.fft.rfft2(tiles) * np.conj(np.fft.rfft2(pattern.pilot_tile()))
    return np.fft.irfft2(waves, tiles.shape[-2:]).astype(np.float32)


def _between(before: float, here: float, after: float) -> float:
    """Where a parabola through three neighbours has its top, -0.5..0.5 of a step."""
    bend = before - 2 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def moved(tile: NDArray[np.float32], begins: tuple[float, float]) -> NDArray[np.float32]:
    """The tile from another place on, between pixels if need be."""
    x, y = np.fft.rfftfreq(TILE_PX), np.fft.fftfreq(TILE_PX)
    turn = np.exp(2j * np.pi * (y[:, None] * begins[1] + x[None] * begins[0]))
    return np.fft.irfft2(np.fft.rfft2(tile) * turn, (TILE_PX, TILE_PX)).astype(np.float32)


def refined(greys: Greys, pattern: Keyed, first: Sight) -> Sight:
    """The lay nearby in which the pattern stands out most, by where each tile of the sheet shows it."""
    sheets = [spread(grey, first.lay.matrix) for grey in greys]
    middles, maps = _seen_by_tile(sheets, pattern, first.offset_xy)
    if not len(middles):
        return aligned(greys, pattern, first)
    reach = float(np.abs(middles).max() + TILE_PX / 2)
    change, shift = np.zeros(3), np.zeros(2)
    for step_px, count in _CLIMBING:
        change, shift = _climbed(middles, maps, change, shift, step_px, count, reach)
    scale, turn, aspect = change
    lay = first.lay.changed(1.0 / (1.0 + scale), -math.degrees(turn), 1.0 / (1.0 + aspect))
    better = aligned(greys, pattern, look(greys, pattern, lay))
    return better if better.confidence > _NO_WORSE * first.confidence else aligned(greys, pattern, first)


def _seen_by_tile(
    sheets: Sequence[Sheet], pattern: Keyed, offset_xy: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Of each whole tile of the sheets its middle, from the sheet's, and a map of likenesses around the offset.

    The maps have quarters of pixels: a peak between two pixels would be pulled to one of them otherwise.
    """
    rest = np.sum([residual(sheet) for sheet in sheets], 0, dtype=np.float32)
    height, width = rest.shape
    rows, columns = height // TILE_PX, width // TILE_PX
    tiles = rest[: rows * TILE_PX, : columns * TILE_PX].reshape(rows, TILE_PX, columns, TILE_PX).swapaxes(1, 2)
    likeness = _likeness(tiles.reshape(-1, TILE_PX, TILE_PX), pattern)
    x, y = (round(at - low) for at, low in zip(offset_xy, sheets[0].origin, strict=True))
    around = np.arange(-_WINDOW_PX, _WINDOW_PX + 1)
    coarse = likeness[:, (around[:, None] + y) % TILE_PX, (around[None] + x) % TILE_PX]
    side = 2 * _WINDOW_PX * _FINER + 1
    maps = np.asarray(ndimage.zoom(coarse, (1, side / coarse.shape[1], side / coarse.shape[2]), order=3), np.float32)
    down, across = np.mgrid[:rows, :columns].reshape(2, -1)
    middles = (np.stack((across, down), 1) + 0.5) * TILE_PX - np.array([width, height]) / 2
    return middles, maps


def _climbed(
    middles: NDArray[np.float64],
    maps: NDArray[np.float32],
    change: NDArray[np.float64],
    shift: NDArray[np.float64],
    step_px: float,
    count: int,
    reach: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The best of all changes of scale, turn and aspect around one, with the shift of all that goes with it."""
    steps = np.arange(-count, count + 1) * step_px
    changes = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3) / reach + change
    shifts = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2) + shift
    scale, turn, aspect = (changes[:, n, None] for n in range(3))
    x, y = middles.T
    away = np.stack(((scale - aspect / 2) * x - turn * y, turn * x + (scale + aspect / 2) * y), -1)
    total = sum(_interpolated(one, away[:, n, None] + shifts[None]) for n, one in enumerate(maps))
    best, at = divmod(int(np.argmax(total)), len(shifts))
    return changes[best], shifts[at]


def _interpolated(one: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of a map between its pixels; (..., 2) x and y from its middle."""
    places = (np.clip(places, -_WINDOW_PX, _WINDOW_PX - 1e-3) + _WINDOW_PX) * _FINER
    whole = places.astype(np.intp)
    px, py = np.moveaxis(places - whole, -1, 0)
    left, top = np.moveaxis(whole, -1, 0)
    upper = one[top, left] * (1 - px) + one[top, left + 1] * px
    lower = one[top + 1, left] * (1 - px) + one[top + 1, left + 1] * px
    return upper * (1 - py) + lower * py


def told(greys: Greys, pattern: Keyed, sight: Sight) -> TagFound | None:
    """The id, if the pilot stands out and the checksum holds; second try without what seems to have no tag."""
    if sight.confidence < SURE:
        return None
    tag_id = decoded(pattern.soft(sight.tile))
    if tag_id is None:
        tag_id = decoded(pattern.soft(_weighed(greys, pattern, sight)))
    if tag_id is None:
        return None
    lay = sight.lay
    degrees = (lay.angle_degrees + 180.0) % 360.0 - 180.0
    return TagFound(tag_id, sight.confidence, lay.scale, degrees, sight.offset_xy, lay.mirrored, lay.aspect)


def _weighed(greys: Greys, pattern: Keyed, sight: Sight) -> NDArray[np.float32]:
    """(128, 128) sum of all tiles in which places count by how much of the pilot is seen around them.

    A large face that was put over the picture adds nothing but noise.
    """
    sheets = [spread(grey, sight.lay.matrix) for grey in greys]
    begins = tuple(at - low for at, low in zip(sight.offset_xy, sheets[0].origin, strict=True))
    pilot = moved(pattern.pilot_tile(), (-begins[0], -begins[1]))
    total = np.zeros((TILE_PX, TILE_PX), np.float32)
    for sheet in sheets:
        rest = residual(sheet)
        agreement = cv2.GaussianBlur(rest * tiled(pilot, rest.shape), (0, 0), _AROUND_PX)
        weight = np.clip(agreement / max(float(np.quantile(agreement, 0.8)), 1e-6), 0.0, 1.0)
        total += folded((rest * weight).astype(np.float32))
    return moved(total, (begins[0], begins[1]))


def tiled(tile: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """(h, w) tiles side by side."""
    rows, columns = -(-shape[0] // TILE_PX), -(-shape[1] // TILE_PX)
    return np.tile(tile, (rows, columns))[: shape[0], : shape[1]]
