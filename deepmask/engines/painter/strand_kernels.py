"""Kernels (numba) that turn a few guide strands into a full head of hair; :mod:`strands` explains the terms."""

from __future__ import annotations

import numpy as np
from numba import njit

_A, _B = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)


@njit(cache=True)
def _noise(i, j, seed):
    """Uniform number in -1.73..1.73 (unit variance) that depends on i, j and seed only (MurmurHash3's finalizer)."""
    h = np.uint64(i) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(j) * np.uint64(0xD1B54A32D192ED03) + np.uint64(seed)
    h = (h ^ (h >> np.uint64(33))) * _A
    h = (h ^ (h >> np.uint64(33))) * _B
    h = h ^ (h >> np.uint64(33))
    return (np.float64(h >> np.uint64(40)) / 8388608.0 - 1.0) * 1.7320508


@njit(fastmath=True, cache=True)
def _step(t, low, high):
    x = min(1.0, max(0.0, (t - low) / (high - low)))
    return x * x * (3 - 2 * x)


@njit(fastmath=True, cache=True, nogil=True)
def interpolate(start, stop, moved, near, scale, root, spread, out):
    """Strands start..stop between guides: out (n, T, 3).

    moved (g, T, 3): guides relative to their roots; near, scale (n, 3): three guides and their weights; root (n, 3);
    spread (n, 3): where the strand drifts to, away from its guides.
    """
    T = out.shape[1]
    for i in range(start, stop):
        for t in range(T):
            drift = min(1.0, 3.0 * t / (T - 1))
            for c in range(3):
                p = root[i, c] + spread[i, c] * drift
                for k in range(3):
                    p += scale[i, k] * moved[near[i, k], t, c]
                out[i, t, c] = p


@njit(fastmath=True, cache=True, nogil=True)
def finish(
    start, stop, plain, centre, clump, taper, smooth, lengths, phase, period, wave, wave_start, curl, frizz, seed,
    origin, points, tangents,
):  # fmt: skip
    """Clump, smooth, wave and frizz strands start..stop of plain (n, T, 3); writes points and tangents (n, T, 3).

    centre (n,): the strand to which each is drawn; clump, taper: how strongly, and how narrow the ends become; smooth:
    passes of a binomial filter; lengths, phase, period (n,): of the waves; wave: cm, full after wave_start cm; curl: 1
    turns waves into corkscrews; frizz: cm of random walk; origin (3,): middle of the head.
    """
    T = plain.shape[1]
    p, q, d = np.empty((T, 3)), np.empty((T, 3)), np.empty((T, 3))
    offset, walk = np.empty(3), np.empty(3)
    for i in range(start, stop):
        k, away = centre[i], 0.0
        for c in range(3):
            offset[c] = plain[i, 0, c] - plain[k, 0, c]
            away += offset[c] * offset[c]
        for t in range(T):
            u = t / (T - 1)
            a = clump * _step(u, 0.05, 0.75) if away < 6.25 else 0.0
            narrow = min(1.0, max(0.06, 1 - u * taper))
            for c in range(3):
                p[t, c] = plain[i, t, c] + (plain[k, t, c] + offset[c] * narrow - plain[i, t, c]) * a
        for _ in range(smooth):
            for t in range(T):
                before, after = max(t - 1, 0), min(t + 1, T - 1)
                for c in range(3):
                    q[t, c] = 0.25 * p[before, c] + 0.5 * p[t, c] + 0.25 * p[after, c]
            p, q = q, p
        for c in range(3):
            back = plain[i, 0, c] - p[0, c]
            walk[c] = 0.0
            for t in range(T):
                p[t, c] += back * np.exp(-t / 1.5)
        for t in range(T):
            u = t / (T - 1)
            before, after = max(t - 1, 0), min(t + 1, T - 1)
            tx, ty, tz = p[after, 0] - p[before, 0], p[after, 1] - p[before, 1], p[after, 2] - p[before, 2]
            n = 1 / np.sqrt(tx * tx + ty * ty + tz * tz + 1e-12)
            tx, ty, tz = tx * n, ty * n, tz * n
            ox, oy, oz = p[t, 0] - origin[0], p[t, 1] - origin[1], p[t, 2] - origin[2]
            bx, by, bz = ty * oz - tz * oy, tz * ox - tx * oz, tx * oy - ty * ox
            n = 1 / np.sqrt(bx * bx + by * by + bz * bz + 1e-12)
            bx, by, bz = bx * n, by * n, bz * n
            arc = u * lengths[i]
            angle = 6.2831853 * arc / period[i] + phase[i]
            size = wave * _step(arc, 0.0, wave_start)
            s, r = np.sin(angle) * size, np.cos(angle) * size * curl
            loose = frizz * min(lengths[i], 8.0) * 0.35 * u / np.sqrt(T)
            for c in range(3):
                walk[c] += _noise(i, t * 3 + c, seed)
            d[t, 0] = p[t, 0] + s * bx + r * (by * tz - bz * ty) + loose * walk[0]
            d[t, 1] = p[t, 1] + s * by + r * (bz * tx - bx * tz) + loose * walk[1]
            d[t, 2] = p[t, 2] + s * bz + r * (bx * ty - by * tx) + loose * walk[2]
        for t in range(T):
            before, after = max(t - 1, 0), min(t + 1, T - 1)
            n = 0.0
            for c in range(3):
                points[i, t, c] = d[t, c]
                offset[c] = d[after, c] - d[before, c]
                n += offset[c] * offset[c]
            for c in range(3):
                tangents[i, t, c] = offset[c] / np.sqrt(n + 1e-12)
