"""Rasterizer kernels (numba). Screen x runs right, y down, in pixels; a larger z is nearer.

Every kernel works on a band of rows (or a range of items) and releases the interpreter lock, so :func:`in_bands` can
run the bands on a thread pool. No two bands share a pixel: the picture is the same for any number of threads. Numba's
own ``parallel=True`` is not used: it compiles slowly, and its default threading layer aborts the process when two
threads of an application enter it at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numba import njit


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(8, os.cpu_count() or 1), "painter")


def in_bands(kernel: Callable[..., None], count: int, *arguments: Any) -> None:
    """Call ``kernel(start, stop, *arguments)`` for consecutive ranges that cover ``range(count)``, in threads.

    The ranges do not depend on the number of processors.
    """
    n = max(1, min(count, 8))
    edges = [count * i // n for i in range(n + 1)]
    for job in [_pool().submit(kernel, edges[i], edges[i + 1], *arguments) for i in range(n)]:
        job.result()


@njit(fastmath=True, cache=True, nogil=True)
def draw_triangles(y_start, y_stop, points, triangles, depth, tri_id, bary):
    """Z-buffered triangles in rows y_start..y_stop.

    points (n, 3) float32; fills depth (h, w), tri_id (h, w; -1 = empty) and bary (h, w, 2), the weights of the first
    two corners.
    """
    width = depth.shape[1]
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        y0, y1, y2 = points[a, 1], points[b, 1], points[c, 1]
        top = max(y_start, int(np.ceil(min(y0, y1, y2) - 0.5)))
        bottom = min(y_stop - 1, int(np.floor(max(y0, y1, y2) - 0.5)))
        if top > bottom:
            continue
        x0, x1, x2 = points[a, 0], points[b, 0], points[c, 0]
        left = max(0, int(np.ceil(min(x0, x1, x2) - 0.5)))
        right = min(width - 1, int(np.floor(max(x0, x1, x2) - 0.5)))
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if left > right or area == 0.0:
            continue
        inv = 1.0 / area
        z0, z1, z2 = points[a, 2], points[b, 2], points[c, 2]
        for y in range(top, bottom + 1):
            py = y + 0.5
            for x in range(left, right + 1):
                px = x + 0.5
                w0 = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) * inv
                w1 = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) * inv
                w2 = 1.0 - w0 - w1
                if w0 < -1e-5 or w1 < -1e-5 or w2 < -1e-5:
                    continue
                z = w0 * z0 + w1 * z1 + w2 * z2
                if z > depth[y, x]:
                    depth[y, x] = z
                    tri_id[y, x] = t
                    bary[y, x, 0] = w0
                    bary[y, x, 1] = w1


@njit(fastmath=True, cache=True, nogil=True)
def draw_depth(y_start, y_stop, points, triangles, depth):
    """Depth only, in rows y_start..y_stop: shadow maps."""
    width = depth.shape[1]
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        y0, y1, y2 = points[a, 1], points[b, 1], points[c, 1]
        top = max(y_start, int(np.ceil(min(y0, y1, y2) - 0.5)))
        bottom = min(y_stop - 1, int(np.floor(max(y0, y1, y2) - 0.5)))
        if top > bottom:
            continue
        x0, x1, x2 = points[a, 0], points[b, 0], points[c, 0]
        left = max(0, int(np.ceil(min(x0, x1, x2) - 0.5)))
        right = min(width - 1, int(np.floor(max(x0, x1, x2) - 0.5)))
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if left > right or area == 0.0:
            continue
        inv = 1.0 / area
        z0, z1, z2 = points[a, 2], points[b, 2], points[c, 2]
        for y in range(top, bottom + 1):
            py = y + 0.5
            for x in range(left, right + 1):
                px = x + 0.5
                w0 = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) * inv
                w1 = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) * inv
                w2 = 1.0 - w0 - w1
                if w0 < -1e-5 or w1 < -1e-5 or w2 < -1e-5:
                    continue
                z = w0 * z0 + w1 * z1 + w2 * z2
                if z > depth[y, x]:
                    depth[y, x] = z


@njit(fastmath=True, cache=True, nogil=True)
def occlude(start, stop, directions, vertices, triangles, points, normals, centre, half, size, lit, total):
    """How open the sky is above points, seen through depth maps of ``size`` px in directions start..stop.

    directions (d, 3); vertices (n, 3) and triangles: what hides the sky; points, normals (m, 3); centre, half: the
    sphere that is looked at, cm. Writes lit (d, m) and total (d, m): the weighted light that arrives, and all of it.
    """
    depth = np.empty((size, size), np.float32)
    screen = np.empty((vertices.shape[0], 3), np.float32)
    k = size / (2 * half)
    for q in range(start, stop):
        dx, dy, dz = directions[q, 0], directions[q, 1], directions[q, 2]
        if abs(dy) < 0.9:  # a = up x d or right x d, b = d x a
            ax, ay, az = dz, 0.0, -dx
        else:
            ax, ay, az = 0.0, -dz, dy
        n = 1 / np.sqrt(ax * ax + ay * ay + az * az)
        ax, ay, az = ax * n, ay * n, az * n
        bx, by, bz = dy * az - dz * ay, dz * ax - dx * az, dx * ay - dy * ax
        for i in range(vertices.shape[0]):
            x, y, z = vertices[i, 0] - centre[0], vertices[i, 1] - centre[1], vertices[i, 2] - centre[2]
            screen[i, 0] = (x * ax + y * ay + z * az + half) * k
            screen[i, 1] = (x * bx + y * by + z * bz + half) * k
            screen[i, 2] = x * dx + y * dy + z * dz
        depth[:] = -1e9
        draw_depth(0, size, screen, triangles, depth)
        for i in range(points.shape[0]):
            facing = normals[i, 0] * dx + normals[i, 1] * dy + normals[i, 2] * dz
            if facing <= 0:
                continue
            x = points[i, 0] + normals[i, 0] * 0.12 - centre[0]
            y = points[i, 1] + normals[i, 1] * 0.12 - centre[1]
            z = points[i, 2] + normals[i, 2] * 0.12 - centre[2]
            u = min(size - 1, max(0, int((x * ax + y * ay + z * az + half) * k)))
            v = min(size - 1, max(0, int((x * bx + y * by + z * bz + half) * k)))
            w = facing * (1 + 0.35 * dy)
            total[q, i] = w
            if depth[v, u] <= x * dx + y * dy + z * dz + 0.22:
                lit[q, i] = w


@njit(fastmath=True, cache=True)
def _hidden(x, y, z, cover, depth, y_start, y_stop):
    """Whether a point is behind the mesh or under opaque hair; points outside the band count as hidden."""
    i, j = int(x), int(y)
    if i < 0 or j < y_start or i >= depth.shape[1] or j >= y_stop:
        return True
    return z < depth[j, i] or cover[j, i] > 0.985


@njit(fastmath=True, cache=True, nogil=True)
def draw_strands(y_start, y_stop, image, alpha, depth, layer, points, rgb, opacity, width, order):
    """Antialiased line segments (hair) in rows y_start..y_stop, painted in ``order``, front to back, over the picture.

    image (h, w, 3), alpha, depth (h, w): the meshes, which hide what lies behind them; layer (h, w, 4): zeros, becomes
    premultiplied colour and cover of the hair; points (n, 3), rgb (n, 3), opacity, width (n,): vertices of all strands;
    segment i runs from vertex i to i + 1. A segment is marched along its major axis; lines thinner than a pixel fade
    instead of breaking up.
    """
    columns = depth.shape[1]
    cover = layer[..., 3]
    for oi in range(order.shape[0]):
        s = order[oi]
        e = s + 1
        x0, y0, x1, y1 = points[s, 0], points[s, 1], points[e, 0], points[e, 1]
        reach = max(width[s], width[e]) * 0.5 + 1.0
        if max(y0, y1) + reach < y_start or min(y0, y1) - reach >= y_stop:
            continue
        z0, z1 = points[s, 2], points[e, 2]
        if (
            _hidden(0.5 * (x0 + x1), 0.5 * (y0 + y1), 0.5 * (z0 + z1), cover, depth, y_start, y_stop)
            and _hidden(x0, y0, z0, cover, depth, y_start, y_stop)
            and _hidden(x1, y1, z1, cover, depth, y_start, y_stop)
            and min(y0, y1) - reach >= y_start
            and max(y0, y1) + reach < y_stop
        ):
            continue
        dx, dy = x1 - x0, y1 - y0
        size = np.sqrt(dx * dx + dy * dy)
        if size < 1e-3:
            continue
        flat = abs(dx) >= abs(dy)
        if flat:
            a0, a1, cosine = min(x0, x1), max(x0, x1), abs(dx) / size
            first, last = max(int(np.floor(a0)), 0), min(int(np.floor(a1)), columns - 1)
        else:
            a0, a1, cosine = min(y0, y1), max(y0, y1), abs(dy) / size
            first, last = max(int(np.floor(a0)), y_start), min(int(np.floor(a1)), y_stop - 1)
        for i in range(first, last + 1):
            c0, c1 = max(a0, float(i)), min(a1, float(i + 1))  # partial pixels at the ends
            covered = c1 - c0
            if covered <= 0:
                continue
            m = 0.5 * (c0 + c1)
            if flat:
                t = (m - x0) / dx
                centre = y0 + t * dy
            else:
                t = (m - y0) / dy
                centre = x0 + t * dx
            half = 0.5 * (width[s] * (1 - t) + width[e] * t)
            thin = 1.0
            if half < 0.5:
                thin = 2 * half
                half = 0.5
            extent = (half + 0.5) / cosine
            z = z0 * (1 - t) + z1 * t
            strength = (opacity[s] * (1 - t) + opacity[e] * t) * thin * covered
            r = rgb[s, 0] * (1 - t) + rgb[e, 0] * t
            g = rgb[s, 1] * (1 - t) + rgb[e, 1] * t
            b = rgb[s, 2] * (1 - t) + rgb[e, 2] * t
            for j in range(int(np.floor(centre - extent)), int(np.floor(centre + extent)) + 1):
                if flat:
                    x, y = i, j
                else:
                    x, y = j, i
                if x < 0 or x >= columns or y < y_start or y >= y_stop or z < depth[y, x]:
                    continue
                coverage = half + 0.5 - abs(j + 0.5 - centre) * cosine
                if coverage <= 0:
                    continue
                k = min(coverage, 1.0) * strength * (1 - cover[y, x])
                layer[y, x, 0] += r * k
                layer[y, x, 1] += g * k
                layer[y, x, 2] += b * k
                layer[y, x, 3] += k
    for y in range(y_start, y_stop):
        for x in range(columns):
            k = layer[y, x, 3]
            if k > 0:
                for c in range(3):
                    image[y, x, c] = image[y, x, c] * (1 - k) + layer[y, x, c]
                alpha[y, x] += (1 - alpha[y, x]) * k
