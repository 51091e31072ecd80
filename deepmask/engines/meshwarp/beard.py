"""Beards of the person covered: the mesh ends at the jaw, a beard does not."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.meshwarp.colour import blurred_within, to_lab
from deepmask.engines.meshwarp.geometry import MeshPoints, oval_ring
from deepmask.engines.meshwarp.occlusion import SkinModel
from deepmask.engines.meshwarp.regions import height_along, hull, hulls, oval, polygon, shrunk, soft
from deepmask.faces import RGBImage
from deepmask.landmark_points import CHIN, FOREHEAD, MOUTH_CORNERS

BEARDED = 0.35
"""Share of the chin that is dark hair from which on a face counts as bearded: beards measured .45 to .99, bare and
shadowed chins up to .03."""

HAIR_LIGHTNESS = 0.6
"""Hair is darker than this share of the cheeks' lightness."""

REACH = 0.1
"""How far below the chin a beard is taken away, in face heights."""

JAW_SHADE = 0.82
"""Skin below the jaw is this much darker than on the face."""

_CHIN_FRONT = (200, 199, 175, 208, 428, 171, 396, 421, 201, 18)
_CHEEKS = ((50, 205, 187, 117, 118, 101, 36), (280, 425, 411, 346, 347, 330, 266))


def is_bearded(image: RGBImage, points: MeshPoints) -> bool:
    """Whether the front of the chin is covered with dark hair."""
    chin = hull(image.shape[0], points[list(_CHIN_FRONT), :2]) > 0
    return bool(chin.any() and _hair(image, points)[chin].mean() > BEARDED)


def shaved(finished: RGBImage, before: RGBImage, points: MeshPoints, face_px: float) -> RGBImage:
    """``finished`` without the beard that is left around its new jaw.

    Args:
        before: the same crop with the beard still whole; it tells where hair is.
    """
    n = finished.shape[0]
    down = points[CHIN, :2] - points[FOREHEAD, :2]
    depth = height_along(n, points[list(MOUTH_CORNERS), :2].mean(0), down)
    reach = polygon(n, _lengthened(points, down)) > 0
    zone = reach & (shrunk(oval(n, points), 0.09 * face_px) == 0) & (depth > 0)
    hair = (_hair(before, points) & zone).astype(np.uint8) * 255
    hair = cv2.morphologyEx(hair, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    model = SkinModel.of(finished, points, face_px)
    if model is None:
        return finished
    skin = (polygon(n, oval_ring(points, 1.4)) > 0) & (hair == 0) & ~model.foreign(finished, 3.0)
    tone = JAW_SHADE * blurred_within(finished.astype(np.float32), skin, 0.1 * face_px)
    fade = np.clip(depth / 0.08, 0, 1) * np.clip((0.29 + REACH - depth) / 0.05, 0, 1)
    weight = soft(np.asarray(hair, np.uint8), 0.012 * face_px) * fade
    return np.clip(finished + (tone - finished) * weight[..., None], 0, 255).astype(np.uint8)


def _lengthened(points: MeshPoints, down: NDArray[np.float64]) -> NDArray[np.float64]:
    """The oval (36, 2), a little wider, its lower part drawn out below the chin by ``REACH``."""
    outline = oval_ring(points, 1.03)
    along = ((outline - points[list(MOUTH_CORNERS), :2].mean(0)) @ down) / (down @ down)
    return outline + np.clip(along / 0.3, 0, 1)[:, None] * REACH * down


def _hair(image: RGBImage, points: MeshPoints) -> NDArray[np.bool_]:
    """(n, n): pixels as dark as a beard would be on this face."""
    n = image.shape[0]
    lightness = to_lab(image)[..., 0]
    cheeks = hulls(n, points, _CHEEKS) > 0
    return lightness < HAIR_LIGHTNESS * (np.median(lightness[cheeks]) if cheeks.any() else 0)
