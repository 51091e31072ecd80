"""Makes a rendered layer look as if the same camera had taken it: its softness and its grain."""

from __future__ import annotations

import cv2
import numpy as np

from deepmask.engines.painter.geometry import Array32
from deepmask.faces import RGBImage

SOFTNESS = (0.0, 0.5, 0.8, 1.15, 1.6, 2.2)
"""Blurs to choose from, sigma in pixels."""
WINDOW_PX = 220


def blurred(layer: Array32, sigma: float) -> Array32:
    """Gaussian blur; 0 leaves the layer as it is."""
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma), np.float32) if sigma else layer


def softness_of(photo: RGBImage, layer: Array32, centre_xy: tuple[float, float]) -> float:
    """The blur with which ``layer`` is no crisper than ``photo`` around a point, both (n, n, 3) in 0..255.

    Crispness is the ratio of the finest to the next coarser detail, which contrast does not change.
    """
    x, y = (int(np.clip(v - WINDOW_PX / 2, 0, max(0, photo.shape[0] - WINDOW_PX))) for v in centre_xy)
    window = np.s_[y : y + WINDOW_PX, x : x + WINDOW_PX]
    wanted = _crispness(_grey(photo[window]))
    drawn = _grey(np.ascontiguousarray(layer[window]))
    for sigma in SOFTNESS[:-1]:
        if _crispness(blurred(drawn, sigma)) <= wanted * 1.1:
            return sigma
    return SOFTNESS[-1]


def _grey(picture: RGBImage | Array32) -> Array32:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _crispness(grey: Array32) -> float:
    fine, coarse = blurred(grey, 0.8), blurred(grey, 2.0)
    return float(np.abs(grey - fine).mean() / (np.abs(fine - coarse).mean() + 1e-3))


def grain_of(photo: RGBImage, where: Array32) -> float:
    """Standard deviation of the noise of a photo, 0..255, where a mask is set (Immerkær, 1996, with medians)."""
    grey = _grey(photo)
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    noise = np.abs(cv2.filter2D(grey, -1, kernel))[where > 0.9]
    return float(min(np.median(noise) / 0.6745, 12.0)) if noise.size > 50 else 0.0


def grain(height: int, width: int, sigma: float, seed: int) -> Array32:
    """Grey noise (height, width), a little coarser than a pixel as that of developed photos is."""
    noise = np.random.default_rng(seed).standard_normal((height, width), np.float32)
    return blurred(noise, 0.5) * np.float32(sigma * 1.6)
