"""How a scene lights a face, told without anything that would tell whose face it is."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.masks.cover import cut_out
from deepmask.faces import Landmarks, RGBImage, enlarge
from deepmask.head_pose import face_size

_SKIN = (
    151, 9, 108, 337, 69, 299, 104, 333, 8, 197, 195, 5, 4, 50, 280, 101, 330, 36, 266, 117, 346, 187, 411, 205, 425,
    147, 376, 192, 416, 213, 433, 199, 200, 175, 123, 352,
)  # fmt: skip
"""Landmarks on forehead, nose, cheeks and chin, away from eyes, brows and lips."""
_SAMPLES_PX = 96


class Light(NamedTuple):
    """What a mask takes from the scene."""

    exposure: float
    """Brightness of something white in the scene, about .35 (night) to 1.04."""
    tint: NDArray[np.float32]
    """(3,) colour of the light, close to 1."""
    direction: NDArray[np.float32]
    """(3,) g: a surface with normal n is seen 1 + g · (n - n_front) times as bright as one that faces the camera."""


def scene_light(image: RGBImage, landmarks: Landmarks, normals: NDArray[np.float32]) -> Light:
    """The light at a face: brightness and tint of its surroundings, direction from its skin.

    Three numbers fitted to some 36 strongly blurred samples say where the light comes from and nothing else.

    Args:
        normals: (478 or 468, 3) of the posed mean face at the landmarks.
    """
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    box = enlarge((*low, *high), 2.0)
    shrink = _SAMPLES_PX / max(box[2] - box[0], box[3] - box[1])
    small = cut_out(image, box)
    if shrink < 1:
        size = max(1, round(small.shape[1] * shrink)), max(1, round(small.shape[0] * shrink))
        small = cv2.resize(small, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return Light(*_brightness(small), _direction(small, landmarks, (box[0], box[1]), min(shrink, 1.0), normals))


def _brightness(small: RGBImage) -> tuple[float, NDArray[np.float32]]:
    pixels = small.reshape(-1, 3).astype(np.float32)
    luma = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    bright = float(np.percentile(luma, 92))
    exposure = 0.27 + 0.77 * (bright / 255) ** 0.85
    colour = pixels[luma >= np.percentile(luma, 60)].mean(0)
    tint = np.clip(1 + 0.3 * (colour / max(colour.mean(), 1) - 1), 0.9, 1.1).astype(np.float32)
    return exposure, tint


def _direction(
    small: RGBImage, landmarks: Landmarks, origin: tuple[float, float], shrink: float, normals: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Least squares of brightness over normals, held back by a ridge."""
    luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    luma = cv2.GaussianBlur(luma, (0, 0), max(0.6, 0.06 * face_size(landmarks) * shrink))
    at = np.rint((landmarks[list(_SKIN), :2] - origin) * shrink).astype(int)
    h, w = luma.shape
    seen = luma[np.clip(at[:, 1], 0, h - 1), np.clip(at[:, 0], 0, w - 1)]
    facing = normals[list(_SKIN)]
    visible = facing[:, 2] < -0.15
    if visible.sum() < 8:
        return np.zeros(3, np.float32)
    ratio = seen[visible] / max(float(np.median(seen[visible])), 1.0) - 1
    ratio = np.clip(ratio, -0.5, 0.5)  # a beard or a highlight is not light
    slope = facing[visible] - (0, 0, -1)
    gradient = np.linalg.solve(slope.T @ slope + 1.5 * np.eye(3), slope.T @ ratio)
    return np.clip(gradient, -0.7, 0.7).astype(np.float32)
