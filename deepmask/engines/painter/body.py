"""Neck and shoulders as one analytic surface that skin and garments share.

A point is given by an angle around the axis of the neck (0 = front, positive to the viewer's right) and a height; a
garment is a grid over some range of both, pushed outwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from deepmask.engines.painter import shading as sh
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.geometry import Array, grid_triangles, smoothstep
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.mesh import Part

AXIS_Z = -4.7
_HEIGHT = -np.array([1.0, 4, 6.5, 8.2, 9.4, 10.4, 11.4, 12.2, 13.0, 13.9, 15.2, 17.5, 21, 40])[::-1]
_NECK_WIDTH = (0.93, 0.95, 0.95, 0.98, 1.06, 1.26, 1.68, 2.12)
_SHOULDER_WIDTH = (13.0, 15.3, 16.9, 17.7, 18.0, 18.0)
_DEPTH = np.array([0.98, 0.98, 1.0, 1.02, 1.05, 1.10, 1.18, 1.25, 1.33, 1.43, 1.55, 1.72, 1.9, 2.1])[::-1]
_POWER = np.array([2.0, 2.0, 2.0, 2.0, 2.0, 2.05, 2.1, 2.15, 2.25, 2.35, 2.5, 2.6, 2.6, 2.6])[::-1]


@dataclass(frozen=True)
class Body:
    """Sizes of one body, cm."""

    neck: float
    shoulder: float
    female: float
    thin: float
    """0..1: how far bones and tendons show."""

    @classmethod
    def of(cls, p: Identity) -> Body:
        """The body of a persona."""
        return cls((4.85 - 0.55 * p.female) * p.neck, 0.93 * p.shoulder, p.female, 1.0)

    def point(self, theta: ArrayLike, y: ArrayLike, out: ArrayLike = 0.0) -> Array:
        """(..., 3) points at angles and heights, ``out`` cm outside the skin."""
        theta, y = np.broadcast_arrays(np.asarray(theta, float), np.asarray(y, float))
        rx, rz, power = self._section(y)
        s, c = np.sin(theta), np.cos(theta)
        x = np.sign(s) * np.abs(s) ** (2 / power) * rx
        z = np.sign(c) * np.abs(c) ** (2 / power) * rz
        z = z + 0.9 * smoothstep(-y, 12, 18)
        away = np.stack([s * rz, 0 * s, c * rx], -1)
        away /= np.sqrt((away * away).sum(-1, keepdims=True))
        lift = np.asarray(out, float) + self._relief(x, y, c)
        return np.stack([x, y, z + AXIS_Z], -1) + away * lift[..., None]

    @cached_property
    def _profile(self) -> PchipInterpolator:
        width = np.array([*(self.neck * k for k in _NECK_WIDTH), *(self.shoulder * w for w in _SHOULDER_WIDTH)])[::-1]
        return PchipInterpolator(_HEIGHT, np.stack([width, _DEPTH * self.neck, _POWER], 1))

    def _section(self, y: Array) -> tuple[Array, Array, Array]:
        """Half width, half depth and exponent of the superellipse at heights y."""
        q = self._profile(y)
        return q[..., 0], q[..., 1], q[..., 2]

    def angle_at(self, x: ArrayLike, y: ArrayLike) -> Array:
        """The angle in front whose point has this x."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        rx, _, power = self._section(y)
        return np.copysign(np.arcsin(np.clip(np.abs(x) / rx, 0, 1) ** (power / 2)), x).astype(np.float64)

    def _relief(self, x: Array, y: Array, front: Array) -> Array:
        """cm by which muscles and bones rise from the plain form."""
        before = smoothstep(front, -0.1, 0.35)
        ax = np.abs(x)
        tendon_x = 1.0 + (y + 12.6) * 0.42  # from the notch up and back
        tendon = np.exp(-(((ax - np.maximum(tendon_x, 0.8)) / 0.75) ** 2))
        tendon = tendon * smoothstep(y, -13.2, -11.8) * (1 - smoothstep(y, -8, -5)) * 0.26
        bone_y = -13.0 + 0.11 * (ax - 1.5) - 0.005 * (ax - 8) ** 2 + 0.2
        bone = np.exp(-(((y - bone_y) / 0.55) ** 2)) * smoothstep(ax, 0.9, 2.2) * (1 - smoothstep(ax, 9, 13)) * 0.34
        hollow = np.exp(-(((y - bone_y - 1.1) / 0.7) ** 2) - ((ax - 4.6) / 2.2) ** 2) * 0.35
        notch = np.exp(-(((y + 12.8) / 0.75) ** 2) - (ax / 0.8) ** 2) * 0.42
        apple = np.exp(-(((y + 9.7) / 0.8) ** 2) - (ax / 0.7) ** 2) * 0.26 * (1 - self.female)
        arm = np.exp(-(((ax - 13.4 * self.shoulder) / 0.7) ** 2)) * smoothstep(-y, 16.5, 20) * 0.8
        return before * (self.thin * (tendon + bone - hollow) - notch + apple - arm)

    def grid(self, theta: Array, y: Array, out: ArrayLike = 0.0) -> Array:
        """Points of a (rows, columns) grid as (n, 3)."""
        return self.point(theta, y, out).reshape(-1, 3)


def skin_part(p: Identity, body: Body) -> Part:
    """Neck and shoulders."""
    y = np.concatenate([np.linspace(-1.5, -9, 16), np.linspace(-9.4, -19, 40), np.linspace(-19.5, -30, 8)])
    theta = np.linspace(-np.pi, np.pi, 97)[:-1]
    V = body.grid(*np.meshgrid(theta, y))
    F = grid_triangles(len(y), len(theta), wrap=True)
    tone = colour(p.skin.tone) * np.array([0.97, 0.93, 0.90])
    follow = smoothstep(V[:, 1], -11, -5) * 0.85  # the upper neck follows the head a bit
    return Part(V, F, sh.FLESH, tone, 0.30, 0.55, 1.0, follow=follow)
