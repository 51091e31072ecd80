"""From a picture, and a guess how the pattern lies in it, to the id."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from deepmask.engines.protocols import TagFound
from deepmask.engines.tiles.coding import decoded
from deepmask.engines.tiles.geometry import Lay, spread
from deepmask.engines.tiles.pattern import TILE_PX, Keyed
from deepmask.engines.tiles.residual import folded, residual

SURE = 6.5
"""Deviations of the pilot below which nothing is believed."""
WORTH_REFINING = 4.6
_REFINING = ((0.004, 0.16, 0.004), (0.002, 0.08, 0.002), (0.001, 0.04, 0.001))
"""Steps of scale (share), angle (degrees) and aspect (share)."""


@dataclass(frozen=True, eq=False)
class Sight:
    """A pattern seen in a picture, well or badly."""

    lay: Lay
    confidence: float
    offset_xy: tuple[float, float]
    """Where the pattern's tile begins on the sheet, in its own pixels."""
    tile: NDArray[np.float32]
    """(128, 128) sum of all tiles, from where the pattern begins."""


def look(grey: NDArray[np.uint8], pattern: Keyed, lay: Lay) -> Sight:
    """The pattern as it is seen if it lies like that."""
    sheet = spread(grey, lay.matrix)
    tile = folded(residual(sheet))
    return _sight(lay, tile, pattern, sheet.origin)


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


def _likeness(tile: NDArray[np.float32], pattern: Keyed) -> NDArray[np.float32]:
    waves = fft.rfft2(tile) * np.conj(fft.rfft2(pattern.pilot_tile()))
    return fft.irfft2(waves, tile.shape)


def _between(before: float, here: float, after: float) -> float:
    """Where a parabola through three neighbours has its top, -0.5..0.5 of a step."""
    bend = before - 2 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _moved(tile: NDArray[np.float32], begins: tuple[float, float]) -> NDArray[np.float32]:
    """The tile from where the pattern begins, between pixels if need be."""
    x = fft.rfftfreq(TILE_PX)
    y = fft.fftfreq(TILE_PX)
    turn = np.exp(2j * np.pi * (y[:, None] * begins[1] + x[None] * begins[0]))
    return fft.irfft2(fft.rfft2(tile) * turn, tile.shape).astype(np.float32)


def refined(grey: NDArray[np.uint8], pattern: Keyed, first: Sight) -> Sight:
    """The lay nearby in which the pattern stands out most."""
    best = first
    for scale, degrees, aspect in _REFINING:
        for step in ({"scale": scale}, {"degrees": degrees}, {"aspect": aspect}):
            best = _climbed(grey, pattern, best, step)
    return best


def _climbed(grey: NDArray[np.uint8], pattern: Keyed, best: Sight, step: dict[str, float]) -> Sight:
    name, size = next(iter(step.items()))
    for way in (1, -1):
        moved = False
        for _ in range(3):
            value = way * size if name == "degrees" else math.exp(way * size)
            other = look(grey, pattern, best.lay.changed(**{name: value}))
            if other.confidence <= best.confidence:
                break
            best, moved = other, True
        if moved:
            break
    return best


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
