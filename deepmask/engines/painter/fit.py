"""Where a real head is and what its face does: landmarks become pose, expression and gaze of a persona.

The camera is a parallel projection, picture = scale * R @ x + shift, with y up and z towards the viewer. Only pose,
size and movement are taken over. Expressions are solved together with face shapes, so that a wide mouth is not
mistaken for a smile, and the shapes, which belong to the person, are thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache

import cv2
import numpy as np

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.cage import FACE_TRIANGLES, MEAN
from deepmask.engines.painter.expression import NEUTRAL, Expression, express
from deepmask.engines.painter.geometry import Array, face_normals, length, smoothstep
from deepmask.engines.painter.identity import FaceShape
from deepmask.engines.painter.shape import neutral_face
from deepmask.faces import Landmarks

_MOVES = ("smile_left", "smile_right", "jaw", "part", "brow_up", "brow_down", "brow_inner", "pucker", "blink_left",
          "blink_right", "squint")  # fmt: skip
_SHAPES = {
    "face_w": 0.1, "jaw_w": 0.1, "chin_len": 1.0, "chin_w": 0.1, "cheek_w": 0.1, "nose_w": 0.2, "nose_up": 0.5,
    "nose_z": 0.5, "eye_size": 0.15, "eye_h": 0.15, "eye_space": 0.3, "eye_y": 0.3, "brow_y": 0.5, "lip_full": 0.3,
    "mouth_w": 0.15, "mouth_y": 0.5, "forehead": 0.7, "fat": 1.0, "bridge": 0.4,
}  # fmt: skip
"""One plausible step of each shape parameter."""
MOST_ENLARGED = 1.3


@dataclass(frozen=True)
class HeadFit:
    """A real head in the camera's axes."""

    scale: float
    """Pixels per cm."""
    R: Array
    """(3, 3) rotation of the head."""
    shift: Array
    """(3,) pixels."""
    points: Array
    """(478, 3) landmarks, y up, z towards the viewer."""
    frontal: Array
    """(478, 3) the same turned to the front, cm."""
    expression: Expression

    @property
    def yaw_degrees(self) -> float:
        """Turn to the side."""
        return float(np.rad2deg(np.arctan2(self.R[0, 2], np.hypot(self.R[1, 2], self.R[2, 2]))))

    def on_picture(self, points: Array) -> Array:
        """Head points (n, 3) in cm -> pixels (n, 2), y down."""
        q = self.scale * points @ self.R.T + self.shift
        return q[:, :2] * [1, -1]


def fit_head(landmarks: Landmarks) -> HeadFit:
    """Pose by weighted Procrustes (Umeyama, 1991), expression by bounded ridge least squares."""
    points = landmarks * [1.0, -1.0, -1.0]
    scale, R, shift = _procrustes(MEAN, points[: lm.COUNT], _rigid_weights())
    frontal = (points - shift) @ R / scale
    moves = dict(zip(_MOVES, _solve_moves(frontal[: lm.COUNT]), strict=True))
    expression = _one_sided(Expression(**moves), float(R[0, 2]))  # type: ignore[arg-type]
    return HeadFit(scale, R, shift, points, frontal, _measured(expression, frontal))


def towards(expression: Expression, other: Expression, t: float) -> Expression:
    """``expression`` for t = 0, ``other`` for t = 1; the gaze of the former stays."""
    mixed = {
        f.name: (1 - t) * getattr(expression, f.name) + t * getattr(other, f.name)
        for f in fields(Expression)
        if f.name != "gaze"
    }
    return replace(expression, **mixed)


def covering(fit: HeadFit, face: Array, margin_cm: float, most: float = MOST_ENLARGED) -> tuple[float, Array]:
    """Scale and shift with which a persona's silhouette contains the real one and a margin.

    Args:
        face: the persona's face (468, 3) in cm.
        most: largest enlargement; what it leaves over must be covered otherwise.

    Only these numbers depend on the real outline, in steps of two percent so that a film does not pump.
    """
    real = _hull(fit.points[: lm.COUNT, :2])
    mine = _hull(fit.scale * face @ fit.R.T[:, :2] + fit.shift[:2])
    move = (real.min(0) + real.max(0)) / 2 - (mine.min(0) + mine.max(0)) / 2
    move = np.clip(move, -0.9 * fit.scale, 0.9 * fit.scale)
    centre = (mine.min(0) + mine.max(0)) / 2 + move
    reach = np.interp(_angle(real - centre), *_polar(mine + move - centre), period=2 * np.pi)
    need = (length(real - centre) + margin_cm * fit.scale) / reach
    k = float(np.clip(np.ceil(np.percentile(need, 92) * 50) / 50, 1.0, most))
    shift = fit.shift.copy()
    shift[:2] = centre + k * (fit.shift[:2] + move - centre)
    return fit.scale * k, shift


def _hull(points: Array) -> Array:
    """Convex hull (n, 2)."""
    return cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)


def _polar(ring: Array) -> tuple[Array, Array]:
    """Angles, sorted, and radii of a densely sampled closed ring around the origin."""
    closed = np.vstack([ring, ring[:1]])
    t = np.linspace(0, len(ring), 12 * len(ring), endpoint=False)
    dense = np.stack([np.interp(t, np.arange(len(closed)), closed[:, i]) for i in range(2)], 1)
    order = np.argsort(_angle(dense))
    return _angle(dense)[order], length(dense)[order]


def _angle(q: Array) -> Array:
    return np.arctan2(q[:, 1], q[:, 0])


def _procrustes(a: Array, b: Array, weights: Array) -> tuple[float, Array, Array]:
    """Scale, rotation and shift with b ~ scale * a @ R.T + shift."""
    ca, cb = weights @ a, weights @ b
    a, b = a - ca, b - cb
    u, stretch, vt = np.linalg.svd((b * weights[:, None]).T @ a)
    signs = np.array([1.0, 1.0, float(np.sign(np.linalg.det(u @ vt)))])
    R = np.asarray((u * signs) @ vt, np.float64)
    scale = float((stretch * signs).sum() / ((a * a).sum(1) @ weights))
    return scale, R, np.asarray(cb - scale * R @ ca, np.float64)


@cache
def _basis() -> tuple[Array, Array]:
    """Displacements of the mean face by expressions (11, 468, 3) and by face shapes (19, 468, 3)."""
    rest = express(MEAN, NEUTRAL)
    moves = np.array([express(MEAN, replace(NEUTRAL, **{name: 1.0})) - rest for name in _MOVES])
    plain = neutral_face(FaceShape())
    shapes = np.array(
        [neutral_face(FaceShape(**{name: getattr(FaceShape(), name) + step})) - plain for name, step in _SHAPES.items()]
    )
    return moves, shapes


@cache
def _rigid_weights() -> Array:
    """(468,) large where expressions hardly move the face, in proportion to the area around a point."""
    area = length(face_normals(MEAN, FACE_TRIANGLES))
    around = sum(np.bincount(FACE_TRIANGLES[:, k], area, lm.COUNT) for k in range(3))
    moved = length(_basis()[0]).max(0)
    w = around * np.exp(-((moved / 0.12) ** 2))
    return w / w.sum()


@cache
def _normal_equations() -> tuple[Array, Array, Array, Array, Array]:
    """Weights (1404,), system (1404, 30), its Gram matrix with ridge, lower and upper bounds (30,)."""
    moves, shapes = _basis()
    weight = np.full(lm.COUNT, 0.6)
    weight[lm.LIP_OUTER + lm.LIP_INNER] = 2.2
    weight[lm.EYE_R + lm.EYE_L] = 2.6
    weight[lm.BROW_R_UPPER + lm.BROW_R_LOWER + lm.BROW_L_UPPER + lm.BROW_L_LOWER] = 1.6
    W = np.asarray(np.repeat(weight, 3) * np.tile([1, 1, 0.5], lm.COUNT), np.float64)
    M = np.concatenate([moves, shapes]).reshape(len(moves) + len(shapes), -1).T * W[:, None]
    ridge = np.concatenate([np.full(len(moves), 1.2), np.full(len(shapes), 2.0)]) ** 2
    low = np.concatenate([np.zeros(len(moves)), np.full(len(shapes), -2.5)])
    high = np.concatenate([np.full(len(moves), 1.3), np.full(len(shapes), 2.5)])
    return W, M, np.asarray(M.T @ M + np.diag(ridge), np.float64), low, high


def _solve_moves(face: Array) -> list[float]:
    """Expression weights of a frontal face (468, 3), by a small active-set loop for the bounds."""
    W, M, G, low, high = _normal_equations()
    g = M.T @ ((face - MEAN).ravel() * W)
    x, fixed = np.linalg.solve(G, g), np.full(len(g), np.nan)
    for _ in range(6):
        under, over = x < low - 1e-6, x > high + 1e-6
        if not (under | over).any():
            break
        fixed[under], fixed[over] = low[under], high[over]
        free = np.isnan(fixed)
        x = np.where(free, 0, fixed)
        x[free] = np.linalg.solve(G[np.ix_(free, free)], g[free] - G[np.ix_(free, ~free)] @ x[~free])
    return x[: len(_MOVES)].tolist()


def _one_sided(e: Expression, turn: float) -> Expression:
    """Of a turned head only the near half can be read: its smile counts for both, and pursed lips are not believed."""
    near = e.smile_right if turn > 0 else e.smile_left
    t = float(smoothstep(abs(turn), 0.25, 0.45))
    return replace(
        e,
        smile_left=e.smile_left + (near - e.smile_left) * t,
        smile_right=e.smile_right + (near - e.smile_right) * t,
        pucker=min(e.pucker, 0.5) * (1 - t),
    )


def _measured(e: Expression, face: Array) -> Expression:
    """Openness of mouth and eyes, and gaze, from distances; a dead zone hides how wide the real eyes usually are."""

    def span(i: int, j: int) -> float:
        return float(np.linalg.norm(face[i] - face[j]))

    gap = span(lm.LIP_UPPER_MIDDLE, lm.LIP_LOWER_MIDDLE)
    blinks, gaze = [], []
    for iris, inner, outer, up, low in ((468, 133, 33, 159, 145), (473, 362, 263, 386, 374)):
        width = span(inner, outer)
        blinks.append(0.92 * float(np.clip((0.17 - span(up, low) / width) / 0.09, 0, 1)))
        middle = (face[[inner, outer], 0].mean(), face[[up, low], 1].mean())
        gaze.append((face[iris, :2] - middle) / width * [2.0, 1.6])
    gx, gy = np.mean(gaze, 0)
    laugh = float(smoothstep((e.smile_left + e.smile_right) / 2, 0.3, 0.9))  # lips drawn back open the mouth by half
    return replace(
        e,
        part=float(np.clip((gap - 0.15) / 0.75, 0, 1.1)) * (1 - 0.4 * laugh),
        jaw=float(np.clip((gap - 0.85) / 2.6, 0, 1.1)) * (1 - 0.6 * laugh),
        blink_right=blinks[0],
        blink_left=blinks[1],
        squint=0.35 * max(e.smile_left, e.smile_right),
        gaze=(float(np.clip(gx, -0.5, 0.5)), float(np.clip(gy, -0.3, 0.3))),
    )
