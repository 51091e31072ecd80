"""A picture with a hole at falling sizes, each level with what a patch comparison looks at."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Mask
from deepmask.faces import RGBImage

RADIUS = 3
"""Patches are 7 x 7 pixels."""

TEXTURE_WEIGHT = 1.5
"""Of the texture channels against colours 0..255."""

DOUBT = 1.25
"""By how much a pixel of the hole counts less for every pixel between it and what is known; at 128 px."""

LEAST_WEIGHT = 0.08
"""Of a pixel deep inside the hole."""

Colours = NDArray[np.float32]
"""(h, w, 5): L, a, b as in 8 bits, then how strongly the surroundings change along x and along y."""


@dataclass(frozen=True)
class Level:
    """One size, with a border of ``RADIUS`` around."""

    colours: Colours
    """What is known; meaningless elsewhere."""
    hole: Mask
    known: Mask
    """Neither hole nor avoided nor border."""
    source: Mask
    """Centres of patches that are known throughout."""
    weights: NDArray[np.float32]
    """(h, w): 1 where known, less inside the hole, 0 where avoided and in the border."""
    ys: NDArray[np.int32]
    xs: NDArray[np.int32]
    """Centres of the patches that touch the hole, in reading order."""


def build(image: RGBImage, hole: Mask, avoid: Mask, coarsest_px: float = 2.5, least_side_px: int = 20) -> list[Level]:
    """Levels from the size of ``image`` down to where no pixel of the hole is farther than ``coarsest_px`` from what
    is known, or a side gets shorter than ``least_side_px``."""
    known = ~(hole | avoid)
    colours = _features(image, known)
    levels = [_level(colours, hole, known)]
    while _depth(hole, known) > coarsest_px and min(hole.shape) >= 2 * least_side_px:
        size = (hole.shape[1] + 1) // 2, (hole.shape[0] + 1) // 2
        share = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        mixed = resized(colours * known[..., None], size, cv2.INTER_AREA)
        colours = mixed / np.maximum(share, 1e-3)[..., None]
        known = share > 0.5
        hole = (cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.25) & ~known
        if not hole.any() or not known.any():
            break
        levels.append(_level(colours, hole, known))
    return levels


def resized(colours: Colours, size_wh: tuple[int, int], interpolation: int) -> Colours:
    """``cv2.resize``, which knows four channels at most."""
    parts = [cv2.resize(colours[..., c], size_wh, interpolation=interpolation) for c in range(colours.shape[2])]
    return np.dstack(parts).astype(np.float32)


def _depth(hole: Mask, known: Mask) -> float:
    away = cv2.distanceTransform((~known).astype(np.uint8), cv2.DIST_L2, 5)
    return float(away[hole].max())


def _features(image: RGBImage, known: Mask) -> Colours:
    """Colours, and how rough the surroundings are: patches of sand and of sky differ even where their colours do not
    (Newson et al., 2014)."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    light = np.where(known, lab[..., 0], 0)
    inner = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    window = (2 * RADIUS + 1, 2 * RADIUS + 1)
    share = np.maximum(cv2.blur(inner, window), 1e-3)
    rough = [
        cv2.blur(np.abs(cv2.Sobel(light, cv2.CV_32F, dx, 1 - dx, ksize=3)) / 8 * inner, window) / share for dx in (1, 0)
    ]
    return np.dstack([lab, *(TEXTURE_WEIGHT * np.minimum(r, 40) for r in rough)]).astype(np.float32)


def _level(colours: Colours, hole: Mask, known: Mask) -> Level:
    pad = RADIUS
    wide = cv2.copyMakeBorder(colours, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    hole, known = np.pad(hole, pad), np.pad(known, pad)
    kernel = np.ones((2 * pad + 1, 2 * pad + 1), np.uint8)
    source = cv2.erode(known.astype(np.uint8), kernel) > 0
    away = cv2.distanceTransform((~known).astype(np.uint8), cv2.DIST_L2, 5)
    doubt = DOUBT ** (128 / max(hole.shape))
    weights = np.where(known, 1, np.where(hole, np.maximum(doubt**-away, LEAST_WEIGHT), 0)).astype(np.float32)
    touched = cv2.dilate(hole.astype(np.uint8), kernel) > 0
    touched[:pad] = touched[-pad:] = touched[:, :pad] = touched[:, -pad:] = False
    ys, xs = np.nonzero(touched)
    return Level(
        np.ascontiguousarray(wide, np.float32), hole, known, source, weights, ys.astype(np.int32), xs.astype(np.int32)
    )
