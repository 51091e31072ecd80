"""From 468 face landmarks to a whole, smooth head.

The landmarks are the control points of the face; rings loft its outline over an ellipsoid skull, inward rims close the
lids and the lips, and two steps of Loop subdivision, computed once as one sparse matrix, give the surface::

    surface = SUBDIVIDE @ head_cage(face)  # (N_SURFACE, 3), triangles HEAD_TRIANGLES

So a moved face costs one sparse product. Masks and texture coordinates are defined on the mean face.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.geometry import (
    Array,
    Triangles,
    length,
    loop_subdivision,
    neighbour_mean,
    smoothstep,
    unit,
)
from deepmask.resources import ASSETS

_data = np.load(ASSETS / "mean_face.npz")
MEAN: Array = _data["vertices"].astype(np.float64)
"""(468, 3) neutral symmetric face in cm; the pupils lie near y = 2.5."""
FACE_TRIANGLES: Triangles = _data["triangles"].astype(np.int32)
"""Triangles of the landmarks, with holes at the eyes and the mouth."""

HEAD_CENTRE = np.array([0, 2.2, -3.2])
"""The head surface is star-shaped around this point."""
SKULL_CENTRE, SKULL_RADII = np.array([0, 4.3, -3.3]), np.array([7.2, 8.8, 8.5])
SKULL_POLE = unit(np.array([0, -0.12, -1.0]))
N_RINGS, N_OVAL = 11, len(lm.OVAL)
N_HEAD = lm.COUNT + N_RINGS * N_OVAL + 1
"""Cage vertices without the rims."""


def _skull_radius(direction: Array) -> Array:
    """Distance from HEAD_CENTRE to the skull ellipsoid along unit directions (n, 3)."""
    o = HEAD_CENTRE - SKULL_CENTRE
    a = (direction * direction / SKULL_RADII**2).sum(1)
    b = (2 * o * direction / SKULL_RADII**2).sum(1)
    c = (o * o / SKULL_RADII**2).sum() - 1
    return (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a)


def _slerp(a: Array, b: Array, t: float) -> Array:
    angle = np.arccos(np.clip((a * b).sum(1), -1, 1))[:, None]
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / (np.sin(angle) + 1e-9)


def _inner_neighbours() -> list[list[int]]:
    oval = set(lm.OVAL)
    return [sorted({int(k) for f in FACE_TRIANGLES if i in f for k in f} - oval) for i in lm.OVAL]


_INNER = _inner_neighbours()


def skull_rings(face: Array) -> Array:
    """Rings from the face outline to the back of the skull, (N_RINGS * N_OVAL + 1, 3)."""
    ring = face[lm.OVAL]
    d0 = ring - HEAD_CENTRE
    r0 = length(d0)
    d0 = d0 / r0[:, None]
    tangent = unit(np.array([face[i] - face[near].mean(0) for i, near in zip(lm.OVAL, _INNER, strict=True)]))
    rings = []
    for k in range(1, N_RINGS + 1):
        s = k / (N_RINGS + 0.6)
        d = _slerp(d0, np.repeat(SKULL_POLE[None], N_OVAL, 0), s)
        skull = _skull_radius(d) * (1 - 0.10 * np.clip((-d[:, 1] - 0.25) / 0.5, 0, 1))  # slimmer below
        a = smoothstep(s, 0, 0.30)
        p = HEAD_CENTRE + d * (r0 * (1 - a) + skull * a)[:, None]
        keep = np.clip(ring[:, 1:2] + 3, 0, 4) / 4 * 0.8 + 0.2
        rings.append(p + tangent * np.exp(-s / 0.10) * s * 2.7 * keep)  # leave the face along its own slope
    return np.vstack([*rings, HEAD_CENTRE + SKULL_POLE * _skull_radius(SKULL_POLE[None])[0]])


def _cage_topology() -> tuple[Triangles, int, list[list[int]]]:
    """Triangles of the cage, number of vertices, rim vertices of [right eye, left eye, mouth]."""
    F = [(a, b, c) for a, b, c in FACE_TRIANGLES.tolist()]
    edges = {e for a, b, c in F for e in ((a, b), (b, c), (c, a))}

    def band(outer: list[int], inner: list[int], flip: bool) -> None:
        for i in range(len(outer)):
            j = (i + 1) % len(outer)
            a, b, c, d = outer[i], outer[j], inner[j], inner[i]
            F.extend([(b, a, d), (b, d, c)] if flip else [(a, b, c), (a, c, d)])

    flip = (lm.OVAL[0], lm.OVAL[1]) in edges
    ring = lm.OVAL
    for k in range(N_RINGS):
        new = [lm.COUNT + k * N_OVAL + i for i in range(N_OVAL)]
        band(ring, new, flip)
        ring = new
    pole = N_HEAD - 1
    for i in range(N_OVAL):
        a, b = ring[i], ring[(i + 1) % N_OVAL]
        F.append((b, a, pole) if flip else (a, b, pole))
    n, rims = N_HEAD, []
    for hole in (lm.EYE_R, lm.EYE_L, lm.LIP_INNER):
        new = list(range(n, n + len(hole)))
        n += len(hole)
        band(hole, new, (hole[0], hole[1]) in edges)
        rims.append(new)
    return np.array(F, np.int32), n, rims


CAGE_TRIANGLES, N_CAGE, RIMS = _cage_topology()
_RELAX = neighbour_mean(CAGE_TRIANGLES, N_CAGE)


def head_cage(face: Array) -> Array:
    """All cage vertices (N_CAGE, 3) for a face (468, 3)."""
    B = np.zeros((N_CAGE, 3))
    B[: lm.COUNT] = face
    B[lm.COUNT : N_HEAD] = skull_rings(face)
    for _ in range(6):
        S = _RELAX @ B
        B[lm.COUNT : N_HEAD] = (B + (S - B) * 0.5)[lm.COUNT : N_HEAD]
        B[lm.OVAL] += (S[lm.OVAL] - B[lm.OVAL]) * 0.10
    holes = ((lm.EYE_R, 0.42, -0.05), (lm.EYE_L, 0.42, -0.05), (lm.LIP_INNER, 1.0, -0.1))
    for rim, (hole, depth, inward) in zip(RIMS, holes, strict=True):
        B[rim] = face[hole] - [0, 0, depth] + (face[hole].mean(0) - face[hole]) * inward
    return B


_step_1, COARSE_TRIANGLES = loop_subdivision(N_CAGE, CAGE_TRIANGLES)
SUBDIVIDE_COARSE = _step_1
"""Sparse (N_COARSE, N_CAGE): one step only, for shadows and occlusion."""
REFINE, HEAD_TRIANGLES = loop_subdivision(int(COARSE_TRIANGLES.max()) + 1, COARSE_TRIANGLES)
"""Sparse (N_SURFACE, N_COARSE): the second step, which also carries per-vertex values."""
SUBDIVIDE = sp.csr_matrix(REFINE @ _step_1)
REST_HEAD: Array = SUBDIVIDE @ head_cage(MEAN)
"""(N_SURFACE, 3) surface of the mean face."""
N_SURFACE = len(REST_HEAD)


def _rims() -> tuple[Array, Array]:
    on = np.zeros((N_CAGE, 2))
    on[RIMS[0] + RIMS[1], 0] = 1
    on[RIMS[2], 1] = 1
    eye, mouth = np.clip((SUBDIVIDE @ on) * 1.25, 0, 1).T
    return eye, mouth


EYE_RIM, MOUTH_RIM = _rims()
"""(N_SURFACE,) 0..1: how much a vertex belongs to the inner side of the lids and of the lips."""

TEXTURE_ANGLE, TEXTURE_TOP, TEXTURE_HEIGHT = np.radians(230), 12.5, 25.0


def cylinder_uv(points: Array) -> Array:
    """Texture coordinates (n, 2) in 0..1 by unrolling a cylinder around the head, u across, v down."""
    u = 0.5 + np.arctan2(points[:, 0], points[:, 2] + 2.5) / TEXTURE_ANGLE  # the back of the head clamps to the edge
    return np.stack([np.clip(u, 0.002, 0.998), (TEXTURE_TOP - points[:, 1]) / TEXTURE_HEIGHT], 1)


HEAD_UV: Array = cylinder_uv(REST_HEAD)
LANDMARK_UV: Array = cylinder_uv(MEAN)
