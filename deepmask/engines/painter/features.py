"""Eyes, mouth, ears and glasses: the meshes that sit on and in the head."""

from __future__ import annotations

from functools import cache

import numpy as np

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter import shading as sh
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.expression import EYE_RADIUS, Expression
from deepmask.engines.painter.geometry import (
    Array,
    Array32,
    Triangles,
    gaussian,
    grid_triangles,
    rotation,
    smoothstep,
    sphere,
    transform,
    tube,
)
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.mesh import Part

SPHERE, SPHERE_TRIANGLES = sphere()


def eyeballs(centres: list[Array], gaze: tuple[float, float]) -> list[Part]:
    """The right and the left eyeball, turned by ``gaze`` (radians to the viewer's right, up)."""
    turn = rotation(gaze[0], -gaze[1])
    local = transform(SPHERE, turn.T)
    return [
        Part(SPHERE * EYE_RADIUS + c, SPHERE_TRIANGLES, sh.EYE, [0.8] * 3, 0.2, 0.3, 0.2, local=local, normals=SPHERE)
        for c in centres
    ]


def mouth_inside(p: Identity, neutral: Array, face: Array, e: Expression) -> list[Part]:
    """Dark cavity (wide enough to hide the neck behind the corners) and two rows of teeth."""
    cavity, rest = face[lm.LIP_INNER].mean(0), neutral[lm.LIP_INNER].mean(0)
    inside = SPHERE * [3.0, 1.9, 1.8] + cavity - [0, 0.1, 2.9]
    parts = [Part(inside, SPHERE_TRIANGLES, sh.CAVITY, [0.16, 0.030, 0.028], 0.2, 0.4, 0.3, occlusion=0.25)]
    if max(e.part, e.jaw * 2) < 0.05:
        return parts
    smile = max(e.smile_left, e.smile_right, 0)
    half = min(2.3, 0.95 * (face[308, 0] - face[78, 0]) / 2)  # never wider than the opening
    u = np.linspace(-1, 1, 56)
    ridge = np.abs(np.sin(u * 4 * np.pi))
    y_side = (face[[lm.CORNER_R, lm.CORNER_L], 1].mean() - face[[13, 14], 1].mean()) * 0.55
    for lower, y0, tall in ((0, 0.14, 0.92), (1, -1.05 - 1.3 * e.jaw, 0.62)):
        z = rest[2] - 0.12 * smile - 0.62 - 0.19 * (u * 2.15) ** 2 - lower * (0.22 + e.jaw) + ridge**0.35 * 0.07
        # the biting edge follows the lips and the row gets shorter to the sides, so that no corner shows
        arc = (0.35 if lower else 1.0) * y_side * u**2
        height = tall * (1 - 0.38 * u**4)
        rows = [
            np.stack(
                [
                    u * half,
                    rest[1] + y0 + arc + height * (t - 0.5) + tall * 0.19 * u**4 * (1 - 2 * lower),
                    z - 0.12 * (2 * t - 1) ** 2,
                ],
                1,
            )
            for t in np.linspace(0, 1, 7)
        ]
        shade = (0.86 + 0.14 * ridge**0.25) * (0.06 + 0.94 * np.clip(1.35 - 1.6 * u**2, 0, 1))
        ivory = np.array([1.05, 1.02, 0.966]) * shade[:, None]
        grid = grid_triangles(7, len(u), flip=True)
        parts.append(Part(np.vstack(rows), grid, sh.TOOTH, np.tile(ivory, (7, 1)), 0.6, 0.28, 0.25, occlusion=0.95))
    return parts


@cache
def _ear() -> tuple[Array, Triangles, Array]:
    """A left ear around its own origin: vertices, triangles, depth of the hollows (<= 0).

    A disc in polar coordinates (outline x radius), lifted outwards by helix (rim), antihelix, concha (bowl), tragus and
    lobe; x points away from the head, z to the face.
    """
    t = np.linspace(0, 2 * np.pi, 84, endpoint=False)
    rho = np.concatenate([np.linspace(0.02, 0.80, 16), np.linspace(0.83, 1.0, 10)])
    c, s = np.cos(t), np.sin(t)
    edge_up = s * 3.0
    # c > 0 is the front edge (towards the face): flatter; the lobe is narrower than the top
    edge_forward = c * np.where(c < 0, 1.78, 1.28) * (1 - 0.34 * smoothstep(-s, 0.05, 1.0)) + 0.22 * s
    r = rho[:, None]
    A, B = edge_forward[None] * r, edge_up[None] * r
    front = smoothstep(c, 0.2, 0.75)[None]
    lobe = smoothstep(-s, 0.55, 0.85)[None]
    helix = (1 - lobe) * (1 - front * smoothstep(-s, -0.75, -0.1)[None])
    bowl = np.exp(-(((A - 0.25) / 0.78) ** 2 + ((B + 0.25) / 1.0) ** 2))
    h = (0.40 * gaussian(r, 0.93, 0.085) - 0.17 * gaussian(r, 0.77, 0.09)) * helix
    h = h + 0.26 * gaussian(r, 0.56, 0.13) * (1 - lobe) * (1 - 0.85 * front) - 0.85 * bowl
    h = h + 0.45 * np.exp(-(((A - 1.0) / 0.30) ** 2 + ((B + 0.30) / 0.48) ** 2))  # tragus
    h = h + 0.22 * np.exp(-(((A + 0.20) / 0.50) ** 2 + ((B + 1.25) / 0.34) ** 2)) + 0.18 * gaussian(r, 0.8, 0.3) * lobe
    rows = [np.stack([0.42 + h - 0.30 * A - 0.30 * np.maximum(0, -s)[None] * r * r, B, A], -1)]
    hollow = [np.clip(-0.62 * bowl - 0.28 * gaussian(r, 0.77, 0.08) * helix + 0 * r, -1, 0)]
    for f in np.linspace(0, 1, 8)[1:]:  # roll the rim round to the head
        k = 1 + 0.035 * np.sin(f * np.pi) - 0.28 * f
        start = 0.42 - 0.30 * edge_forward - 0.30 * np.maximum(0, -s)
        rows.append(np.stack([start - 0.12 - (start + 0.9) * f, edge_up * k, edge_forward * k], -1)[None])
        hollow.append(np.full((1, len(t)), -0.12 * f))
    V = np.concatenate(rows).reshape(-1, 3)
    tilt = np.radians(-12)
    V = transform(V, np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]))
    return V, grid_triangles(len(rho) + 7, len(t), wrap=True, flip=True), np.concatenate(hollow).reshape(-1)


def ears(p: Identity, neutral: Array) -> list[Part]:
    """Both ears at the sides of a neutral face."""
    half = (neutral[lm.SIDE_L, 0] - neutral[lm.SIDE_R, 0]) / 2
    V, F, hollow = _ear()
    albedo = colour(p.skin.tone) * (1 + hollow[:, None] * [0.22, 0.42, 0.48]) * [1.05, 0.92, 0.89]
    open_sky = np.clip(0.95 + hollow * 0.9, 0.08, 1)
    parts = []
    for side in (-1, 1):
        place = V * p.face.ear * [side, 1, 1] + [side * (half - 0.02), 0.95, -2.6]
        triangles = F if side > 0 else F[:, ::-1].copy()
        parts.append(Part(place, triangles, sh.FLESH, albedo, 0.35, 0.5, 1.0, occlusion=open_sky, bake=False))
    return parts


def glasses(p: Identity, neutral: Array, face: Array) -> tuple[list[Part], list[Array]]:
    """Frame, arms and bridge; and the outlines (n, 3) of the lenses."""
    frame, parts, lenses = colour(p.glasses_colour), [], []
    eyes = [face[lm.EYE_R].mean(0), face[lm.EYE_L].mean(0)]
    z0, y = max(face[lm.NOSE_BRIDGE, 2] - 0.1, eyes[0][2] + 1.55), eyes[0][1] - 0.12
    ear_x = (neutral[lm.SIDE_L, 0] - neutral[lm.SIDE_R, 0]) / 2 + 0.25
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    c, s = np.cos(t), np.sin(t)
    for eye, side in zip(eyes, (-1, 1), strict=True):
        if p.glasses == "round":
            X, Y = 2.12 * c, 2.05 * s
        else:
            tall = 1.72 if p.glasses == "square" else 1.95
            X, Y = 2.42 * np.sign(c) * np.abs(c) ** 0.55, tall * np.sign(s) * np.abs(s) ** 0.55
            X = X * (1 + 0.05 * s)
        X = X + eye[0] * 1.02
        rim = np.stack([X, y + Y, z0 - 0.0315 * np.abs(X) ** 1.7], 1)
        lenses.append(rim)
        parts.append(_frame(*tube(rim, 0.19, 9, closed=True), frame))
        start = rim[np.argmax(X * side)] + [0, 0.5, 0]
        arm = np.array(
            [
                start,
                [side * (abs(start[0]) + 0.45), start[1] + 0.05, start[2] - 0.7],
                [side * (ear_x + 0.15), y + 0.55, -1.0],
                [side * (ear_x + 0.35), y + 0.2, -3.6],
                [side * (ear_x + 0.1), y - 1.0, -5.0],
            ]
        )
        k = np.linspace(0, 4, 30)
        path = np.stack([np.interp(k, np.arange(5), arm[:, axis]) for axis in range(3)], 1)
        parts.append(_frame(*tube(path, 0.13, 7), frame))
    a, b = (rim[np.argmax(rim[:, 0] * s)] for rim, s in zip(lenses, (1, -1), strict=True))
    u = np.linspace(0, 1, 14)[:, None]
    bridge = a * (1 - u) + b * u
    bridge[:, 1] += 0.55 + 0.25 * np.sin(np.pi * u[:, 0])
    bridge[:, 2] += 0.25 * np.sin(np.pi * u[:, 0])
    parts.append(_frame(*tube(bridge, 0.12, 8), frame))
    return parts, lenses


def _frame(V: Array, F: Triangles, albedo: Array32) -> Part:
    return Part(V, F, sh.GLASSES, albedo, 1.2, 0.28, 0.0, occlusion=0.9)
