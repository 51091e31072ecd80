"""Pictures for the Bodies tab: the photo with everybody outlined, and crops in which one stands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from deepmask.area import Area, Selection
from deepmask.faces import RGBImage, enlarge
from ui.pictures import CROP_PX

Colour = tuple[int, int, int]
Contour = NDArray[np.float32]
"""(n, 2): a closed line, in pixels of the preview."""

COLOURS: tuple[Colour, ...] = (
    (13, 122, 114), (37, 99, 235), (200, 70, 6), (168, 35, 190), (24, 128, 56), (205, 32, 60), (104, 52, 212),
    (8, 115, 160), (140, 96, 4), (176, 30, 116),
)  # fmt: skip
"""Of outlines, one after the other: told apart from each other, and dark enough for white numbers."""

_TINT = 0.36
_DIMMED = 0.32
"""How much darker all the rest is when somebody is selected."""
_FINE = 2
"""Contours are found at this multiple of the preview's size."""
_SHIFT = 4
"""Bits behind the point in cv2's coordinates."""
_INSIDE, _BESIDE = (22, 140, 70), (200, 30, 50)
"""Of points that belong to the selected one, and of those that do not."""


@dataclass(frozen=True)
class Outlined:
    """One numbered outline."""

    area: Area
    number: int
    hidden: bool
    """Whether nothing of it will be seen: tinted."""
    selected: bool = False
    margin_px: float = 0.0
    """Drawn around the outline, in pixels of the photo."""

    @property
    def colour(self) -> Colour:
        """Of its line and its number."""
        return COLOURS[(self.number - 1) % len(COLOURS)]


_known: WeakKeyDictionary[Area, dict[tuple[float, float], list[Contour]]] = WeakKeyDictionary()
"""By scale and margin."""


def contours(area: Area, scale: float, margin_px: float = 0.0) -> list[Contour]:
    """Smooth lines around an area; remembered as long as the area is.

    Args:
        scale: pixels of the preview for one of the photo.
        margin_px: how far beyond its edge, in pixels of the photo.
    """
    known = _known.setdefault(area, {})
    if (scale, margin_px) not in known:
        known[scale, margin_px] = _traced(area.grown(margin_px) if margin_px else area, scale)
    return known[scale, margin_px]


def _traced(area: Area, scale: float) -> list[Contour]:
    (left, top), (h, w) = area.origin_xy, area.mask.shape
    fine, pad = _FINE * scale, 4
    size = max(1, round(w * fine)), max(1, round(h * fine))
    method = cv2.INTER_AREA if fine < 1 else cv2.INTER_LINEAR
    mask = cv2.resize(area.mask.astype(np.float32), size, interpolation=method)
    sigma = float(np.clip(0.02 * np.sqrt(area.pixels) * fine, 0.6, 2.5 * _FINE))
    soft = cv2.GaussianBlur(np.pad(mask, pad), (0, 0), sigma)
    found, _ = cv2.findContours((soft > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    lines = [_smooth(line[:, 0].astype(np.float32), sigma) for line in found if len(line) > 6 * _FINE]
    if not lines:
        lines = [np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float32) + pad]
    origin = np.array([left, top], np.float32) * scale
    return [((line - pad + 0.5) / _FINE + origin).astype(np.float32) for line in lines]


def _smooth(line: Contour, sigma: float) -> Contour:
    """A closed line without the steps of its pixels."""
    radius = min(len(line) // 4, round(3 * sigma))
    if radius < 1:
        return line
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.concatenate([line[-radius:], line, line[:radius]])
    axes = [np.convolve(padded[:, axis], weights / weights.sum(), "valid") for axis in (0, 1)]
    return np.stack(axes, axis=1).astype(np.float32)


def with_outlines(
    rgb: RGBImage,
    marks: Sequence[Outlined],
    scale: float,
    *,
    corner_xy: tuple[float, float] | None = None,
    selection: Selection | None = None,
) -> RGBImage:
    """A copy of a preview with numbered outlines, all that goes tinted, and what was clicked.

    Args:
        scale: pixels of the preview for one of the photo.
        corner_xy: where the first corner of a box was clicked, in pixels of the photo.
        selection: the points of the selected one.
    """
    canvas = rgb.copy()
    unit = max(1.0, max(rgb.shape[:2]) / 700)
    ordered = sorted(marks, key=lambda mark: (mark.selected, -mark.area.pixels))
    for mark in ordered:
        if mark.hidden:
            _blend(canvas, _filled(rgb, contours(mark.area, scale)), mark.colour, _TINT)
    for mark in (mark for mark in marks if mark.selected):
        outside = cv2.bitwise_not(_filled(rgb, contours(mark.area, scale)))
        _blend(canvas, np.asarray(outside, np.uint8), (0, 0, 0), _DIMMED)
    for mark in ordered:
        _draw_line(canvas, mark, scale, unit)
    image = Image.fromarray(canvas)
    draw = ImageDraw.Draw(image, "RGBA")
    _draw_badges(draw, ordered, scale, unit, image.size)
    for click in () if selection is None else selection.clicks:
        _draw_point(draw, click.x * scale, click.y * scale, click.inside, unit)
    if corner_xy is not None:
        _draw_cross(draw, corner_xy[0] * scale, corner_xy[1] * scale, unit)
    return np.asarray(image)


def _filled(rgb: RGBImage, lines: Sequence[Contour]) -> NDArray[np.uint8]:
    opacity = np.zeros(rgb.shape[:2], np.uint8)
    cv2.fillPoly(opacity, [_fixed(line) for line in lines], (255,), cv2.LINE_AA, _SHIFT)
    return opacity


def _fixed(line: Contour) -> NDArray[np.int32]:
    return np.rint(line * (1 << _SHIFT)).astype(np.int32)


def _blend(canvas: RGBImage, opacity: NDArray[np.uint8], colour: Colour, strength: float) -> None:
    """Mix a colour into the canvas, in place."""
    x, y, w, h = cv2.boundingRect(opacity)
    if not w:
        return
    window = np.s_[y : y + h, x : x + w]
    share = cv2.cvtColor(cv2.convertScaleAbs(opacity[window], alpha=strength), cv2.COLOR_GRAY2RGB)
    paint = np.full(share.shape, colour, np.uint8)
    below = cv2.multiply(canvas[window], cv2.bitwise_not(share), scale=1 / 255)
    canvas[window] = cv2.add(below, cv2.multiply(paint, share, scale=1 / 255))


def _draw_line(canvas: RGBImage, mark: Outlined, scale: float, unit: float) -> None:
    """The outline with a light edge, so that it is seen on any ground, and its margin as a thin line."""
    width = (3.0 if mark.selected else 2.0) * unit * _fitting(mark, scale, unit)
    lines = [_fixed(line) for line in contours(mark.area, scale)]
    strokes: list[tuple[list[NDArray[np.int32]], float, Colour, float]] = [
        (lines, width + 2 * unit, (255, 255, 255), 0.95 if mark.selected else 0.7),
        (lines, width, mark.colour, 1.0),
    ]
    if mark.margin_px:
        around = [_fixed(line) for line in contours(mark.area, scale, mark.margin_px)]
        strokes.insert(0, (around, unit, mark.colour, 0.9))
        strokes.insert(0, (around, 2.6 * unit, (255, 255, 255), 0.5))
    for path, thickness, colour, strength in strokes:
        opacity = np.zeros(canvas.shape[:2], np.uint8)
        cv2.polylines(opacity, path, True, (255,), max(1, round(thickness)), cv2.LINE_AA, _SHIFT)
        _blend(canvas, opacity, colour, strength)


def _fitting(mark: Outlined, scale: float, unit: float) -> float:
    """Smaller lines and numbers for those who are far away, 0.6..1."""
    h, w = mark.area.mask.shape
    return float(np.clip(min(h, w) * scale / (44 * unit), 0.6, 1.0))


def _draw_badges(
    draw: ImageDraw.ImageDraw, marks: Sequence[Outlined], scale: float, unit: float, size_wh: tuple[int, int]
) -> None:
    """The numbers, each above its outline, moved where they would cover each other."""
    taken: list[tuple[float, float, float, float]] = []
    for mark in sorted(marks, key=lambda mark: mark.number):
        fit = unit * max(0.78, _fitting(mark, scale, unit))
        font, text = ImageFont.load_default(size=14 * fit), str(mark.number)
        width, height = max(draw.textlength(text, font) + 12 * fit, 22 * fit), 22 * fit
        x, y = _top_of(mark, scale)
        left = min(max(2.0, x - width / 2), size_wh[0] - width - 2)
        top = max(2.0, y - height - 3 * fit)
        badge = _beside(taken, left, top, width, height)
        taken.append(badge)
        edge = 2.2 if mark.selected else 1.4
        draw.rounded_rectangle(badge, height / 2, (*mark.colour, 255), (255, 255, 255, 240), round(edge * fit))
        draw.text((badge[0] + width / 2, badge[1] + height / 2), text, (255, 255, 255, 255), font, anchor="mm")


def _top_of(mark: Outlined, scale: float) -> tuple[float, float]:
    """Middle of the highest part of an outline."""
    left, top = mark.area.origin_xy
    rows = max(1, mark.area.mask.shape[0] // 20)
    columns = np.flatnonzero(mark.area.mask[:rows].any(axis=0))
    return (left + float(columns.mean()) + 0.5) * scale, top * scale


def _beside(
    taken: Sequence[tuple[float, float, float, float]], left: float, top: float, width: float, height: float
) -> tuple[float, float, float, float]:
    """A free place for a badge, at most three badges further up or down."""
    for step in (0, -1, 1, -2, 2, -3, 3):
        y = top + step * (height + 1)
        place = (left, y, left + width, y + height)
        if y >= 0 and not any(_touch(place, other) for other in taken):
            return place
    return (left, top, left + width, top + height)


def _touch(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _draw_point(draw: ImageDraw.ImageDraw, x: float, y: float, inside: bool, unit: float) -> None:
    """A dot with a plus or a minus."""
    radius, arm, line = 9 * unit, 4.2 * unit, max(1, round(2 * unit))
    colour, white = _INSIDE if inside else _BESIDE, (255, 255, 255, 255)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), (*colour, 255), white, line)
    draw.line((x - arm, y, x + arm, y), white, line)
    if inside:
        draw.line((x, y - arm, x, y + arm), white, line)


def _draw_cross(draw: ImageDraw.ImageDraw, x: float, y: float, unit: float) -> None:
    for colour, width in (((0, 0, 0, 150), 4), ((255, 255, 255, 255), 2)):
        draw.line((x - 11 * unit, y, x + 11 * unit, y), colour, round(width * unit))
        draw.line((x, y - 11 * unit, x, y + 11 * unit), colour, round(width * unit))


def crop(rgb: RGBImage, area: Area) -> RGBImage:
    """A square around an area, (CROP_PX, CROP_PX, 3), in which all the rest is pale."""
    x1, y1, x2, y2 = enlarge(area.box_xyxy, 1.12)
    half = max(x2 - x1, y2 - y1) / 2
    left, top, side = round((x1 + x2) / 2 - half), round((y1 + y2) / 2 - half), max(1, round(2 * half))
    rows = np.clip(np.arange(top, top + side), 0, rgb.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, rgb.shape[1] - 1)
    shrink = max(1, side // (2 * CROP_PX))
    grid = np.ix_(rows[::shrink], columns[::shrink])
    size = (CROP_PX, CROP_PX)
    cut = cv2.resize(rgb[grid], size, interpolation=cv2.INTER_AREA).astype(np.float32)
    inside = cv2.resize(area.full()[grid].astype(np.float32), size, interpolation=cv2.INTER_AREA)
    share = 0.62 * (1 - cv2.GaussianBlur(inside, (0, 0), 1.2))[..., None]
    return np.rint(cut * (1 - share) + 232 * share).astype(np.uint8)
