"""Where on the skin what is: lips, lids, blush, freckles, beard, wrinkles.

All masks are drawn once, from the landmarks of the mean face on the unrolled head (:func:`cage.cylinder_uv`), so one
set serves every persona: a persona only decides colours and strengths. A mask keeps only the window where it is not
zero, which makes painting with it cheap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import ArrayLike

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.cage import LANDMARK_UV
from deepmask.engines.painter.geometry import Array32, smooth_curve

SIZE = 1024
"""Width and height of the skin texture in pixels."""
PX = LANDMARK_UV * SIZE
"""(468, 2) places of the landmarks on the texture."""
UPPER, LOWER = (lm.LID_R_UPPER, lm.LID_L_UPPER), (lm.LID_R_LOWER, lm.LID_L_LOWER)
LID_AND_CREASE = ((lm.LID_R_UPPER, lm.CREASE_R), (lm.LID_L_UPPER, lm.CREASE_L))


@dataclass(frozen=True)
class Mask:
    """A window of the texture: rows from ``top``, columns from ``left``, values (h, w) float32."""

    top: int
    left: int
    values: Array32

    @classmethod
    def of(cls, full: Array32) -> Mask:
        """The smallest window outside which |full| is below 0.004."""
        on = np.abs(full) > 0.004
        rows, columns = np.flatnonzero(on.any(1)), np.flatnonzero(on.any(0))
        top, left, bottom, right = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
        return cls(int(top), int(left), np.ascontiguousarray(full[top:bottom, left:right], np.float32))

    @property
    def window(self) -> tuple[slice, slice]:
        """The place of the values in a full texture."""
        h, w = self.values.shape
        return slice(self.top, self.top + h), slice(self.left, self.left + w)

    def at(self, uv: ArrayLike) -> Array32:
        """Values at texture coordinates (n, 2), nearest pixel."""
        q = np.clip(np.asarray(uv) * SIZE, 0, SIZE - 1).astype(int) - [self.left, self.top]
        h, w = self.values.shape
        ok = (q >= 0).all(1) & (q[:, 0] < w) & (q[:, 1] < h)
        out = np.zeros(len(q), np.float32)
        out[ok] = self.values[q[ok, 1], q[ok, 0]]
        return out


def _empty() -> Array32:
    return np.zeros((SIZE, SIZE), np.float32)


def blur(m: Array32, sigma: float) -> Array32:
    """Gaussian blur."""
    return cv2.GaussianBlur(m, (0, 0), sigma).astype(np.float32, copy=False)


def polygon(points: ArrayLike, sigma: float = 3) -> Array32:
    """A filled outline with soft edges."""
    m = _empty()
    cv2.fillPoly(m, [np.round(np.asarray(points) * 8).astype(np.int32)], (1.0,), cv2.LINE_AA, 3)
    return blur(m, sigma) if sigma else m


def stroke(points: ArrayLike, width: float, sigma: float, *, taper: bool = True) -> Array32:
    """A soft line along a curve; ``taper`` thins both ends."""
    q, m = np.round(smooth_curve(points, 80) * 8).astype(int), _empty()
    n = len(q)
    for i in range(n - 1):
        k = float(np.sin(np.pi * min(max(i / (n - 1), 0.02), 0.98)) ** 0.6) if taper else 1.0
        a, b = (int(q[i, 0]), int(q[i, 1])), (int(q[i + 1, 0]), int(q[i + 1, 1]))
        cv2.line(m, a, b, (k,), max(1, round(width * k)), cv2.LINE_AA, 3)
    return blur(np.clip(m, 0, 1), sigma)


def spots(ids: Iterable[int], sx: float, sy: float | None = None, offset: tuple[float, float] = (0, 0)) -> Array32:
    """Sum of Gaussians at landmarks; ``offset`` in pixels, mirrored for landmarks in the right half."""
    sy = sy or sx
    x, y = np.arange(SIZE, dtype=np.float32)[None], np.arange(SIZE, dtype=np.float32)[:, None]
    m = _empty()
    for i in ids:
        cx, cy = PX[i] + np.array(offset) * ([1, 1] if PX[i][0] < SIZE / 2 else [-1, 1])
        m += np.exp(-(((x - cx) / sx) ** 2) / 2) * np.exp(-(((y - cy) / sy) ** 2) / 2)
    return np.clip(m, 0, 1)


def noise(scale: float, seed: int = 0, octaves: int = 3, size: int = SIZE) -> Array32:
    """(size, size) smooth noise of unit variance; ``scale`` = largest feature in pixels."""
    rng = np.random.default_rng(seed)
    out, amplitude = np.zeros((size, size), np.float32), 1.0
    for _ in range(octaves):
        n = max(2, int(size / scale))
        layer = rng.standard_normal((n, n)).astype(np.float32)
        out += amplitude * cv2.resize(layer, (size, size), interpolation=cv2.INTER_CUBIC)
        amplitude *= 0.5
        scale /= 2
    return out / out.std()


def total(masks: Iterable[Array32]) -> Array32:
    """Sum, at most 1."""
    out = _empty()
    for m in masks:
        out += m
    return np.clip(out, 0, 1)


@cache
def masks() -> dict[str, Mask]:
    """All masks by name."""
    full = _features() | _beard() | {"freckles": _freckles(), "wrinkles": _wrinkles()}
    ripple = np.sin((np.arange(SIZE)[None] + noise(30, 9, 2) * 3) / 2.2).astype(np.float32)
    full["lip_ripple"] = full["lips"] * ripple
    full["moustache"] = full["moustache"] * (1 - full["lips"])
    return {name: Mask.of(m) for name, m in full.items()}


@cache
def mottle() -> Array32:
    """(SIZE, SIZE) large soft unevenness of the skin, unit variance."""
    return noise(60, 1, 4)


@cache
def pores() -> Array32:
    """(SIZE, SIZE) fine grain of the skin, unit variance."""
    grain = blur(np.random.default_rng(5).standard_normal((SIZE, SIZE)).astype(np.float32), 1.6)
    return grain / grain.std()


def _features() -> dict[str, Array32]:
    P, m = PX, {}
    m["lips"] = polygon(P[lm.LIP_OUTER], 2)
    m["lip_upper"] = polygon(P[lm.LIP_UPPER_OUTLINE], 3)
    m["lip_line"] = stroke(P[[61, 78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 291]], 3, 1.5)
    m["lip_corner"] = spots([61, 291], 7)
    m["liner"] = total(stroke(P[r], 7, 2.0, taper=False) for r in UPPER)
    m["wing"] = total(
        stroke(np.vstack([P[r[3]], P[r[1]], P[r[0]], P[r[0]] + [s * 15, -9], P[r[0]] + [s * 25, -19]]), 7, 1.6)
        for r, s in zip(UPPER, (-1, 1), strict=True)
    )
    m["liner_low"] = total(stroke(P[r], 4, 2.0) for r in LOWER)
    m["waterline"] = total(stroke(P[r], 5, 1.5) for r in LOWER)
    m["crease"] = total(stroke(P[u] * 0.22 + P[c] * 0.78, 4, 1.8) for u, c in LID_AND_CREASE)
    m["crease_soft"] = total(stroke(P[u] * 0.15 + P[c] * 0.85, 10, 6) for u, c in LID_AND_CREASE)
    m["lid"] = total(polygon(P[u + c[::-1]], 4) for u, c in LID_AND_CREASE)
    m["socket"] = total([spots([159, 386], 52, 26, (0, -12)), spots([133, 362], 26, 30, (-4, -6)) * 0.8])
    m["under"] = spots([23, 253], 40, 13, (0, 14))
    m["trough"] = total(stroke(P[r], 6, 5) for r in ([133, 233, 231, 230], [362, 453, 451, 450]))
    m["blush"] = spots([50, 280], 46, 36, (6, 6))
    m["nose_tip"] = spots([4], 34, 24)
    m["nose"] = total([spots([4], 40, 30), spots([48, 278], 18)])
    m["nostril"] = total([spots([79, 309], 7, 4, (4, 4)), spots([60, 290], 7, 4, (6, 0)) * 0.6])
    m["nose_wing"] = total(stroke(P[r], 5, 3.5) for r in ([129, 102, 64, 98], [358, 331, 294, 327]))
    m["philtrum"] = stroke(P[[2, 164, 0]], 9, 5)
    m["forehead"] = spots([151], 150, 70)
    m["brow"] = total(
        polygon(P[u + low[::-1]], 5)
        for u, low in ((lm.BROW_R_UPPER, lm.BROW_R_LOWER), (lm.BROW_L_UPPER, lm.BROW_L_LOWER))
    )
    return m


def _beard() -> dict[str, Array32]:
    """Cheeks below the sideburns, chin and a band below the jaw line; and the upper lip."""
    P = PX
    x, y = np.arange(SIZE, dtype=np.float32)[None], np.arange(SIZE, dtype=np.float32)[:, None]
    cheeks = polygon(P[[*lm.JAW_LINE[1:-1], 411, 425, 423, 391, 393, 164, 167, 165, 203, 205, 187]], 14)
    jaw = smooth_curve(P[lm.JAW_LINE], 200)
    edge = np.interp(np.arange(SIZE), jaw[:, 0], jaw[:, 1], left=0, right=0)[None]
    below = ((y > edge - 6) & (y < edge + 70) & (x > jaw[0, 0]) & (x < jaw[-1, 0])).astype(np.float32)
    lips = polygon(P[lm.LIP_OUTER], 3)
    beard = np.clip(cheeks * 1.25 - polygon(P[lm.LIP_OUTER], 5) * 1.2, 0, 1) + blur(below, 12)
    upper = polygon(P[[61, 57, 186, 92, 165, 167, 164, 393, 391, 322, 410, 287, 291, 409, 270, 269, 267, 0, 37, 39, 40,
                       185]], 4)  # fmt: skip
    return {"beard": np.clip(beard, 0, 1) * (1 - lips), "moustache": np.clip(upper, 0, 1)}


def _freckles() -> Array32:
    rng, m = np.random.default_rng(5), _empty()
    likely = total([spots([50, 280], 70, 42, (10, -4)), spots([4, 197], 46, 50), spots([151], 130, 50) * 0.25])
    for x, y, keep, shade, size in zip(*rng.random((3, 7000)), rng.uniform(0.35, 1, 7000),
                                       rng.gamma(1.6, 0.75, 7000) + 0.7, strict=True):  # fmt: skip
        if keep < likely[int(y * SIZE), int(x * SIZE)] ** 1.2 * 0.9:
            box = ((x * SIZE, y * SIZE), (size * 2.1, size * 1.7), 0.0)
            cv2.ellipse(m, box, (float(shade),), -1, cv2.LINE_AA)
    return blur(m, 1.1)


def _wrinkles() -> Array32:
    """A height: grooves are below zero."""
    P = PX
    g = _empty()
    for fold, dx in (([129, 203, 206, 216, 212], -16), ([358, 423, 426, 436, 432], 16)):
        g += stroke(P[fold] + [dx, 0], 12, 10) * 0.9 - stroke(P[fold], 5, 4)
    for dy, half in ((0, 70), (26, 95), (52, 80)):
        xs = np.linspace(-half * 1.5, half * 1.5, 9)
        ys = -10 + dy * 0.9 + 4 * np.sin(xs / 40 + dy) + (xs / 150) ** 2 * 6
        g -= stroke(P[151] + np.stack([xs, ys], 1), 4, 3) * 0.7
    for corner, s in ((P[33], -1), (P[263], 1)):  # crow's feet
        for a in (-0.5, -0.15, 0.2, 0.5):
            g -= stroke(corner + np.array([[s * 16, a * 14], [s * 34, a * 36], [s * 52, a * 64 + 2]]), 3, 2.2) * 0.6
    for row in ([133, 233, 231, 230, 229, 31], [362, 453, 451, 450, 449, 261]):  # bags under the eyes
        q = P[row] + [0, 6]
        g += stroke(q - [0, 12], 10, 6) * 0.6 - stroke(q, 4, 3) * 0.8
    for s, corner in ((-1, 61), (1, 291)):
        g -= stroke([P[9] + [s * 10, -14], P[9] + [s * 12, 4], P[8] + [s * 13, 6]], 3, 2.5) * 0.6
        g -= stroke(P[corner] + np.array([[s * 6, 8], [s * 12, 30], [s * 13, 52]]), 4, 3.5) * 0.7
    return g
