"""From the aligned square back into the picture: only the window that the face fills is computed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.crops import Crop
from deepmask.engines.meshwarp.regions import SoftMask
from deepmask.errors import EngineFailed
from deepmask.faces import Patch, RGBImage

_FINER = 1.6
"""Pixels of the square per pixel of the picture from which on a bilinear warp would skip some."""


def patch(crop: Crop, rgb: RGBImage, alpha: SoftMask, size_wh: tuple[int, int]) -> Patch:
    """The patch that shows ``rgb`` (n, n, 3) of the aligned square where ``alpha`` (n, n) is above 0.

    Args:
        size_wh: of the picture, at whose border the patch ends.

    Colours are those of a bilinear warp of the whole square over the whole picture.

    Raises:
        EngineFailed: nothing of it lies in the picture.
    """
    columns, rows = np.nonzero(alpha.max(0) > 0)[0], np.nonzero(alpha.max(1) > 0)[0]
    if not len(columns):
        raise EngineFailed("Nothing of the face is left to be swapped.")
    rgb, alpha, to_square, shrink = _shrunk(rgb, alpha, crop.to_crop)
    x_ends = np.array([columns[0] - 1, columns[-1] + 1]) / shrink
    y_ends = np.array([rows[0] - 1, rows[-1] + 1]) / shrink
    back = np.asarray(cv2.invertAffineTransform(to_square), np.float64)
    ends = np.array([(x, y) for x in x_ends for y in y_ends]) @ back[:, :2].T + back[:, 2]
    low = np.clip(np.floor(ends.min(0)), 0, size_wh).astype(int)
    high = np.clip(np.ceil(ends.max(0)) + 1, 0, size_wh).astype(int)
    if (high <= low).any():
        raise EngineFailed("The face lies outside the picture.")
    maps = _window_maps(to_square, low, high)
    colour = cv2.remap(rgb, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    opacity = cv2.remap(alpha, *maps, cv2.INTER_LINEAR)
    return Patch(colour.astype(np.uint8), opacity.astype(np.float32), (int(low[0]), int(low[1])))


def _window_maps(
    to_square: NDArray[np.float64], low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """For each pixel of the window the place in the square, as whole pixels and an index of 32 x 32 fractions.

    This is the arithmetic of OpenCV's warpAffine, counted from the corner of the picture, not of the window: rounded
    in any other way, colours at edges would differ by several levels from a warp over the whole picture.
    """
    x, y = np.arange(low[0], high[0]), np.arange(low[1], high[1])
    whole, fractions = [], []
    for a, b, c in to_square * 1024:
        along = np.rint(a * x).astype(np.int32)
        down = np.rint(b * y + c).astype(np.int32) + 16
        place = (down[:, None] + along) >> 5
        whole.append((place >> 5).astype(np.int16))
        fractions.append(place & 31)
    return np.dstack(whole), (fractions[1] * 32 + fractions[0]).astype(np.uint16)


def _shrunk(
    rgb: RGBImage, alpha: SoftMask, to_square: NDArray[np.float64]
) -> tuple[RGBImage, SoftMask, NDArray[np.float64], float]:
    """A square much finer than the picture, averaged down to its resolution, and by how much."""
    scale = float(np.hypot(to_square[0, 0], to_square[1, 0]))
    n = rgb.shape[0]
    m = max(8, round(n / scale))
    if scale <= _FINER or m >= n:
        return rgb, alpha, to_square, 1.0
    f = n / m
    to_small = np.array([[1 / f, 0, (1 / f - 1) / 2], [0, 1 / f, (1 / f - 1) / 2], [0, 0, 1]])
    small_rgb = cv2.resize(rgb, (m, m), interpolation=cv2.INTER_AREA).astype(np.uint8)
    small_alpha = cv2.resize(alpha, (m, m), interpolation=cv2.INTER_AREA).astype(np.float32)
    to_small = to_small @ np.vstack([to_square, [0, 0, 1]])
    return small_rgb, small_alpha, to_small[:2].astype(np.float64), f
