"""From a picture, and a guess how the pattern lies in it, to the id."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.protocols import TagFound
from deepmask.engines.tiles.coding import decoded
from deepmask.engines.tiles.geometry import Lay, size_of, spread
from deepmask.engines.tiles.pattern import TILE_PX, Keyed
from deepmask.engines.tiles.residual import folded, residual

SURE = 6.5
"""Deviations of the pilot below which nothing is believed."""
WORTH_REFINING = 4.6
_WINDOW_PX = 8
_CLIMBING = ((1.5, 2), (0.5, 2))
"""Steps in pixels, at the sheet's edge, and how many to each side."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A pattern seen in a picture, well or badly."""

    lay: Lay
    confidence: float
    offset_xy: tuple[float, float]
    """Where the pattern's tile begins on the sheet, in its own pixels."""
    tile: NDArray[np.float32]
    """(128, 128) sum of all tiles, from where the pattern begins."""


def look(grey: NDArray[np.uint8], pattern: Keyed, lay: Lay, shift: tuple[float, float] = (0.0, 0.0)) -> Sight:
    """The pattern as it is seen if it lies like that.

    Args:
        shift: x and y, part of a pixel, by which the sheet begins later.
    """
    sheet = spread(grey, lay.matrix, shift)
    return _sight(lay, folded(residual(sheet)), pattern, sheet.origin)


def aligned(grey: NDArray[np.uint8], pattern: Keyed, seen: Sight) -> Sight:
    """The same with its chips between the pixels of the sheet, where they are seen best."""
    low, _ = size_of(*grey.shape, seen.lay.matrix)
    x, y = ((at - edge) % 1.0 for at, edge in zip(seen.offset_xy, low, strict=True))
    other = look(grey, pattern, seen.lay, (x - round(x), y - round(y)))
    return max(seen, other, key=lambda sight: sight.confidence)


def _sight(lay: Lay, tile: NDArray[np.float32], pattern: Keyed, origin: tuple[float, float]) -> Sight:
    likeness = _likeness(tile, pattern)
    y, x = (int(n) for n in np.unravel_index(likeness.argmax(), likeness.shape))
    confidence = float((likeness[y, x] - likeness.mean()) / (likeness.std() + 1e-9))
    fine = (
        x + _between(likeness[y, x - 1], likeness[y, x], likeness[y, (x + 1) % TILE_PX]),
        y + _between(likeness[y - 1, x], likeness[y, x], likeness[(y + 1) % TILE_PX, x]),
    )
    begins = ((fine[0] + origin[0]) % TILE_PX, (fine[1] + origin[1]) % TILE_PX)
    return Sight(lay, confidence, begins, _moved(tile, fine))


def _likeness(tiles: NDArray[np.float32], pattern: Keyed) -> NDArray[np.float32]:
    """(..., 128, 128) how well tiles agree with the pilot, moved by each whole number of pixels."""
    waves = np.fft.rfft2(tiles) * np.conj(np.fft.rfft2(pattern.pilot_tile()))
    return np.fft.irfft2(waves, tiles.shape[-2:]).astype(np.float32)


def _between(before: float, here: float, after: float) -> float:
    """Where a parabola through three neighbours has its top, -0.5..0.5 of a step."""
    bend = before - 2 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _moved(tile: NDArray[np.float32], begins: tuple[float, float]) -> NDArray[np.float32]:
    """The tile from where the pattern begins, between pixels if need be."""
    x, y = np.fft.rfftfreq(TILE_PX), np.fft.fftfreq(TILE_PX)
    turn = np.exp(2j * np.pi * (y[:, None] * begins[1] + x[None] * begins[0]))
    return np.fft.irfft2(np.fft.rfft2(tile) * turn, tile.shape).astype(np.float32)


def refined(grey: NDArray[np.uint8], pattern: Keyed, first: Sight) -> Sight:
    """The lay nearby in which the pattern stands out most, by where each tile of the sheet shows it."""
    sheet = spread(grey, first.lay.matrix)
    middles, maps = _seen_by_tile(residual(sheet), pattern, first.offset_xy, sheet.origin)
    if not len(middles):
        return aligned(grey, pattern, first)
    reach = np.abs(middles).max() + TILE_PX / 2
    change = np.zeros(3)
    shift = np.zeros(2)
    for step_px, count in _CLIMBING:
        change, shift = _climbed(middles, maps, change, shift, step_px, count, reach)
    scale, turn, aspect = change
    lay = first.lay.changed(1.0 / (1.0 + scale), -math.degrees(turn), 1.0 / (1.0 + aspect))
    tried = (aligned(grey, pattern, sight) for sight in (first, look(grey, pattern, lay)))
    return max(tried, key=lambda sight: sight.confidence)


def _seen_by_tile(
    rest: NDArray[np.float32], pattern: Keyed, offset_xy: tuple[float, float], origin: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Of each whole tile of the sheet its middle, from the sheet's, and a map of likenesses around the offset."""
    height, width = rest.shape
    rows, columns = height // TILE_PX, width // TILE_PX
    tiles = rest[: rows * TILE_PX, : columns * TILE_PX].reshape(rows, TILE_PX, columns, TILE_PX).swapaxes(1, 2)
    likeness = _likeness(tiles.reshape(-1, TILE_PX, TILE_PX), pattern)
    x, y = (round(at - low) for at, low in zip(offset_xy, origin, strict=True))
    around = np.arange(-_WINDOW_PX, _WINDOW_PX + 1)
    maps = likeness[:, (around[:, None] + y) % TILE_PX, (around[None] + x) % TILE_PX]
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
    moved = np.stack(((scale - aspect / 2) * x - turn * y, turn * x + (scale + aspect / 2) * y), -1)
    places = np.clip(moved[:, None] + shifts[None, :, None], -_WINDOW_PX, _WINDOW_PX - 1e-3) + _WINDOW_PX
    whole = places.astype(np.intp)
    part = places - whole
    tile = np.arange(len(middles))
    (left, top), (px, py) = (np.moveaxis(whole, -1, 0), np.moveaxis(part, -1, 0))
    right, below = np.minimum(left + 1, 2 * _WINDOW_PX), np.minimum(top + 1, 2 * _WINDOW_PX)
    upper = maps[tile, top, left] * (1 - px) + maps[tile, top, right] * px
    lower = maps[tile, below, left] * (1 - px) + maps[tile, below, right] * px
    total = (upper * (1 - py) + lower * py).sum(-1)
    best = np.unravel_index(total.argmax(), total.shape)
    return changes[best[0]], shifts[best[1]]


def told(sight: Sight, pattern: Keyed) -> TagFound | None:
    """The id, if the pilot stands out and the checksum holds."""
    if sight.confidence < SURE:
        return None
    tag_id = decoded(pattern.soft(sight.tile))
    if tag_id is None:
        return None
    lay = sight.lay
    return TagFound(tag_id, sight.confidence, lay.scale, lay.angle_degrees, sight.offset_xy, lay.mirrored, lay.aspect)


def presence(grey: NDArray[np.uint8], pattern: Keyed, found: TagFound) -> NDArray[np.float32]:
    """(H, W) how well the picture agrees with the tag, place for place, in those of its median."""
    height, width = grey.shape
    matrix = Lay.of(found).matrix
    sheet = spread(grey, matrix)
    rest = residual(sheet)
    begins = (found.offset_xy[0] - sheet.origin[0], found.offset_xy[1] - sheet.origin[1])
    tile = _moved(pattern.tile(found.tag_id), (-begins[0], -begins[1]))
    tall, wide = rest.shape
    whole = np.tile(tile, (-(-tall // TILE_PX), -(-wide // TILE_PX)))[:tall, :wide]
    seen = _soft(whole * rest) / np.sqrt(_soft(rest * rest) + 1e-6)
    inside = seen if sheet.inside is None else seen[sheet.inside]
    seen /= max(float(np.median(inside)), 1e-6)
    low = np.array(sheet.origin)
    offset = matrix @ np.array([0.5, 0.5]) - low - 0.5
    affine = np.concatenate((matrix, offset[:, None]), 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(seen, affine, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


_SOFT_PX = 14.0


def _soft(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return cv2.GaussianBlur(values, (0, 0), _SOFT_PX)
