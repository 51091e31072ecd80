"""The pose of a face as a small line drawing, for choosing one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from deepmask.face_pose import FacePose
from deepmask.faces import RGBImage

SIDE_PX = 160
PAPER, INK = (230, 227, 222), (13, 122, 114)
_LINES = (range(17), range(17, 22), range(22, 27), range(27, 31), range(31, 36))
_LOOPS = (range(36, 42), range(42, 48), range(48, 60))
_PUPILS = (68, 69)
_SHARE = 0.68
"""How much of the picture the face fills."""
_FINE = 3


def pose_picture(pose: FacePose | None) -> RGBImage:
    """(SIDE_PX, SIDE_PX, 3): the lines of the face, larger than in the portrait; for None an empty head."""
    side = SIDE_PX * _FINE
    image = Image.new("RGB", (side, side), PAPER)
    draw = ImageDraw.Draw(image)
    if pose is None:
        box = (side * 0.28, side * 0.18, side * 0.72, side * 0.8)
        for start in range(0, 360, 24):
            draw.arc(box, start, start + 12, INK, 3 * _FINE)
        return _small(image)
    points = _framed(pose) * side
    for line in _LINES:
        _stroke(draw, [points[n] for n in line])
    for loop in _LOOPS:
        _stroke(draw, [points[n] for n in (*loop, loop[0])])
    radius = 2.5 * _FINE
    for x, y in (points[n] for n in _PUPILS if np.isfinite(points[n]).all()):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), INK)
    return _small(image)


def _framed(pose: FacePose) -> np.ndarray:
    """(70, 2) with the face in the middle of the unit square."""
    low, high = np.nanmin(pose.points, axis=0), np.nanmax(pose.points, axis=0)
    return (pose.points - (low + high) / 2) * _SHARE / max(float((high - low).max()), 1e-6) + 0.5


def _stroke(draw: ImageDraw.ImageDraw, points: Iterable[np.ndarray]) -> None:
    line = [(float(p[0]), float(p[1])) for p in points if np.isfinite(p).all()]
    if len(line) > 1:
        draw.line(line, INK, 3 * _FINE, joint="curve")


def _small(image: Image.Image) -> RGBImage:
    return np.asarray(image.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS))
