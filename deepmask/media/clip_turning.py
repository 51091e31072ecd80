"""Which way up a video is: the display matrix of its file, applied to the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from deepmask.faces import RGBImage

_SLANT = 0.05
"""Off-axis share of a matrix above which its angle is not a multiple of 90 degrees."""


@dataclass(frozen=True)
class Turn:
    """One of the eight ways to bring a stored picture upright: transposed, then mirrored."""

    transpose: bool = False
    flip_x: bool = False
    """Left to right."""
    flip_y: bool = False
    is_right_angled: bool = True

    @classmethod
    def of(cls, frame: VideoFrame) -> Self:
        """The turn that a frame's display matrix asks for.

        The matrix has nine 32-bit numbers, row by row, and maps stored (x, y, 1) to shown coordinates (ISO/IEC
        14496-12, 8.3.2).
        """
        data: Any = frame.side_data.get("DISPLAYMATRIX")
        if data is None:
            return cls()
        return cls.from_matrix(np.frombuffer(bytes(data), np.int32)[:9].astype(np.float64))

    @classmethod
    def from_matrix(cls, matrix: NDArray[np.float64]) -> Self:
        """The nearest of the eight turns to a (9,) display matrix."""
        a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
        straight, crossed = abs(a) + abs(d), abs(b) + abs(c)
        right = min(straight, crossed) <= _SLANT * max(straight, crossed)
        if straight >= crossed:
            return cls(False, bool(a < 0), bool(d < 0), right)
        return cls(True, bool(c < 0), bool(b < 0), right)

    def size_wh(self, width: int, height: int) -> tuple[int, int]:
        """Size of the upright picture of a stored one."""
        return (height, width) if self.transpose else (width, height)

    def upright(self, rgb: RGBImage) -> RGBImage:
        """(h, w, 3) as stored to (H, W, 3) as shown."""
        picture: Any = cv2.transpose(rgb) if self.transpose else rgb
        if self.flip_x or self.flip_y:
            picture = cv2.flip(picture, -1 if self.flip_x and self.flip_y else int(self.flip_x))
        return picture
