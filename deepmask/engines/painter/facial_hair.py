"""Beards, eyebrows and lashes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.cage import HEAD_TRIANGLES, HEAD_UV, REST_HEAD
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.geometry import Array, Array32, smoothstep, spline_matrix, unit
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.skin_masks import masks
from deepmask.engines.painter.strands import Roots, Scalp, Strands, along_surface, directions, strand_colours

LASH_INK = np.array([0.010, 0.007, 0.006], np.float32)


def _where_beard_grows(kind: str) -> Array:
    """(n,) density per vertex of the head."""
    m = masks()
    full, upper, lips = (m[k].at(HEAD_UV).astype(float) for k in ("beard", "moustache", "lips"))
    x, y, _ = REST_HEAD.T
    chin = np.exp(-((x / 2.6) ** 2)) * smoothstep(-y, 5.6, 6.8)
    if kind == "full":
        w = np.maximum(full * smoothstep(full, 0.2, 0.9), upper) * (1 - 0.85 * smoothstep(y, -2.6, -0.2))
    elif kind == "goatee":
        sides = np.exp(-(((np.abs(x) - 2.9) / 0.55) ** 2)) * smoothstep(-y, 3.5, 5.0)
        w = np.maximum(np.maximum(upper, chin * full), full * sides)
    elif kind == "moustache":
        w = upper
    else:
        w = np.maximum(full, upper) * 0.8
    return np.where(w > 0.12, w * (1 - np.clip(lips * 2, 0, 1)), 0.0).astype(np.float64)


def beard(p: Identity, scalp: Scalp, rng: np.random.Generator) -> Strands:
    """Strands of the beard, tied to the skin."""
    kind = p.hair.beard
    n, longest = {"full": (12000, 1.35), "goatee": (5000, 0.85), "moustache": (4200, 1.0), "stubble": (8000, 0.25)}[
        kind
    ]
    w, T = _where_beard_grows(kind), 4 if kind == "stubble" else 7
    roots = scalp.roots(w, n, rng)
    combed, on_lip = _beard_direction(roots)
    lengths = longest * (0.7 + 0.5 * rng.random(n)) * np.where(on_lip, 0.62, 1)
    if kind == "full":
        lengths *= 0.50 + 0.90 * smoothstep(-roots.rest[:, 1], 4.0, 8.5)
    lengths *= 0.25 + 0.75 * smoothstep(w[HEAD_TRIANGLES[roots.triangle]].mean(1), 0.15, 0.9)
    d = unit(roots.normals * 0.32 + combed * 0.85 + 0.16 * rng.standard_normal((n, 3)))
    pts = np.zeros((n, T, 3), np.float32)
    pts[:, 0] = roots.points - roots.normals * 0.03
    for k in range(1, T):
        pts[:, k] = pts[:, k - 1] + d * (lengths / (T - 1))[:, None]
        drift = np.array([0, -0.10, 0]) - roots.normals * 0.10 + 0.10 * rng.standard_normal((n, 3))
        d = unit(d * 0.8 + combed * 0.25 + drift)
    t = np.linspace(0, 1, T, dtype=np.float32)
    thin = kind == "stubble"
    return Strands(
        points=pts,
        tangents=directions(pts),
        colour=strand_colours(colour(p.hair.beard_colour), rng.random(n), p.hair.grey, rng, 0.8),
        ramp=np.interp(t, [0, 0.25, 1.0], [0.62, 0.95, 1.18]).astype(np.float32),
        width=np.broadcast_to((0.036 if thin else 0.050) * (1.1 - 0.6 * t), (n, T)).astype(np.float32),
        opacity=np.broadcast_to((0.55 if thin else 0.85) * (1 - 0.4 * t), (n, T)).astype(np.float32),
        triangle=roots.triangle,
        weights=roots.weights,
    )


def _beard_direction(roots: Roots) -> tuple[Array, Array]:
    """Combed direction (n, 3) and which roots lie above the mouth (n,)."""
    x, y, z = roots.rest.T
    ones, side = np.ones(len(x)), np.sign(x)
    on_lip = (y > -5.1) & (np.abs(x) < 2.6) & (z > 3.5)
    over = np.stack([side * (0.55 + 0.30 * np.abs(x)), -0.60 * ones, 0.15 * ones], 1)
    below = np.stack([side * 0.12 + x * 0.01, -ones, 0.10 * ones], 1)
    return along_surface(np.where(on_lip[:, None], over, below), roots.normals), on_lip


@dataclass(frozen=True)
class Painted:
    """Strands that are drawn without light of their own: (n, T, 3), (n, 3), (n, T), (n, T)."""

    points: Array32
    colour: Array32
    width: Array32
    opacity: Array32


class Brow:
    """One eyebrow between two rows of landmarks; follows them in every frame."""

    POINTS = 6
    CURVE = spline_matrix(5, 60)

    def __init__(self, p: Identity, side: int, upper: list[int], lower: list[int]) -> None:
        rng = np.random.default_rng([p.seed & 0xFFFFFFFF, 31])
        n = int(420 * p.hair.brow_dense)
        a = rng.random(n) ** 0.9
        self._upper, self._lower, self._side = upper, lower, side
        self._across = rng.random(n)
        self._at, self._between = np.clip((a * 59).astype(int), 0, 58), (a * 59 % 1)[:, None]
        self._a = 0.10 + 0.90 * a
        thick = np.interp(self._a, [0, 0.12, 0.45, 0.85, 1.0], [0.15, 0.42, 0.85, 1.0, 0.85]) * p.hair.brow_thick
        self._offset = ((self._across - 0.5) * thick)[:, None] * 0.9
        self._noise = 0.10 * rng.standard_normal((n, 3))
        self._length = (0.62 + 0.30 * rng.random(n)) * np.interp(self._a, [0, 0.2, 1], [0.65, 1, 0.85])
        t = np.linspace(0, 1, self.POINTS)[None]
        fade = np.interp(self._a, [0, 0.1, 0.3, 0.86, 1.0], [0.2, 0.35, 0.9, 1, 0.35])[:, None]
        base = colour(p.hair.brow_colour) * 0.8
        self._colour = (base * (1 + 0.25 * rng.standard_normal((n, 1)))).astype(np.float32)
        self._width = np.broadcast_to(0.062 * (1.1 - 0.75 * t), (n, self.POINTS)).astype(np.float32)
        self._opacity = (0.85 * p.hair.brow_opacity * (1 - 0.55 * t**2) * fade).astype(np.float32)

    def on(self, face: Array) -> Painted:
        """Strands for the current face (468, 3)."""
        upper, lower = self.CURVE @ face[self._upper], self.CURVE @ face[self._lower]
        i, f = self._at, self._between
        up, low = upper[i] * (1 - f) + upper[i + 1] * f, lower[i] * (1 - f) + lower[i + 1] * f
        tangent = unit(upper[np.maximum(i - 3, 0)] - upper[np.minimum(i + 3, 59)])  # towards the temple
        upward, inner = unit(up - low), smoothstep(self._a, 0.72, 1.0)
        rise = 0.30 - 0.88 * (self._across - 0.5) * (1 - inner) + 0.75 * inner
        d = unit(tangent * (1 - 0.55 * inner)[:, None] + upward * rise[:, None] * 0.9 + self._noise)
        pts = np.zeros((len(i), self.POINTS, 3), np.float32)
        pts[:, 0] = (up + low) / 2 + [0, -0.10, 0.10] + (up - low) * self._offset
        for k in range(1, self.POINTS):
            pts[:, k] = pts[:, k - 1] + d * (self._length / (self.POINTS - 1))[:, None]
            d = unit(d + tangent * 0.10 - upward * 0.06 * (self._across[:, None] - 0.3) + np.array([0, 0, -0.05]))
        return Painted(pts, self._colour, self._width, self._opacity)


class Lashes:
    """One row of lashes along a lid; follows it in every frame."""

    POINTS = 6
    CURVE = spline_matrix(9, 80)

    def __init__(self, p: Identity, side: int, row: list[int], upper: bool) -> None:
        rng = np.random.default_rng([p.seed & 0xFFFFFFFF, 37])
        n = int(120 + 60 * p.female) if upper else int(46 + 20 * p.female)
        a = 0.04 + 0.93 * rng.random(n)  # 0 = outer corner
        self._row, self._upper = row, upper
        self._at, self._between = np.clip((a * 79).astype(int), 0, 78), (a * 79 % 1)[:, None]
        self._sideways = np.array([side, 0, 0.0]) * (0.75 * (1 - a) - 0.15)[:, None]
        self._noise = 0.05 * rng.standard_normal((n, 3))
        longest = p.hair.lash * (1.0 if upper else 0.36)
        shape = np.interp(a, [0, 0.15, 0.5, 0.9, 1.0], [1.05, 1.15, 1.0, 0.55, 0.4])
        self._length = longest * (0.75 + 0.4 * rng.random(n)) * shape
        t = np.linspace(0, 1, self.POINTS)[None]
        self._colour = np.broadcast_to(LASH_INK, (n, 3))
        self._width = np.broadcast_to((0.055 if upper else 0.035) * (1.1 - 0.8 * t), (n, 6)).astype(np.float32)
        self._opacity = np.broadcast_to((0.85 if upper else 0.5) * (1 - 0.3 * t), (n, 6)).astype(np.float32)

    def on(self, face: Array, eyeball: Array) -> Painted:
        """Strands for the current face (468, 3) and the centre (3,) of its eyeball."""
        curve = self.CURVE @ face[self._row]
        i, f = self._at, self._between
        root = curve[i] * (1 - f) + curve[i + 1] * f
        away = unit((root - eyeball) * [1, 1, 0.35] + [0, 0, 1.2])
        d = unit(away * 0.9 + self._sideways + np.array([0, 0.10 if self._upper else -0.55, 0.25]) + self._noise)
        pts = np.zeros((len(i), self.POINTS, 3), np.float32)
        pts[:, 0] = root + unit(root - eyeball) * 0.02 + [0, 0, 0.04]
        for k in range(1, self.POINTS):
            pts[:, k] = pts[:, k - 1] + d * (self._length / (self.POINTS - 1))[:, None]
            d = unit(d + np.array([0, 0.24 if self._upper else -0.10, 0]))
        return Painted(pts, self._colour, self._width, self._opacity)


class BrowsAndLashes:
    """Both brows and all four rows of lashes of a persona."""

    def __init__(self, p: Identity) -> None:
        self._brows = [
            Brow(p, -1, lm.BROW_R_UPPER, lm.BROW_R_LOWER),
            Brow(p, 1, lm.BROW_L_UPPER, lm.BROW_L_LOWER),
        ]
        self._lashes = [
            (0, Lashes(p, -1, lm.LID_R_UPPER, True)),
            (0, Lashes(p, -1, lm.LID_R_LOWER, False)),
            (1, Lashes(p, 1, lm.LID_L_UPPER, True)),
            (1, Lashes(p, 1, lm.LID_L_LOWER, False)),
        ]

    def on(self, face: Array, eyeballs: list[Array]) -> list[Painted]:
        """Strands for the current face (468, 3) and the centres of the right and the left eyeball."""
        return [b.on(face) for b in self._brows] + [lash.on(face, eyeballs[k]) for k, lash in self._lashes]
