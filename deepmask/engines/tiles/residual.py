"""What is left of a picture without what it shows: mostly noise, and the tag if there is one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.tiles.geometry import Sheet
from deepmask.engines.tiles.pattern import TILE_PX

_LOUDEST = 2.5
"""In local deviations: edges must not drown the tag."""
_MARGIN_PX = 4


def residual(sheet: Sheet) -> NDArray[np.float32]:
    """(h, w) in local deviations: minus median, minus mean; 0 outside of the picture."""
    grey = sheet.grey
    median = cv2.medianBlur(np.clip(np.rint(grey), 0, 255).astype(np.uint8), 5)
    rest = grey - median.astype(np.float32)
    rest -= cv2.blur(rest, (9, 9))
    deviation = np.sqrt(np.maximum(cv2.blur(rest * rest, (11, 11)), 0.0))
    rest = np.clip(rest / (deviation + 1.0), -_LOUDEST, _LOUDEST)
    if sheet.inside is not None:
        kernel = np.ones((2 * _MARGIN_PX + 1,) * 2, np.uint8)
        inside = cv2.erode(sheet.inside.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
        rest *= inside
    return rest


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
