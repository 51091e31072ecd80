"""The grain of a camera: what was painted small and enlarged has none, and shows by that alone."""

from __future__ import annotations

import cv2
import numpy as np

from deepmask.area import Mask
from deepmask.faces import RGBImage

BLOCK = 8
"""Side of the squares in which grain is measured, in pixels."""
SMOOTHEST = 25
"""Percentile of the squares that are taken for smooth: what varies in them is grain, in others it is detail."""
LEAST_SQUARES = 12
"""With fewer nothing is measured."""
LEFT_OF_NOISE = 0.872
"""Of the standard deviation of white noise, after a Gaussian blur of one pixel was subtracted."""
LEAST, MOST = 0.7, 8.0
"""Levels of grain that are added: less is rounding, more is a misjudged texture."""
AWAY_PX = 4
"""Distance to the hole in which nothing is measured, since a blur reaches there."""


def grained(painted: RGBImage, image: RGBImage, hole: Mask, other: Mask, seed: int) -> RGBImage:
    """``painted`` (h, w, 3) with the grain that ``image`` has outside the hole, as far as it lacks it.

    Args:
        other: what of the image is not to be measured either.
    """
    away = cv2.dilate((hole | other).astype(np.uint8), np.ones((2 * AWAY_PX + 1,) * 2, np.uint8)).astype(bool)
    theirs, ours = level(image, ~away), level(painted, hole)
    if theirs is None:
        return painted
    lacking = min(np.sqrt(max(0.0, theirs**2 - (ours or 0.0) ** 2)), MOST)
    if lacking < LEAST:
        return painted
    noise = np.random.default_rng(seed).standard_normal(hole.shape, np.float32) * np.float32(lacking)
    return np.rint(painted + noise[..., None]).clip(0, 255).astype(np.uint8)


def level(image: RGBImage, where: Mask) -> float | None:
    """Standard deviation of the grain of a picture (h, w, 3) in levels; None where too little can be measured."""
    h, w = (length // BLOCK * BLOCK for length in where.shape)
    if not h or not w:
        return None
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:h, :w].astype(np.float32)
    fine = (grey - cv2.GaussianBlur(grey, (0, 0), 1)).reshape(h // BLOCK, BLOCK, w // BLOCK, BLOCK)
    whole = where[:h, :w].reshape(h // BLOCK, BLOCK, w // BLOCK, BLOCK).all((1, 3))
    if whole.sum() < LEAST_SQUARES:
        return None
    return float(np.percentile(fine.std((1, 3))[whole], SMOOTHEST)) / LEFT_OF_NOISE
