"""From the aligned square back into the picture: only the window that the face fills is computed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.crops import Crop
from deepmask.engines.meshwarp.regions import SoftMask
from deepmask.errors import EngineFailed
from deepmask.faces import Patch, RGBImage

_SHRUNK_BELOW = 0.6
"""Pixels of the picture per pixel of the square below which a bilinear warp would skip some."""


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
    back = crop.to_picture
    ends = np.array(
        [[x, y] for x in (columns[0] - 1, columns[-1] + 1) for y in (rows[0] - 1, rows[-1] + 1)], np.float64
    )
    ends = ends @ back[:, :2].T + back[:, 2]
    low = np.clip(np.floor(ends.min(0)), 0, size_wh).astype(int)
    high = np.clip(np.ceil(ends.max(0)) + 1, 0, size_wh).astype(int)
    if (high <= low).any():
        raise EngineFailed("The face lies outside the picture.")
    back[:, 2] -= low
    rgb, alpha, back = _shrunk(rgb, alpha, back)
    size = int(high[0] - low[0]), int(high[1] - low[1])
    colour = cv2.warpAffine(rgb, back, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    opacity = cv2.warpAffine(alpha, back, size, flags=cv2.INTER_LINEAR)
    return Patch(colour.astype(np.uint8), opacity.astype(np.float32), (int(low[0]), int(low[1])))


def _shrunk(
    rgb: RGBImage, alpha: SoftMask, back: NDArray[np.float64]
) -> tuple[RGBImage, SoftMask, NDArray[np.float64]]:
    """A square much finer than the picture, averaged down to its resolution."""
    scale = float(np.hypot(back[0, 0], back[1, 0]))
    if scale >= _SHRUNK_BELOW:
        return rgb, alpha, back
    n = rgb.shape[0]
    m = max(8, round(n * scale))
    f = n / m
    back = back @ np.array([[f, 0, f / 2 - 0.5], [0, f, f / 2 - 0.5], [0, 0, 1]])
    smaller = (cv2.resize(part, (m, m), interpolation=cv2.INTER_AREA) for part in (rgb, alpha))
    return next(smaller).astype(np.uint8), next(smaller).astype(np.float32), back
