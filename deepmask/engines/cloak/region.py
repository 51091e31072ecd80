"""Where a cloak may change a picture, and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.faces import Box, Face, RGBImage, clip_box, enlarge
from deepmask.look import FaceRegion

LEVELS = {1: 2, 2: 4, 3: 6, 4: 8, 5: 12}
"""Strength → grey levels of 255 by which a channel may change at most."""

REACH: dict[FaceRegion, float] = {"features": 1.15, "face": 1.7, "head": 2.4}
"""Side of the region in sides of the face's box."""

_SOFT = 0.45
"""Width of the soft edge, in half sides of the region."""

_CALM = 0.5
"""What is left of the change where the picture is smooth: skin shows noise that hair hides."""

_LIVELY_LEVELS = 12.0
"""Standard deviation of the brightness from which on a texture hides the whole change."""

CANVAS_PX = 288
"""The longer side of the region at which an attack computes: networks see faces no finer than that."""


@dataclass(frozen=True, eq=False)
class Region:
    """The surroundings of one face."""

    window: tuple[slice, slice]
    """Rows and columns of the picture."""
    limits: NDArray[np.float32]
    """(h, w, 1) grey levels by which a channel may change, 0 at the edge."""
    canvas_wh: tuple[int, int]
    """Size at which an attack computes."""

    @property
    def to_canvas(self) -> NDArray[np.float64]:
        """(2, 3) map from pixels of the picture to pixels of the canvas."""
        (h, w), (rows, columns) = self.limits.shape[:2], self.window
        fx, fy = self.canvas_wh[0] / w, self.canvas_wh[1] / h
        return np.array([[fx, 0, fx * (0.5 - columns.start) - 0.5], [0, fy, fy * (0.5 - rows.start) - 0.5]])


def region_of(image: RGBImage, face: Face, strength: int, extent: FaceRegion) -> Region | None:
    """The region of a face; None where it lies outside the picture."""
    box = enlarge(face.box_xyxy, REACH[extent])
    x1, y1, x2, y2 = clip_box(box, (image.shape[1], image.shape[0]))
    if x2 - x1 < 8 or y2 - y1 < 8:
        return None
    part = image[y1:y2, x1:x2]
    soft = _soft_edge(box, (x1, y1, x2, y2))
    limits = LEVELS[strength] * soft * _tolerance(part, face.size_px)
    shrink = min(1.0, CANVAS_PX / max(part.shape[:2]))
    canvas = max(8, round((x2 - x1) * shrink)), max(8, round((y2 - y1) * shrink))
    return Region((slice(y1, y2), slice(x1, x2)), limits[..., None].astype(np.float32), canvas)


def _soft_edge(box: Box, window: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """1 inside the ellipse-like region of ``box``, falling to 0 at its border."""
    x1, y1, x2, y2 = window
    x = np.abs(np.arange(x1, x2) + 0.5 - (box[0] + box[2]) / 2) / ((box[2] - box[0]) / 2)
    y = np.abs(np.arange(y1, y2) + 0.5 - (box[1] + box[3]) / 2) / ((box[3] - box[1]) / 2)
    radius = (x[None, :] ** 4 + y[:, None] ** 4) ** 0.25
    ramp = np.clip((1 - radius) / _SOFT, 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def _tolerance(part: RGBImage, face_px: float) -> NDArray[np.float64]:
    """How much of a change is hidden by the texture, :data:`_CALM`..1."""
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float32)
    side = max(3, round(face_px / 24)) | 1
    mean = cv2.boxFilter(grey, -1, (side, side))
    spread = np.sqrt(np.maximum(cv2.boxFilter(grey * grey, -1, (side, side)) - mean * mean, 0))
    share = np.clip(_CALM + (1 - _CALM) * spread / _LIVELY_LEVELS, _CALM, 1)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), side / 2), np.float64)
