"""How far a sealed copy is from its original."""

from __future__ import annotations

import cv2
import numpy as np

from deepmask.faces import RGBImage
from deepmask.media.original import STRIP_PX

_SIGMA = 1.5
_REACH = 5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def psnr_db(a: RGBImage, b: RGBImage) -> float:
    """Peak signal to noise ratio over all channels; 99 for equal pictures."""
    total = 0
    for top in range(0, a.shape[0], STRIP_PX):
        rows = slice(top, top + STRIP_PX)
        total += int(np.square(a[rows].astype(np.int32) - b[rows]).sum(dtype=np.int64))
    return 99.0 if total == 0 else min(99.0, float(10 * np.log10(255**2 * a.size / total)))


def ssim(a: RGBImage, b: RGBImage) -> float:
    """Mean structural similarity (Wang et al., 2004) of the luma, with the Gaussian window of the paper."""
    height = a.shape[0]
    total = 0.0
    for top in range(0, height, STRIP_PX):
        bottom = min(height, top + STRIP_PX)
        above, below = max(0, top - _REACH), min(height, bottom + _REACH)
        x, y = (cv2.cvtColor(image[above:below], cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (a, b))
        total += float(_ssim_map(x, y)[top - above : bottom - above].sum(dtype=np.float64))
    return total / (a.shape[0] * a.shape[1])


def _ssim_map(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (2 * _REACH + 1, 2 * _REACH + 1), _SIGMA)

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    return (2 * mx * my + _C1) * (2 * cov + _C2) / ((mx * mx + my * my + _C1) * (vx + vy + _C2))
