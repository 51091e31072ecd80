"""A hole in a picture, as the network is shown it, and what the network makes of it put back.

The network works on a canvas of the size it was trained on, onto which the part of the picture around the hole is
scaled. Pixels of the hole are blackened before anything is scaled, and the hole is filled with the colours around it
before the encoder sees it: what was there has no influence on what is painted, not even through a mixed pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area, Mask
from deepmask.engines.diffusion.grain import grained
from deepmask.faces import Patch, RGBImage

CONTEXT = 1.75
"""Side of what is shown of the picture, in those of the hole."""
LONGEST = 2.0
"""Longer side of a canvas, at most, in sides of the square one; shapes beyond that are squeezed."""
CELL = 8
"""Pixels of the canvas for one of the latents, which are painted or kept as a whole."""
MARGIN = 1 / 64
"""By how much more than the hole is painted, of the canvas: what lies at its rim is seldom only background."""
SEAM = 1 / 160
"""Within which width, inside the hole, colours are led to those outside, of the canvas."""
SMOOTH = 1 / 64
"""Standard deviation in which differences of colour are averaged, of the canvas."""
MOST_SHIFT = 32.0
"""Levels by which colours are corrected at most: more is no shift of colour but another thing."""

AROUND_PX = 48
"""Pixels of the picture beyond the hole's rectangle in which its grain is measured."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """The part of a picture that is shown, and the canvas it is scaled to."""

    rows: slice
    columns: slice
    canvas_wh: tuple[int, int]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Of the part, in pixels of the picture."""
        return self.columns.stop - self.columns.start, self.rows.stop - self.rows.start

    @property
    def scale(self) -> float:
        """Pixels of the picture for one of the canvas."""
        return sqrt(self.size_wh[0] * self.size_wh[1] / (self.canvas_wh[0] * self.canvas_wh[1]))


@dataclass(frozen=True)
class Scene:
    """What the network is shown."""

    picture: RGBImage
    """(h, w, 3) on the canvas; in the hole the colours around it."""
    hole: Mask
    """(h, w), whole cells: what is painted."""


def view(hole: Area, native_px: int, share: float = 1.0) -> View:
    """A square around the hole with its surroundings, cut to the picture, as large as the network likes it.

    Args:
        native_px: side of the square pictures the network was trained on.
        share: of the sides of the canvas, where memory does not suffice for all of it.
    """
    x1, y1, x2, y2 = (int(edge) for edge in hole.box_xyxy)
    side = max(ceil(CONTEXT * max(x2 - x1, y2 - y1)), native_px)
    columns, rows = _span((x1 + x2) // 2, side, hole.size_wh[0]), _span((y1 + y2) // 2, side, hole.size_wh[1])
    aspect = sqrt((columns.stop - columns.start) / (rows.stop - rows.start))
    step = max(CELL, native_px // 8)
    lengths = (min(max(native_px * f, native_px / LONGEST), native_px * LONGEST) for f in (aspect, 1 / aspect))
    width, height = (max(CELL, round(round(px / step) * step * share / CELL) * CELL) for px in lengths)
    return View(rows, columns, (width, height))


def _span(middle: int, length: int, limit: int) -> slice:
    """``length`` pixels about ``middle``, moved and then cut so as to lie within 0..``limit``."""
    start = max(0, min(middle - length // 2, limit - length))
    return slice(start, min(start + length, limit))


def scene(image: RGBImage, hole: Area, view: View, avoid: Area | None = None) -> Scene:
    """The picture (H, W, 3) on the canvas, with neither what is in the hole nor what is to be avoided."""
    gone = _within(hole, view)
    if avoid is not None:
        gone |= _within(avoid, view)
    shown = image[view.rows, view.columns].copy()
    shown[gone] = 0
    smaller = view.canvas_wh[0] <= view.size_wh[0] and view.canvas_wh[1] <= view.size_wh[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    picture = cv2.resize(shown, view.canvas_wh, interpolation=way)
    known = cv2.resize((~gone).astype(np.uint8) * 255, view.canvas_wh, interpolation=way) == 255
    margin = max(1, round(MARGIN * min(view.canvas_wh)))
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    painted = _cells(cv2.dilate((~known).astype(np.uint8), around).astype(bool))
    filled = continued(picture.astype(np.float32), ~painted)
    return Scene(np.rint(filled).clip(0, 255).astype(np.uint8), painted)


def _within(area: Area, view: View) -> Mask:
    """The part (h, w) of an area that lies in the view."""
    part = np.zeros((view.size_wh[1], view.size_wh[0]), bool)
    rows, columns = area.window
    top, bottom = max(rows.start, view.rows.start), min(rows.stop, view.rows.stop)
    left, right = max(columns.start, view.columns.start), min(columns.stop, view.columns.stop)
    if top < bottom and left < right:
        y, x = view.rows.start, view.columns.start
        part[top - y : bottom - y, left - x : right - x] = area.mask[
            top - rows.start : bottom - rows.start, left - columns.start : right - columns.start
        ]
    return part


def _cells(mask: Mask) -> Mask:
    """The mask grown to whole cells."""
    h, w = mask.shape
    cells = mask.reshape(h // CELL, CELL, w // CELL, CELL).any((1, 3))
    return cells.repeat(CELL, 0).repeat(CELL, 1)


def continued(values: Floats, known: Mask) -> Floats:
    """Values (h, w, c) where they are known, and smoothly led on from there everywhere else; 127.5 if none are.

    The pull and push of Gortler et al. (The Lumigraph, 1996): averages over ever larger blocks of what is known, and
    back to finer ones where nothing better is known.
    """
    if not known.any():
        return np.full_like(values, 127.5)
    weight = known.astype(np.float32)
    levels = [(values * weight[..., None], weight)]
    while max(levels[-1][1].shape) > 1:
        h, w = levels[-1][1].shape
        half = (max(1, ceil(w / 2)), max(1, ceil(h / 2)))
        sums, weights = (cv2.resize(part, half, interpolation=cv2.INTER_AREA) for part in levels[-1])
        levels.append((_floats(sums).reshape(half[1], half[0], -1), _floats(weights).reshape(half[1], half[0])))
    result = levels[-1][0] / np.maximum(levels[-1][1], 1e-9)[..., None]
    for sums, weights in reversed(levels[:-1]):
        h, w = weights.shape
        coarse = cv2.resize(result, (w, h), interpolation=cv2.INTER_LINEAR).reshape(h, w, -1)
        sure = np.minimum(weights, 1.0)[..., None]
        result = sums / np.maximum(weights, 1e-9)[..., None] * sure + coarse * (1 - sure)
    return result


def _floats(values: Any) -> Floats:
    return np.asarray(values, np.float32)


def matched(painted: RGBImage, scene: Scene) -> RGBImage:
    """What was painted (h, w, 3), its colours shifted smoothly so that around the hole they are those of the picture.

    Where the network only had to repeat what it saw, encoder, decoder and network leave a tint; that tint is led on
    into the hole and taken away.
    """
    if scene.hole.all():
        return painted
    sigma = SMOOTH * min(scene.hole.shape)
    known = (~scene.hole).astype(np.float32)
    error = (scene.picture.astype(np.float32) - painted) * known[..., None]
    weight = cv2.GaussianBlur(known, (0, 0), sigma)
    shift = cv2.GaussianBlur(error, (0, 0), sigma) / np.maximum(weight, 1e-6)[..., None]
    shift = continued(shift.clip(-MOST_SHIFT, MOST_SHIFT), ~scene.hole)
    return np.rint(painted + shift).clip(0, 255).astype(np.uint8)


def patch(
    image: RGBImage, hole: Area, view: View, painted: RGBImage, avoid: Area | None = None, seed: int = 0
) -> Patch:
    """What was painted on the canvas, for the hole in the picture: opaque inside of it, nothing outside.

    It gets the grain of its surroundings, and within a narrow seam inside the hole, colours are led to those of the
    pixels next to it, which stay as they are.
    """
    smaller = view.canvas_wh[0] > view.size_wh[0]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LANCZOS4
    full = np.asarray(cv2.resize(painted, view.size_wh, interpolation=way), np.uint8)
    rows, columns = _padded(hole.window, view)
    top, left = rows.start - view.rows.start, columns.start - view.columns.start
    colours = full[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start]
    part = View(rows, columns, view.canvas_wh)
    inside = _within(hole, part)
    width = max(1.5, SEAM * min(view.canvas_wh) * view.scale)
    other = np.zeros_like(inside) if avoid is None else _within(avoid, part)
    colours = grained(colours, image[rows, columns], inside, other, seed)
    sewn = _sewn(colours, image[rows, columns], inside, other, width)
    (x, y), (h, w) = hole.origin_xy, hole.mask.shape
    rgb = sewn[y - rows.start :, x - columns.start :][:h, :w]
    return Patch(np.ascontiguousarray(rgb), hole.mask.astype(np.float32), hole.origin_xy)


def _padded(window: tuple[slice, slice], view: View) -> tuple[slice, slice]:
    """The window with some surroundings, as far as the view goes."""
    rows, columns = window
    return (
        slice(max(view.rows.start, rows.start - AROUND_PX), min(view.rows.stop, rows.stop + AROUND_PX)),
        slice(max(view.columns.start, columns.start - AROUND_PX), min(view.columns.stop, columns.stop + AROUND_PX)),
    )


def _sewn(colours: RGBImage, outside: RGBImage, inside: Mask, other: Mask, width: float) -> RGBImage:
    """``colours`` (h, w, 3), inside the hole led to ``outside`` within ``width`` pixels of its rim.

    Args:
        other: what is next to the hole without belonging to what is painted: colours are not led to it.
    """
    if inside.all():
        return colours
    distance, labels = cv2.distanceTransformWithLabels(
        inside.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.asarray(labels, np.intp).ravel()
    rim, beyond = np.zeros(places.max() + 1, np.intp), np.flatnonzero(~inside)
    rim[places[beyond]] = beyond
    seam = np.flatnonzero(inside & (distance <= width))
    next_to = rim[places[seam]]
    free = (~inside & ~other).astype(np.float32)
    step = cv2.GaussianBlur((outside.astype(np.float32) - colours) * free[..., None], (0, 0), width / 2)
    step = step / np.maximum(cv2.GaussianBlur(free, (0, 0), width / 2), 1e-6)[..., None]
    share = (1 - distance.ravel()[seam] / (width + 1)) ** 2 * ~other.ravel()[next_to]
    sewn = colours.reshape(-1, 3).copy()
    sewn[seam] = np.rint(sewn[seam] + step.reshape(-1, 3)[next_to] * share[:, None]).clip(0, 255)
    return sewn.reshape(colours.shape)
