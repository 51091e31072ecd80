"""Whether a background can be rebuilt from what surrounds a hole, by what is measured before anything is drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area, Mask
from deepmask.faces import RGBImage

MOST_OF_PICTURE = 0.25
"""Share of the picture a hole may take."""

MOST_OF_EVEN, EVEN = 0.4, 0.1
"""The same where hardly anything around it is unique: sand and sky, lawns, walls; and what 'hardly' means."""

LEAST_BACKGROUND = 0.5
"""Share of its border that must be background, neither somebody else nor the frame of the picture."""

MOST_UNIQUE = 0.4
"""Share of what surrounds a hole that may be found nowhere else around: what is unique cannot be continued."""

UNLIKE = 11.0
"""Root mean square difference (0..255) from which two patches are not the same."""

REACH = 1.5
"""How far around a hole is looked, in its longer sides."""

WORK_PX = 128
"""Longer side of what is looked at."""

PATCH = 5

MOST_SAMPLES, MOST_CANDIDATES = 240, 6000


def can_rebuild(image: RGBImage, hole: Area, avoid: Area | None = None) -> str | None:
    """None if it can, else a clause that says why not.

    Args:
        image: (H, W, 3).
        avoid: other people, who are no background.
    """
    if hole.share > MOST_OF_EVEN:
        return f"it takes {hole.share:.0%} of the picture"
    background, unique = surroundings(image, hole, avoid)
    if hole.share > MOST_OF_PICTURE and unique > EVEN:
        return f"it takes {hole.share:.0%} of the picture, before a background that is not even"
    if background < LEAST_BACKGROUND:
        return f"only {background:.0%} of what surrounds it is background"
    if unique > MOST_UNIQUE:
        return "the background around it is like nothing else in the picture"
    return None


def surroundings(image: RGBImage, hole: Area, avoid: Area | None = None) -> tuple[float, float]:
    """Share of the hole's border that is background, and share of that background that is found nowhere else."""
    x1, y1, x2, y2 = hole.box_xyxy
    reach = REACH * max(x2 - x1, y2 - y1) + 8
    window = slice(max(0, int(y1 - reach)), int(y2 + reach)), slice(max(0, int(x1 - reach)), int(x2 + reach))
    cut = image[window]
    scale = min(1.0, WORK_PX / max(cut.shape))
    size = max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale))
    gap = _shrunk(hole.full()[window], size, 0.02)
    other = np.zeros_like(gap) if avoid is None else _shrunk(avoid.full()[window], size, 0.2) & ~gap
    around = _ring(np.pad(gap, PATCH), 1)
    inside = np.pad(np.ones_like(gap), PATCH)
    free = around & inside & ~np.pad(other, PATCH)
    background = float(free.sum() / max(1, around.sum()))
    small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
    return background, _unique(np.asarray(small, np.uint8), gap, other)


def _shrunk(mask: Mask, size_wh: tuple[int, int], threshold: float) -> Mask:
    return cv2.resize(mask.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA) > threshold


def _ring(mask: Mask, px: int) -> Mask:
    """Pixels outside of ``mask`` within ``px``."""
    kernel = np.ones((2 * px + 1, 2 * px + 1), np.uint8)
    return (cv2.dilate(mask.astype(np.uint8), kernel) > 0) & ~mask


def _unique(image: RGBImage, hole: Mask, avoid: Mask) -> float:
    """Share of the patches next to the hole that have no like at about their height and farther away."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    half = PATCH // 2
    known = (~(hole | avoid)).astype(np.uint8)
    whole = cv2.erode(known, np.ones((PATCH, PATCH), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0,)) > 0
    whole[:half] = whole[len(whole) - half :] = whole[:, :half] = whole[:, whole.shape[1] - half :] = False
    beside = np.argwhere(_ring(hole, half + 2) & whole)
    places = np.argwhere(whole)
    if not len(beside) or len(places) < 10:
        return 1.0
    beside = beside[:: max(1, len(beside) // MOST_SAMPLES)]
    places = places[:: max(1, len(places) // MOST_CANDIDATES)]
    a, b = _patches(lab, beside), _patches(lab, places)
    distance = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    apart = np.abs(beside[:, None] - places[None])
    apart_enough = (apart.max(axis=2) >= 2 * PATCH) & (apart[..., 0] <= 0.2 * len(hole))
    rms = np.sqrt(np.maximum(np.where(apart_enough, distance, np.inf).min(axis=1), 0) / a.shape[1])
    return float((rms > UNLIKE).mean())


def _patches(lab: NDArray[np.float32], centres: NDArray[np.intp]) -> NDArray[np.float32]:
    """(n, PATCH² · 3) colours around ``centres`` (n, 2), which are y, x."""
    half = PATCH // 2
    offsets = np.mgrid[-half : half + 1, -half : half + 1].reshape(2, -1)
    rows, columns = centres[:, :1] + offsets[0], centres[:, 1:] + offsets[1]
    return lab[rows, columns].reshape(len(centres), -1)
