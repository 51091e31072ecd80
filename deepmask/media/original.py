"""What a picture file held, in a form that lets unchanged pixels be written back exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deepmask.faces import RGBImage

STRIP_PX = 256
"""Rows handled at a time, so that a 100-megapixel photo needs no second copy of itself."""

Samples = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Palette:
    """A picture of at most 256 colours."""

    indices: NDArray[np.uint8]
    """(H, W)."""
    rgba: NDArray[np.uint8]
    """(N, 4) colours."""


@dataclass(frozen=True)
class JpegSettings:
    """How a JPEG file was compressed; the same again changes an unedited area least."""

    quantization: dict[int, list[int]]
    subsampling: Literal[0, 1, 2]
    """0 = 4:4:4, 1 = 4:2:2, 2 = 4:2:0, as in Pillow."""
    progressive: bool


@dataclass(frozen=True, eq=False)
class Original:
    """A decoded picture file, upright and without metadata."""

    rgb: RGBImage
    """(H, W, 3) uint8; of deeper samples the upper eight bits."""
    format: str = "PNG"
    grey: bool = False
    """All pixels are grey and the file has one channel."""
    bilevel: bool = False
    """All pixels are black or white and the file has one bit a pixel."""
    alpha: Samples | None = None
    """(H, W) opacity, uint16 where the colours are."""
    deep: NDArray[np.uint16] | None = None
    """(H, W) or (H, W, 3): the samples of a file with 16 bits a channel."""
    palette: Palette | None = None
    jpeg: JpegSettings | None = None
    lossless: bool = True
    """Whether the file's compression was; matters for formats that know both."""
    icc_profile: bytes | None = field(default=None, repr=False)
    beside: tuple[str, ...] = ()
    """What else the file holds, in words of :mod:`deepmask.media.metadata`: 'GPS position', 'date', 'gamma'."""
