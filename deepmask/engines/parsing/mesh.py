"""The parts of faces as polygons of the face mesh, the rest of people by their poses; nothing to download."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.people import PoseSegmenter
from deepmask.faces import Face, RGBImage
from deepmask.landmark_points import (
    CHIN,
    FOREHEAD,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    OVAL,
    RIGHT_BROW,
    RIGHT_EYE,
)

WORKING_PX = 512
"""Longer side of the map; it is shown at the picture's size."""

CLASSES = ("background", "person", "head", "skin", "left brow", "right brow", "left eye", "right eye", "nose",
           "lips", "mouth")  # fmt: skip

_NOSE = (168, 6, 4, 1, 2, 48, 278, 64, 294, 98, 327, 129, 358, 193, 417)
_PARTS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("skin", OVAL), ("left brow", LEFT_BROW), ("right brow", RIGHT_BROW), ("left eye", LEFT_EYE),
    ("right eye", RIGHT_EYE), ("nose", _NOSE), ("lips", LIPS_OUTER), ("mouth", LIPS_INNER),
)  # fmt: skip
"""Drawn in this order."""
_HEAD = 1.55
"""A head, hair included, in faces: the oval is enlarged by this about a point above its middle."""


class MeshParser:
    """Polygons of MediaPipe's face mesh within people found by their poses."""

    classes = CLASSES

    def parse(self, image: RGBImage, faces: Sequence[Face] = ()) -> NDArray[np.uint8]:
        """(H, W) the class of each pixel; the same picture gives the same map."""
        h, w = image.shape[:2]
        factor = min(1.0, WORKING_PX / max(h, w))
        size = max(1, round(w * factor)), max(1, round(h * factor))
        drawn = self.people(image, faces, size)
        for face in sorted(faces, key=lambda f: f.size_px):
            _draw(drawn, face, np.array([size[0] / w, size[1] / h]))
        return np.asarray(cv2.resize(drawn, (w, h), interpolation=cv2.INTER_NEAREST), np.uint8)

    def people(self, image: RGBImage, faces: Sequence[Face], size_wh: tuple[int, int]) -> NDArray[np.uint8]:
        """(h, w) 1 where somebody is, at another size."""
        found = np.zeros((size_wh[1], size_wh[0]), np.uint8)
        for body in self._segmenter.segment(image, faces, thorough=False):
            whole = body.area.full().astype(np.uint8)
            found |= np.asarray(cv2.resize(whole, size_wh, interpolation=cv2.INTER_NEAREST), np.uint8)
        return found

    @cached_property
    def _segmenter(self) -> PoseSegmenter:
        return PoseSegmenter()


def _draw(drawn: NDArray[np.uint8], face: Face, scale: NDArray[np.float64]) -> None:
    """One face, and the head around it, into ``drawn``."""
    if face.landmarks is None:
        x1, y1, x2, y2 = np.array(face.box_xyxy) * np.tile(scale, 2)
        middle, axes = (round((x1 + x2) / 2), round((y1 + y2) / 2)), (round((x2 - x1) / 2), round((y2 - y1) / 2))
        cv2.ellipse(drawn, middle, axes, 0, 0, 360, CLASSES.index("skin"), cv2.FILLED)
        return
    points = face.landmarks[:, :2] * scale
    _draw_head(drawn, points)
    for name, ring in _PARTS:
        outline = points[list(ring)]
        if name == "nose":
            outline = cv2.convexHull(outline.astype(np.float32))[:, 0]
        cv2.fillPoly(drawn, [np.rint(outline).astype(np.int32)], CLASSES.index(name))


def _draw_head(drawn: NDArray[np.uint8], points: NDArray[np.float64]) -> None:
    """What of a person surrounds the face above the chin."""
    up = points[FOREHEAD] - points[CHIN]
    centre = points[CHIN] + 0.6 * up
    around = np.zeros_like(drawn)
    cv2.fillPoly(around, [np.rint((points[list(OVAL)] - centre) * _HEAD + centre).astype(np.int32)], 1)
    ys, xs = np.nonzero(around & (drawn == 1))
    above = (np.stack([xs, ys], 1) - points[CHIN]) @ up > 0.1 * float(up @ up)
    drawn[ys[above], xs[above]] = CLASSES.index("head")
