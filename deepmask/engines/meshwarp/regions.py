"""Masks of the parts of a face, drawn from its mesh. Masks are (n, n) uint8, 0 or 255, unless soft (float32, 0..1)."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.meshwarp.geometry import MeshPoints
from deepmask.landmark_points import LEFT_BROW, LEFT_EYE, LIPS_OUTER, OVAL, RIGHT_BROW, RIGHT_EYE

Mask = NDArray[np.uint8]
SoftMask = NDArray[np.float32]


def polygon(side_px: int, points: NDArray[np.float64]) -> Mask:
    """255 inside the polygon (N, 2)."""
    mask = np.zeros((side_px, side_px), np.uint8)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], (255.0,))
    return mask


def hull(side_px: int, points: NDArray[np.float64]) -> Mask:
    """255 inside the convex hull of points (N, 2)."""
    mask = np.zeros((side_px, side_px), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points).astype(np.int32)), (255.0,))
    return mask


def oval(side_px: int, points: MeshPoints) -> Mask:
    """The whole face."""
    return polygon(side_px, points[list(OVAL), :2])


def eyes(side_px: int, points: MeshPoints) -> Mask:
    """Both eyes between their lids."""
    return polygon(side_px, points[list(LEFT_EYE), :2]) | polygon(side_px, points[list(RIGHT_EYE), :2])


def brows(side_px: int, points: MeshPoints) -> Mask:
    """Both brows."""
    return hull(side_px, points[list(LEFT_BROW), :2]) | hull(side_px, points[list(RIGHT_BROW), :2])


def bare_skin(side_px: int, points: MeshPoints, face_px: float) -> Mask:
    """The face without eyes, brows and lips, a little away from each."""
    features = brows(side_px, points)
    for ring in (LEFT_EYE, RIGHT_EYE, LIPS_OUTER):
        features |= hull(side_px, points[list(ring), :2])
    return shrunk(oval(side_px, points), 0.05 * face_px) & ~grown(features, 0.035 * face_px)


def hulls(side_px: int, points: MeshPoints, groups: Iterable[tuple[int, ...]]) -> Mask:
    """The union of the hulls of groups of mesh points."""
    mask = np.zeros((side_px, side_px), np.uint8)
    for group in groups:
        mask |= hull(side_px, points[list(group), :2])
    return mask


def height_along(side_px: int, start: NDArray[np.float64], direction: NDArray[np.float64]) -> NDArray[np.float32]:
    """(n, n): 0 on the line through ``start`` (2,) across ``direction`` (2,), 1 at the tip of that, linear beyond."""
    y, x = np.mgrid[0:side_px, 0:side_px].astype(np.float32)
    return (((x - start[0]) * direction[0] + (y - start[1]) * direction[1]) / (direction @ direction + 1e-6)).astype(
        np.float32
    )


def soft(mask: Mask, sigma_px: float) -> SoftMask:
    """The mask as 0..1, blurred."""
    return cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), max(0.5, sigma_px)).astype(np.float32)


def grown(mask: Mask, radius_px: float) -> Mask:
    """The mask widened by ``radius_px``."""
    return np.bitwise_not(shrunk(np.bitwise_not(mask), radius_px, outside=255))


def shrunk(mask: Mask, radius_px: float, *, outside: int = 0) -> Mask:
    """The mask narrowed by ``radius_px``; beyond the crop counts as ``outside``.

    By distance: a morphological disc of this size would cost a hundred times as much.
    """
    edged = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(float(outside),))
    distance = cv2.distanceTransform(edged, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
    return np.where(distance > max(1.0, radius_px), 255, 0).astype(np.uint8)
