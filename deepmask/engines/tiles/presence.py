"""Where in a picture a tag that was read is as it was laid, and where it is missing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.protocols import TagFound
from deepmask.engines.tiles.embedding import loudness
from deepmask.engines.tiles.geometry import Lay, spread
from deepmask.engines.tiles.pattern import Keyed
from deepmask.engines.tiles.reading import moved, tiled
from deepmask.engines.tiles.residual import deviations, residual

_SOFT_PX = 14.0
"""Of the pattern: how far around each place is looked."""
_CLASSES = 12
_LEAST_GAIN, _MOST_GAIN, _TRUST = 0.25, 1.5, 0.7
_DARK, _BRIGHT, _CLIPPED = 3, 252, 0.3
_LEAST = 0.15
_ABSENT = 0.03
"""Share of the tag that is left in the places that kept it best, below which there is none: .05 and more are usual."""
_INDEPENDENT = 2000.0
"""Pixels around a place that tell something of their own, in variances of what is left of a picture."""
_PRIOR = 4.0
"""Precision with which a place is taken for intact before it is looked at."""
_SHARPER = 1.3
"""What is smoothed crosses .5 at the edge of a place that was replaced, and .4 after this."""


def presence(grey: NDArray[np.uint8], pattern: Keyed, found: TagFound) -> NDArray[np.float32]:
    """(H, W) how much of the tag there is, place for place: 1 as much as in most of the picture, 0 none."""
    height, width = grey.shape
    matrix = Lay.of(found).matrix
    sheet = spread(grey, matrix)
    rest = residual(sheet)
    begins = (found.offset_xy[0] - sheet.origin[0], found.offset_xy[1] - sheet.origin[1])
    tile = moved(pattern.tile(found.tag_id), (-begins[0], -begins[1]))
    agreement = tiled(tile, rest.shape) * rest
    awaited = _awaited(sheet.grey, agreement)
    if awaited is None:
        return np.zeros((height, width), np.float32)
    if sheet.inside is not None:
        awaited = awaited * sheet.inside
    power = _soft(awaited * awaited)
    seen = _soft(agreement * awaited) / (power + 1e-9)
    inside = seen if sheet.inside is None else seen[sheet.inside]
    seen /= max(float(np.median(inside)), _LEAST)
    evidence = power * _INDEPENDENT
    seen = np.maximum((seen * evidence + _PRIOR) / (evidence + _PRIOR), 0.0) ** _SHARPER
    offset = matrix @ np.array([0.5, 0.5]) - np.array(sheet.origin) - 0.5
    affine = np.concatenate((matrix, offset[:, None]), 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(seen, affine, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(back, np.float32)


def _awaited(grey: NDArray[np.float32], agreement: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """(h, w) agreement to be expected where the tag is intact: by how it is laid, and by what compression left of it.

    None where the picture as a whole has no such tag.

    How much is left depends on how busy a place is. It is measured in classes of places, so that a calm sky that
    lost its tag to compression is not taken for one that was replaced.
    """
    clipped = np.where((grey < _DARK) | (grey > _BRIGHT), _CLIPPED, 1.0)
    laid = (loudness(grey, 5, 2.0) / (deviations(grey) + 1.0) * clipped).astype(np.float32)
    smooth = cv2.GaussianBlur(laid, (0, 0), 4.0)
    bounds = np.quantile(smooth[::4, ::4], np.linspace(0, 1, _CLASSES + 1)[1:-1])
    kind = np.searchsorted(bounds, smooth)
    seen = np.bincount(kind.ravel(), agreement.ravel(), _CLASSES)
    gains = seen / (np.bincount(kind.ravel(), laid.ravel(), _CLASSES) + 1e-9)
    if float(np.quantile(gains, 0.8)) < _ABSENT:
        return None
    usual = max(float(np.median(gains)), 1e-6)
    gains = usual * np.clip(gains / usual, _LEAST_GAIN, _MOST_GAIN) ** _TRUST
    return np.asarray(cv2.GaussianBlur((laid * gains[kind]).astype(np.float32), (0, 0), 3.0), np.float32)


def _soft(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), _SOFT_PX), np.float32)
