"""The hair of one persona: strands, self-shadowing and shading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from deepmask.engines.painter.body import Body
from deepmask.engines.painter.cage import HEAD_TRIANGLES
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.facial_hair import BrowsAndLashes, beard
from deepmask.engines.painter.geometry import Array, Array32, transform, turn_head, unit
from deepmask.engines.painter.hair_styles import style_of
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.raster import in_bands
from deepmask.engines.painter.shading import march, shade_hair
from deepmask.engines.painter.strands import VOLUME_CENTRE, Scalp, Strands, grow

CELL = 0.85
"""cm per cell of the density grid."""
SHINE = np.array([0.115, 1.35])
"""Strength of the white and of the tinted highlight."""
DENSEST = 1.5
"""Strands that lie close hide each other: however many there are, light gets some way in."""
THICKNESS = 0.78
"""Light lost per unit of density."""
_SKY = unit(
    np.array([[0, 1, 0], [0.8, 0.5, 0.2], [-0.8, 0.5, 0.2], [0, 0.4, 0.9], [0, 0.2, -0.9], [0.5, 0.2, 0.8],
              [-0.5, 0.2, 0.8]])
)  # fmt: skip


class Hair:
    """Scalp hair and beard, with a grid of their density for soft shadows."""

    def __init__(self, p: Identity, surface: Array) -> None:
        scalp, rng = Scalp(surface), np.random.default_rng([p.seed & 0xFFFFFFFF, 23])
        self.scalp: Strands | None = None
        self.beard: Strands | None = None
        if p.hair.style != "bald":
            style = style_of(p.hair.style, p.female)
            self.scalp = grow(style, scalp, Body.of(p), colour(p.hair.colour), p.hair.grey, p.hair.hairline, rng)
        if p.hair.beard != "none":
            self.beard = beard(p, scalp, rng)
        self.brows_and_lashes = BrowsAndLashes(p)
        self._surface = surface
        groups = [g for g in (self.scalp, self.beard) if g is not None]
        self._fill(groups)

    def _fill(self, groups: list[Strands]) -> None:
        """Density and ambient occlusion on a grid around all strands."""
        if not groups:
            self._low, self.density = np.zeros(3), np.zeros((2, 2, 2), np.float32)
        else:
            points = np.concatenate([g.points.reshape(-1, 3) for g in groups])
            self._low = points.min(0).astype(float) - 2 * CELL
            shape = np.ceil((points.max(0) - self._low) / CELL).astype(int) + 3
            weight = np.concatenate([self._mass(g).ravel() for g in groups])
            i = ((points - self._low.astype(np.float32)) / np.float32(CELL)).astype(np.int64)
            flat = (i[:, 0] * shape[1] + i[:, 1]) * shape[2] + i[:, 2]
            mass = np.bincount(flat, weight, int(shape.prod())).reshape(shape)
            density = gaussian_filter(mass, 0.7) / CELL**3
            self.density = (density / (1 + density / DENSEST)).astype(np.float32)
        self.open_sky = np.mean([self.light_from(d) for d in _SKY], 0).astype(np.float32)

    @staticmethod
    def _mass(g: Strands) -> Array32:
        """(n, T) length times width of the piece around each point."""
        d = np.diff(g.points, axis=1)
        piece = np.sqrt((d * d).sum(-1))
        return np.concatenate([piece, piece[:, -1:]], 1) * g.width

    def light_from(self, direction: Array) -> Array32:
        """Share of light from ``direction`` (in head space) that reaches each cell of the grid."""
        out = np.ones(self.density.shape, np.float32)
        if out.size > 8:
            towards = np.asarray(direction, np.float64)
            in_bands(march, out.shape[0], self.density, towards, CELL, THICKNESS, out)
        return out

    def cells(self, points: Array | Array32) -> Array32:
        """Places of head-space points (..., 3) in the grid."""
        return ((points - self._low) / CELL - 0.5).astype(np.float32)

    def shadow_on(self, points: Array, light: Array32) -> Array:
        """0..1: light (a grid of :meth:`light_from`) that reaches points (n, 3) of the head or body."""
        reach = map_coordinates(light, self.cells(points).T, order=1, mode="constant", cval=1.0)
        return 0.15 + 0.85 * reach

    def placed(self, g: Strands, surface: Array, step: int = 1) -> Array32:
        """(m, T, 3) every ``step``-th strand on the current head surface, in head space."""
        points = g.points[::step]
        if g.triangle is None or g.weights is None:
            return points
        F = HEAD_TRIANGLES[g.triangle[::step]]
        moved = ((surface[F] - self._surface[F]) * g.weights[::step, :, None]).sum(1)
        return points + moved[:, None].astype(np.float32)

    def shaded(
        self, g: Strands, step: int, points: Array32, world: Array32, seen: NDArray[np.bool_], R: Array,
        through: Array32, lights: Array, ambient: Array, camera: Array,
    ) -> Array32:  # fmt: skip
        """Colours (m, T, 3) of placed strands; those of points that are not ``seen`` (m, T) are left out.

        Args:
            points: in head space, from :meth:`placed`; world: the same points turned.
            through: (lamps, nx, ny, nz) light of each lamp in the cells of the grid.
        """
        n, T = points.shape[:2]
        albedo = g.colour[::step, None] * g.ramp[None, :, None]
        jitter = np.repeat(np.random.default_rng(1).normal(0, 0.06, n).astype(np.float32), T)
        out = np.zeros((n * T, 3), np.float32)
        tangents = transform(g.tangents[::step], R)
        in_bands(
            shade_hair, n * T, seen.ravel(), world.reshape(-1, 3), tangents.reshape(-1, 3),
            self.cells(points).reshape(-1, 3), albedo.reshape(-1, 3), jitter, self.open_sky, through, lights, ambient,
            camera, turn_head(VOLUME_CENTRE, R), SHINE, out,
        )  # fmt: skip
        return out.reshape(n, T, 3)
