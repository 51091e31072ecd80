"""Everything about one persona that does not change from frame to frame, and its meshes in a given expression."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter import shading as sh
from deepmask.engines.painter.cage import (
    COARSE_TRIANGLES,
    EYE_RIM,
    HEAD_TRIANGLES,
    HEAD_UV,
    MOUTH_RIM,
    REFINE,
    REST_HEAD,
    SUBDIVIDE,
    SUBDIVIDE_COARSE,
    head_cage,
)
from deepmask.engines.painter.clothing import body_parts, cloth_texture
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.expression import Expression, express, eyeball_centre
from deepmask.engines.painter.features import ears, eyeballs, glasses, mouth_inside
from deepmask.engines.painter.geometry import Array
from deepmask.engines.painter.hair import Hair
from deepmask.engines.painter.hair_styles import STYLES, scalp_mask
from deepmask.engines.painter.identity import Identity, identity_of
from deepmask.engines.painter.mesh import Part, Scene
from deepmask.engines.painter.raster import in_bands, occlude
from deepmask.engines.painter.shape import neutral_face
from deepmask.engines.painter.skin import skin_finish, skin_texture
from deepmask.persona import Attributes

OCCLUSION_DIRECTIONS, OCCLUSION_SIZE = 40, 144


@dataclass(frozen=True)
class Posed:
    """An avatar in one expression, in head space."""

    scene: Scene
    face: Array
    """(468, 3) landmarks."""
    surface: Array
    """(N_SURFACE, 3) head."""
    eyeballs: list[Array]
    """Centres (3,) of the right and the left one."""
    lenses: list[Array]
    """Outlines (n, 3) of spectacle lenses."""


class Avatar:
    """One persona, ready to be rendered in any pose, expression and light."""

    def __init__(self, identity: Identity) -> None:
        p = self.identity = identity
        self.neutral = neutral_face(p.face)
        self.eyeball_centres = [eyeball_centre(self.neutral, hole) for hole in (lm.EYE_R, lm.EYE_L)]
        self.skin, self.cloth = skin_texture(p), cloth_texture(p.outfit.pattern)
        self._specular, self._rough = skin_finish(p)
        self._flat, self._flat_colour = self._rims_and_scalp()
        covered = p.hair.style in STYLES and STYLES[p.hair.style].over_ears
        self._fixed = ([] if covered else ears(p, self.neutral)) + body_parts(p)
        face = self.face(p.expression)
        cage = head_cage(face)
        self._head_occlusion, self._eye_occlusion = self._bake_occlusion(SUBDIVIDE_COARSE @ cage)
        self._fixed_scene = Scene.of(self._fixed)
        self.hair = Hair(p, SUBDIVIDE @ cage)

    def face(self, expression: Expression) -> Array:
        """(468, 3) landmarks in an expression, the upper lids in their resting position."""
        return express(self.neutral, expression.with_lids(self.identity.face.lid))

    def posed(
        self,
        expression: Expression,
        materials: Collection[int] | None = None,
        *,
        body: bool = True,
        face_offset: Array | None = None,
    ) -> Posed:
        """The meshes; only parts of ``materials`` when given, without ears and body when ``body`` is false.

        Args:
            face_offset: (468, 3) cm, added to the moved face.
        """
        p, face = self.identity, self.face(expression)
        if face_offset is not None:
            face = face + face_offset
        surface = SUBDIVIDE @ head_cage(face)
        head = Part(
            surface, HEAD_TRIANGLES, sh.SKIN, self._flat_colour, 0.33 * self._specular, 0.53 * self._rough, 1.0,
            uv=HEAD_UV, flat=self._flat, occlusion=self._head_occlusion,
        )  # fmt: skip
        eyes = eyeballs(self.eyeball_centres, expression.gaze or p.gaze)
        for eye, occlusion in zip(eyes, self._eye_occlusion, strict=True):
            eye.occlusion = occlusion
        parts, lenses = [head, *eyes, *mouth_inside(p, self.neutral, face, expression)], []
        if p.glasses != "none":
            frame, lenses = glasses(p, self.neutral, face)
            parts += frame
        if materials is not None:
            parts = [q for q in (*parts, *(self._fixed if body else ())) if q.material in materials]
        scene = Scene.of(parts)
        if body and materials is None:
            scene = scene.plus(self._fixed_scene)
        return Posed(scene, face, surface, self.eyeball_centres, lenses)

    def _rims_and_scalp(self) -> tuple[Array, Array]:
        """How far a flat colour replaces the skin texture (n,), and that colour (n, 3): scalp, lid and lip rims."""
        p = self.identity
        skin, hair, lips = (colour(c).astype(float) for c in (p.skin.tone, p.hair.colour, p.skin.lips))
        scalp = scalp_mask(REST_HEAD, p.hair.hairline) * (0.0 if p.hair.style == "bald" else 0.92)
        flat = np.broadcast_to(hair * 0.55 + skin * 0.06, REST_HEAD.shape)
        flat = flat + (skin * 0.35 + [0.30, 0.085, 0.075] - flat) * EYE_RIM[:, None]
        flat = flat + (lips * [0.50, 0.30, 0.30] - flat) * MOUTH_RIM[:, None]
        return np.maximum(np.maximum(scalp, EYE_RIM), MOUTH_RIM), flat

    def _bake_occlusion(self, head: Array) -> tuple[Array, list[Array]]:
        """Ambient occlusion of the head (n,) and of both eyeballs; that of the body is written into its parts."""
        i = np.arange(OCCLUSION_DIRECTIONS) + 0.5
        phi, up = np.pi * (1 + 5**0.5) * i, 1 - 2 * i / OCCLUSION_DIRECTIONS
        level = np.sqrt(1 - up**2)
        directions = np.stack([np.cos(phi) * level, up, np.sin(phi) * level], 1)
        start = np.cumsum([0, len(head), *(len(q.vertices) for q in self._fixed)])
        vertices = np.vstack([head, *(q.vertices for q in self._fixed)]).astype(np.float32)
        triangles = np.vstack(
            [COARSE_TRIANGLES, *(q.triangles + s for q, s in zip(self._fixed, start[1:], strict=False))]
        ).astype(np.int32)
        eyes = eyeballs(self.eyeball_centres, (0.0, 0.0))
        receivers = [Part(head, COARSE_TRIANGLES, sh.SKIN, [0.0] * 3), *eyes]
        receivers += [q for q in self._fixed if q.bake]
        points = np.vstack([q.vertices for q in receivers]).astype(np.float32)
        normals = np.vstack([q.normal() for q in receivers]).astype(np.float32)
        lit = np.zeros((OCCLUSION_DIRECTIONS, len(points)), np.float32)
        total = np.zeros_like(lit)
        in_bands(
            occlude, OCCLUSION_DIRECTIONS, directions, vertices, triangles, points, normals,
            np.array([0, -2.5, -2.0]), 17.0, OCCLUSION_SIZE, lit, total,
        )  # fmt: skip
        open_sky = lit.sum(0, dtype=np.float64) / (total.sum(0, dtype=np.float64) + 1e-6)
        pieces = np.split(open_sky, np.cumsum([len(q.vertices) for q in receivers])[:-1])
        for part, value in zip(receivers[3:], pieces[3:], strict=True):
            part.occlusion = np.clip(value * 1.05, 0.05, 1)
        return np.clip((REFINE @ pieces[0]) * 1.04, 0.05, 1), [np.clip(v * 1.05, 0.05, 1) for v in pieces[1:3]]


def avatar_for(attributes: Attributes, seed: int) -> Avatar:
    """The avatar of a persona; the last few are kept, because building one takes a moment.

    The background is no part of an avatar.
    """
    return _avatar(attributes.changed(background=None), seed)


@lru_cache(6)
def _avatar(attributes: Attributes, seed: int) -> Avatar:
    return Avatar(identity_of(attributes, seed))
