"""Pictures that detection is tested with: Eileen Collins (NASA, in scikit-image), as she is and with a face put in."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from skimage import data

from deepmask.faces import Face, RGBImage
from deepmask.progress import Progress, silent

FACE_BOX = (175.0, 54.0, 275.0, 180.0)
"""Of Collins in the whole picture, pixels."""


@cache
def collins() -> RGBImage:
    """(512, 512, 3)."""
    return np.ascontiguousarray(data.astronaut())


@cache
def cat_faced() -> RGBImage:
    """The same with the face of a cat where hers was: nobody's detector is needed to see it."""
    out = collins().copy()
    mask = np.zeros(out.shape[:2], np.float32)
    cv2.ellipse(mask, (225, 117), (46, 60), 0, 0, 360, (1.0,), -1)
    cat = cv2.resize(data.chelsea()[:, 100:350], (140, 140), interpolation=cv2.INTER_AREA)
    laid = out.copy()
    laid[47:187, 155:295] = cat
    mask = cv2.GaussianBlur(mask, (0, 0), 2)[..., None]
    return np.rint(out * (1 - mask) + laid * mask).astype(np.uint8)


def replaced() -> np.ndarray:
    """(512, 512) bool: where the cat is."""
    return np.abs(collins().astype(int) - cat_faced()).max(2) > 8


def compressed(rgb: RGBImage, quality: int) -> RGBImage:
    """After a JPEG file of this quality."""
    coded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


class OneFace:
    """A finder that knows where Collins is in pictures of her size, and sees nobody elsewhere."""

    def find(self, image: RGBImage, *, progress: Progress = silent) -> list[Face]:
        return [Face(FACE_BOX)] if image.shape[:2] == (512, 512) else []


class Redness:
    """A finder of fakes for which red is fake."""

    fake_above, real_below = 0.8, 0.3

    def find(self, image: RGBImage, *, progress: Progress = silent) -> np.ndarray:
        values = image.astype(np.float32)
        return np.clip((values[..., 0] - values[..., 1:].max(2)) / 128, 0, 1)
