"""How the drawn face joins the photo."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.meshwarp.geometry import MeshPoints
from deepmask.engines.meshwarp.regions import Mask, SoftMask, grown, height_along, oval, shrunk, soft
from deepmask.landmark_points import FOREHEAD

FOREHEAD_FADE = 0.4
"""Length of the fade towards the hair line, in foreheads."""

_BROW_ARCHES = (105, 334, 66, 296)

FloatImage = NDArray[np.float32]
"""(n, n, 3) RGB, 0..255."""


def face_mask(side_px: int, points: MeshPoints, cover: Mask, face_px: float, edge: float) -> SoftMask:
    """Where the drawn face is seen: the oval narrowed by ``edge`` face sizes, feathered, fading to the hair line."""
    mask = shrunk(cv2.min(oval(side_px, points), cover).astype(np.uint8), edge * face_px)
    brows = points[list(_BROW_ARCHES), :2].mean(0)
    t = np.clip((0.97 - height_along(side_px, brows, points[FOREHEAD, :2] - brows)) / FOREHEAD_FADE, 0, 1)
    return soft(mask, 0.03 * face_px) * (t * t * (3 - 2 * t)).astype(np.float32)


def pyramid_blend(face: FloatImage, base: FloatImage, mask: SoftMask, levels: int = 4) -> FloatImage:
    """Laplacian pyramid blend (Burt and Adelson, 1983): ``face`` where the mask is 1."""
    difference, weight = [face - base], [mask]
    for _ in range(levels):
        difference.append(cv2.pyrDown(difference[-1]).astype(np.float32))
        weight.append(cv2.pyrDown(weight[-1]).astype(np.float32))
    mixed = difference[-1] * weight[-1][..., None]
    for finer, coarser, w in zip(difference[-2::-1], difference[:0:-1], weight[-2::-1], strict=True):
        size = finer.shape[1], finer.shape[0]
        band = finer - cv2.pyrUp(coarser, dstsize=size)
        mixed = cv2.pyrUp(mixed, dstsize=size) + band * w[..., None]
    return base + mixed.astype(np.float32)


def joined(face: FloatImage, base: FloatImage, mask: SoftMask, points: MeshPoints, face_px: float) -> FloatImage:
    """The blend, kept to the neighbourhood of the face: coarse bands would otherwise tint what is around."""
    reach = soft(grown(oval(base.shape[0], points), 0.05 * face_px), 0.04 * face_px)[..., None]
    return base + (pyramid_blend(face, base, mask) - base) * reach
