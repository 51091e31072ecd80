"""Where people are, for maps of any parser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.people import PoseSegmenter
from deepmask.faces import Face, RGBImage

WORKING_PX = 512
"""Longer side of the maps, which are shown at the picture's size."""


def working_size(image: RGBImage) -> tuple[int, int]:
    """Width and height of the map of a picture."""
    h, w = image.shape[:2]
    factor = min(1.0, WORKING_PX / max(h, w))
    return max(1, round(w * factor)), max(1, round(h * factor))


def people(image: RGBImage, faces: Sequence[Face]) -> NDArray[np.uint8]:
    """(h, w) 1 where somebody is, at :func:`working_size`."""
    size = working_size(image)
    found = np.zeros((size[1], size[0]), np.uint8)
    for body in _segmenter().segment(image, faces, thorough=False):
        whole = body.area.full().astype(np.uint8)
        found |= np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    return found


def enlarged(classes: NDArray[np.uint8], image: RGBImage) -> NDArray[np.uint8]:
    """A map at the size of its picture."""
    size = image.shape[1], image.shape[0]
    return np.asarray(cv2.resize(classes, size, interpolation=cv2.INTER_NEAREST), np.uint8)


@cache
def _segmenter() -> PoseSegmenter:
    return PoseSegmenter()
