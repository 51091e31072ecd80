"""One mesh with its material, and many of them stacked for the rasterizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepmask.engines.painter import shading as sh
from deepmask.engines.painter.geometry import Array, Array32, Triangles, vertex_normals


@dataclass
class Part:
    """A mesh and its look. Per-vertex values may be given as one number for all."""

    vertices: Array
    """(n, 3) cm, in head space (body parts: in the space of the unturned head)."""
    triangles: Triangles
    material: int
    albedo: ArrayLike
    """(3,) or (n, 3) linear rgb."""
    specular: ArrayLike = 0.3
    rough: ArrayLike = 0.6
    sss: ArrayLike = 0.0
    """Amount of light under the surface: 1 = skin."""
    uv: Array | None = None
    local: Array | None = None
    """(n, 3) place on the unturned unit eyeball (EYE only)."""
    flat: ArrayLike = 0.0
    """How far the albedo replaces the texture (SKIN only)."""
    occlusion: ArrayLike = 1.0
    """How open the sky is, 0..1."""
    follow: ArrayLike = 1.0
    """1 = turns with the head, 0 = stays with the body."""
    bake: bool = True
    """Whether ``occlusion`` is replaced by the baked one (body parts)."""
    normals: Array | None = field(default=None, repr=False)

    def normal(self) -> Array:
        """(n, 3) unit normals, computed once."""
        if self.normals is None:
            self.normals = vertex_normals(self.vertices, self.triangles)
        return self.normals

    def look(self) -> Array32:
        """(n, N_ATTRIBUTES) values for the shading kernel."""
        out = np.zeros((len(self.vertices), sh.N_ATTRIBUTES), np.float32)
        if self.uv is not None:
            out[:, sh.U : sh.V + 1] = self.uv
        out[:, sh.ALBEDO : sh.ALBEDO + 3] = self.albedo
        out[:, sh.SPECULAR] = self.specular
        out[:, sh.ROUGH] = self.rough
        out[:, sh.SSS] = self.sss
        out[:, sh.OCCLUSION] = self.occlusion
        out[:, sh.HAIR_SHADOW] = out[:, sh.RIM_SHADOW] = 1
        if self.local is not None:
            out[:, sh.EYE_LOCAL : sh.EYE_LOCAL + 3] = self.local
        out[:, sh.FLAT] = self.flat
        return out


@dataclass(frozen=True)
class Scene:
    """All meshes in one set of arrays."""

    vertices: Array
    normals: Array
    triangles: Triangles
    material: NDArray[np.int32]
    """(m,) per triangle."""
    look: Array32
    follow: Array

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Scene:
        """Stack ``parts`` in order."""
        start = np.cumsum([0, *(len(q.vertices) for q in parts)])
        return cls(
            vertices=np.vstack([q.vertices for q in parts]),
            normals=np.vstack([q.normal() for q in parts]),
            triangles=np.vstack([q.triangles + s for q, s in zip(parts, start, strict=False)]).astype(np.int32),
            material=np.concatenate([np.full(len(q.triangles), q.material, np.int32) for q in parts]),
            look=np.vstack([q.look() for q in parts]),
            follow=np.concatenate([np.broadcast_to(np.asarray(q.follow, float), len(q.vertices)) for q in parts]),
        )

    def plus(self, other: Scene) -> Scene:
        """Both together; ``other`` comes last."""
        join = np.concatenate
        return Scene(
            join([self.vertices, other.vertices]),
            join([self.normals, other.normals]),
            join([self.triangles, other.triangles + np.int32(len(self.vertices))]),
            join([self.material, other.material]),
            join([self.look, other.look]),
            join([self.follow, other.follow]),
        )
