"""Plain coverings for areas of any shape: one flat colour, or few big soft cells. They cannot fail."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area
from deepmask.faces import Patch, RGBImage

GREY = (142, 147, 153)
"""Where nothing surrounds the area."""

_SAMPLE_PX = 160
"""Longer side of the small picture from which tones are taken."""


class Silhouette:
    """One flat, quiet colour that sets itself off from the surroundings; nothing of what it hides has a part in it."""

    step = 26.0
    """Lightness (0..255) between the colour and the surroundings."""

    def tone(self, image: RGBImage, area: Area) -> NDArray[np.uint8]:
        """(3,) median colour of what surrounds the area."""
        return _tone_around(image, area)

    def cover(
        self,
        image: RGBImage,
        area: Area,
        *,
        feather_px: float = 0.0,
        tone: NDArray[np.uint8] | None = None,
        size_px: float | None = None,
    ) -> Patch:
        """The patch that hides ``area``; it has no cells."""
        alpha, origin = _opacity(area, feather_px)
        tone = _tone_around(image, area) if tone is None else tone
        light, a, b = cv2.cvtColor(tone[None, None], cv2.COLOR_RGB2LAB)[0, 0].astype(float)
        light = np.clip(light + (self.step if light < 115 else -self.step), 60, 190)
        lab = np.array([light, 128 + 0.45 * (a - 128), 128 + 0.45 * (b - 128)])
        rgb = np.empty((*alpha.shape, 3), np.uint8)
        rgb[:] = cv2.cvtColor(np.rint(lab).astype(np.uint8)[None, None], cv2.COLOR_LAB2RGB)[0, 0]
        return Patch(rgb, alpha, origin)


class Pixelate:
    """A soft mosaic whose cells follow the person's size, drawn towards a tone of the surroundings.

    Cells of a fixed size would leave close-ups recognisable; a weak blur is undone by whoever treats a gallery of known
    people in the same way.
    """

    cells = 8.0
    """Across the width of a standing body: about a third of a face."""
    contrast = 0.6
    """Share of the differences between cells that is kept."""
    quietness = 0.5
    """How far their mean moves to the tone of the surroundings, 0..1."""

    def tone(self, image: RGBImage, area: Area) -> NDArray[np.uint8]:
        """(3,) median colour of what surrounds the area."""
        return _tone_around(image, area)

    def cover(
        self,
        image: RGBImage,
        area: Area,
        *,
        feather_px: float = 0.0,
        tone: NDArray[np.uint8] | None = None,
        size_px: float | None = None,
    ) -> Patch:
        """The patch that hides ``area``."""
        alpha, (left, top) = _opacity(area, feather_px)
        h, w = alpha.shape
        x1, y1, x2, y2, across = self._grid(area, (left, top, left + w, top + h), size_px)
        inside = np.zeros((y2 - y1, x2 - x1), np.float32)
        colours = np.zeros((y2 - y1, x2 - x1, 3), np.float32)
        (rows, columns), (x, y) = area.mask.shape, area.origin_xy
        own = np.s_[y - y1 : y - y1 + rows, x - x1 : x - x1 + columns]
        inside[own], colours[own] = area.mask, image[area.window] * area.mask[..., None]
        coarse = cv2.resize(colours, across, interpolation=cv2.INTER_AREA).reshape(across[1], across[0], 3)
        share = cv2.resize(inside, across, interpolation=cv2.INTER_AREA).reshape(across[1], across[0], 1)
        mean = image[area.window][area.mask].mean(axis=0)
        cells = np.where(share > 0.02, coarse / np.maximum(share, 0.02), mean)
        around = _tone_around(image, area) if tone is None else tone
        middle = mean + self.quietness * (around.astype(float) - mean)
        calm = np.clip(middle + self.contrast * (cells - mean), 0, 255).astype(np.uint8)
        smooth = cv2.resize(calm, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
        flat = cv2.resize(calm, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
        rgb = cv2.addWeighted(smooth, 0.6, flat, 0.4, 0).astype(np.uint8)
        return Patch(rgb[top - y1 : top - y1 + h, left - x1 : left - x1 + w], alpha, (left, top))

    def _grid(
        self, area: Area, window: tuple[int, int, int, int], size_px: float | None
    ) -> tuple[int, int, int, int, tuple[int, int]]:
        """The rectangle x1, y1, x2, y2 around ``window`` that cells fill, and how many there are across and down."""
        x1, y1, x2, y2 = window
        if size_px is None:
            side = max(2.0, min(area.mask.shape) / self.cells, np.sqrt(area.pixels) / self.cells)
            return *window, (max(1, round((x2 - x1) / side)), max(1, round((y2 - y1) / side)))
        cell = max(2, round(size_px / self.cells))
        x1, y1, x2, y2 = x1 // cell, y1 // cell, -(-x2 // cell), -(-y2 // cell)
        return x1 * cell, y1 * cell, x2 * cell, y2 * cell, (x2 - x1, y2 - y1)


def _opacity(area: Area, feather_px: float) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Opacity and its place: 1 within ``area``, 0 beyond ``feather_px`` from it, with a calm outline between.

    The outline is a contour of the blurred shape, so that strands of hair and fingers leave no trace in it as far as
    the feather reaches.
    """
    if feather_px < 0.5:
        return area.mask.astype(np.float32), area.origin_xy
    grown = area.grown(feather_px)
    top, left = area.origin_xy[1] - grown.origin_xy[1], area.origin_xy[0] - grown.origin_xy[0]
    inside = np.zeros(grown.mask.shape, bool)
    inside[top : top + area.mask.shape[0], left : left + area.mask.shape[1]] = area.mask
    away = cv2.distanceTransform((~np.pad(inside, 1)).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    sigma = max(0.5, feather_px / 2)
    halfway = (away <= feather_px / 2).astype(np.float32)
    soft = cv2.GaussianBlur(halfway, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    edge = min(feather_px, 3.0)  # width of the visible transition in pixels
    slope = sigma * np.sqrt(2 * np.pi) / edge
    alpha = np.clip((soft - 0.5) * slope + 0.5, 0, 1) * np.clip(feather_px - away, 0, 1)
    alpha = np.where(inside, 1, np.where(grown.mask, alpha, 0))
    return alpha.astype(np.float32), grown.origin_xy


def _tone_around(image: RGBImage, area: Area) -> NDArray[np.uint8]:
    """Median colour (3,) of what surrounds the area, within a third of its size."""
    (w, h), (x1, y1, x2, y2) = area.size_wh, area.box_xyxy
    reach = 0.35 * max(x2 - x1, y2 - y1) + 3
    rows = slice(max(0, int(y1 - reach)), min(h, int(y2 + reach) + 1))
    columns = slice(max(0, int(x1 - reach)), min(w, int(x2 + reach) + 1))
    step = max(1, max(rows.stop - rows.start, columns.stop - columns.start) // _SAMPLE_PX)
    near = area.grown(0.04 * max(x2 - x1, y2 - y1) + 1).full()[rows, columns][::step, ::step]
    around = image[rows, columns][::step, ::step][~near]
    if not len(around):
        return np.array(GREY, np.uint8)
    return np.median(around, axis=0).astype(np.uint8)
