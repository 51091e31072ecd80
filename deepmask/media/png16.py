"""PNG files with 16 bits a channel, written strip by strip so that the whole picture is never held a second time.

Portable Network Graphics (PNG) Specification (Third Edition), W3C 2025.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}
"""Channels → greyscale, greyscale with alpha, truecolour, truecolour with alpha (table 8)."""
_FILTER_SUB = 1


def write(
    file: BinaryIO,
    strips: Iterable[NDArray[np.uint16]],
    size_wh: tuple[int, int],
    channels: int,
    icc_profile: bytes | None,
) -> None:
    """Write a PNG file.

    Args:
        strips: (rows, W, channels) samples from top to bottom.
    """
    file.write(b"\x89PNG\r\n\x1a\n")
    _chunk(file, b"IHDR", struct.pack(">IIBBBBB", *size_wh, 16, _COLOUR_TYPE[channels], 0, 0, 0))
    if icc_profile:
        _chunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile))
    deflate = zlib.compressobj(3)
    for strip in strips:
        _chunk(file, b"IDAT", deflate.compress(_filtered(strip).tobytes()))
    _chunk(file, b"IDAT", deflate.flush())
    _chunk(file, b"IEND", b"")


def _filtered(strip: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Scan lines as bytes, each the difference to the pixel on its left (filter type Sub)."""
    rows, width, channels = strip.shape
    line = strip.astype(">u2").view(np.uint8).reshape(rows, width * channels * 2)
    out = np.empty((rows, line.shape[1] + 1), np.uint8)
    out[:, 0] = _FILTER_SUB
    out[:, 1:] = line
    out[:, 1 + 2 * channels :] -= line[:, : -2 * channels]
    return out


def _chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
