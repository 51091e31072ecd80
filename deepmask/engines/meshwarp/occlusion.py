"""What lies before a face: hair, hats, glasses, beards, hands, microphones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.meshwarp.colour import LEAST_SKIN_PX, to_lab
from deepmask.engines.meshwarp.geometry import MeshPoints
from deepmask.engines.meshwarp.regions import SoftMask, bare_skin, brows, grown, height_along, hull, hulls, oval, shrunk
from deepmask.faces import RGBImage
from deepmask.landmark_points import CHIN, FOREHEAD, LEFT_EYE, NOSE_BASE, NOSE_TIP, RIGHT_EYE

SKIN_CORE = (
    116, 117, 118, 50, 187, 205, 36, 142, 126, 6, 197, 5, 4, 345, 346, 347, 280, 411, 425, 266, 371, 355, 9, 151,
)  # fmt: skip
"""Cheeks and nose: nearly always bare."""

COVERING = 0.25
"""Share of the face below the nose that is not this face's skin from which on something covers it."""


@dataclass(frozen=True)
class SkinModel:
    """Colours of one face's skin: a Gaussian in CIE Lab."""

    middle: NDArray[np.float64]
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, image: RGBImage, points: MeshPoints, face_px: float) -> SkinModel | None:
        """From cheeks and nose; None when they are too small."""
        n = image.shape[0]
        core = bare_skin(n, points, face_px) & hull(n, points[list(SKIN_CORE), :2])
        values = to_lab(image)[core > 0].astype(np.float64)
        if len(values) < 60:
            return None
        middle = np.median(values, 0)
        spread = np.cov((values - middle).T) + np.diag([60, 6, 6])
        return cls(middle, np.linalg.inv(spread))

    def foreign(self, image: RGBImage, deviations: float = 4.0) -> NDArray[np.bool_]:
        """(n, n): pixels farther than ``deviations`` (Mahalanobis) from the skin."""
        offset = to_lab(image) - self.middle
        return np.einsum("ijk,kl,ijl->ij", offset, self.inverse, offset) > deviations**2


def hair_free(image: RGBImage, points: MeshPoints, face_px: float) -> SoftMask:
    """1 where the upper face is bare, 0 where hair or a hat reaches into it from outside."""
    n = image.shape[0]
    model = SkinModel.of(image, points, face_px)
    if model is None:
        return np.ones((n, n), np.float32)
    face = oval(n, points)
    features = grown(hulls(n, points, (LEFT_EYE, RIGHT_EYE)) | brows(n, points), 0.045 * face_px)
    above_nose = height_along(n, points[NOSE_TIP, :2], points[FOREHEAD, :2] - points[CHIN, :2]) > 0
    foreign = (model.foreign(image) & (features == 0) & (face > 0) & above_nose).astype(np.uint8)
    foreign = cv2.morphologyEx(foreign, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    edge = (face > 0) & (shrunk(face, 0.02 * face_px) == 0)
    covered = np.zeros((n, n), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(foreign.astype(np.uint8))
    for part in range(1, count):
        inside = labels == part
        if stats[part, cv2.CC_STAT_AREA] > 0.002 * (face > 0).sum() and (inside & edge).sum() > 3:
            covered[inside] = 255
    covered = grown(covered, 1)
    return 1 - cv2.GaussianBlur(covered.astype(np.float32) / 255, (0, 0), max(1.0, 0.012 * face_px)).astype(np.float32)


def covered_below_nose(image: RGBImage, points: MeshPoints, face_px: float) -> bool:
    """Whether a mask, a scarf, a cup or food hides part of mouth, chin or jaw."""
    return covered_share(image, points, face_px) > COVERING


def covered_share(image: RGBImage, points: MeshPoints, face_px: float) -> float:
    """Share of the face below the nose whose hue is not that of the face above it, or that is much brighter, 0..1.

    Beards and shadows are darker but of no other hue, so they do not count.
    """
    n = image.shape[0]
    down = points[CHIN, :2] - points[FOREHEAD, :2]
    depth = height_along(n, points[NOSE_BASE, :2], down)
    skin = bare_skin(n, points, face_px) > 0
    above, below = skin & (depth < -0.2), skin & (depth > 0.02)
    if above.sum() < LEAST_SKIN_PX or below.sum() < LEAST_SKIN_PX:
        return 0.0
    lab = to_lab(image)
    middle = np.median(lab[above], 0)
    spread = 1.4826 * np.median(np.abs(lab[above] - middle), 0)
    lightness, hue = lab[below][:, 0], lab[below][:, 1:]
    in_shadow = middle[1:] * np.clip(lightness / (middle[0] + 1e-3), 0, 1)[:, None]
    other_hue = np.linalg.norm(hue - in_shadow, axis=1) > max(13.0, 4 * float(spread[1:].max()))
    bright = lightness - middle[0] > max(30.0, 3 * float(spread[0]))
    return float((other_hue | bright).mean())
