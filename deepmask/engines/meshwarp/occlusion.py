"""What lies before a face: hair, hats, glasses, beards, hands, microphones."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.meshwarp.colour import to_lab
from deepmask.engines.meshwarp.geometry import MeshPoints
from deepmask.engines.meshwarp.regions import SoftMask, bare_skin, brows, grown, height_along, hull, hulls, oval, shrunk
from deepmask.faces import RGBImage
from deepmask.landmark_points import CHIN, FOREHEAD, LEFT_EYE, NOSE_TIP, RIGHT_EYE

SKIN_CORE = (
    116, 117, 118, 50, 187, 205, 36, 142, 126, 6, 197, 5, 4, 345, 346, 347, 280, 411, 425, 266, 371, 355, 9, 151,
)  # fmt: skip
"""Cheeks and nose: nearly always bare."""


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
        values = to_lab(image.astype(np.float32))[core > 0].astype(np.float64)
        if len(values) < 60:
            return None
        middle = np.median(values, 0)
        spread = np.cov((values - middle).T) + np.diag([60, 6, 6])
        return cls(middle, np.linalg.inv(spread))

    def foreign(self, image: RGBImage, deviations: float = 4.0) -> NDArray[np.bool_]:
        """(n, n): pixels farther than ``deviations`` (Mahalanobis) from the skin."""
        offset = to_lab(image.astype(np.float32)) - self.middle
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
