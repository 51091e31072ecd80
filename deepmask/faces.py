"""A face in a picture, and the small geometry every engine shares.

Coordinates are pixels of the upright picture, x to the right, y down. Landmarks are the 478 points of MediaPipe
FaceMesh with refined irises (Kartynnik et al., 2019), z in the same unit, smaller is nearer to the camera.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

RGBImage = NDArray[np.uint8]
"""(H, W, 3) uint8, channel order RGB: the one picture format inside the product."""

Landmarks = NDArray[np.float64]
"""(478, 3) x, y, z in pixels of the whole picture."""

Embedding = NDArray[np.float32]
"""(D,) identity descriptor; distances are Euclidean."""

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""


@dataclass(frozen=True)
class Face:
    """One face: where it is, how sure the finder was, and its landmarks when they could be fitted."""

    box_xyxy: Box
    score: float = 1.0
    landmarks: Landmarks | None = field(default=None, repr=False, compare=False)
    yaw_degrees: float | None = None
    """Turn of the head to the side, absolute value; None without landmarks."""

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = self.box_xyxy
        if not (np.isfinite(self.box_xyxy).all() and x2 > x1 and y2 > y1):
            raise ValueError(f"a face box needs x1 < x2 and y1 < y2, got {self.box_xyxy}")

    @property
    def size_px(self) -> float:
        """Longer side of the box in pixels."""
        x1, y1, x2, y2 = self.box_xyxy
        return max(x2 - x1, y2 - y1)


@dataclass(frozen=True)
class Patch:
    """What an engine wants to see on the picture: colours and how opaque they are.

    Only :meth:`paste` touches a picture, so pixels where ``alpha`` is 0 stay bit-identical whatever the engine.
    """

    rgb: RGBImage
    """(h, w, 3) uint8."""
    alpha: NDArray[np.float32]
    """(h, w) in 0..1."""
    origin_xy: tuple[int, int]
    """Pixel of the picture on which the patch's upper left pixel lies; may be negative."""

    def __post_init__(self) -> None:
        if self.rgb.shape != (*self.alpha.shape, 3) or self.rgb.dtype != np.uint8:
            raise ValueError(f"rgb {self.rgb.shape} {self.rgb.dtype} does not fit alpha {self.alpha.shape}")
        if not np.isfinite(self.alpha).all():
            raise ValueError("the opacity of a patch must be a number everywhere")

    def window(self, size_wh: tuple[int, int]) -> tuple[slice, slice]:
        """Rows and columns of a picture of ``size_wh`` that the patch may change."""
        (w, h), (x0, y0), (rows, columns) = size_wh, self.origin_xy, self.alpha.shape
        return slice(min(h, max(0, y0)), min(h, max(0, y0 + rows))), slice(
            min(w, max(0, x0)), min(w, max(0, x0 + columns))
        )

    def paste(self, image: RGBImage) -> None:
        """Blend the patch into ``image`` in place; parts outside the picture are cut off."""
        rows, columns = self.window((image.shape[1], image.shape[0]))
        x0, y0 = self.origin_xy
        cut = np.s_[rows.start - y0 : rows.stop - y0, columns.start - x0 : columns.stop - x0]
        view = image[rows, columns]
        if not view.size:
            return
        alpha = np.clip(self.alpha[cut], 0, 1)[..., None]
        mixed = view * (1 - alpha) + self.rgb[cut] * alpha
        np.copyto(view, np.rint(mixed).astype(np.uint8), where=alpha > 0)


def enlarge(box: Box, factor: float) -> Box:
    """``box`` scaled by ``factor`` about its centre."""
    x1, y1, x2, y2 = box
    cx, cy, rw, rh = (x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / 2 * factor, (y2 - y1) / 2 * factor
    return cx - rw, cy - rh, cx + rw, cy + rh


def clip_box(box: Box, size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """Whole pixels covered by ``box`` inside a picture of ``size_wh``."""
    (x1, y1, x2, y2), (w, h) = box, size_wh
    return max(0, int(np.floor(x1))), max(0, int(np.floor(y1))), min(w, int(np.ceil(x2))), min(h, int(np.ceil(y2)))


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    inter = _intersection(a, b)
    return inter / (_area(a) + _area(b) - inter + 1e-9)


def inside(a: Box, b: Box) -> float:
    """Share of ``a`` that lies within ``b``."""
    return _intersection(a, b) / (_area(a) + 1e-9)


def _area(a: Box) -> float:
    return (a[2] - a[0]) * (a[3] - a[1])


def _intersection(a: Box, b: Box) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, width) * max(0.0, height)
