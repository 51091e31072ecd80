"""Where a head is turned, from its landmarks alone: the rigid fit to a frontal mean face."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepmask.faces import Landmarks
from deepmask.landmark_points import MESH_SIZE, OVAL, RIGID
from deepmask.resources import ASSETS

Points = NDArray[np.float64]
"""(N, 3) in any unit."""


class Similarity(NamedTuple):
    """The map ``x -> scale * rotation @ x + shift``."""

    scale: float
    rotation: NDArray[np.float64]
    """(3, 3)."""
    shift: NDArray[np.float64]
    """(3,)."""

    def apply(self, points: Points) -> Points:
        """Mapped points (N, 3)."""
        return self.scale * points @ self.rotation.T + self.shift


class HeadPose(NamedTuple):
    """Degrees, 0 = upright and towards the camera."""

    yaw: float
    """Positive: the nose points to the right of the picture."""
    pitch: float
    """Positive: the nose points down."""
    roll: float
    """Positive: tilted clockwise as seen in the picture."""


def similarity_fit(source: Points, target: Points) -> Similarity:
    """The least-squares similarity from ``source`` to ``target``, both (N, 3) or both (N, 2) (Umeyama, 1991)."""
    source_mean, target_mean = source.mean(0), target.mean(0)
    a, b = source - source_mean, target - target_mean
    u, stretch, vt = np.linalg.svd(b.T @ a)
    signs = np.ones(len(stretch))
    if np.linalg.det(u) * np.linalg.det(vt) < 0:
        signs[-1] = -1
    rotation = (u * signs) @ vt
    scale = float((stretch * signs).sum() / max((a * a).sum(), 1e-12))
    return Similarity(scale, rotation, target_mean - scale * rotation @ source_mean)


def orthographic_fit(source: Points, target: NDArray[np.float64]) -> Similarity:
    """The similarity whose first two rows bring ``source`` (N, 3) nearest to ``target`` (N, 2), without perspective.

    An affine camera by least squares, and the scaled rotation nearest to it (first step of POSIT, DeMenthon and Davis,
    1995).

    Raises:
        ValueError: fewer than four points.
    """
    if len(source) < 4:
        raise ValueError(f"an orthographic fit needs four points, got {len(source)}")
    source_mean, target_mean = source.mean(0), target.mean(0)
    affine = np.linalg.lstsq(source - source_mean, target - target_mean, rcond=None)[0].T
    u, stretch, vt = np.linalg.svd(affine, full_matrices=False)
    rows = u @ vt
    rotation = np.vstack([rows, np.cross(rows[0], rows[1])])
    scale = float(stretch.mean())
    return Similarity(scale, rotation, np.array([*target_mean, 0.0]) - scale * rotation @ source_mean)


@cache
def frontal_face() -> Points:
    """The mean face (468, 3) looking at the camera in the axes of landmarks: y down, z away from it; centimetres."""
    with np.load(ASSETS / "mean_face.npz") as file:
        vertices = file["vertices"].astype(np.float64)
    face = vertices * np.array([1.0, -1.0, -1.0])
    face.flags.writeable = False
    return face


def head_pose(landmarks: Landmarks) -> HeadPose:
    """Yaw, pitch and roll of landmarks (478, 3)."""
    rigid = list(RIGID)
    rotation = similarity_fit(frontal_face()[rigid], landmarks[rigid]).rotation
    yaw = np.arctan2(-rotation[0, 2], np.hypot(rotation[1, 2], rotation[2, 2]))
    pitch = np.arctan2(-rotation[1, 2], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return HeadPose(*(float(v) for v in np.rad2deg([yaw, pitch, roll])))


def shape_error(landmarks: Landmarks) -> float:
    """How little the points look like a face: RMS distance of mesh and posed mean face over the mean face's size."""
    mean, mesh = frontal_face(), landmarks[:MESH_SIZE]
    fit = similarity_fit(mean, mesh)
    return float(np.sqrt(((fit.apply(mean) - mesh) ** 2).sum(1).mean()) / (fit.scale * np.ptp(mean[:, 1])))


def face_size(landmarks: Landmarks) -> float:
    """Mean side of the rectangle around the oval, in pixels: the unit of every blur and margin on a face."""
    oval = landmarks[list(OVAL), :2]
    return float(np.linalg.norm(np.ptp(oval, axis=0)) / np.sqrt(2))
