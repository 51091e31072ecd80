"""The area a plain mask hides: the whole face with forehead, chin and ears, and a soft rim outside of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.faces import Box, Face, RGBImage, enlarge
from deepmask.landmark_points import CHIN, FOREHEAD, OVAL

BOX_SCALE = 1.25
"""Half axes of the rounded box around the finder's box, in half sides of it."""
HULL_SCALE = 1.12
FOREHEAD_REACH = 0.22
"""How far above the topmost landmark the hair line may lie, in heights from chin to that landmark."""
RIM = 0.07
"""Width of the soft rim in sides of the box."""
_MOST_PX = 2048
"""Sides beyond this are drawn smaller and scaled up."""


@dataclass(frozen=True)
class Cover:
    """Where a mask lies and how opaque it is."""

    alpha: NDArray[np.float32]
    """(h, w); 1 on all of the face, falling to 0 outside of it."""
    origin_xy: tuple[int, int]
    """Pixel of the picture under the upper left one; may be negative."""

    @property
    def box_xyxy(self) -> Box:
        """The rectangle of ``alpha`` in the picture."""
        (x, y), (h, w) = self.origin_xy, self.alpha.shape
        return x, y, x + w, y + h


def cover(face: Face, *, rim: float = RIM) -> Cover:
    """The area to hide for a face: a rounded box, grown around the landmarks when there are any.

    Args:
        rim: width of the soft rim in sides of the face's box.
    """
    outline = _outline(face)
    rim_px = max(1.0, rim * face.size_px)
    low = np.floor(outline.min(0) - 2 * rim_px).astype(int)
    w, h = (int(v) for v in np.ceil(outline.max(0) + 2 * rim_px).astype(int) - low + 1)
    scale = min(1.0, _MOST_PX / max(w, h))
    size = max(1, round(w * scale)), max(1, round(h * scale))
    filled = np.zeros(size[::-1], np.uint8)
    points = (outline - low) * (size[0] / w, size[1] / h)
    cv2.fillConvexPoly(filled, np.rint(points * 16).astype(np.int32), (255,), cv2.LINE_AA, 4)
    distance = cv2.distanceTransform(255 - filled, cv2.DIST_L2, 5) / (rim_px * scale)
    fall = np.clip(1 - distance / 1.5, 0, 1)
    alpha = (fall * fall * (3 - 2 * fall)).astype(np.float32)
    alpha = np.maximum(alpha, filled.astype(np.float32) / 255)
    if scale < 1:
        alpha = np.asarray(cv2.resize(alpha, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
    return Cover(alpha, (int(low[0]), int(low[1])))


def _outline(face: Face) -> NDArray[np.float64]:
    """Convex outline (N, 2) of what has to be opaque."""
    x1, y1, x2, y2 = enlarge(face.box_xyxy, BOX_SCALE)
    x1, y1, x2, y2 = min(x1, x2 - 2), min(y1, y2 - 2), max(x2, x1 + 2), max(y2, y1 + 2)  # at least a few pixels
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    # a superellipse of degree 2.3 covers the corners of the jaw without looking like a box
    unit = np.column_stack([np.sign(c) * np.abs(c) ** (2 / 2.3), np.sign(s) * np.abs(s) ** (2 / 2.3)])
    points = ((x1 + x2) / 2, (y1 + y2) / 2) + unit * ((x2 - x1) / 2, (y2 - y1) / 2)
    if face.landmarks is not None:
        oval = face.landmarks[list(OVAL), :2]
        centre = oval.mean(0)
        crown = face.landmarks[FOREHEAD, :2] - face.landmarks[CHIN, :2]
        upper = oval[(oval - centre) @ crown > 0]
        upper = centre + (upper - centre) * 0.85 + crown * FOREHEAD_REACH
        points = np.vstack([points, centre + (oval - centre) * HULL_SCALE, upper])
    return cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)


def cut_out(image: RGBImage, box: Box) -> RGBImage:
    """The pixels of ``image`` under ``box`` in whole pixels; beyond the picture its border is repeated."""
    x1, y1, x2, y2 = (round(v) for v in box)
    h, w = image.shape[:2]
    left, top = int(np.clip(x1, 0, w - 1)), int(np.clip(y1, 0, h - 1))
    right, bottom = int(np.clip(x2, left + 1, w)), int(np.clip(y2, top + 1, h))
    part = image[top:bottom, left:right]
    # a box that lies wholly outside sees the nearest border pixel
    before_x, before_y = max(0, left - x1), max(0, top - y1)
    after_x, after_y = max(0, x2 - x1 - before_x - (right - left)), max(0, y2 - y1 - before_y - (bottom - top))
    padded = np.pad(part, ((before_y, after_y), (before_x, after_x), (0, 0)), mode="edge")
    return padded[: y2 - y1, : x2 - x1]
