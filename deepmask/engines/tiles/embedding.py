"""The pattern into a picture: hardly seen, stronger where the picture itself is busy."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.tiles.pattern import keyed, laid, pattern_scale
from deepmask.faces import RGBImage

_LEAST, _MOST = 0.55, 2.2
"""Of the strength: in flat areas, and in the busiest."""
_DEVIATION = 12.0
"""Grey levels of local deviation that add once the strength."""
_LOOK_SHORT_PX = 256
"""Deviations are looked at no finer."""


def embedded(image: RGBImage, tag_id: int, key: bytes, strength: float) -> RGBImage:
    """A copy that carries the tag; the same amount is added to all three colours, so that hues stay."""
    pattern = _pattern(key, tag_id, *image.shape[:2])
    change = cv2.multiply(_amplitude(image), pattern, scale=strength, dtype=cv2.CV_16S)
    return np.asarray(cv2.add(image, cv2.merge((change, change, change)), dtype=cv2.CV_8U), np.uint8)


@lru_cache(maxsize=4)
def _pattern(key: bytes, tag_id: int, height: int, width: int) -> NDArray[np.float32]:
    return laid(keyed(key).chips(tag_id), height, width)


def _amplitude(image: RGBImage) -> NDArray[np.float32]:
    """(H, W) 0.55..2.2 by how busy the surroundings are."""
    height, width = image.shape[:2]
    shrink = min(1.0, _LOOK_SHORT_PX / min(height, width))
    small = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if shrink < 1.0:
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        fine = cv2.resize(small, size, interpolation=cv2.INTER_AREA)
    else:
        fine = small
    amplitude = loudness(fine.astype(np.float32), 3, max(1.0, 2.0 * shrink / pattern_scale(height, width)))
    return np.asarray(cv2.resize(amplitude, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def loudness(grey: NDArray[np.float32], window_px: int, sigma_px: float) -> NDArray[np.float32]:
    """(h, w) 0.55..2.2 by how much grey levels deviate in a window, smoothed."""
    window = (window_px, window_px)
    mean = cv2.blur(grey, window)
    deviation = np.sqrt(np.maximum(cv2.blur(grey * grey, window) - mean * mean, 0.0))
    deviation = cv2.GaussianBlur(deviation, (0, 0), sigma_px)
    return np.clip(_LEAST + deviation / _DEVIATION, _LEAST, _MOST).astype(np.float32, copy=False)
