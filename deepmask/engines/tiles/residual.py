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
_MEAN, _DEVIATION = (7, 7), (9, 9)
_MARGIN_PX = 4


def residual(sheet: Sheet) -> NDArray[np.float32]:
    """(h, w) in local deviations: minus median, minus mean; 0 outside of the picture."""
    levels = np.clip(np.rint(sheet.grey), 0, 255).astype(np.uint8)
    rest = sheet.grey - cv2.medianBlur(levels, _MEDIAN).astype(np.float32)
    rest -= cv2.blur(rest, _MEAN)
    deviation = np.sqrt(np.maximum(cv2.blur(rest * rest, _DEVIATION), 0.0))
    rest = np.clip(rest / (deviation + 1.0), -_LOUDEST, _LOUDEST)
    if sheet.inside is not None:
        side = 2 * _MARGIN_PX + 1
        rest *= cv2.erode(sheet.inside.astype(np.uint8), np.ones((side, side), np.uint8))
    return rest.astype(np.float32, copy=False)


def folded(rest: NDArray[np.float32], corner_xy: tuple[int, int] = (0, 0)) -> NDArray[np.float32]:
    """(128, 128) sum over all tiles.

    Args:
        corner_xy: place of the corner of ``rest`` in the tile, 0..127 each.
    """
    x, y = corner_xy
    height, width = rest.shape
    tall, wide = -(-(height + y) // TILE_PX) * TILE_PX, -(-(width + x) // TILE_PX) * TILE_PX
    whole = np.zeros((tall, wide), np.float32)
    whole[y : y + height, x : x + width] = rest
    return whole.reshape(tall // TILE_PX, TILE_PX, wide // TILE_PX, TILE_PX).sum((0, 2))
