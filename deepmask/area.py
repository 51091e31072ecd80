"""Which pixels of a picture belong to something, and how somebody points at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import InputError
from deepmask.faces import Box, clip_box

Mask = NDArray[np.bool_]
"""(H, W) bool, True inside."""

_MOST_PIXELS = 10**9
"""No picture has more; the numbers in a file may say anything."""


@dataclass(frozen=True, eq=False)
class Area:
    """A part of a picture of any shape, kept as the mask of its own rectangle: never empty, never outside."""

    mask: Mask = field(repr=False)
    """(h, w), with something in its first and last row and column."""
    origin_xy: tuple[int, int]
    """Pixel of the picture on which the mask's upper left pixel lies."""
    size_wh: tuple[int, int]
    """Of the whole picture."""

    def __post_init__(self) -> None:
        (x, y), (w, h) = self.origin_xy, self.size_wh
        rows, columns = self.mask.shape
        if self.mask.dtype != np.bool_ or not self.mask.any():
            raise ValueError("an area needs a mask of bool that is not empty")
        if x < 0 or y < 0 or x + columns > w or y + rows > h:
            raise ValueError(f"a mask of {columns} x {rows} at {self.origin_xy} does not fit a picture of {w} x {h}")

    @classmethod
    def of(cls, mask: Mask) -> Self:
        """The area of a mask (H, W) of the whole picture.

        Raises:
            ValueError: nothing is inside.
        """
        return cls._cut(mask, (0, 0), (mask.shape[1], mask.shape[0]))

    @classmethod
    def of_box(cls, box: Box, size_wh: tuple[int, int]) -> Self:
        """All pixels a box touches.

        Raises:
            InputError: it lies outside the picture.
        """
        x1, y1, x2, y2 = clip_box(box, size_wh)
        if x2 <= x1 or y2 <= y1:
            raise InputError("The box lies outside the picture; draw it over what you mean.")
        return cls(np.ones((y2 - y1, x2 - x1), bool), (x1, y1), size_wh)

    @classmethod
    def of_ellipse(cls, box: Box, size_wh: tuple[int, int]) -> Self:
        """The ellipse that fills a box, as far as it lies in the picture.

        Raises:
            InputError: it lies outside the picture.
        """
        x1, y1, x2, y2 = clip_box(box, size_wh)
        ys, xs = np.mgrid[y1 : max(y1, y2), x1 : max(x1, x2)] + 0.5
        rx, ry = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
        inside = ((xs - box[0]) / rx - 1) ** 2 + ((ys - box[1]) / ry - 1) ** 2 <= 1
        if not inside.any():
            raise InputError("The ellipse lies outside the picture; draw it over what you mean.")
        return cls._cut(inside, (x1, y1), size_wh)

    @classmethod
    def _cut(cls, mask: Mask, origin_xy: tuple[int, int], size_wh: tuple[int, int]) -> Self:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            raise ValueError("an area cannot be empty")
        cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
        return cls(cut, (origin_xy[0] + int(columns[0]), origin_xy[1] + int(rows[0])), size_wh)

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that the mask lies on."""
        (x, y), (rows, columns) = self.origin_xy, self.mask.shape
        return slice(y, y + rows), slice(x, x + columns)

    @property
    def box_xyxy(self) -> Box:
        """The rectangle around it."""
        rows, columns = self.window
        return float(columns.start), float(rows.start), float(columns.stop), float(rows.stop)

    @property
    def pixels(self) -> int:
        """How many."""
        return int(np.count_nonzero(self.mask))

    @property
    def share(self) -> float:
        """Of the picture, 0..1."""
        return self.pixels / (self.size_wh[0] * self.size_wh[1])

    def full(self) -> Mask:
        """(H, W) of the whole picture."""
        whole = np.zeros((self.size_wh[1], self.size_wh[0]), bool)
        whole[self.window] = self.mask
        return whole

    def contains(self, x: float, y: float) -> bool:
        """Whether a point of the picture is inside."""
        column, row = int(np.floor(x)) - self.origin_xy[0], int(np.floor(y)) - self.origin_xy[1]
        rows, columns = self.mask.shape
        return 0 <= row < rows and 0 <= column < columns and bool(self.mask[row, column])

    def united(self, other: Area) -> Area:
        """Both together."""
        whole = self.full()
        whole[other.window] |= other.mask
        return Area.of(whole)

    def without(self, other: Area) -> Area | None:
        """What is not in the other; None if nothing is left."""
        left = self.full()
        left[other.window] &= ~other.mask
        return Area.of(left) if left.any() else None

    def within(self, allowed: Mask) -> Area | None:
        """What lies where a mask (H, W) of the whole picture allows it; None if that is nothing."""
        left = self.mask & allowed[self.window]
        return Area._cut(left, self.origin_xy, self.size_wh) if left.any() else None

    def overlap(self, other: Area) -> int:
        """Pixels in both."""
        (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = self.box_xyxy, other.box_xyxy
        if ax2 <= bx1 or bx2 <= ax1 or ay2 <= by1 or by2 <= ay1:
            return 0
        rows = slice(int(max(ay1, by1)), int(min(ay2, by2)))
        columns = slice(int(max(ax1, bx1)), int(min(ax2, bx2)))
        return int(np.count_nonzero(self._at(rows, columns) & other._at(rows, columns)))

    def iou(self, other: Area) -> float:
        """Intersection over union."""
        common = self.overlap(other)
        return common / (self.pixels + other.pixels - common)

    def grown(self, px: float) -> Area:
        """All pixels within ``px`` of it; negative shrinks, but never to nothing."""
        import cv2

        radius = abs(px)
        if radius < 0.5:
            return self
        margin = int(np.ceil(radius)) + 1
        padded = np.pad(self.mask, margin)
        if px > 0:
            outside = cv2.distanceTransform((~padded).astype(np.uint8), cv2.DIST_L2, 5)
            near = outside <= radius
        else:
            near = cv2.distanceTransform(padded.astype(np.uint8), cv2.DIST_L2, 5) > radius
            if not near.any():
                return self
        x, y = self.origin_xy[0] - margin, self.origin_xy[1] - margin
        near = near[max(0, -y) :, max(0, -x) :][: self.size_wh[1] - max(0, y), : self.size_wh[0] - max(0, x)]
        return Area._cut(near, (max(0, x), max(0, y)), self.size_wh)

    def _at(self, rows: slice, columns: slice) -> Mask:
        (x, y) = self.origin_xy
        return self.mask[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]

    def to_json(self) -> dict[str, Any]:
        """COCO's uncompressed run lengths: {'size': [H, W], 'counts': [...]}, column by column, beginning with 0s."""
        flat = self.full().T.ravel()
        changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        edges = np.concatenate([[0], changes, [flat.size]])
        counts = np.diff(edges).tolist()
        return {"size": [self.size_wh[1], self.size_wh[0]], "counts": [0, *counts] if flat[0] else counts}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From :meth:`to_json`.

        Raises:
            ValueError, KeyError, TypeError: it is damaged.
        """
        h, w = (int(n) for n in data["size"])
        counts = [int(n) for n in data["counts"]]
        if min(h, w) < 1 or min(counts, default=-1) < 0 or sum(counts) != h * w or h * w > _MOST_PIXELS:
            raise ValueError(f"run lengths of {sum(counts)} pixels for a picture of {w} x {h}")
        values = np.arange(len(counts)) % 2 == 1
        return cls.of(np.repeat(values, counts).reshape(w, h).T)


@dataclass(frozen=True)
class Click:
    """A point somebody pointed at."""

    x: float
    y: float
    inside: bool = True
    """False: this does not belong to it."""


@dataclass(frozen=True)
class Selection:
    """How somebody points at one thing: points in it and beside it, or a box around it, or both."""

    clicks: tuple[Click, ...] = ()
    box_xyxy: Box | None = None

    def __post_init__(self) -> None:
        if self.box_xyxy is None and not any(click.inside for click in self.clicks):
            raise InputError("Point at what you mean with at least one point inside it, or a box around it.")
        if self.box_xyxy is not None:
            x1, y1, x2, y2 = self.box_xyxy
            if not (np.isfinite(self.box_xyxy).all() and x2 > x1 and y2 > y1):
                raise InputError("A box needs its left edge left of its right one, and its top above its bottom.")

    def check(self, size_wh: tuple[int, int]) -> None:
        """Raise ``InputError`` unless everything lies within a picture of that size."""
        w, h = size_wh
        for click in self.clicks:
            if not (0 <= click.x < w and 0 <= click.y < h):
                raise InputError(f"The point {click.x:.0f}, {click.y:.0f} lies outside the picture of {w} x {h} px.")
        if self.box_xyxy is not None:
            Area.of_box(self.box_xyxy, size_wh)


@dataclass(frozen=True)
class Body:
    """One person as a segmenter finds them."""

    area: Area
    score: float
    """0..1, how sure the segmenter is."""
    face: Box | None = None
    """Box of the face that belongs to it, of those the segmenter was told."""
