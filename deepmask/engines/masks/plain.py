"""Masks that hide a face and put nothing in its place. They work on any box of any size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.masks.cover import cover, cut_out
from deepmask.faces import Face, Patch, RGBImage, enlarge
from deepmask.look import Look
from deepmask.persona import Persona


class Pixelate:
    """Soft mosaic of few cells.

    The cells follow the face's size: fixed ones leave close-ups recognisable. They are drawn towards a tone of the
    surroundings, since skin under hair, however coarse, is still found as a face. Weak blur is no way out: it is undone
    by whoever treats a gallery of known faces in the same way.
    """

    needs_persona = False
    needs_landmarks = False
    min_size_px = 0.0
    max_yaw_degrees = 180.0

    cells = 4
    """Across the longer side of the face's box."""
    contrast = 0.6
    """Share of the differences between cells that is kept."""
    quietness = 0.6
    """How far their mean moves to the tone of the surroundings, 0..1."""

    def swap(
        self,
        image: RGBImage,
        face: Face,
        persona: Persona | None = None,
        *,
        strength: float = 0.8,
        look: Look | None = None,
    ) -> Patch:
        """The patch that hides ``face``; never fails."""
        area = cover(face)
        h, w = area.alpha.shape
        cell = max(1.0, face.size_px / self.cells)
        across = max(1, round(w / cell)), max(1, round(h / cell))
        coarse = cv2.resize(cut_out(image, area.box_xyxy), across, interpolation=cv2.INTER_AREA)
        mean = coarse.mean((0, 1))
        middle = mean + self.quietness * (_quiet_tone(image, face) - mean)
        calmed = np.clip(middle + self.contrast * (coarse - mean), 0, 255).astype(np.uint8)
        return Patch(_soft_cells(calmed, (w, h)), area.alpha, area.origin_xy)


def _soft_cells(coarse: RGBImage, size_wh: tuple[int, int]) -> RGBImage:
    """Cells whose borders melt into each other, each still to be seen."""
    smooth = cv2.resize(coarse, size_wh, interpolation=cv2.INTER_LINEAR)
    flat = cv2.resize(coarse, size_wh, interpolation=cv2.INTER_NEAREST)
    return cv2.addWeighted(smooth, 0.6, flat, 0.4, 0).astype(np.uint8)


class Solid:
    """One flat shape in a quiet tone of the surroundings; nothing of the face has a part in it."""

    needs_persona = False
    needs_landmarks = False
    min_size_px = 0.0
    max_yaw_degrees = 180.0

    def swap(
        self,
        image: RGBImage,
        face: Face,
        persona: Persona | None = None,
        *,
        strength: float = 0.8,
        look: Look | None = None,
    ) -> Patch:
        """The patch that hides ``face``; never fails."""
        area = cover(face, rim=0.015)
        rgb = np.empty((*area.alpha.shape, 3), np.uint8)
        rgb[:] = _quiet_tone(image, face)
        return Patch(rgb, area.alpha, area.origin_xy)


def _quiet_tone(image: RGBImage, face: Face) -> NDArray[np.uint8]:
    """A greyish middle tone (3,) of what lies around the head."""
    outer, inner = enlarge(face.box_xyxy, 2.6), enlarge(face.box_xyxy, 1.5)
    x1, y1, x2, y2 = outer
    # 64 samples a side are enough for a median
    xs, ys = np.linspace(x1, x2, 64), np.linspace(y1, y2, 64)
    h, w = image.shape[:2]
    around = ~(((xs > inner[0]) & (xs < inner[2]))[None] & ((ys > inner[1]) & (ys < inner[3]))[:, None])
    within = ((xs >= 0) & (xs < w))[None] & ((ys >= 0) & (ys < h))[:, None]
    if not (around & within).any():
        return np.array([142, 147, 153], np.uint8)
    samples = image[np.clip(ys, 0, h - 1).astype(int)][:, np.clip(xs, 0, w - 1).astype(int)]
    tone = np.median(samples[around & within], axis=0).astype(np.uint8)
    lab = cv2.cvtColor(tone[None, None], cv2.COLOR_RGB2LAB)[0, 0].astype(float)
    lab = np.array([np.clip(lab[0], 95, 175), 128 + 0.45 * (lab[1] - 128), 128 + 0.45 * (lab[2] - 128)])
    return cv2.cvtColor(np.rint(lab).astype(np.uint8)[None, None], cv2.COLOR_LAB2RGB)[0, 0]
