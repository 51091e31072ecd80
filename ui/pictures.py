"""Pictures for the page: previews, face crops, and the photo with its numbered boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from deepmask.faces import Box, RGBImage, enlarge

PREVIEW_PX = 1400
"""Longest side of what the page shows; the photo itself keeps its size."""
CROP_PX = 192

PERSONA, _MASKED, _KEPT = (13, 122, 114), (71, 85, 105), (194, 120, 3)
COLOURS = {"pixelate": _MASKED, "solid": _MASKED, "vector": _MASKED, "keep": _KEPT}
"""Colour of a box by what happens to the face."""


@dataclass(frozen=True)
class Mark:
    """One numbered box, in pixels of the preview."""

    box_xyxy: Box
    number: int
    colour: tuple[int, int, int]
    selected: bool = False


def preview(rgb: RGBImage) -> RGBImage:
    """``rgb`` no larger than ``PREVIEW_PX``."""
    scale = PREVIEW_PX / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def crop(rgb: RGBImage, box: Box) -> RGBImage:
    """A square cut around a face, (CROP_PX, CROP_PX, 3); what lies outside the picture repeats its edge."""
    x1, y1, x2, y2 = enlarge(box, 1.35)
    half = max(x2 - x1, y2 - y1) / 2
    left, top, side = round((x1 + x2) / 2 - half), round((y1 + y2) / 2 - half), max(1, round(2 * half))
    rows = np.clip(np.arange(top, top + side), 0, rgb.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, rgb.shape[1] - 1)
    shrink = max(1, side // (2 * CROP_PX))
    cut = rgb[np.ix_(rows[::shrink], columns[::shrink])]
    return cv2.resize(cut, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA).astype(np.uint8)


def thumb(rgb: RGBImage, side_px: int = CROP_PX) -> RGBImage:
    """The middle of a picture, (side_px, side_px, 3)."""
    h, w = rgb.shape[:2]
    side = min(h, w)
    cut = rgb[(h - side) // 2 : (h + side) // 2, (w - side) // 2 : (w + side) // 2]
    return cv2.resize(cut, (side_px, side_px), interpolation=cv2.INTER_AREA).astype(np.uint8)


def read(path: Path) -> RGBImage:
    """A picture that :func:`write` wrote."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def write(rgb: RGBImage, path: Path) -> None:
    """Save what the page shows; never a result."""
    Image.fromarray(rgb).save(path, "JPEG", quality=90)


def with_marks(rgb: RGBImage, marks: Sequence[Mark], corner_xy: tuple[float, float] | None = None) -> RGBImage:
    """A copy of a preview with numbered boxes, and a cross where the user has clicked first."""
    image = Image.fromarray(rgb)
    draw = ImageDraw.Draw(image, "RGBA")
    unit = max(1.0, max(image.size) / 540)
    for mark in sorted(marks, key=lambda m: m.selected):
        _draw_mark(draw, mark, unit, image.size)
    if corner_xy is not None:
        x, y = corner_xy
        for colour, width in (((0, 0, 0, 150), 4), ((255, 255, 255, 255), 2)):
            draw.line((x - 9 * unit, y, x + 9 * unit, y), colour, round(width * unit))
            draw.line((x, y - 9 * unit, x, y + 9 * unit), colour, round(width * unit))
    return np.asarray(image)


def _draw_mark(draw: ImageDraw.ImageDraw, mark: Mark, unit: float, size_wh: tuple[int, int]) -> None:
    x1, y1, x2, y2 = mark.box_xyxy
    unit *= min(1.0, max(0.6, min(x2 - x1, y2 - y1) / (44 * unit)))  # a crowd's numbers must not cover its faces
    radius, line = 7 * unit, (3.2 if mark.selected else 2) * unit
    halo = (255, 255, 255, 230 if mark.selected else 130)
    draw.rounded_rectangle((x1 - unit, y1 - unit, x2 + unit, y2 + unit), radius, None, halo, round(line + 2 * unit))
    draw.rounded_rectangle((x1, y1, x2, y2), radius, None, (*mark.colour, 255), round(line))
    font = ImageFont.load_default(size=13 * unit)
    text = str(mark.number)
    width = max(draw.textlength(text, font) + 11 * unit, 20 * unit)
    left = min(max(0.0, x1 - 2 * unit), size_wh[0] - width)
    top = min(max(0.0, y1 - 16 * unit), size_wh[1] - 20 * unit)
    badge = (left, top, left + width, top + 20 * unit)
    draw.rounded_rectangle(badge, 10 * unit, (*mark.colour, 255), (255, 255, 255, 230), round(1.3 * unit))
    draw.text((left + width / 2, top + 10 * unit), text, (255, 255, 255, 255), font, anchor="mm")
