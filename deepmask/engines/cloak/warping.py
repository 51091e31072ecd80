"""Cutting squares out of a picture, and carrying the gradient of what was cut out back to its pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
"""(H, W, 3) colours 0..255, or a gradient of them."""

Matrix = NDArray[np.float64]
"""(2, 3) affine map."""

_FRACTIONS = 32
"""OpenCV interpolates between pixels in steps of this part of one."""


class Cut:
    """A bilinear warp into a square; beyond the picture its border is repeated."""

    def __init__(self, to_square: Matrix, side_px: int, size_wh: tuple[int, int]) -> None:
        """
        Args:
            to_square: from pixels of the picture to pixels of the square; where it shrinks much, blocks of pixels are
                averaged first, for bilinear weights skip what lies between.
            size_wh: of the picture.
        """
        back = cv2.invertAffineTransform(to_square)
        y, x = np.mgrid[:side_px, :side_px]
        places = np.stack([x, y, np.ones_like(x)], -1) @ back.T
        self._block = block = max(1, int(0.7 / float(np.hypot(*to_square[:, 0]))))
        self._whole_wh = size_wh
        self._size_wh = w, h = -(-size_wh[0] // block), -(-size_wh[1] // block)
        inside = np.clip((places + 0.5) / block - 0.5, 0, (w - 1, h - 1))
        self._map = (np.rint(inside * _FRACTIONS) / _FRACTIONS).astype(np.float32)

    def square(self, picture: Floats) -> Floats:
        """(side, side, 3) of the picture."""
        (w, h), block = self._size_wh, self._block
        if block > 1:
            right, bottom = w * block - picture.shape[1], h * block - picture.shape[0]
            padded = np.pad(picture, ((0, bottom), (0, right), (0, 0)), mode="edge")
            picture = padded.reshape(h, block, w, block, 3).mean((1, 3))
        return cv2.remap(picture, self._map, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[arg-type]

    def spread(self, gradient: Floats) -> Floats:
        """The gradient (side, side, 3) of a square as a gradient of the picture: the transpose of :meth:`square`."""
        w, h = self._size_wh
        places = self._map.reshape(-1, 2)
        low = np.minimum(places.astype(np.int64), (max(0, w - 2), max(0, h - 2)))
        part = places - low
        result = np.zeros((h * w, 3))
        for dx in (0, 1):
            for dy in (0, 1):
                column, row = np.minimum(low[:, 0] + dx, w - 1), np.minimum(low[:, 1] + dy, h - 1)
                share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
                for channel in range(3):
                    values = share * gradient.reshape(-1, 3)[:, channel]
                    result[:, channel] += np.bincount(row * w + column, values, h * w)
        small = result.reshape(h, w, 3).astype(np.float32) / self._block**2
        whole = small.repeat(self._block, 0).repeat(self._block, 1)
        right, bottom = self._whole_wh
        whole[:, right - 1] += whole[:, right:].sum(1)
        whole[bottom - 1] += whole[bottom:].sum(0)
        return whole[:bottom, :right]


def resized(picture: Floats, size_wh: tuple[int, int]) -> Floats:
    """Averaged down or interpolated up."""
    if size_wh == (picture.shape[1], picture.shape[0]):
        return picture
    smaller = size_wh[0] < picture.shape[1]
    return cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC).astype(np.float32)
