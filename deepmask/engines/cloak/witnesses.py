"""Finders that look at a cloaked photo, one network each: the product's own finders are unions of several."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np

from deepmask import engines
from deepmask.engines.centerface import shared
from deepmask.engines.finder import BlazeFace
from deepmask.faces import Box, RGBImage, iou

SEEN_FROM = {"CenterFace": 0.35, "BlazeFace": 0.5, "SCRFD": 0.5}
"""Finder → score from which on it says that there is a face: what programs that use it take."""

_LONG_SIDE_PX = 1280
_SAME_FACE_IOU = 0.3


def finders() -> dict[str, Callable[[RGBImage], list[tuple[Box, float]]]]:
    """Those that are ready, by name; each gives boxes with scores."""
    known = {"CenterFace": _centerface, "BlazeFace": _blazeface_boxes}
    scrfd = next((row for row in engines.rows("face_finder") if row.name == "scrfd"), None)
    return known | ({"SCRFD": _scrfd} if scrfd is not None and not scrfd.missing() else {})


def score_at(found: list[tuple[Box, float]], box: Box) -> float:
    """The best score of what was found where a face is; 0 where nothing was."""
    return max((score for other, score in found if iou(box, other) > _SAME_FACE_IOU), default=0.0)


def _centerface(image: RGBImage) -> list[tuple[Box, float]]:
    scale = min(1.0, _LONG_SIDE_PX / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    boxes = shared().boxes(np.asarray(small, np.uint8), 0.1)
    return [((b[0] / scale, b[1] / scale, b[2] / scale, b[3] / scale), b[4]) for b in boxes.astype(float).tolist()]


def _blazeface_boxes(image: RGBImage) -> list[tuple[Box, float]]:
    return [((b[0], b[1], b[2], b[3]), b[4]) for b in _blazeface().boxes(image).astype(float).tolist()]


def _scrfd(image: RGBImage) -> list[tuple[Box, float]]:
    return [(face.box_xyxy, face.score) for face in engines.load("face_finder", "scrfd").find(image)]


@cache
def _blazeface() -> BlazeFace:
    return BlazeFace(threshold=0.1)
