"""Pictures that forensic examiners look at. They are exhibits: by themselves they tell fakes from real pictures badly.

Each is made at the picture's own resolution, since resizing wipes out what they show, of a window of it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.dossier import Exhibit
from deepmask.faces import RGBImage
from pipelines.verify.detecting.drawing import map_of

_WINDOW_PX = 1280
_BLOCK = 8
"""Side of JPEG's blocks."""
_LEVEL = 90
_GHOSTS = range(40, 96, 5)
"""Qualities a picture may have been compressed with before."""


def exhibits(rgb: RGBImage, centre_xy: tuple[float, float] | None = None) -> tuple[Exhibit, ...]:
    """Error level, noise, traces of an earlier compression, and the grid of its blocks, around ``centre_xy``."""
    window = _window(rgb, centre_xy)
    return (
        Exhibit(
            "Error level",
            map_of(error_level(window)),
            "How much each place changes when it is compressed once more. A part with another history may stand out; "
            "so do edges and bright colours of any picture.",
        ),
        Exhibit(
            "Noise",
            map_of(noise(window)),
            "How strong the fine grain is, apart from edges. A generated face is often smoother than its surroundings; "
            "so are sky, make-up and whatever is out of focus.",
        ),
        Exhibit(
            "Earlier compression",
            map_of(ghosts(window)),
            "The JPEG quality that fits each place best, dark for low. A part brought from another file may have "
            "another colour than its surroundings; flat areas say nothing.",
        ),
        Exhibit(
            "Grid of blocks",
            map_of(block_grid(window)),
            "Where the 8 × 8 blocks of an earlier JPEG file still show. Gaps can be places that were put in later, or "
            "smooth ones.",
        ),
    )


def _window(rgb: RGBImage, centre_xy: tuple[float, float] | None) -> RGBImage:
    """At most ``_WINDOW_PX`` a side, on the grid of blocks."""
    cuts = []
    for side, middle in zip(rgb.shape[:2], (centre_xy or (rgb.shape[1] / 2, rgb.shape[0] / 2))[::-1], strict=True):
        size = min(side, _WINDOW_PX)
        first = int(np.clip(middle - size / 2, 0, side - size)) // _BLOCK * _BLOCK
        cuts.append(slice(first, first + size))
    return np.ascontiguousarray(rgb[cuts[0], cuts[1]])


def error_level(rgb: RGBImage) -> NDArray[np.float32]:
    """(h, w) 0..1: change by another compression (Krawetz, 2007)."""
    change = np.abs(_again(rgb, _LEVEL) - rgb.astype(np.float32)).max(2)
    return _stretched(np.asarray(cv2.GaussianBlur(change, (0, 0), 1.0), np.float32))


def noise(rgb: RGBImage) -> NDArray[np.float32]:
    """(h, w) 0..1: local deviation of what a median filter takes away, edges left out."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    rest = grey.astype(np.float32) - cv2.medianBlur(grey, 3)
    edge = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 2), cv2.CV_32F)) > 3
    flat = np.where(edge, 0, 1).astype(np.float32)
    power = cv2.GaussianBlur(rest * rest * flat, (0, 0), 6) / (cv2.GaussianBlur(flat, (0, 0), 6) + 1e-3)
    return _stretched(np.sqrt(np.asarray(power, np.float32)))


def ghosts(rgb: RGBImage) -> NDArray[np.float32]:
    """(h, w) 0..1: the quality at which each place changes least (JPEG ghosts, Farid, 2009)."""
    given = rgb.astype(np.float32)
    changes = []
    for quality in _GHOSTS:
        change = ((_again(rgb, quality) - given) ** 2).mean(2)
        changes.append(np.log1p(np.asarray(cv2.GaussianBlur(change, (0, 0), 8))))
    stack = np.stack(changes)
    bend = np.zeros_like(stack)  # beyond the trend, by which less compression always changes less
    bend[1:-1] = (stack[:-2] + stack[2:]) / 2 - stack[1:-1]
    best = bend.argmax(0).astype(np.float32) / (len(changes) - 1)
    return np.asarray(cv2.GaussianBlur(best, (0, 0), 3), np.float32)


def block_grid(rgb: RGBImage) -> NDArray[np.float32]:
    """(h, w) 0..1: how much steps across borders of blocks exceed those within them."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    total = np.zeros_like(grey)
    for axis in (0, 1):
        if grey.shape[axis] < 3:
            continue
        bend = np.abs(np.diff(grey, 2, axis=axis))
        bend = np.minimum(np.pad(bend, [(1, 1) if a == axis else (0, 0) for a in (0, 1)]), 12)
        at = np.arange(grey.shape[axis]) % _BLOCK
        border = np.isin(at, (0, _BLOCK - 1)).astype(np.float32)
        border = border[:, None] if axis == 0 else border[None, :]
        share = 2 / _BLOCK
        on = cv2.GaussianBlur(bend * border, (0, 0), 8) / share
        off = cv2.GaussianBlur(bend * (1 - border), (0, 0), 8) / (1 - share)
        total += (on - off) / (on + off + 0.3)
    return np.clip(total, 0, 1).astype(np.float32)


def _again(rgb: RGBImage, quality: int) -> NDArray[np.float32]:
    coded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32)


def _stretched(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Up to the strongest hundredth."""
    return np.clip(values / max(float(np.quantile(values, 0.99)), 1e-3), 0, 1).astype(np.float32)
