"""The square that Segment Anything sees of a picture, and where things of the picture lie in it.

The picture is scaled so that its longer side fills the square, laid into the upper left corner, and what is left is
black after normalising; as in ``ResizeLongestSide`` and ``Sam.preprocess`` of the published code.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepmask.area import Selection
from deepmask.faces import RGBImage

Logits = NDArray[np.float32]
"""(h, w), above 0 inside; of the square or of the picture."""

MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
"""Of ImageNet, in red, green and blue, 0..255."""


@dataclass(frozen=True)
class Prompt:
    """A selection in pixels of the square."""

    points: NDArray[np.float32]
    """(N, 2) x, y."""
    labels: NDArray[np.int64]
    """(N,): 1 inside, 0 not."""
    box: NDArray[np.float32] | None
    """(4,) x1, y1, x2, y2."""

    @property
    def ambiguous(self) -> bool:
        """Whether it may mean a thing, a part of it, or what it is a part of."""
        return self.box is None and len(self.points) == 1


@dataclass(frozen=True)
class Frame:
    """How a picture lies in the square."""

    size_wh: tuple[int, int]
    """Of the picture."""
    side_px: int
    """Of the square."""

    @property
    def inner_wh(self) -> tuple[int, int]:
        """Size of the picture within the square."""
        scale = self.side_px / max(self.size_wh)
        w, h = (max(1, int(side * scale + 0.5)) for side in self.size_wh)
        return w, h

    def pixels(self, image: RGBImage) -> NDArray[np.float32]:
        """(1, 3, side_px, side_px): what the network is shown."""
        w, h = self.inner_wh
        small = np.asarray(Image.fromarray(image).resize((w, h), Image.Resampling.BILINEAR), np.float32)
        square = np.zeros((1, 3, self.side_px, self.side_px), np.float32)
        square[0, :, :h, :w] = ((small - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)).transpose(
            2, 0, 1
        )
        return square

    def prompt(self, selection: Selection) -> Prompt:
        """Where somebody pointed."""
        scale = np.array(self.inner_wh) / self.size_wh
        points = np.array([(click.x, click.y) for click in selection.clicks], np.float64).reshape(-1, 2) * scale
        labels = np.array([int(click.inside) for click in selection.clicks], np.int64)
        corners = selection.box_xyxy
        box = None if corners is None else (np.array(corners) * np.tile(scale, 2)).astype(np.float32)
        return Prompt(points.astype(np.float32), labels, box)

    def to_square(self, logits: Logits) -> Logits:
        """The network's small square enlarged, without what lies beyond the picture: (h, w) of :attr:`inner_wh`."""
        w, h = self.inner_wh
        large = cv2.resize(logits, (self.side_px, self.side_px), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(large[:h, :w], np.float32)

    def to_picture(self, inner: Logits) -> Logits:
        """What :meth:`to_square` gave in the size of the picture."""
        return np.asarray(cv2.resize(inner, self.size_wh, interpolation=cv2.INTER_LINEAR), np.float32)

    def at_clicks(self, inner: Logits, selection: Selection) -> NDArray[np.float32]:
        """(N,): what :meth:`to_square` gave, at the pixels that were clicked."""
        w, h = self.inner_wh
        scale = np.array(self.inner_wh) / self.size_wh
        pixels = np.floor([(click.x, click.y) for click in selection.clicks]).reshape(-1, 2)
        centres = (pixels + 0.5) * scale - 0.5
        x, y = centres[:, 0].clip(0, w - 1), centres[:, 1].clip(0, h - 1)
        x1, y1 = np.minimum(x.astype(int) + 1, w - 1), np.minimum(y.astype(int) + 1, h - 1)
        x0, y0 = x.astype(int), y.astype(int)
        fx, fy = x - x0, y - y0
        above = inner[y0, x0] * (1 - fx) + inner[y0, x1] * fx
        below = inner[y1, x0] * (1 - fx) + inner[y1, x1] * fx
        return (above * (1 - fy) + below * fy).astype(np.float32)
