"""How a pattern lies in a picture: pattern = matrix @ picture + offset, both in pixels, (0, 0) a picture's corner."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.protocols import TagFound

Matrix = NDArray[np.float64]
"""(2, 2) pixels of the picture to those of the pattern."""
_SHARPEST = 0.75
"""A picture is first made smaller by averaging until this much, or less, remains to be done by interpolation."""


@dataclass(frozen=True)
class Lay:
    """Scale, stretch, turn and mirroring of a pattern; where it begins is another matter."""

    scale: float
    """Pixels of the pattern in one of the picture."""
    angle_degrees: float = 0.0
    """By which the picture was turned after the tag was laid, anticlockwise."""
    aspect: float = 1.0
    """By how much more the picture was widened than heightened."""
    mirrored: bool = False

    @classmethod
    def of(cls, found: TagFound) -> Self:
        """That of a tag that was read."""
        return cls(found.scale, found.angle_degrees, found.aspect, found.mirrored)

    @property
    def matrix(self) -> Matrix:
        """Pixels of the picture to those of the pattern."""
        angle = math.radians(self.angle_degrees)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        root = math.sqrt(self.aspect)
        widths = np.diag([self.scale / root, self.scale * root])
        return np.asarray(widths @ turn @ np.diag([-1.0 if self.mirrored else 1.0, 1.0]), np.float64)

    def changed(self, scale: float = 1.0, degrees: float = 0.0, aspect: float = 1.0) -> Lay:
        """A neighbour."""
        return replace(
            self,
            scale=self.scale * scale,
            angle_degrees=self.angle_degrees + degrees,
            aspect=self.aspect * aspect,
        )


@dataclass(frozen=True, eq=False)
class Sheet:
    """A picture brought to the pattern's own pixels."""

    grey: NDArray[np.float32]
    """(h, w) grey levels."""
    inside: NDArray[np.bool_] | None
    """(h, w) where there is a picture; None: everywhere."""
    origin: tuple[float, float]
    """x and y, in pixels of the pattern, of the sheet's corner."""


def size_of(height: int, width: int, matrix: Matrix) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """x and y of the corner, and width and height, of the sheet that holds a whole picture."""
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], float) @ matrix.T
    low, high = corners.min(0), corners.max(0)
    wide, tall = np.maximum(np.round(high - low).astype(int), 1)
    return low, (int(wide), int(tall))


def spread(grey: NDArray[np.uint8], matrix: Matrix, shift: tuple[float, float] = (0.0, 0.0)) -> Sheet:
    """Bring a picture to the pattern's pixels.

    Args:
        shift: added to the sheet's corner: less than a pixel.
    """
    height, width = grey.shape
    low, size = size_of(height, width, matrix)
    low = low + np.array(shift)
    shrink = math.sqrt(abs(np.linalg.det(matrix)))
    straight = abs(matrix[0, 1]) + abs(matrix[1, 0]) < 1e-9 and matrix[0, 0] > 0
    if straight and shift == (0.0, 0.0):
        method = cv2.INTER_AREA if shrink < 1.0 else cv2.INTER_LINEAR
        return Sheet(cv2.resize(grey, size, interpolation=method).astype(np.float32), None, (0.0, 0.0))
    source = grey
    before = np.eye(2)
    if shrink < _SHARPEST:
        small = (max(1, round(width * shrink / _SHARPEST)), max(1, round(height * shrink / _SHARPEST)))
        source = cv2.resize(grey, small, interpolation=cv2.INTER_AREA)
        before = np.diag([width / small[0], height / small[1]])
    whole = matrix @ before
    # corners of pixels to centres of pixels, on both sides
    offset = whole @ np.array([0.5, 0.5]) - low - 0.5
    affine = np.concatenate((whole, offset[:, None]), 1)
    sheet = cv2.warpAffine(source, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full(source.shape, 255, np.uint8), affine, size, flags=cv2.INTER_NEAREST)
    return Sheet(sheet.astype(np.float32), inside > 0, (float(low[0]), float(low[1])))
