"""Clothes: shells over the body with necklines, collars, lapels, a tie, a hood."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from deepmask.engines.painter import shading as sh
from deepmask.engines.painter.body import AXIS_Z, Body, skin_part
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.features import SPHERE, SPHERE_TRIANGLES
from deepmask.engines.painter.geometry import (
    Array,
    Array32,
    grid_triangles,
    smooth_curve,
    smoothstep,
    tube,
)
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.mesh import Part
from deepmask.engines.painter.skin import with_slopes
from deepmask.engines.painter.skin_masks import noise

TEXTURE = 512
X0, X1, Y0, Y1 = -23.0, 23.0, -34.0, -4.0
"""Part of the body that the cloth texture covers, cm."""
BOTTOM = -30.0


@cache
def cloth_texture(pattern: str) -> Array32:
    """(TEXTURE, TEXTURE, 5) factors on the colour of the cloth and slopes of its folds, the same for all personas."""
    x = np.arange(TEXTURE, dtype=np.float32)[None] / TEXTURE * (X1 - X0) + X0
    y = Y1 - np.arange(TEXTURE, dtype=np.float32)[:, None] / TEXTURE * (Y1 - Y0)
    folds = np.zeros((TEXTURE, TEXTURE), np.float32)
    rng = np.random.default_rng(7)
    for i in range(14):
        side = -1 if i % 2 else 1
        x0, y0 = side * rng.uniform(4, 15), -17 - rng.uniform(0, 5)
        path = np.array([[x0, y0], [x0 * 1.1 + rng.uniform(-1, 1), y0 - 5], [x0 * 1.25 + rng.uniform(-2, 2), y0 - 14]])
        q = smooth_curve((path - [X0, Y1]) / [X1 - X0, Y0 - Y1] * TEXTURE, 30)
        m = np.zeros((TEXTURE, TEXTURE), np.float32)
        cv2.polylines(m, [np.round(q * 8).astype(np.int32)], False, (1.0,), 5, cv2.LINE_AA, 3)
        folds += cv2.GaussianBlur(m, (0, 0), 5) * np.float32(rng.uniform(-1, 1))
    cloudy = noise(90, 3, 3, TEXTURE)
    weave = np.sin(x * 14) * np.sin(y * 14)
    shade = 1 + 0.03 * cloudy + 0.03 * weave
    A = np.repeat(shade[..., None], 3, 2).astype(np.float32)
    if pattern == "stripes":
        A *= 1 + 0.22 * smoothstep(np.sin(x * 3.2), 0.5, 0.7)[..., None].astype(np.float32)
    return with_slopes(A, (folds * 0.45 + cloudy * 0.015).astype(np.float32))


def cloth_uv(V: Array) -> Array:
    """Texture coordinates (n, 2) of points by flat projection from the front."""
    return np.stack([(V[:, 0] - X0) / (X1 - X0), (Y1 - V[:, 1]) / (Y1 - Y0)], 1).clip(0.002, 0.998)


def _cloth(V: Array, F: np.ndarray, albedo: np.ndarray, rough: float = 0.8, specular: float = 0.12) -> Part:
    return Part(V, F, sh.CLOTH, albedo, specular, rough, 0.10, uv=cloth_uv(V), follow=0.0)


def _trim(V: Array, F: np.ndarray, albedo: np.ndarray, rough: float = 0.8, specular: float = 0.1) -> Part:
    return Part(V, F, sh.TRIM, albedo, specular, rough, 0.1, follow=0.0)


NECKLINES = {
    "tee": (-12.4, 1.9, 1.5), "cardigan": (-12.4, 2.2, 1.5), "blouse": (-12.4, 4.6, 2.5), "hoodie": (-11.9, 2.4, 2.0),
    "party": (-12.2, 5.0, 3.0), "shirt": (-11.6, 1.9, 2.0), "suit": (-11.6, 1.9, 2.0),
}  # fmt: skip
"""Height of the edge at the back, how much deeper it is in front, and how narrow that part is."""


def neckline(kind: str, theta: Array) -> Array:
    """Height of the edge of the cloth at angles around the neck."""
    back, drop, power = NECKLINES[kind]
    return back - drop * ((np.cos(theta) + 1) / 2) ** power


def _shell(body: Body, kind: str, thick: float) -> tuple[Array, np.ndarray, Array]:
    """Vertices and triangles of the garment below its neckline, and the edge (n, 3)."""
    theta = np.linspace(-np.pi, np.pi, 121)[:-1]
    top = neckline(kind, theta)
    rows = np.concatenate([[0.0, 0.004, 0.012], np.linspace(0.03, 1, 44)])
    y = top[None] + (BOTTOM - top[None]) * rows[:, None]
    out = thick * np.concatenate([[0.1, 0.7, 1.0], np.ones(44)])[:, None]
    V = body.point(np.broadcast_to(theta[None], y.shape), y, out)
    return V.reshape(-1, 3), grid_triangles(len(rows), len(theta), wrap=True), V[1]


def body_parts(p: Identity) -> list[Part]:
    """Neck and shoulders (first), then the clothes."""
    body, kind = Body.of(p), p.outfit.kind
    main, second, accent = (colour(c) for c in (p.outfit.main, p.outfit.second, p.outfit.accent))
    parts = [skin_part(p, body)]
    thick = {"hoodie": 0.7, "suit": 0.25, "cardigan": 0.25}.get(kind, 0.25)
    V, F, edge = _shell(body, kind, thick)
    parts.append(_cloth(V, F, second if kind in ("suit", "cardigan") else main))
    if kind in ("tee", "party", "blouse", "cardigan"):
        rim = accent if kind == "party" else (second if kind == "cardigan" else main) * 0.92
        parts.append(_trim(*tube(edge, 0.22 if kind != "blouse" else 0.12, 8, closed=True), rim))
    if kind == "hoodie":
        parts += _hood(edge, main)
    if kind in ("shirt", "suit"):
        parts += _shirt_collar(body, main if kind == "shirt" else second)
    if kind in ("suit", "cardigan"):
        parts += _jacket(body, kind, main)
    if kind == "suit" and p.outfit.tie:
        parts += _tie(body, accent)
    return parts


def _hood(edge: Array, main: np.ndarray) -> list[Part]:
    a = np.arctan2(edge[:, 0], edge[:, 2] - AXIS_Z)
    back = (1 - np.cos(a)) / 2
    hood = edge + np.stack([np.sin(a) * (0.7 + 0.9 * back), 0.1 + 1.5 * back**1.2, np.cos(a) * 0.5 - back], 1)
    inner = edge + np.stack([np.sin(a) * 0.2, -0.05 + 0.5 * back, np.cos(a) * 0.15], 1)
    return [
        _trim(*tube(hood, 0.75 + 1.15 * back**0.8, 14, closed=True), main * 0.95, 0.85, 0.08),
        _trim(*tube(inner, 0.45 + 0.4 * back, 12, closed=True), main * 0.72, 0.85, 0.08),
    ]


def _shirt_collar(body: Body, albedo: np.ndarray) -> list[Part]:
    """A stand around the neck and a leaf folded over it, with points in front."""
    m = 81
    a = np.linspace(0.10, 2 * np.pi - 0.10, m)  # 0 = front centre, going round
    f = (np.cos(a) + 1) / 2
    low, top = -12.0 - 1.6 * f**1.5, -10.3 - 2.2 * f**1.3
    point = np.exp(-(((np.minimum(a, 2 * np.pi - a) - 0.10) / 0.42) ** 2))
    side = np.where(a < np.pi, 1, -1)
    rows = [
        body.point(a, low, 0.30),
        body.point(a, top - 0.25, 0.32),
        body.point(a, top, 0.45),
        body.point(a, top - 0.2, 0.62),
    ]
    for k in np.linspace(0.3, 1, 6):
        drop = (1.7 + 1.7 * point) * k
        q = body.point(a, top - 0.2 - drop, 0.62 + 0.12 * k)
        rows.append(q + np.stack([side * point * k * 1.3, 0 * a, 0.25 * k * f], 1))
    return [_trim(np.vstack(rows), grid_triangles(len(rows), m), albedo, 0.75, 0.12)]


def _jacket(body: Body, kind: str, main: np.ndarray) -> list[Part]:
    """An open jacket; its front edges run from the side of the neck to the middle."""
    y = np.linspace(-11.2, BOTTOM, 46)
    opening = np.interp(y, [-30, -24, -19, -15, -12.5, -11.2], [0.04, 0.10, 0.22, 0.36, 0.62, 0.95])
    columns = np.linspace(0, 1, 90)
    theta = opening[:, None] + (2 * np.pi - 2 * opening[:, None]) * columns[None]
    edge = np.minimum(columns, 1 - columns)
    out = 0.55 - 0.3 * np.exp(-edge / 0.004)
    V = body.grid(theta, np.broadcast_to(y[:, None], theta.shape), np.broadcast_to(out[None], theta.shape))
    return [_cloth(V, grid_triangles(len(y), len(columns)), main)]


def _tie(body: Body, accent: np.ndarray) -> list[Part]:
    z = body.point(0.0, -14.0, 0.6)[2]
    knot = SPHERE * [0.95, 1.1, 0.55]
    knot[:, 0] *= 1 + 0.28 * SPHERE[:, 1]
    y = np.linspace(-13.6, BOTTOM, 20)
    u = np.linspace(-1, 1, 9)
    half = np.interp(y, [-30, -15.2, -13.6], [2.0, 0.72, 0.65])
    front = body.point(0.0, y, 0.45)[:, 2]
    V = np.stack(
        [u[None] * half[:, None], np.broadcast_to(y[:, None], (20, 9)), front[:, None] + 0.25 * (1 - u[None] ** 2)], -1
    ).reshape(-1, 3)
    return [
        _trim(knot + [0, -13.5, z], SPHERE_TRIANGLES, accent, 0.6, 0.25),
        _trim(V, grid_triangles(20, 9), accent, 0.6, 0.25),
    ]
