"""Pictures side by side: before and after, and galleries of personas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from deepmask.faces import RGBImage

PAPER = 255
"""Grey level between the pictures."""


def fitted(picture: RGBImage, height_px: int) -> RGBImage:
    """The picture scaled to a height."""
    h, w = picture.shape[:2]
    if h == height_px:
        return picture
    size = (max(1, round(w * height_px / h)), height_px)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def row(pictures: Sequence[RGBImage], height_px: int, gap_px: int = 8) -> RGBImage:
    """Pictures in one row, all of the same height."""
    scaled = [fitted(picture, height_px) for picture in pictures]
    gap = np.full((height_px, gap_px, 3), PAPER, np.uint8)
    parts = [part for picture in scaled for part in (gap, picture)][1:]
    return np.concatenate(parts, axis=1)


def grid(pictures: Sequence[RGBImage], columns: int, side_px: int, gap_px: int = 8) -> RGBImage:
    """Square pictures in rows of ``columns``; the last row is filled up with paper."""
    blank = np.full((side_px, side_px, 3), PAPER, np.uint8)
    padded = [*pictures, *[blank] * (-len(pictures) % columns)]
    rows = [row(padded[i : i + columns], side_px, gap_px) for i in range(0, len(padded), columns)]
    gap = np.full((gap_px, rows[0].shape[1], 3), PAPER, np.uint8)
    return np.concatenate([part for line in rows for part in (gap, line)][1:])
