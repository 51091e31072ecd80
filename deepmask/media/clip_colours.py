"""Stored samples to the colours a screen shows, and back: matrix, range, and high dynamic range.

Decoding takes the nearest chroma sample and encoding the mean of four, both with exact rounding, so that a pixel
nobody edited reaches the encoder with the very samples it was decoded from.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from deepmask.media.clip import Colours

if TYPE_CHECKING:
    from deepmask.faces import RGBImage

UNKNOWN, BT709, BT2020, SMPTE170M = 2, 1, 9, 6
"""Of primaries and matrices, by ITU-T H.273."""
PQ, HLG, SRGB = 16, 18, 13
"""Transfer characteristics by ITU-T H.273."""

_EXACT = (
    Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
)
_DECODING, _ENCODING = Interpolation.POINT | _EXACT, Interpolation.AREA | _EXACT
_THREADS = 2
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}

_WHITE_NITS = 203.0
"""Light of white paper in HDR pictures (ITU-R BT.2408); becomes nearly white."""
_PEAK_NITS = 1000.0
"""Brighter light is cut off; what nearly all HDR pictures are made for."""
_KNEE = 0.6
"""Share of the range below which light is kept as it is."""
_ROWS = 128
"""Rows worked on at a time, so that they stay in the processor's cache."""
_STEPS = 8192
_TO_BT709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]], np.float32
)
"""Linear BT.2020 to linear BT.709 (ITU-R BT.2087)."""
_BT2020_LUMA = np.array([[0.2627, 0.6780, 0.0593]], np.float32)


def hdr_kind(colours: Colours) -> str:
    """'PQ', 'HLG', 'BT.2020', or nothing for what an ordinary screen shows."""
    if colours.transfer == PQ:
        return "PQ"
    if colours.transfer == HLG:
        return "HLG"
    return "BT.2020" if colours.primaries == BT2020 else ""


def matrix_for(width: int, height: int) -> int:
    """The matrix of pictures that state none, as players assume it: BT.709 for high definition, else BT.601."""
    return BT709 if width >= 1280 or height >= 720 else SMPTE170M


class ToRGB:
    """Decoded frames as (h, w, 3) uint8 RGB of one size, not yet upright."""

    def __init__(self, width: int, height: int, colours: Colours) -> None:
        self._width, self._height, self._colours = width, height, colours
        self._reformatter = VideoReformatter()
        self._hdr = hdr_kind(colours)

    def convert(self, frame: VideoFrame) -> RGBImage:
        """One frame; another size, as some streams have on their way, is brought to the first one's."""
        stated = frame.colorspace if frame.colorspace in _MATRICES else matrix_for(frame.width, frame.height)
        same_size = (frame.width, frame.height) == (self._width, self._height)
        picture = self._reformatter.reformat(
            frame,
            self._width,
            self._height,
            "rgb48le" if self._hdr else "rgb24",
            src_colorspace=_MATRICES[stated],
            dst_colorspace=_MATRICES[stated],
            interpolation=_DECODING if same_size else _ENCODING,
            dst_color_range=ColorRange.JPEG,
            threads=_THREADS,
        ).to_ndarray()
        return tone_mapped(picture, self._colours) if self._hdr else np.ascontiguousarray(picture, np.uint8)


class FromRGB:
    """(H, W, 3) uint8 RGB as frames for an encoder."""

    def __init__(self, pixel_format: str, matrix: int) -> None:
        self._format, self._matrix = pixel_format, matrix
        self._reformatter = VideoReformatter()

    def convert(self, rgb: RGBImage) -> VideoFrame:
        """One picture."""
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        return self._reformatter.reformat(
            frame,
            format=self._format,
            dst_colorspace=_MATRICES[self._matrix],
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=_ENCODING,
            threads=_THREADS,
        )


# -- high dynamic range -----------------------------------------------------------------------------------------------


def tone_mapped(samples: NDArray[Any], colours: Colours) -> RGBImage:
    """(h, w, 3) uint16 of PQ, HLG or BT.2020 pictures as 8-bit sRGB.

    Light up to the knee is kept, more is bent below white by a Moebius curve on the brightest channel, so that hues
    stay.
    """
    light, shown = _light(colours.transfer), _shown()
    result = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), _ROWS):
        rows = np.take(light, samples[top : top + _ROWS])
        if colours.transfer == HLG:
            rows *= _hlg_system_gain(rows)
        if colours.primaries == BT2020:
            rows = cv2.transform(rows, _TO_BT709)
        brightest = np.maximum(rows.max(axis=2, keepdims=True), 1e-6)
        if colours.transfer in (PQ, HLG):
            rows *= _bent(brightest) / brightest
        steps = np.clip(rows, 0.0, 1.0) * np.float32(_STEPS - 1) + np.float32(0.5)
        result[top : top + _ROWS] = np.take(shown, steps.astype(np.uint16))
    return result


@cache
def _light(transfer: int) -> NDArray[np.float32]:
    """(65536,) linear light of 16-bit samples, 1 = white; of HLG the light of the scene, 1 = its peak."""
    value = np.linspace(0.0, 1.0, 65_536)
    if transfer == PQ:  # SMPTE ST 2084
        root = value ** (1 / 78.84375)
        nits = 10_000.0 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
        linear = nits / _WHITE_NITS
    elif transfer == HLG:  # ITU-R BT.2100
        linear = np.where(value <= 0.5, value**2 / 3, (np.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    else:
        linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def _hlg_system_gain(scene: NDArray[np.float32]) -> NDArray[np.float32]:
    """What takes light of the scene to light of a screen of 1000 nits (ITU-R BT.2100, gamma 1.2)."""
    luma = cv2.transform(scene, _BT2020_LUMA)
    return (np.maximum(luma, 1e-6) ** 0.2 * (_PEAK_NITS / _WHITE_NITS)).reshape(*scene.shape[:2], 1).astype(np.float32)


def _bent(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """The Moebius curve: x below the knee, with the same slope there, and 1 at the peak."""
    peak, knee = _PEAK_NITS / _WHITE_NITS, _KNEE
    a = -(knee**2) * (peak - 1) / (knee**2 - 2 * knee + peak)
    b = (knee**2 - 2 * knee * peak + peak) / (peak - 1)
    gain = (b**2 + 2 * b * knee + knee**2) / (b - a)
    bent = gain * (light + a) / (light + b)
    return np.where(light <= knee, light, np.minimum(bent, 1.0)).astype(np.float32)


@cache
def _shown() -> NDArray[np.uint8]:
    """(_STEPS,) 8-bit sRGB of linear light (IEC 61966-2-1)."""
    linear = np.linspace(0.0, 1.0, _STEPS)
    value = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * value).astype(np.uint8)
