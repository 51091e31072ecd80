"""Vectors, curves and meshes.

Units are centimetres; x points to the viewer's right, y up, z towards the viewer. Products of long arrays are written
out instead of using ``@``: BLAS may sum in another order with another number of threads, and a persona must be the
same to the bit everywhere.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]
Triangles = NDArray[np.int32]
"""(n, 3) vertex numbers, counter-clockwise seen from outside."""

NECK_PIVOT = np.array([0.0, -5.5, -4.0])
"""The head turns around this point."""


def smoothstep(x: ArrayLike, low: float, high: float) -> Array:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((np.asarray(x, np.float64) - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def gaussian(x: ArrayLike, centre: float, width: float) -> Array:
    """exp(-((x - centre) / width)²)."""
    return np.asarray(np.exp(-(((np.asarray(x, np.float64) - centre) / width) ** 2)), np.float64)


def bump(points: Array, centre: ArrayLike, size: ArrayLike) -> Array:
    """(n, 1) Gaussian weights around a point; ``size`` is one sigma per axis."""
    d = (points - np.asarray(centre)) / np.asarray(size)
    return np.exp(-0.5 * (d * d).sum(1))[:, None]


def length(v: NDArray) -> NDArray:
    """Euclidean length along the last axis."""
    return np.sqrt((v * v).sum(-1))


def unit(v: NDArray) -> NDArray:
    """Vectors of length 1 along the last axis."""
    return v / (length(v)[..., None] + 1e-9)


def transform(points: NDArray, matrix: Array) -> NDArray:
    """``points @ matrix.T`` for (..., 3) points, the same to the bit whatever the number of threads."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    m = matrix.astype(points.dtype)
    return np.stack([x * m[i, 0] + y * m[i, 1] + z * m[i, 2] for i in range(3)], -1)


def rotation(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Array:
    """3x3 head rotation, radians: yaw > 0 turns towards the viewer's right, pitch > 0 looks down."""
    cy, sy, cp, sp_, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    around_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    around_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    around_x = np.array([[1, 0, 0], [0, cp, -sp_], [0, sp_, cp]])
    return np.asarray(around_z @ around_y @ around_x, np.float64)


def turn_head(points: NDArray, R: Array) -> NDArray:
    """Points fixed to the head, turned by ``R`` around the neck pivot."""
    pivot = NECK_PIVOT.astype(points.dtype)
    return transform(points - pivot, R) + pivot


def spline_matrix(n_points: int, n_samples: int, *, closed: bool = False) -> Array:
    """(n_samples, n_points) matrix of a Catmull-Rom spline through ``n_points`` control points.

    A curve that is linear in its control points costs one small product per frame.
    """
    out = np.zeros((n_samples, n_points))
    spans = n_points if closed else n_points - 1
    for row, s in enumerate(np.linspace(0, spans, n_samples, endpoint=not closed)):
        i = min(int(s), spans - 1)
        t = s - i
        weights = (
            -0.5 * t + t * t - 0.5 * t**3,
            1 - 2.5 * t * t + 1.5 * t**3,
            0.5 * t + 2 * t * t - 1.5 * t**3,
            -0.5 * t * t + 0.5 * t**3,
        )
        for k, w in zip((i - 1, i, i + 1, i + 2), weights, strict=True):
            if closed:
                out[row, k % n_points] += w
            elif k < 0:  # mirror the neighbour beyond the ends
                out[row, 0] += 2 * w
                out[row, 1] -= w
            elif k >= n_points:
                out[row, -1] += 2 * w
                out[row, -2] -= w
            else:
                out[row, k] += w
    return out


def smooth_curve(points: ArrayLike, n: int = 60, *, closed: bool = False) -> Array:
    """(n, d) points on a smooth curve through ``points`` (m, d)."""
    p = np.asarray(points, np.float64)
    m = spline_matrix(len(p), n, closed=closed)
    return (m[:, :, None] * p[None]).sum(1)


def face_normals(V: Array, F: Triangles) -> Array:
    """(m, 3) normals, twice the triangle's area long."""
    a, b, c = V[F[:, 0]], V[F[:, 1]], V[F[:, 2]]
    return np.cross(b - a, c - a)


def vertex_normals(V: Array, F: Triangles) -> Array:
    """(n, 3) area-weighted unit normals."""
    normal = face_normals(V, F)
    N = np.zeros_like(V)
    for corner in range(3):
        for axis in range(3):
            N[:, axis] += np.bincount(F[:, corner], normal[:, axis], len(V))
    return unit(N)


def grid_triangles(rows: int, columns: int, *, wrap: bool = False, flip: bool = False) -> Triangles:
    """Triangles of a grid of vertices; ``wrap`` joins the last column to the first."""
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns if wrap else columns - 1), indexing="ij")
    a, b = (i * columns + j).ravel(), (i * columns + (j + 1) % columns).ravel()
    c, d = a + columns, b + columns
    first, second = ((a, b, c), (b, d, c)) if flip else ((a, c, b), (b, c, d))
    return np.stack([np.stack(first, 1), np.stack(second, 1)], 1).reshape(-1, 3).astype(np.int32)


def sphere(rows: int = 28, columns: int = 40) -> tuple[Array, Triangles]:
    """Unit sphere whose pole points to +z."""
    t, p = np.meshgrid(np.linspace(0, np.pi, rows), np.linspace(0, 2 * np.pi, columns, endpoint=False), indexing="ij")
    V = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1).reshape(-1, 3)
    return V.astype(np.float64), grid_triangles(rows, columns, wrap=True)


def tube(
    path: Array, radius: ArrayLike, sides: int = 10, *, closed: bool = False, flatten: float = 1.0
) -> tuple[Array, Triangles]:
    """Tube along ``path`` (m, 3); ``flatten`` < 1 squeezes the second axis of its cross-section."""
    m = len(path)
    r = np.broadcast_to(np.asarray(radius, np.float64), (m,))
    along = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    T = unit(along)
    up = np.where(np.abs(T[:, 2:]) < 0.95, np.array([0.0, 0, 1]), np.array([0.0, 1, 0]))
    a = unit(np.cross(T, up))
    b = np.cross(T, a)
    t = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.cos(t)[None, :, None] * a[:, None] + flatten * np.sin(t)[None, :, None] * b[:, None]
    V: Array = (path[:, None] + r[:, None, None] * ring).reshape(-1, 3).astype(np.float64)
    if closed:
        return np.vstack([V, V[:sides]]), grid_triangles(m + 1, sides, wrap=True)
    return V, grid_triangles(m, sides, wrap=True)


def neighbour_mean(F: Triangles, n: int) -> sp.csr_matrix:
    """Sparse (n, n) matrix: mean of the neighbours of each vertex."""
    i = np.concatenate([F[:, 0], F[:, 1], F[:, 2], F[:, 1], F[:, 2], F[:, 0]])
    j = np.concatenate([F[:, 1], F[:, 2], F[:, 0], F[:, 0], F[:, 1], F[:, 2]])
    A = sp.csr_matrix((np.ones(len(i)), (i, j)), shape=(n, n))
    A.data[:] = 1
    return sp.csr_matrix(sp.diags(1 / np.maximum(1, np.asarray(A.sum(1)).ravel())) @ A)


def loop_subdivision(n: int, F: Triangles) -> tuple[sp.csr_matrix, Triangles]:
    """One step of Loop subdivision (Loop, 1987) of ``n`` vertices: sparse (m, n) matrix and the finer triangles.

    Open edges stay smooth curves.
    """
    edge: dict[tuple[int, int], int] = {}
    opposite: dict[tuple[int, int], list[int]] = {}
    for a, b, c in F.tolist():
        for i, j, k in ((a, b, c), (b, c, a), (c, a, b)):
            e = (min(i, j), max(i, j))
            edge.setdefault(e, n + len(edge))
            opposite.setdefault(e, []).append(k)
    near: list[list[int]] = [[] for _ in range(n)]
    border: list[list[int]] = [[] for _ in range(n)]
    for (i, j), over in opposite.items():
        near[i].append(j)
        near[j].append(i)
        if len(over) == 1:
            border[i].append(j)
            border[j].append(i)
    entries: list[tuple[int, int, float]] = []
    for i in range(n):
        if len(border[i]) == 2:
            entries += [(i, i, 0.75), *((i, j, 0.125) for j in border[i])]
        elif border[i] or not near[i]:
            entries.append((i, i, 1.0))
        else:
            k = len(near[i])
            w = 3 / 16 if k == 3 else 3 / (8 * k)
            entries += [(i, i, 1 - k * w), *((i, j, w) for j in near[i])]
    for (a, b), i in edge.items():
        over = opposite[a, b]
        if len(over) == 2:
            entries += [(i, a, 0.375), (i, b, 0.375), (i, over[0], 0.125), (i, over[1], 0.125)]
        else:
            entries += [(i, a, 0.5), (i, b, 0.5)]
    fine = []
    for a, b, c in F.tolist():
        ab, bc, ca = (edge[min(i, j), max(i, j)] for i, j in ((a, b), (b, c), (c, a)))
        fine += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    rows, cols, values = zip(*entries, strict=True)
    return sp.csr_matrix((values, (rows, cols)), shape=(n + len(edge), n)), np.array(fine, np.int32)
