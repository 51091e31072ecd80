"""Spectacles of the person covered. The new face has none, so what the mesh does not reach is taken away too."""

from __future__ import annotations

import cv2
import numpy as np

from deepmask.engines.meshwarp.geometry import MeshPoints
from deepmask.engines.meshwarp.regions import Mask, grown, polygon
from deepmask.faces import RGBImage
from deepmask.landmark_points import CHIN, FOREHEAD, LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS

BRIDGE_EDGE = 0.07
"""Strength of the horizontal edge across the nose between the eyes, as a share of the skin's brightness: spectacles
measured .10 to .14, bare noses up to .05."""

_RIGHT_TEMPLE, _LEFT_TEMPLE = 127, 356
_BROWS_MIDDLE, _NOSE_MIDDLE = 9, 197


def wears_glasses(image: RGBImage, points: MeshPoints) -> bool:
    """Whether a bridge of spectacles crosses the nose."""
    side = 64
    inner = points[[RIGHT_EYE_CORNERS[1], LEFT_EYE_CORNERS[1]], :2]
    top, bottom = points[_BROWS_MIDDLE, :2], points[_NOSE_MIDDLE, :2]
    width = 0.35 * (inner[1] - inner[0])
    source = np.array([top - width / 2, top + width / 2, bottom - width / 2], np.float32)
    goal = np.array([[0, 0], [side, 0], [0, side]], np.float32)
    strip = cv2.warpAffine(image, cv2.getAffineTransform(source, goal), (side, side), flags=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 2)
    edges = np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)) / 8
    return bool(edges.mean(1)[4:-4].max() * 2 / (np.median(grey) + 5) > BRIDGE_EDGE)


def without_temples(image: RGBImage, points: MeshPoints, face_px: float) -> RGBImage:
    """The picture without the arms of the spectacles between face and ears, which would hang in the air."""
    n = image.shape[0]
    arms = _thin_level_structures(image, face_px) & _zone(n, points, face_px)
    if not arms.any():
        return image
    return cv2.inpaint(image, grown(arms, 0.012 * face_px), 0.03 * face_px, cv2.INPAINT_TELEA).astype(np.uint8)


def _thin_level_structures(image: RGBImage, face_px: float) -> Mask:
    """Lines, dark or bright, that run across the crop rather than down it, as hair does."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    upright = np.ones((2 * max(2, round(0.035 * face_px)) + 1, 1), np.uint8)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, upright)
    bright = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, upright)
    lines = ((dark > 14) | (bright > 18)).astype(np.uint8) * 255
    level = np.ones((1, max(3, round(0.04 * face_px))), np.uint8)
    return np.asarray(cv2.morphologyEx(lines, cv2.MORPH_OPEN, level), np.uint8)


def _zone(side_px: int, points: MeshPoints, face_px: float) -> Mask:
    """From the outer eye corners past the outline of the face to the ears, as high as spectacles are."""
    down = points[CHIN, :2] - points[FOREHEAD, :2]
    down = down / np.linalg.norm(down) * face_px
    zone = np.zeros((side_px, side_px), np.uint8)
    for corner, temple in ((RIGHT_EYE_CORNERS[0], _RIGHT_TEMPLE), (LEFT_EYE_CORNERS[0], _LEFT_TEMPLE)):
        eye, edge = points[corner, :2], points[temple, :2]
        out = (edge - eye) / (np.linalg.norm(edge - eye) + 1e-6) * face_px
        near, far = eye + 0.08 * out, edge + 0.22 * out
        zone |= polygon(
            side_px, np.array([near - 0.1 * down, far - 0.05 * down, far + 0.12 * down, near + 0.14 * down])
        )
    return zone
