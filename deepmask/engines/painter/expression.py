"""Facial expressions: a few weights that move a neutral face."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.geometry import Array, bump, length, smoothstep, transform

EYE_RADIUS = 1.5
"""cm."""


@dataclass(frozen=True)
class Expression:
    """Weights of the movements; 0 = off, 1 = full. Smiles may be negative."""

    smile_left: float = 0.0
    smile_right: float = 0.0
    part: float = 0.0
    """Parted lips."""
    jaw: float = 0.0
    blink_left: float = 0.0
    blink_right: float = 0.0
    squint: float = 0.0
    wide: float = 0.0
    brow_up: float = 0.0
    brow_down: float = 0.0
    brow_inner: float = 0.0
    pucker: float = 0.0
    gaze: tuple[float, float] | None = None
    """Radians to the viewer's right and up, relative to the head; None = at the viewer of the portrait."""

    def with_lids(self, rest: float) -> Expression:
        """With the upper lids lowered by their resting position."""
        return replace(self, blink_left=self.blink_left + rest, blink_right=self.blink_right + rest)


NEUTRAL = Expression()


def _smiling(amount: float, **more: float) -> Expression:
    return Expression(smile_left=amount, smile_right=amount, **more)  # type: ignore[arg-type]


MOODS: dict[str, Expression] = {
    "neutral": NEUTRAL,
    "friendly": _smiling(0.5, squint=0.15),
    "happy": _smiling(0.85, squint=0.3, brow_up=0.1),
    "laughing": _smiling(0.95, part=0.7, squint=0.35, brow_up=0.25),
    "kind": _smiling(0.9, squint=0.45, part=0.35),
    "serious": _smiling(0.05, brow_down=0.3),
    "sad": _smiling(-0.35, brow_inner=0.8),
    "angry": _smiling(-0.1, brow_down=1.0, squint=0.3),
    "surprised": Expression(brow_up=1.0, wide=0.8, jaw=0.35, part=0.3),
    "cool": Expression(smile_left=0.55, smile_right=0.1),
}


def eyeball_centre(face: Array, hole: list[int], radius: float = EYE_RADIUS) -> Array:
    """Centre (3,) of an eyeball that just touches the lid ring ``hole``."""
    P = face[hole]
    c = P.mean(0)
    across = length((P - c)[:, :2])
    c[2] = np.percentile(P[:, 2] - np.sqrt(np.maximum(radius * radius - across**2, 0.05)), 35) - 0.06
    return c


def express(face: Array, e: Expression) -> Array:
    """The neutral ``face`` (468, 3) moved by ``e``; the gaze turns the eyeballs only."""
    V = face.copy()
    mouth = face[lm.LIP_OUTER].mean(0)
    _smile(V, face, mouth, e)
    half_width = abs(face[lm.CORNER_R, 0] - face[lm.CORNER_L, 0]) / 2

    def towards_middle(ids: list[int]) -> Array:
        return np.clip(1 - ((face[ids, 0] - mouth[0]) / half_width) ** 2, 0, 1)[:, None] ** 0.7

    if e.part:
        for ids, move in (
            (lm.LIP_UPPER_EDGE, [0, 0.26, 0]),
            (lm.LIP_UPPER_BODY, [0, 0.20, 0.02]),
            (lm.LIP_LOWER_EDGE, [0, -0.36, 0]),
            (lm.LIP_LOWER_BODY, [0, -0.30, -0.02]),
        ):
            V[ids] += towards_middle(ids) * np.array(move) * e.part
    if e.jaw:  # a rotation about the jaw joint
        joint, angle = np.array([0, 1.0, -2.5]), 0.30 * e.jaw
        w = smoothstep(-face[:, 1:2], -mouth[1] - 0.2, -mouth[1] + 2.2) * smoothstep(face[:, 2:3], -3, 1.5)
        for ids in (lm.LIP_LOWER_EDGE, lm.LIP_LOWER_BODY):
            w[ids] = np.maximum(w[ids], towards_middle(ids) * 0.95)
        w[lm.LIP_UPPER_EDGE + lm.LIP_UPPER_BODY] = 0
        w[lm.LIP_CORNERS] = 0.40
        turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
        V += w * (transform(face - joint, turn) + joint - face)
        V[lm.LIP_UPPER_EDGE] += towards_middle(lm.LIP_UPPER_EDGE) * [0, 0.10, 0] * e.jaw
    _move_lids(V, face, e)
    _move_brows(V, face, e)
    if e.pucker:
        V += e.pucker * bump(face, mouth, [2.2, 1.2, 2]) * ((face - mouth) * [-0.38, 0.06, 0] + [0, 0, 0.45])
    return V


def _smile(V: Array, face: Array, mouth: Array, e: Expression) -> None:
    for s, w, corner in ((-1, e.smile_right, lm.CORNER_R), (1, e.smile_left, lm.CORNER_L)):
        if not w:
            continue
        V += w * bump(face, face[corner], [1.7, 1.15, 2.0]) * [s * 0.76, 0.60, -0.30]
        V += w * bump(face, [s * 3.9, -1.6, 4.0], [1.6, 1.2, 2]) * [s * 0.28, 0.40, 0.36]  # cheek
        V += w * bump(face, [s * 3.2, 1.55, 3.6], [1.4, 0.42, 1.5]) * [0, 0.16, 0.06]  # lower lid
        V += w * bump(face, [s * 0.9, -3.4, 5.6], [0.8, 0.5, 1.2]) * [s * 0.10, 0.07, -0.12]
    both = (e.smile_left + e.smile_right) / 2
    if both:
        V += both * bump(face, mouth - [0, 0.35, 0], [1.7, 0.8, 1.5]) * [0, -0.03, -0.25]
        V += both * bump(face, [0, -1.2, 6.5], [1.8, 0.9, 1.8]) * ((face - [0, -1.2, 6]) * [0.10, 0, 0])


def _move_lids(V: Array, face: Array, e: Expression) -> None:
    for hole, up_row, low_row, crease_row, blink in (
        (lm.EYE_R, lm.LID_R_UPPER, lm.LID_R_LOWER, lm.CREASE_R, e.blink_right),
        (lm.EYE_L, lm.LID_L_UPPER, lm.LID_L_LOWER, lm.CREASE_L, e.blink_left),
    ):
        up, low, crease = up_row[1:-1], low_row[1:-1], crease_row[1:-1]
        b = float(np.clip(blink + e.squint * 0.25, 0, 1))
        if b:
            down = V[low] - V[up]
            V[up] += down * b + np.array([0, 0, 0.10]) * b
            V[crease] += down * b * 0.30
        if b > 0.15:  # keep the lid outside the eyeball
            c = eyeball_centre(face, hole)
            r = EYE_RADIUS + 0.30 * b
            for ids in (up, crease, low):
                d = V[ids] - c
                n = length(d)[:, None]
                V[ids] = np.where(n < r, c + d * r / n, V[ids])
        if e.squint:
            V[low] -= (V[low] - V[up]) * 0.18 * e.squint
        if e.wide:
            V[up] += np.array([0, 0.16, 0]) * e.wide


def _move_brows(V: Array, face: Array, e: Expression) -> None:
    if not (e.brow_up or e.brow_down or e.brow_inner):
        return
    for s in (-1, 1):
        V += (e.brow_up * 0.55 - e.brow_down * 0.40) * bump(face, [s * 3.3, 4.3, 4], [2.2, 0.9, 2]) * [0, 1, 0]
        V += e.brow_down * bump(face, [s * 1.4, 4.0, 4.8], [1, 0.9, 1.5]) * [-s * 0.25, -0.2, 0.1]
        V += e.brow_inner * bump(face, [s * 1.5, 4.2, 4.8], [1.0, 0.9, 1.5]) * [0, 0.4, 0]
