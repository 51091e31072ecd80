"""Clothes: shells over the body with necklines, collars, lapels, a tie, a hood.

A shell is a grid over angles and heights of :meth:`Body.point`, pushed outwards; its folds come from a texture that all
personas share, and its colour from the outfit.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from deepmask.engines.painter import shading as sh
from deepmask.engines.painter.body import AXIS_Z, Body, skin_part
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.features import SPHERE, SPHERE_TRIANGLES
from deepmask.engines.painter.geometry import Array, Array32, Triangles, grid_triangles, smooth_curve, smoothstep, tube
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.mesh import Part
from deepmask.engines.painter.skin import with_slopes
from deepmask.engines.painter.skin_masks import noise

TEXTURE = 512
X0, X1, Y0, Y1 = -23.0, 23.0, -34.0, -4.0
"""Part of the body that the cloth texture covers, cm."""
BOTTOM = -28.0
PARTY_COLOURS = ("#ff3f8e", "#ffb400", "#21c7d9", "#7a3cff", "#ff6a2b")


# ---------------------------------------------------------------- cloth
def _folds(x: Array32, y: Array32) -> Array32:
    """Heights in cm of the folds that run from the armpits over chest and shoulders."""
    h = np.zeros(np.broadcast(x, y).shape, np.float32)
    rng = np.random.default_rng(7)
    for side in (-1, 1):
        dx, dy = x - side * 14.5, y + 22.0
        angle, far = np.arctan2(dy, -side * dx), np.hypot(dx, dy)
        wander = 0.10 * np.sin(far * 0.55 + side) + 0.05 * np.sin(far * 1.3)
        ray = np.zeros_like(h)
        for _ in range(7):
            centre, width = rng.uniform(-0.4, 1.9), rng.uniform(0.05, 0.11)
            ray += rng.uniform(0.4, 1.0) * np.exp(-(((angle + wander - centre) / width) ** 2)).astype(np.float32)
        h += (ray * smoothstep(far, 0.5, 4.0) * (1 - smoothstep(far, 6.0, 13.0))).astype(np.float32)
    return h * np.float32(0.20)


@cache
def cloth_texture(pattern: str) -> Array32:
    """(TEXTURE, TEXTURE, 5) factors on the colour of the cloth and slopes of its folds, the same for all personas."""
    x = np.arange(TEXTURE, dtype=np.float32)[None] / TEXTURE * (X1 - X0) + X0
    y = Y1 - np.arange(TEXTURE, dtype=np.float32)[:, None] / TEXTURE * (Y1 - Y0)
    cloudy = noise(90, 3, 3, TEXTURE)
    A = np.repeat((1 + 0.03 * cloudy + 0.02 * noise(3, 4, 1, TEXTURE))[..., None], 3, 2).astype(np.float32)
    height = _folds(x, y) + cloudy * np.float32(0.035)
    if pattern == "stripes":
        A *= 1 + 0.16 * smoothstep(np.sin(x * 4.2), 0.6, 0.8)[..., None].astype(np.float32)
    elif pattern == "knit":
        rows = np.sin(y * 11 + 1.6 * np.abs(np.sin(x * 6.5)))
        A *= (1 + 0.07 * rows)[..., None]
        height = height + np.float32(0.012) * rows
    elif pattern == "party":
        band = ((x * 0.8 + y * 0.6 + 1.3 * np.sin(y * 0.9) + 40) / 3.1).astype(int) % len(PARTY_COLOURS)
        A *= np.stack([colour(c) for c in PARTY_COLOURS])[band]
    return with_slopes(A, height.astype(np.float32))


def _cloth(V: Array, F: Triangles, albedo: ArrayLike, rough: float = 0.8, specular: float = 0.12) -> Part:
    uv = np.stack([(V[:, 0] - X0) / (X1 - X0), (Y1 - V[:, 1]) / (Y1 - Y0)], 1).clip(0.002, 0.998)
    return Part(V, F, sh.CLOTH, albedo, specular, rough, 0.10, uv=uv, follow=0.0)


def _trim(V: Array, F: Triangles, albedo: ArrayLike, rough: float = 0.8, specular: float = 0.1) -> Part:
    return Part(V, F, sh.TRIM, albedo, specular, rough, 0.1, follow=0.0)


def _front(angle: Array) -> Array:
    """1 in front, 0 at the back."""
    return (np.cos(angle) + 1) / 2


# ---------------------------------------------------------------- shells
NECKLINES = {
    "crew": (-9.7, 2.3, 2.2), "v": (-9.9, 5.8, 6.0), "scoop": (-10.2, 4.2, 2.8), "hood": (-9.6, 3.0, 2.6),
    "stand": (-10.35, 1.6, 1.5), "open": (-10.35, 1.6, 1.5),
}  # fmt: skip
"""Height of the edge at the back, how much deeper it is in front, and how narrow that part is."""


OPEN_TO = -15.2
"""How far down an open shirt is unbuttoned."""


def neckline(kind: str, theta: Array) -> Array:
    """Height of the edge of the cloth at angles around the neck."""
    back, drop, power = NECKLINES[kind]
    edge = back - drop * _front(theta) ** power
    return np.minimum(edge, OPEN_TO + 8.5 * np.abs(theta)) if kind == "open" else edge


def _shell(body: Body, kind: str, thick: float = 0.25) -> tuple[Array, Triangles, Array]:
    """Vertices and triangles of a closed garment below a neckline, and its edge (n, 3)."""
    theta = np.linspace(-np.pi, np.pi, 145)[:-1]
    top = neckline(kind, theta)
    rows = np.concatenate([[0.0, 0.004, 0.012], np.linspace(0.03, 1, 40) ** 1.2])
    y = top[None] + (BOTTOM - top[None]) * rows[:, None]
    out = thick * np.concatenate([[0.1, 0.7, 1.0], np.ones(40)])[:, None]
    V = body.point(np.broadcast_to(theta[None], y.shape), y, out)
    return V.reshape(-1, 3), grid_triangles(len(rows), len(theta), wrap=True), V[1]


def _band(body: Body, kind: str, height: float, albedo: ArrayLike) -> Part:
    """A ribbed band along a neckline."""
    theta = np.linspace(-np.pi, np.pi, 145)[:-1]
    top = neckline(kind, theta)[None] + 0.12
    k = np.array([0.0, 0.06, 0.2, 0.5, 0.8, 0.94, 1.0])[:, None]
    out = np.array([0.05, 0.28, 0.42, 0.46, 0.42, 0.34, 0.20])[:, None]
    y = top - height * k
    V = body.point(np.broadcast_to(theta[None], y.shape), y, np.broadcast_to(out, y.shape))
    return _trim(V.reshape(-1, 3), grid_triangles(len(k), len(theta), wrap=True), albedo, 0.85, 0.06)


def body_parts(p: Identity) -> list[Part]:
    """Neck and shoulders (first), then the clothes."""
    body = Body.of(p)
    main, second, accent = (colour(c).astype(float) for c in (p.outfit.main, p.outfit.second, p.outfit.accent))
    parts = [skin_part(p, body)]
    match p.outfit.kind:
        case "shirt":
            V, F, _ = _shell(body, "open")
            parts += [_cloth(V, F, main), *_shirt_collar(body, main, 0.34), *_buttons(body, main)]
        case "suit":
            closed = p.outfit.tie
            V, F, _ = _shell(body, "stand" if closed else "open")
            parts += [_cloth(V, F, second), *_shirt_collar(body, second, 0.13 if closed else 0.34)]
            parts += _suit_jacket(body, main) + (_tie(body, accent) if closed else [])
        case "hoodie":
            V, F, _ = _shell(body, "hood", 0.6)
            parts += [_cloth(V, F, main, 0.9, 0.05), *_hood(body, main)]
        case "cardigan":
            V, F, _ = _shell(body, "crew")
            parts += [_cloth(V, F, second), _band(body, "crew", 0.9, second * 0.92), *_cardigan(body, main)]
        case "blouse":
            V, F, edge = _shell(body, "v" if p.seed % 2 else "scoop")
            parts += [_cloth(V, F, main, 0.6, 0.25), _trim(*tube(edge, 0.16, 8, closed=True), main * 0.85)]
        case "party":
            V, F, edge = _shell(body, "scoop" if p.female > 0.7 else "crew")
            parts += [_cloth(V, F, [0.92] * 3, 0.5, 0.35), _trim(*tube(edge, 0.2, 8, closed=True), main)]
        case _:
            V, F, _ = _shell(body, "crew")
            parts += [_cloth(V, F, main), _band(body, "crew", 1.0, main * 0.9)]
    return parts


# ---------------------------------------------------------------- collars
def _shirt_collar(body: Body, albedo: Array, gap: float) -> list[Part]:
    """A stand around the neck and a leaf folded over it, with points in front; ``gap``: half its opening, radians."""

    def top(a: Array) -> Array:
        """Height of the fold."""
        return -9.35 - (1.45 + 1.2 * gap) * _front(a) ** 1.4

    a = np.linspace(gap, 2 * np.pi - gap, 97)  # 0 = front centre, going round
    steep = 0.04 + 0.96 * _front(a) ** 3  # lower in front, where the body does not flare
    profile = ((1.6, 0.2), (0.8, 0.28), (0.2, 0.34), (0.02, 0.44), (0, 0.56))
    stand = [body.point(a, top(a) - d * steep, out) for d, out in profile]
    parts = [_trim(np.vstack(stand), grid_triangles(len(stand), len(a)), albedo, 0.75, 0.12)]
    u = np.linspace(0, 1, 49)[:, None]
    k = np.array([0.0, 0.08, 0.2, 0.4, 0.6, 0.8, 0.94, 1.0, 1.0])
    lift = np.array([0.0, 0.12, 0.24, 0.30, 0.26, 0.18, 0.10, 0.04, -0.10])
    for side in (-1, 1):
        turn = side * (np.pi + (gap - np.pi) * u[:, 0])
        fold = body.point(turn, top(turn), 0.58)
        tip_x, tip_y = 2.2 + 2.6 * gap, -13.6 - 0.6 * gap
        places = [
            (np.pi, -10.4),
            (2.4, -10.4),
            (1.57, -10.5),
            (1.0, -11.2),
            (float(body.angle_at(tip_x, tip_y)), tip_y),
        ]
        hem = smooth_curve([body.point(side * angle, y, 0.50) for angle, y in places], len(u))
        V = fold[:, None] + (hem - fold)[:, None] * k[None, :, None]
        away = np.stack([np.sin(turn), 0 * turn, np.cos(turn)], 1)[:, None]
        V = V + away * lift[None, :, None]
        angle = np.arctan2(V[..., 0], V[..., 2] - AXIS_Z)
        under = body.point(angle, V[..., 1], 0.32)
        lack = np.hypot(under[..., 0], under[..., 2] - AXIS_Z) - np.hypot(V[..., 0], V[..., 2] - AXIS_Z)
        V = V + np.stack([np.sin(angle), 0 * angle, np.cos(angle)], -1) * np.maximum(lack, 0)[..., None]
        parts.append(_trim(V.reshape(-1, 3), grid_triangles(len(u), len(k), flip=side < 0), albedo, 0.75, 0.12))
    return parts


def _buttons(body: Body, albedo: Array) -> list[Part]:
    """A button strip down the front."""
    y = np.linspace(OPEN_TO + 0.5, BOTTOM, 24)
    u = np.array([-1.0, -0.94, -0.7, 0, 0.7, 0.94, 1.0])
    out = np.array([0.22, 0.36, 0.40, 0.42, 0.40, 0.36, 0.22])
    theta = 0.11 * u[None] * np.ones((24, 1))
    V = body.grid(theta, np.broadcast_to(y[:, None], theta.shape), np.broadcast_to(out[None], theta.shape))
    parts = [_trim(V, grid_triangles(24, 7), albedo * 0.97, 0.8, 0.1)]
    for height in (-16.2, -20.4, -24.6):
        place = body.point(0.0, height, 0.46)
        parts.append(_trim(SPHERE * [0.34, 0.34, 0.12] + place, SPHERE_TRIANGLES, albedo * 0.3 + 0.35, 0.35, 0.5))
    return parts


def _opened(body: Body, y: Array, gap: Array, out: Array, columns: int) -> tuple[Array, Triangles]:
    """A shell that is open in front: ``gap`` is half of the opening in cm at heights ``y``."""
    start, u = body.angle_at(gap, y), np.linspace(0, 1, columns)
    theta = start[:, None] + (2 * np.pi - 2 * start[:, None]) * u[None]
    rim = out - 0.25 * np.exp(-np.minimum(u, 1 - u) / 0.004)
    V = body.grid(theta, np.broadcast_to(y[:, None], theta.shape), np.broadcast_to(rim[None], theta.shape))
    return V, grid_triangles(len(y), columns)


_JACKET_Y, _JACKET_GAP = [-28.0, -24, -20, -16, -13, -11.5, -10.0], [0.2, 1.5, 2.6, 3.6, 4.3, 4.6, 4.8]


def _suit_jacket(body: Body, main: Array) -> list[Part]:
    """Jacket, its collar and both lapels."""
    y = np.linspace(-10.0, BOTTOM, 44)
    parts = [_cloth(*_opened(body, y, np.interp(y, _JACKET_Y, _JACKET_GAP), np.array(0.62), 110), main)]
    k = np.array([0.0, 0.08, 0.25, 0.5, 0.75, 0.92, 1.0])
    rise = np.array([0.50, 0.80, 1.00, 1.02, 0.98, 0.90, 0.62])
    for side in (-1, 1):
        y = np.linspace(-14.6, BOTTOM, 30)  # lapel
        inner = np.interp(y, _JACKET_Y, _JACKET_GAP) - 0.15
        wide = np.interp(y, [-28, -24, -17.5, -14.6], [0.0, 2.4, 4.3, 4.7])
        slant = np.exp((y + 14.6) * 0.9)[:, None] * k[None] ** 1.5 * 0.9
        height = y[:, None] + slant
        theta = side * body.angle_at(inner[:, None] + wide[:, None] * k[None], height)
        V = body.grid(theta, height, np.broadcast_to(rise[None], theta.shape))
        parts.append(_cloth(V, grid_triangles(30, len(k), flip=side < 0), main * 1.08))
        t = np.linspace(0, 1, 40)  # collar, from the middle of the back to the notch
        start = float(body.angle_at(4.0, -13.7))
        path = smooth_curve([[np.pi, -9.3], [2.2, -9.4], [1.5, -10.0], [1.05, -11.2], [start, -13.7]], 40)
        theta = side * (path[:, 0:1] + k[None] * np.interp(t, [0, 0.5, 1], [0.0, 0.05, 0.34])[:, None])
        fall = k[None] * np.interp(t, [0, 0.5, 1], [1.9, 1.6, 0.35])[:, None]
        V = body.grid(theta, path[:, 1:2] - fall, np.broadcast_to(rise[None] + 0.05, theta.shape))
        parts.append(_cloth(V, grid_triangles(40, len(k), flip=side < 0), main * 1.08))
    return parts


def _tie(body: Body, accent: Array) -> list[Part]:
    """Knot and blade."""
    knot_y = np.array([0.0, 0.15, 0.5, 1.0, 1.5, 1.9, 2.05])
    half = np.array([0.9, 1.22, 1.26, 1.12, 0.96, 0.82, 0.7])
    u = np.linspace(-1, 1, 13)
    z = body.point(0.0, -12.2, 0.85)[2]
    bulge = np.sqrt(1 - 0.96 * u**2)[None] * np.array([0.15, 0.5, 0.62, 0.62, 0.55, 0.4, 0.1])[:, None]
    V = np.stack([u[None] * half[:, None], np.broadcast_to(-11.15 - knot_y[:, None], bulge.shape), z - 0.3 + bulge], -1)
    parts = [_trim(V.reshape(-1, 3), grid_triangles(7, 13), accent, 0.5, 0.35)]
    y = np.linspace(-12.9, BOTTOM, 24)
    half = np.interp(y, [-28, -15, -12.9], [2.6, 1.4, 0.85])
    dimple = 0.14 * np.exp(-((u / 0.3) ** 2))[None] * np.exp((y + 12.9) / 1.5)[:, None]
    blade = body.point(0.0, y, 0.42)[:, 2][:, None] + 0.32 * np.sqrt(1 - 0.96 * u**2)[None] - dimple
    V = np.stack([u[None] * half[:, None], np.broadcast_to(y[:, None], blade.shape), blade], -1)
    return [*parts, _trim(V.reshape(-1, 3), grid_triangles(24, 13), accent, 0.5, 0.35)]


def _cardigan(body: Body, main: Array) -> list[Part]:
    """An open knitted jacket with a ribbed band along its edge."""
    heights, gaps = [-28.0, -22, -17, -13.5, -11.6, -10.0], [0.6, 1.9, 3.2, 4.3, 4.7, 4.9]
    y = np.linspace(-10.0, BOTTOM, 40)
    shell = _opened(body, y, np.interp(y, heights, gaps), np.array(0.55), 100)
    front = body.angle_at(gaps, heights)
    right = np.c_[front, heights]
    around = [[1.6, -9.4], [2.3, -9.2], [np.pi, -9.1], [2 * np.pi - 2.3, -9.2], [2 * np.pi - 1.6, -9.4]]
    edge = smooth_curve(np.vstack([right, around, (right * [-1, 1] + [2 * np.pi, 0])[::-1]]), 150)
    band = tube(body.point(edge[:, 0], edge[:, 1], 0.62), 0.72, 10, flatten=0.42)
    return [_cloth(*shell, main, 0.9, 0.05), _trim(*band, main * 0.88, 0.9, 0.05)]


def _hood(body: Body, main: Array) -> list[Part]:
    """A hood lying on the shoulders, and its strings."""
    a = np.linspace(0.30, 2 * np.pi - 0.30, 110)
    back = 1 - _front(a)
    low = neckline("hood", a) - 0.2
    top = low + 0.5 + 2.3 * back**1.1
    thick = 0.45 + 1.15 * back**0.8
    rows = []
    for t in np.linspace(0, 1, 17):  # up the inside, over the roll, down the outside
        angle = np.pi * (1 - t)
        foot = low if t < 0.5 else low - 0.9 * back
        y = foot + (top - foot) * np.sin(angle) ** 0.75
        rows.append(body.point(a, np.minimum(y, -8.0), 0.25 + thick * (1 + np.cos(angle)) * (0.9 + 0.25 * back)))
    V = np.vstack(rows)
    V[:, 1] += np.tile(np.maximum(top + 8.0, 0), 17) * 0.5
    parts = [_cloth(V, grid_triangles(17, len(a)), main * 0.97, 0.9, 0.05)]
    for side in (-1, 1):
        y = np.linspace(-13.2, -19.5, 24)
        theta = side * (0.13 + 0.02 * np.sin((y + 13) * 0.7 + side))
        path = body.point(theta, y, 0.85)
        parts.append(_trim(*tube(path, 0.17, 8), main * 0.25 + 0.62, 0.7, 0.1))
        parts.append(_trim(SPHERE * [0.22, 0.4, 0.22] + path[-1], SPHERE_TRIANGLES, main * 0.3 + 0.4, 0.4, 0.4))
    return parts
