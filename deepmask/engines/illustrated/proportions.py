"""Where the features of the flat face lie: measured on the persona's own 3-D face and a little exaggerated.

The painter's neutral face decides the outline, eyes, brows, nose and mouth, so both styles show the same person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.cage import MEAN
from deepmask.engines.painter.expression import express
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.shape import neutral_face

EXAGGERATION = 1.25
"""Flat drawings need larger differences between people than solid ones."""
_OUTLINE = [251, 356, 454, 323, 288, 365, 378, 377]
"""Left half of the outline from the temple to beside the chin."""


@dataclass(frozen=True)
class Proportions:
    """Measures in cm; "half" is measured from the middle; heights have y up."""

    outline: tuple[tuple[float, float], ...]
    """Right half (viewer's) of the face from the temple to the chin."""
    cheek_half: float
    chin_y: float
    hairline_y: float
    eye_x: float
    eye_y: float
    eye_half: float
    eye_up: float
    """Height of the upper lid above the corners."""
    eye_down: float
    eye_tilt: float
    """Rise of the outer corner."""
    brow: tuple[tuple[float, float], ...]
    """Middle line from the nose to the temple, neutral."""
    brow_thick: float
    nose_half: float
    nose_y: float
    """Lower edge."""
    nose_long: float
    """0..1: how far the bridge is drawn."""
    lip_half: float
    lip_y: float
    lip_up: float
    lip_down: float


def proportions_of(who: Identity) -> Proportions:
    """Measures of a persona."""
    solid = neutral_face(who.face)
    face = MEAN + (solid - MEAN) * EXAGGERATION
    face[lm.OVAL] = solid[lm.OVAL]
    moved = express(face, who.expression)
    eye, neutral_eye = moved[lm.EYE_L], face[lm.EYE_L]
    inner, outer = neutral_eye[8], neutral_eye[0]
    lift = float((eye[12, 1] - eye[4, 1]) / (neutral_eye[12, 1] - neutral_eye[4, 1]))
    open_ = float(np.clip(lift, 0.3, 1.35))
    lips = face[lm.LIP_OUTER]
    mouth_y = float(face[lm.LIP_UPPER_MIDDLE, 1])
    return Proportions(
        outline=_pairs(np.vstack([face[_OUTLINE, :2], [0, face[lm.CHIN, 1]]])),
        cheek_half=float(face[lm.SIDE_L, 0]),
        chin_y=float(face[lm.CHIN, 1]),
        hairline_y=8.1 + who.hair.hairline,
        eye_x=float((inner[0] + outer[0]) / 2),
        eye_y=float((inner[1] + outer[1]) / 2) - 0.15,
        eye_half=float((outer[0] - inner[0]) / 2) * 1.08,
        eye_up=float(neutral_eye[12, 1] - (inner[1] + outer[1]) / 2) * 1.32 * open_,
        eye_down=float((inner[1] + outer[1]) / 2 - neutral_eye[4, 1]) * 1.6 * min(1.0, open_ + 0.15),
        eye_tilt=float(outer[1] - inner[1]),
        brow=_pairs(_brow(moved)),
        brow_thick=0.33 * who.hair.brow_thick + 0.17,
        nose_half=float(face[294, 0]) * 0.78,
        nose_y=float(face[2, 1]),
        nose_long=float(np.clip(0.45 + 0.6 * (who.face.bridge + who.face.nose_z + 0.3), 0.1, 1)),
        lip_half=float(lips[10, 0]),
        lip_y=mouth_y,
        lip_up=float(lips[15, 1] - mouth_y) * 0.95,
        lip_down=float(mouth_y - lips[5, 1]) * 0.95,
    )


def _brow(face: NDArray[np.float64]) -> NDArray[np.float64]:
    """Middle line of the brow; FaceMesh lets its inner end droop, which would look grim in a drawing."""
    line = (face[lm.BROW_L_UPPER, :2] + face[lm.BROW_L_LOWER, :2])[::-1] / 2
    line[0, 1] += 0.6 * max(0.0, line[1, 1] - line[0, 1] - 0.1)
    return line


def _pairs(points: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)
