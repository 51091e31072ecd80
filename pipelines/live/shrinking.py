"""Drawing a face smaller than it is, and enlarging what was drawn: for pictures that must be ready at once."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.protocols import FaceSwapper
from deepmask.faces import Face, Patch, RGBImage, clip_box, enlarge
from deepmask.landmark_points import OVAL
from deepmask.persona import Persona

DRAWN_PX = {"painter": 110.0}
"""Engine → longer side of the largest face that it draws at full size."""
REACH = 2.2
"""Half side of the part of a picture that an engine sees, in half sides of the face's box."""
LEAST_CHANGE = 4
"""Levels by which a mask differs from the picture where it is pasted."""
SURELY = 1.06
"""By how much the outline of the mesh is enlarged within which all is pasted."""


def swapped(swapper: FaceSwapper, name: str, image: RGBImage, face: Face, persona: Persona | None) -> Patch:
    """The patch of ``swapper`` over ``face``, drawn on a smaller copy of its surroundings if it is large.

    Raises:
        EngineFailed: as for :meth:`FaceSwapper.swap`.
    """
    shrink = face.size_px / DRAWN_PX.get(name, np.inf)
    if shrink <= 1 or face.landmarks is None:
        return swapper.swap(image, face, persona)
    x1, y1, x2, y2 = clip_box(enlarge(_square(face), REACH), (image.shape[1], image.shape[0]))
    size = max(1, round((x2 - x1) / shrink)), max(1, round((y2 - y1) / shrink))
    small = cv2.resize(image[y1:y2, x1:x2], size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    fx, fy = size[0] / (x2 - x1), size[1] / (y2 - y1)
    landmarks = (face.landmarks - (x1, y1, 0)) * (fx, fy, (fx + fy) / 2)
    box = (
        (face.box_xyxy[0] - x1) * fx,
        (face.box_xyxy[1] - y1) * fy,
        (face.box_xyxy[2] - x1) * fx,
        (face.box_xyxy[3] - y1) * fy,
    )
    masked = small.copy()
    swapper.swap(small, Face(box, face.score, landmarks, face.yaw_degrees), persona).paste(masked)
    alpha = _changed(small, masked, landmarks)
    wh = (x2 - x1, y2 - y1)
    rgb = cv2.resize(masked, wh, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    return Patch(rgb, np.asarray(cv2.resize(alpha, wh, interpolation=cv2.INTER_LINEAR), np.float32), (x1, y1))


def _square(face: Face) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = face.box_xyxy
    cx, cy, half = (x1 + x2) / 2, (y1 + y2) / 2, face.size_px / 2
    return cx - half, cy - half, cx + half, cy + half


def _changed(before: RGBImage, after: RGBImage, landmarks: NDArray[np.float64]) -> NDArray[np.float32]:
    """(h, w) opacity: 1 on the whole face and wherever ``after`` differs, 0 where the sharp picture may stay."""
    differs = (cv2.absdiff(before, after).max(2) >= LEAST_CHANGE).astype(np.uint8)
    differs = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    oval = landmarks[list(OVAL), :2]
    middle = oval.mean(0)
    cv2.fillPoly(differs, [np.rint(middle + SURELY * (oval - middle)).astype(np.int32)], (1,))
    wide = cv2.dilate(differs, np.ones((5, 5), np.uint8)).astype(np.float32)
    return np.asarray(np.maximum(cv2.GaussianBlur(wide, (0, 0), 1.2), differs), np.float32)
