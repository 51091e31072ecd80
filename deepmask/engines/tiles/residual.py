"""What is left of a picture without what it shows: mostly noise, and the tag if there is one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.tiles.geometry import Sheet
from deepmask.engines.tiles.pattern import TILE_PX

_LOUDEST = 1.5
"""In local deviations: edges must not drown the tag."""
_MEDIAN = 5
_MEAN, _AROUND = (7, 7), (9, 9)
_MARGIN_PX = 4


def residual(sheet: Sheet) -> NDArray[np.float32]:
    """(h, w) in local deviations: minus median, minus mean; 0 outside of the picture."""
    rest = _bare(sheet.grey)
    rest = np.clip(rest / (_deviations(rest) + 1.0), -_LOUDEST, _LOUDEST)
    if sheet.inside is not None:
        side = 2 * _MARGIN_PX + 1
        rest *= cv2.erode(sheet.inside.astype(np.uint8), np.ones((side, side), np.uint8))
    return rest.astype(np.float32, copy=False)


def deviations(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) grey levels by which what is left deviates around each place."""
    return _deviations(_bare(grey))


def _bare(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    levels = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    rest = grey - cv2.medianBlur(levels, _MEDIAN).astype(np.float32)
    rest -= cv2.blur(rest, _MEAN)
    return rest


def _deviations(rest: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sqrt(np.maximum(cv2.blur(rest * rest, _AROUND), 0.0))


def folded(rest: NDArray[np.float32]) -> NDArray[np.float32]:
    """(128, 128) sum over all tiles."""
    height, width = rest.shape
    tall, wide = -(-height // TILE_PX) * TILE_PX, -(-width // TILE_PX) * TILE_PX
    whole = np.zeros((tall, wide), np.float32)
    whole[:height, :width] = rest
    return whole.reshape(tall // TILE_PX, TILE_PX, wide // TILE_PX, TILE_PX).sum((0, 2))
