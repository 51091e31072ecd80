"""Making what was copied from different places meet, without changing what it shows (Poisson image editing, Pérez et
al., 2003)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Mask
from deepmask.engines.patchmatch import kernels

MOST = 14.0
"""Larger differences (0..255) at a seam are edges, not light."""

WORK_PX = 320
"""Longer side of the picture in which differences are evened out."""

Picture = NDArray[np.float32]
"""(h, w, 3)."""


def evened(
    original: Picture, drawn: Picture, steps: NDArray[np.float32], there: Mask, hole: Mask, rim: Mask
) -> Picture:
    """What to add to ``drawn`` within ``hole``, so that it meets ``original`` at the rim and itself at inner seams.

    Args:
        steps: (h, w, 2, 3), by how much colours change to the next pixel down and to the right where they were copied.
        there: where anything could be copied.
        rim: pixels beside the hole, known and drawn nevertheless.
    """
    jumps = np.zeros_like(steps)
    for axis, (first, second) in enumerate(((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:]))):
        missing = steps[first][..., axis, :] - (drawn[second] - drawn[first])
        light = (np.abs(missing).max(axis=-1) < MOST) & there[first] & there[second]
        jumps[first][..., axis, :] = np.where(light[..., None], missing, 0)
    off = original - drawn
    rim = rim & (np.abs(off).max(axis=-1) < MOST)
    off = np.where(rim[..., None], off, 0).astype(np.float32)
    shrink = max(1, round(max(hole.shape) / WORK_PX))
    rims = _sums(rim.astype(np.float32), shrink)
    given = rims > 0
    free = (_sums(hole.astype(np.float32), shrink) > 0) & ~given
    values = _membrane(_sums(off, shrink) / np.maximum(rims, 1)[..., None], given)
    jumps = _sums(jumps.reshape(*hole.shape, 6), shrink).reshape(*free.shape, 2, 3) / shrink
    across = max(4, min(free.shape))
    omega = np.float32(2 / (1 + np.sin(np.pi / across)))
    kernels.relax(values, free, given, np.ascontiguousarray(jumps, np.float32), across + 20, omega)
    if shrink == 1:
        return values
    h, w = free.shape
    wide = cv2.resize(values, (w * shrink, h * shrink), interpolation=cv2.INTER_LINEAR)
    return np.asarray(wide[: hole.shape[0], : hole.shape[1]], np.float32)


def _sums(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Sums over squares of ``side`` pixels; the last ones may be cut."""
    h, w = values.shape[:2]
    over = [(0, -h % side), (0, -w % side)] + [(0, 0)] * (values.ndim - 2)
    padded = np.pad(values, over)
    parts = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side, *values.shape[2:])
    return parts.sum(axis=(1, 3))


def _membrane(values: Picture, known: Mask) -> Picture:
    """``values`` where ``known``, spread smoothly over the rest (push-pull, Gortler et al., 1996)."""
    weight = known.astype(np.float32)
    stack = [(values * weight[..., None], weight)]
    while min(stack[-1][1].shape) > 2:
        total, weight = stack[-1]
        size = (weight.shape[1] + 1) // 2, (weight.shape[0] + 1) // 2
        total, weight = (cv2.resize(a, size, interpolation=cv2.INTER_AREA) for a in (total, weight))
        stack.append((np.asarray(total, np.float32), np.asarray(weight, np.float32)))
    total, weight = stack.pop()
    smooth = total / np.maximum(weight, 1e-6)[..., None]
    while stack:
        total, weight = stack.pop()
        smooth = cv2.resize(smooth, (weight.shape[1], weight.shape[0]), interpolation=cv2.INTER_LINEAR)
        sure = np.minimum(weight, 1)[..., None]
        smooth = (1 - sure) * smooth + sure * (total / np.maximum(weight, 1e-6)[..., None])
    return np.ascontiguousarray(smooth, np.float32)
