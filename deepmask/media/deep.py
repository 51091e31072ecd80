"""Sixteen bits a channel: Pillow reads the upper eight of colour pictures, OpenCV all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, TiffImagePlugin

from deepmask.faces import RGBImage
from deepmask.media.original import STRIP_PX, Original

_LOST = "reduced from 16 to 8 bits a channel"


def has_16_bits(image: Image.Image) -> bool:
    """Whether a PNG or TIFF file with more than one channel, not yet loaded, has 16-bit samples."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        bits = image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (8,))
        return len(bits) > 1 and set(bits) == {16}
    return image.mode != "I;16" and "16" in _png_layout(image)


def is_grey_with_opacity(image: Image.Image) -> bool:
    """Whether a file, not yet loaded, has 16-bit greys and opacity, which Pillow reads as colours."""
    return _png_layout(image) == "LA;16B"


def _png_layout(image: Image.Image) -> str:
    """Pillow's word for the samples of a PNG file that is not yet loaded: 'RGB;16B', 'LA', ..."""
    if isinstance(image, PngImagePlugin.PngImageFile) and image.png is not None:
        return image.png.im_rawmode or ""
    return ""


def with_16_bits(path: Path, original: Original, orientation: int) -> tuple[Original, str | None]:
    """``original`` with all bits of the file's samples, and a note if that was not possible.

    The samples are taken only if their upper bits are what Pillow decoded, so a file that one of the decoders reads
    differently loses depth, never content.
    """
    decoded: NDArray[Any] | None = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16 or decoded.ndim != 3:
        return original, _LOST
    for samples in (decoded, turned(decoded, orientation)):
        colours = samples[..., 2::-1]
        if not _upper_bits_agree(colours, original.rgb):
            continue
        deep = np.ascontiguousarray(colours[..., 0] if original.grey else colours)
        alpha = np.ascontiguousarray(samples[..., 3]) if original.alpha is not None else None
        return replace(original, deep=deep, alpha=alpha), None
    return original, _LOST


def turned(samples: NDArray[Any], orientation: int) -> NDArray[Any]:
    """A view of (H, W, C) samples brought upright from an EXIF orientation of 1..8."""
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples


def _upper_bits_agree(colours: NDArray[Any], rgb: RGBImage) -> bool:
    if colours.shape != rgb.shape:
        return False
    rows = (slice(top, top + STRIP_PX) for top in range(0, rgb.shape[0], STRIP_PX))
    return all(np.array_equal(colours[s] >> 8, rgb[s]) for s in rows)
