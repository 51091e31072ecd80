"""PatchMatch kernels (numba): nearest patches, votes, and colours at full resolution.

Compiled once and cached on disk; single-threaded and without the interpreter lock. Numba's own ``parallel=True`` is
not used: its default threading layer aborts the process when two threads of an application enter it at once.

A level is described by ``colours`` (h, w, C) float32, ``weights`` (h, w) float32: how much a pixel counts in a
comparison, ``source`` (h, w) bool: centres of patches that may be copied, and targets ``ys``, ``xs`` (n,) int32 in
reading order, all at least ``radius`` from the border. ``field`` (h, w, 2) int32 holds y, x of the best patch of every
target and -1 elsewhere, ``cost`` (h, w) float32 how well it fits.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, fastmath=True, nogil=True)
def _difference(colours, weights, y, x, sy, sx, radius, limit):
    """Weighted squared difference of two patches; ends as soon as it exceeds ``limit``."""
    total = np.float32(0.0)
    for a in range(-radius, radius + 1):
        for b in range(-radius, radius + 1):
            weight = weights[y + a, x + b]
            if weight > 0:
                part = np.float32(0.0)
                for c in range(colours.shape[2]):
                    t = colours[y + a, x + b, c] - colours[sy + a, sx + b, c]
                    part += t * t
                total += weight * part
        if total > limit:
            return total
    return total


@njit(cache=True, nogil=True)
def _next(state):
    """xorshift32 (Marsaglia, 2003)."""
    state ^= (state << np.uint32(13)) & np.uint32(0xFFFFFFFF)
    state ^= state >> np.uint32(17)
    state ^= (state << np.uint32(5)) & np.uint32(0xFFFFFFFF)
    return state


@njit(cache=True, fastmath=True, nogil=True)
def rate(colours, weights, ys, xs, field, cost, radius, row_cost):
    """Cost of every target's present patch, into ``cost``."""
    for k in range(len(ys)):
        y, x = ys[k], xs[k]
        sy, sx = field[y, x, 0], field[y, x, 1]
        away = row_cost * np.float32((sy - y) ** 2)
        cost[y, x] = away + _difference(colours, weights, y, x, sy, sx, radius, np.float32(1e30))


@njit(cache=True, fastmath=True, nogil=True)
def search(colours, weights, source, ys, xs, field, cost, offsets, radius, sweeps, reach, row_cost, apart, seed):
    """Improve ``field`` and ``cost`` in place (Barnes et al., 2009).

    Sweeps in alternating directions try the patches of two neighbours, one of the ``offsets`` (m, 2) that repeat in
    the picture, and random patches within ``reach`` px, then half of it, and so on. Copying from another height costs
    ``row_cost`` times the square of the distance. Patches nearer than ``apart`` px are not taken.
    """
    h, w = source.shape
    state = np.uint32(seed * 2654435761 + 1) | np.uint32(1)
    for sweep in range(sweeps):
        step = 1 if sweep % 2 else -1
        for i in range(len(ys)):
            k = len(ys) - 1 - i if sweep % 2 else i
            y, x = ys[k], xs[k]
            best, by, bx = cost[y, x], field[y, x, 0], field[y, x, 1]
            span, tried = reach, 0
            while tried < 3 or span >= 1:
                if tried < 2:
                    py, px = (y + step, x) if tried == 0 else (y, x + step)
                    if field[py, px, 0] < 0:
                        tried += 1
                        continue
                    cy, cx = field[py, px, 0] - py + y, field[py, px, 1] - px + x
                elif tried == 2:
                    if len(offsets) == 0:
                        tried += 1
                        continue
                    state = _next(state)
                    pick = state % np.uint32(len(offsets))
                    cy, cx = y + offsets[pick, 0], x + offsets[pick, 1]
                else:
                    state = _next(state)
                    cy = by - span + np.int64(state % np.uint32(2 * span + 1))
                    state = _next(state)
                    cx = bx - span + np.int64(state % np.uint32(2 * span + 1))
                    span //= 2
                tried += 1
                if cy < 0 or cx < 0 or cy >= h or cx >= w or not source[cy, cx] or (cy == by and cx == bx):
                    continue
                if abs(cy - y) < apart and abs(cx - x) < apart:
                    continue
                away = row_cost * np.float32((cy - y) ** 2)
                found = away + _difference(colours, weights, y, x, cy, cx, radius, best - away)
                if found < best:
                    best, by, bx = found, cy, cx
            field[y, x, 0] = by
            field[y, x, 1] = bx
            cost[y, x] = best


@njit(cache=True, fastmath=True, nogil=True)
def vote(colours, hole, weights, ys, xs, field, cost, radius, tolerance, sharpness, total, weight_sum):
    """Every target's patch gives its colours to the pixels of ``hole`` beneath it (Wexler et al., 2007).

    A vote counts more the better the patch fits (``tolerance`` is a cost that halves little), the surer the place, and
    the nearer the pixel is to the patch's centre (``sharpness``). ``total`` (h, w, C) and ``weight_sum`` (h, w) are
    added to.
    """
    for k in range(len(ys)):
        y, x = ys[k], xs[k]
        fit = (np.exp(-cost[y, x] / (2 * tolerance)) + 1e-6) * (weights[y, x] + 1e-3)
        sy, sx = field[y, x, 0], field[y, x, 1]
        for a in range(-radius, radius + 1):
            for b in range(-radius, radius + 1):
                if hole[y + a, x + b]:
                    share = fit * np.exp(-(a * a + b * b) * sharpness)
                    weight_sum[y + a, x + b] += share
                    for c in range(colours.shape[2]):
                        total[y + a, x + b, c] += share * colours[sy + a, sx + b, c]


@njit(cache=True, fastmath=True, nogil=True)
def compose(image, usable, ys, xs, field, cost, scale, pad, tolerance, out, steps, filled):
    """Colours of full-resolution pixels, copied from where the field of a smaller picture says.

    Args:
        image: (H, W, 3) uint8.
        usable: (H, W) bool, pixels that may be copied.
        ys, xs: the pixels wanted, (n,).
        field, cost: of the smaller picture, which has a border of ``pad``.
        scale: smaller / full.
        tolerance: as in :func:`vote`.
        out: (n, 3) float32, filled.
        steps: (n, 2, 3) float32, filled: change of colour to the next pixel down and to the right, where it was copied.
        filled: (n,) bool, whether anything could be copied.
    """
    h, w = usable.shape
    for k in range(len(ys)):
        v, u = (ys[k] + 0.5) * scale - 0.5 + pad, (xs[k] + 0.5) * scale - 0.5 + pad
        my, mx = int(np.floor(v + 0.5)), int(np.floor(u + 0.5))
        sum_w = 0.0
        out[k] = 0
        steps[k] = 0
        for cy in range(my - 1, my + 2):
            for cx in range(mx - 1, mx + 2):
                if cy < 0 or cx < 0 or cy >= field.shape[0] or cx >= field.shape[1] or field[cy, cx, 0] < 0:
                    continue
                sy = ys[k] + int(np.rint((field[cy, cx, 0] - cy) / scale))
                sx = xs[k] + int(np.rint((field[cy, cx, 1] - cx) / scale))
                if sy < 0 or sx < 0 or sy >= h or sx >= w or not usable[sy, sx]:
                    continue
                near = np.exp(-2.0 * ((cy - v) ** 2 + (cx - u) ** 2))
                share = near * (np.exp(-cost[cy, cx] / (2 * tolerance)) + 1e-4)
                sum_w += share
                for c in range(3):
                    here = np.float32(image[sy, sx, c])
                    out[k, c] += share * here
                    if sy + 1 < h and usable[sy + 1, sx]:
                        steps[k, 0, c] += share * (image[sy + 1, sx, c] - here)
                    if sx + 1 < w and usable[sy, sx + 1]:
                        steps[k, 1, c] += share * (image[sy, sx + 1, c] - here)
        filled[k] = sum_w > 0
        if sum_w > 0:
            out[k] /= sum_w
            steps[k] /= sum_w


@njit(cache=True, fastmath=True, nogil=True)
def relax(values, free, given, jumps, sweeps, omega):
    """Solve a Poisson equation by successive over-relaxation, in place.

    Args:
        values: (h, w, 3) float32, where ``free`` the solution, where ``given`` its boundary; else nothing.
        jumps: (h, w, 2, 3) float32, by how much the next value down and to the right should differ.
        omega: 1..2, how far each value is moved beyond its neighbours' mean.
    """
    h, w = free.shape
    for _ in range(sweeps):
        for y in range(h):
            for x in range(w):
                if not free[y, x]:
                    continue
                for c in range(3):
                    total, count = np.float32(0.0), 0
                    if y > 0 and (free[y - 1, x] or given[y - 1, x]):
                        total += values[y - 1, x, c] + jumps[y - 1, x, 0, c]
                        count += 1
                    if x > 0 and (free[y, x - 1] or given[y, x - 1]):
                        total += values[y, x - 1, c] + jumps[y, x - 1, 1, c]
                        count += 1
                    if y + 1 < h and (free[y + 1, x] or given[y + 1, x]):
                        total += values[y + 1, x, c] - jumps[y, x, 0, c]
                        count += 1
                    if x + 1 < w and (free[y, x + 1] or given[y, x + 1]):
                        total += values[y, x + 1, c] - jumps[y, x, 1, c]
                        count += 1
                    if count:
                        values[y, x, c] += omega * (total / count - values[y, x, c])
