"""Growing scalp hair.

A few hundred guide strands walk along a combing field with lift, gravity and collision with the head; many thousand
strands are interpolated between them, pulled into clumps, waved and frizzed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import KDTree

from deepmask.engines.painter.body import Body
from deepmask.engines.painter.cage import HEAD_CENTRE, HEAD_TRIANGLES, REST_HEAD
from deepmask.engines.painter.geometry import Array, Array32, face_normals, length, smoothstep, unit, vertex_normals
from deepmask.engines.painter.hair_styles import CROWN, KNOT, KNOT_RADIUS, Style, scalp_mask
from deepmask.engines.painter.raster import in_bands
from deepmask.engines.painter.strand_kernels import finish, interpolate

VOLUME_CENTRE = np.array([0, 4.2, -3.4])
"""Outward directions of the hair volume start here."""


@dataclass(frozen=True)
class Strands:
    """n strands of T points each, in head space."""

    points: Array32
    """(n, T, 3) cm."""
    tangents: Array32
    """(n, T, 3) unit directions towards the tip."""
    colour: Array32
    """(n, 3) linear rgb."""
    ramp: Array32
    """(T,) brightness from root to tip."""
    width: Array32
    """(n, T) cm."""
    opacity: Array32
    """(n, T)."""
    triangle: NDArray[np.intp] | None = None
    """(n,) head triangle that carries the root, for strands that move with the skin."""
    weights: Array | None = None
    """(n, 3) barycentric place on it."""


@dataclass(frozen=True)
class Roots:
    """Places on the head: points, normals, the same places on the rest head, triangle and barycentric weights."""

    points: Array
    normals: Array
    rest: Array
    triangle: NDArray[np.intp]
    weights: Array


class Scalp:
    """The head of one persona as hair sees it."""

    MAP_ROWS = 96

    def __init__(self, surface: Array) -> None:
        self.surface = surface
        self.normals = vertex_normals(surface, HEAD_TRIANGLES)
        self.area = length(face_normals(surface, HEAD_TRIANGLES)) / 2
        d = surface - HEAD_CENTRE
        r = length(d)
        n = self.MAP_ROWS
        t, p = np.meshgrid(np.linspace(0, np.pi, n), np.linspace(-np.pi, np.pi, 2 * n), indexing="ij")
        q = np.stack([np.sin(t) * np.sin(p), np.cos(t), np.sin(t) * np.cos(p)], -1).reshape(-1, 3)
        distance, near = KDTree(d / r[:, None]).query(q, k=4)
        w = 1 / (distance + 1e-3)
        m = ((r[near] * w).sum(1) / w.sum(1)).reshape(n, 2 * n)
        self._radius = np.maximum(m, gaussian_filter(m, 1.2, mode="wrap"))

    def radius(self, p: Array) -> tuple[Array, Array, Array]:
        """Points (n, 3) -> own distance from the head's centre, that of the surface, unit direction."""
        d = p - HEAD_CENTRE
        r = length(d) + 1e-9
        u = np.arccos(np.clip(d[..., 1] / r, -1, 1)) / np.pi * (self.MAP_ROWS - 1)
        v = (np.arctan2(d[..., 0], d[..., 2]) + np.pi) / (2 * np.pi) * (2 * self.MAP_ROWS - 1)
        return r, map_coordinates(self._radius, [u, v], order=1, mode="nearest"), d / r[..., None]

    def roots(self, density: Array, n: int, rng: np.random.Generator) -> Roots:
        """n places spread evenly over the surface in proportion to ``density`` (per vertex)."""
        V, F = self.surface, HEAD_TRIANGLES
        share = np.cumsum(self.area * density[F].mean(1))
        t = np.minimum(np.searchsorted(share, (np.arange(n) + rng.random(n)) / n * share[-1]), len(F) - 1)
        a = rng.random((n, 2))
        a = np.where(a.sum(1, keepdims=True) > 1, 1 - a, a)
        w = np.concatenate([1 - a.sum(1, keepdims=True), a], 1)

        def at(X: Array) -> Array:
            return (X[F[t]] * w[:, :, None]).sum(1)

        return Roots(at(V), unit(at(self.normals)), at(REST_HEAD), t, w)


def along_surface(F: Array, N: Array) -> Array:
    """Directions F with their part along the normals N removed."""
    return unit(F - N * (F * N).sum(-1, keepdims=True))


def combed(style: Style, roots: Roots, random: Array) -> Array:
    """(n, 3) direction in which the hair is combed at the roots."""
    P, N, (x, y, z) = roots.points, roots.normals, roots.rest.T
    ones = np.ones(len(P))
    radial = (P - CROWN) * [1, 0.9, 1]
    if style.flow == "crown":
        F = radial + [0, -0.5, style.forward]
    elif style.flow == "back":
        F = np.stack([x * 0.12, 0.2 * ones - smoothstep(-z, 2, 7) * 1.2, -1.3 * ones], 1)
    elif style.flow == "up":
        F = N + np.stack([x * 0.05, ones, -0.15 * ones], 1) * 0.8 + 0.25 * random
    elif style.flow == "tied":
        F = KNOT - P
    elif style.flow == "part":
        forward = np.where(z > 0, style.part_forward, -0.15)
        F = np.stack([np.tanh((x - style.part) / 0.5), -0.25 - 0.5 * smoothstep(np.abs(x), 4, 7), forward], 1)
        behind = smoothstep(-z, 3.5, 7.5)[:, None]
        F = F * (1 - behind) + (unit(radial) + [0, -0.6, 0]) * behind
    else:
        top = smoothstep(y, 6.2, 9.0)[:, None]
        F = np.array([0.55, 0.35, -0.75]) * top + (1 - top) * [0, -0.55, -0.55]
    return along_surface(unit(F), N)


def _lengths(style: Style, roots: Roots) -> Array:
    """(n,) lengths by region of the head."""
    _, y, z = roots.rest.T
    top, back = smoothstep(y, 6.5, 10.5), smoothstep(-z, 3.5, 8.5)
    front = smoothstep(z, -2.0, 3.5) * smoothstep(y, 5, 8.5)
    out = np.full(len(y), style.length)
    if style.top is not None:
        out = style.top * top + style.side * (1 - top) * (1 - back) + style.back * (1 - top) * back
    elif style.back:
        out = style.length * (1 - back) + style.back * back
    if style.flow == "tied":
        out = length(roots.points - KNOT) * 1.12
    elif style.front is not None:
        out = out * (1 - front) + style.front * front
    return out


def _volumes(style: Style, roots: Roots, rng: np.random.Generator) -> Array:
    """(n,) how far from the head each guide is carried, cm."""
    _, y, z = roots.rest.T
    top, back = smoothstep(y, 6.5, 10.5), smoothstep(-z, 3.5, 8.5)
    side = (1 - top) * (1 - back)
    shape = (0.35 + 0.30 * back + 0.25 * side) * style.side_volume + 0.65 * top + 0.2 * top * (1 - style.side_volume)
    return style.volume * (0.25 + 0.75 * rng.random(len(y)) ** 0.7) * shape


def _walk_guides(
    style: Style, scalp: Scalp, body: Body, roots: Roots, lengths: Array, rng: np.random.Generator
) -> Array:
    """(n, T, 3) guide strands."""
    n, T = len(lengths), style.points
    random, layer = rng.standard_normal((n, 3)), rng.random(n)
    F, N = combed(style, roots, random), roots.normals
    volume = _volumes(style, roots, rng)
    side = np.where(roots.rest[:, 0] >= style.part, 1.0, -1.0)
    falls = style.fall if style.flow in ("part", "crown") else 0.0
    d = unit(N * style.lift + F * (1 - style.lift) + style.mess * random)
    pts = np.zeros((n, T, 3))
    pts[:, 0] = roots.points - N * 0.05
    step = (lengths / (T - 1))[:, None]
    for k in range(1, T):
        t = k / (T - 1)
        q = pts[:, k - 1] + d * step
        r, surface, out = scalp.radius(q)
        gap = 0.15 + volume * min(1, t * 3.0)
        q = q + out * (np.maximum(surface + gap - r, 0) * 0.85)[:, None]
        if style.curtain:
            q = _open_curtain(q, side, gap, layer)
        if style.on_body:
            q = _off_body(q, 0.25 + 0.9 * layer, body)
        d = unit(q - pts[:, k - 1])
        pts[:, k] = q = pts[:, k - 1] + d * step
        aim = KNOT - q if style.flow == "tied" else F
        flow = along_surface(aim, unit(q - HEAD_CENTRE))
        if falls:
            flow = unit(flow + np.array([0, -1.0, 0]) * falls * t)
        away = np.clip(r - (surface + gap + 0.3), 0, 1) * style.cling
        down = np.array([0, -1.0, 0]) * style.gravity * t**0.7
        d = unit(d * (1 - style.follow) + flow * style.follow + down - out * away[:, None])
    return pts


def _off_body(p: Array, gap: Array, body: Body) -> Array:
    """Points (n, 3) moved out of the neck and the shoulders."""
    theta = np.arctan2(p[:, 0], p[:, 2] + 4.7)
    q = body.point(theta, np.clip(p[:, 1], -38, -2))
    inside = np.hypot(q[:, 0], q[:, 2] + 4.7) + gap - np.hypot(p[:, 0], p[:, 2] + 4.7)
    push = np.where(p[:, 1] < -6.5, np.maximum(inside, 0), 0)
    return p + np.stack([np.sin(theta), 0 * theta, np.cos(theta)], 1) * push[:, None]


def _open_curtain(p: Array, side: Array, gap: Array, layer: Array) -> Array:
    """Points (n, 3) of hair hanging at the sides, kept outside the head and out of the window of the face."""
    q, y = p.copy(), p[:, 1]
    rx = np.interp(y, [-20, -9, 0, 6], [5.9, 6.6, 7.35, 7.6]) + gap * 0.9
    rz = np.interp(y, [-20, -9, 0, 6], [6.2, 6.6, 7.6, 8.0]) + gap * 0.9
    r = np.sqrt((p[:, 0] / rx) ** 2 + ((p[:, 2] + 3.6) / rz) ** 2) + 1e-9
    f = np.where((r < 1) & (y < 3.0), 1 / r, 1.0)
    q[:, 0] *= f
    q[:, 2] = -3.6 + (q[:, 2] + 3.6) * f
    below = smoothstep(-y, -9.0, -5.6)
    half = np.interp(y, [-30, -12, -8, -4, 0, 4, 8], [4.5, 4.8, 5.6, 6.5, 7.0, 7.1, 6.6]) * 0.98 + 0.25 * layer
    half = half * below
    ax = q[:, 0] * side
    inside = (q[:, 2] > -1.5) & (ax < half) & (y < 8.1)
    q[:, 0] = np.where(inside, side * (ax + (half - ax) * 0.55), q[:, 0])
    z_max = np.interp(y, [-12, -6, 0, 5, 8], [3.0, 2.0, 2.2, 3.8, 6]) + 0.6 * layer
    too_far = (q[:, 2] > z_max) & (y < 6.5) & (below > 0.2)
    q[:, 2] = np.where(too_far, q[:, 2] - (q[:, 2] - z_max) * 0.35, q[:, 2])
    return q


def _crosses_face(pts: Array32, side: Array) -> NDArray[np.bool_]:
    """(n,) strands of curtain hair that still cross the face, or leave the silhouette."""
    X, Y, Z = pts[..., 0], pts[..., 1], pts[..., 2]
    half = np.interp(Y, [-14, -9, -6, -2, 2, 6, 7.5], [3.2, 4.2, 5.0, 5.6, 5.7, 5.2, 3.5]) * 0.94
    before = ((np.abs(X) < half) & (Y < 7.6) & (Y > -19) & (Z > -2.2)).any(1)
    wide = (np.abs(X) > np.interp(Y, [-20, -8, 6], [12.5, 10.3, 9.6])).any(1)
    wrong_side = ((np.sign(X) != side[:, None]) & (Y < 8) & (Z > -1)).any(1)
    return before | wide | wrong_side


def grow(
    style: Style, scalp: Scalp, body: Body, base: Array32, grey: float, hairline: float, rng: np.random.Generator,
) -> Strands:  # fmt: skip
    """The scalp hair of one persona; ``base`` is its linear colour (3,), ``grey`` the share of grey strands."""
    mask = scalp_mask(REST_HEAD, hairline - 0.1, 0.35)
    guide_roots = scalp.roots(mask, style.guides, rng)
    guide_length = _lengths(style, guide_roots)
    guides = _walk_guides(style, scalp, body, guide_roots, guide_length, rng).astype(np.float32)

    roots = scalp.roots(mask, style.strands, rng)
    n, T = style.strands, style.points
    t = np.linspace(0, 1, T, dtype=np.float32)
    lengths = _lengths(style, roots) * (1 + style.vary * rng.standard_normal(n))
    inside = mask[HEAD_TRIANGLES[roots.triangle]].mean(1)
    if style.fade_edge:
        lengths *= 0.45 + 0.55 * smoothstep(inside, 0.3, 1.0)
    side = np.where(roots.rest[:, 0] >= style.part, 1.0, -1.0)
    plain = _between(style, guides, guide_roots, guide_length, roots, lengths, side, rng)
    centre = rng.choice(n, min(style.clumps, n), False)
    clump = cast(NDArray[np.intp], KDTree(roots.points[centre]).query(roots.points)[1])
    value = rng.random(len(centre))
    points, tangents = np.empty_like(plain), np.empty_like(plain)
    phase = value[clump] * 18.84 + rng.normal(0, style.wave_vary, n)
    period = style.wave_length * (1 + 0.25 * (value[clump] - 0.5))
    in_bands(
        finish, n, plain, centre[clump], style.clump, style.clump_taper, round(2 * style.smooth**2), lengths, phase,
        period, style.wave, style.wave_start, style.curl, style.frizz, int(rng.integers(2**31)), HEAD_CENTRE, points,
        tangents,
    )  # fmt: skip
    keep = ~_crosses_face(points, side) if style.curtain else np.ones(n, bool)
    edge = 0.35 + 0.65 * smoothstep(inside, 0.1, 0.9)
    width = style.width * np.clip(1.15 - t**4 * 0.8, 0.2, 1)
    opacity = style.opacity * (1 - 0.5 * t[None] ** 3) * np.clip(edge[:, None] + t[None] * 1.2, 0, 1)
    opacity = opacity * np.interp(t, [0, 0.12], [0.35, 1])[None]
    hair = Strands(
        points=points[keep],
        tangents=tangents[keep],
        colour=strand_colours(base, value[clump], grey, rng)[keep],
        ramp=np.interp(t, [0, 0.25, 1.0], [0.62, 0.95, 1.18]).astype(np.float32),
        width=np.broadcast_to(width.astype(np.float32), (n, T))[keep],
        opacity=opacity[keep].astype(np.float32),
    )
    return _with_knot(hair, base, grey, rng) if style.flow == "tied" else hair


def _between(
    style: Style, guides: Array32, guide_roots: Roots, guide_length: Array, roots: Roots, lengths: Array, side: Array,
    rng: np.random.Generator,
) -> Array32:  # fmt: skip
    """(n, T, 3) strands interpolated between the three nearest guides on the same side of the parting."""
    split = 3.0 if style.flow == "part" else 0.0
    guide_side = np.where(guide_roots.rest[:, 0] >= style.part, 1.0, -1.0)
    tree = KDTree(np.c_[guide_roots.points, split * guide_side])
    distance, near = tree.query(np.c_[roots.points, split * side], k=3)
    w = 1 / (distance + 0.05) ** 2
    w *= (lengths / w.sum(1))[:, None] / guide_length[near]
    n = len(lengths)
    spread = unit(roots.points - VOLUME_CENTRE) * ((rng.random(n) - 0.5) * style.volume * 0.5)[:, None]
    out = np.empty((n, style.points, 3), np.float32)
    in_bands(interpolate, n, guides - guides[:, :1], near, w, roots.points - roots.normals * 0.05, spread, out)
    return out


def directions(points: NDArray) -> Array32:
    """(n, T, 3) unit tangents of strands."""
    return unit(np.gradient(points, axis=1)).astype(np.float32)


def strand_colours(
    base: Array32, clump_value: Array, grey: float, rng: np.random.Generator, amount: float = 1.0
) -> Array32:
    """(n, 3) linear colours that differ from clump to clump and from strand to strand."""
    n = len(clump_value)
    v = np.clip(1 + amount * (0.30 * (clump_value - 0.5) + 0.16 * rng.standard_normal(n)), 0.45, 1.8)[:, None]
    c = base[None] * v * np.array([1.10, 1.0, 0.86]) ** (0.175 * rng.standard_normal(n))[:, None]
    turned = np.where(rng.random(n) < grey, rng.uniform(0.12, 0.5, n), 0.0)[:, None]
    c = c + (np.array([0.33, 0.33, 0.34]) * v - c) * turned
    return c.astype(np.float32)


def _with_knot(hair: Strands, base: Array32, grey: float, rng: np.random.Generator) -> Strands:
    """The hair and the strands that are wound up in a bun."""
    n, T = 5200, hair.points.shape[1]
    t = np.linspace(0, 1, T)
    start, turn = rng.random(n) * 2 * np.pi, rng.uniform(1.2, 2.2, n)
    latitude = np.arccos(rng.uniform(-0.95, 0.95, n))
    radius = KNOT_RADIUS * (1 - 0.16 * rng.random(n) ** 2)
    phi = start[:, None] + turn[:, None] * t[None]
    theta = latitude[:, None] + 0.35 * np.sin(phi * 1.0 + 0.6) + 0.10 * np.sin(3 * phi + latitude[:, None] * 4)
    rope = 1 + 0.05 * np.sin(latitude[:, None] * 9 + phi * 1.5)
    r = (radius[:, None] * rope)[..., None]
    local = np.stack([np.sin(theta) * np.cos(phi), np.cos(theta) * 0.86, np.sin(theta) * np.sin(phi)], -1) * r
    lean = np.array([[1, 0, 0], [0, 0.94, 0.34], [0, -0.34, 0.94]])
    pts = (local[..., None, :] * lean).sum(-1) + KNOT
    band = np.floor((latitude * 9 + start * 0.4) * 1.5) * 0.618 % 1
    join = np.concatenate
    return Strands(
        points=join([hair.points, pts.astype(np.float32)]),
        tangents=join([hair.tangents, directions(pts)]),
        colour=join([hair.colour, strand_colours(base, band, grey, rng)]),
        ramp=hair.ramp,
        width=join([hair.width, np.full((n, T), 0.075, np.float32)]),
        opacity=join([hair.opacity, np.broadcast_to((0.9 * np.sin(np.pi * t) ** 0.4).astype(np.float32), (n, T))]),
    )
