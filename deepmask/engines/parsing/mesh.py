"""The parts of faces as polygons of the face mesh, the rest of people by their poses; nothing to download."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.parsing.people import enlarged, people, working_size
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

CLASSES = ("background", "person", "head", "skin", "left brow", "right brow", "left eye", "right eye", "nose",
           "lips", "mouth")  # fmt: skip

_NOSE = (168, 6, 4, 1, 2, 48, 278, 64, 294, 98, 327, 129, 358, 193, 417)
"""Points whose hull is the nose."""
_PARTS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("skin", OVAL), ("left brow", LEFT_BROW), ("right brow", RIGHT_BROW), ("left eye", LEFT_EYE),
    ("right eye", RIGHT_EYE), ("nose", _NOSE), ("lips", LIPS_OUTER), ("mouth", LIPS_INNER),
)  # fmt: skip
"""Drawn in this order."""
_HEAD_ACROSS, _HEAD_UP = 1.6, 2.2
"""A head, hair included: the face's oval is enlarged by these about a point above its middle."""


class MeshParser:
    """Polygons of MediaPipe's face mesh within people found by their poses."""

    classes = CLASSES

    def parse(self, image: RGBImage, faces: Sequence[Face] = ()) -> NDArray[np.uint8]:
        """(H, W) the class of each pixel; the same picture gives the same map."""
        drawn = people(image, faces)
        scale = np.array(working_size(image)) / (image.shape[1], image.shape[0])
        for face in sorted(faces, key=lambda f: f.size_px):
            _draw(drawn, face, scale)
        return enlarged(drawn, image)


def _draw(drawn: NDArray[np.uint8], face: Face, scale: NDArray[np.float64]) -> None:
    """One face, and the head around it, into ``drawn``."""
    if face.landmarks is None:
        x1, y1, x2, y2 = np.array(face.box_xyxy) * np.tile(scale, 2)
        turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        oval = np.stack([(x1 + x2 + (x2 - x1) * np.cos(turns)) / 2, (y1 + y2 + (y2 - y1) * np.sin(turns)) / 2], 1)
        _fill(drawn, oval, CLASSES.index("skin"))
        return
    points = face.landmarks[:, :2] * scale
    _draw_head(drawn, points)
    for name, ring in _PARTS:
        outline = points[list(ring)]
        if name == "nose":
            outline = cv2.convexHull(outline.astype(np.float32))[:, 0]
        _fill(drawn, outline, CLASSES.index(name))


def _draw_head(drawn: NDArray[np.uint8], points: NDArray[np.float64]) -> None:
    """What of a person surrounds the face above the chin."""
    up = points[FOREHEAD] - points[CHIN]
    centre = points[CHIN] + 0.6 * up
    away = points[list(OVAL)] - centre
    along = (away @ up)[:, None] * up / float(up @ up)
    around = np.zeros_like(drawn)
    _fill(around, centre + _HEAD_ACROSS * (away - along) + _HEAD_UP * along, 1)
    ys, xs = np.nonzero(around & (drawn == 1))
    above = (np.stack([xs, ys], 1) - points[CHIN]) @ up > 0.1 * float(up @ up)
    drawn[ys[above], xs[above]] = CLASSES.index("head")


def _fill(drawn: NDArray[np.uint8], outline: NDArray[Any], number: int) -> None:
    cv2.fillPoly(drawn, [np.rint(outline).astype(np.int32)], (number,))
