"""The shape of the new face: the persona's head in the pose and with the expression of the person it covers.

Mesh points are (470, 3): the 468 points of FaceMesh and the two pupils, x and y in pixels, z in the same unit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, KDTree

from deepmask.faces import Landmarks
from deepmask.head_pose import similarity_fit
from deepmask.landmark_points import (
    LEFT_EYE,
    LEFT_EYE_CORNERS,
    LEFT_IRIS,
    LIPS,
    MESH_SIZE,
    MOUTH_CORNERS,
    OVAL,
    RIGHT_EYE,
    RIGHT_EYE_CORNERS,
    RIGHT_IRIS,
    RIGID,
)

MeshPoints = NDArray[np.float64]
Triangles = NDArray[np.int64]

RIGHT_PUPIL, LEFT_PUPIL = MESH_SIZE, MESH_SIZE + 1
"""Indices of the pupils among the mesh points."""

JAW_CENTRE = (
    152, 148, 176, 149, 150, 377, 400, 378, 379, 175, 171, 140, 170, 169, 396, 369, 395, 394, 199, 208, 428, 200,
    18, 83, 313, 201, 421, 32, 262, 194, 418, 182, 406, 106, 335,
)  # fmt: skip
JAW_SIDES = (136, 172, 365, 397, 135, 364)
"""These follow the opening mouth half as far as the chin."""

BACKGROUND_PINS = (
    *OVAL, 151, 9, 8, 168, 6, 5, 4, 1, 33, 133, 362, 263, 61, 291, 0, 17, 199, 175, 50, 280, 205, 425, 70, 300, 105,
    334, 13, 14,
)  # fmt: skip
"""Points that carry the surroundings of the face to its new shape."""

_UPPER_LIP, _LOWER_LIP = 13, 14


def mesh_points(landmarks: Landmarks) -> MeshPoints:
    """The mesh points among landmarks (478, 3)."""
    return np.vstack([landmarks[:MESH_SIZE], landmarks[[RIGHT_IRIS[0], LEFT_IRIS[0]]]])


def triangulate(points: MeshPoints) -> Triangles:
    """Triangles (K, 3) of a roughly frontal face, inside its oval, all turned the same way."""
    triangles = Delaunay(points[:, :2]).simplices.astype(np.int64)
    oval = points[list(OVAL), :2]
    triangles = triangles[_inside(oval, points[:, :2][triangles].mean(1))]
    flipped = signed_area(points, triangles) < 0
    triangles[flipped] = triangles[flipped][:, [0, 2, 1]]
    return triangles


def signed_area(points: MeshPoints, triangles: Triangles) -> NDArray[np.float64]:
    """Twice the area of each triangle, negative when it is seen from behind."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def _inside(polygon: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in the polygon (even-odd rule)."""
    a, b = polygon, np.roll(polygon, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    at = a[:, 0] + (y - a[:, 1]) / (b[:, 1] - a[:, 1] + 1e-12) * (b[:, 0] - a[:, 0])
    return (crosses & (x < at)).sum(1) % 2 == 1


def new_face(persona: MeshPoints, target: MeshPoints, strength: float) -> MeshPoints:
    """The target's mesh moved towards the persona's by ``strength`` 0..1."""
    return target + strength * (retargeted(persona, target) - target)


def retargeted(persona: MeshPoints, target: MeshPoints) -> MeshPoints:
    """The persona's head in the pose and with the expression of the target.

    Lids are the target's, scaled to the persona's eye width, so blinks and gaze survive; lips are the target's about
    their own centre at a width between both; the chin drops with an opening mouth.
    """
    rigid = list(RIGID)
    fit = similarity_fit(persona[rigid], target[rigid])
    points = fit.apply(persona)
    closed = _opening(points)
    for ring, pupil, corners in (
        (LEFT_EYE, LEFT_PUPIL, LEFT_EYE_CORNERS),
        (RIGHT_EYE, RIGHT_PUPIL, RIGHT_EYE_CORNERS),
    ):
        width = _span(points, corners)
        scale = width / _span(target, corners)
        moved = [*ring, pupil]
        _drag(points, moved, _about_middle(points, target, moved, corners, scale), reach=0.35 * width, pull=0.7)
    width = _span(target, MOUTH_CORNERS)
    scale = min(max(0.5 + 0.5 * _span(points, MOUTH_CORNERS) / width, 0.75), 1.2)
    moved = list(LIPS)
    _drag(points, moved, _about_middle(points, target, moved, MOUTH_CORNERS, scale), 0.35 * width, 0.8)
    drop = 0.6 * max(0.0, _opening(points) - closed) * fit.rotation[:, 1]
    points[list(JAW_CENTRE)] += drop
    points[list(JAW_SIDES)] += drop / 2
    return points


def _about_middle(
    points: MeshPoints, target: MeshPoints, moved: list[int], ends: tuple[int, int], scale: float
) -> MeshPoints:
    """The target's points ``moved``, scaled about the middle of ``ends`` and put where ``points`` has that middle."""
    middle, middle_target = (p[list(ends)].mean(0) for p in (points, target))
    return middle + (target[moved] - middle_target) * scale


def _drag(points: MeshPoints, moved: list[int], goal: MeshPoints, reach: float, pull: float) -> None:
    """Set ``points[moved]`` and let their neighbours follow within ``reach`` pixels, in place."""
    start = points[moved].copy()
    distance, nearest = KDTree(start[:, :2]).query(points[:, :2])
    weight = pull * np.exp(-((distance / reach) ** 2))
    weight[moved] = 0
    points += weight[:, None] * (goal - start)[nearest]
    points[moved] = goal


def _span(points: MeshPoints, ends: tuple[int, int]) -> float:
    return float(np.linalg.norm(points[ends[0]] - points[ends[1]])) + 1e-6


def _opening(points: MeshPoints) -> float:
    return float(np.linalg.norm(points[_UPPER_LIP] - points[_LOWER_LIP]))


def mouth_opening(points: MeshPoints) -> float:
    """Gap between the lips as a share of the mouth's width."""
    gap = np.linalg.norm(points[_UPPER_LIP, :2] - points[_LOWER_LIP, :2])
    return float(gap / (np.linalg.norm(points[MOUTH_CORNERS[0], :2] - points[MOUTH_CORNERS[1], :2]) + 1e-6))


def background_warp(old: MeshPoints, new: MeshPoints, side_px: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where points around the face come from and go to, both (N, 2).

    The head outside the mesh follows the new outline: a ring at 1.25 ovals moves half as far as the outline, a ring at
    1.75 ovals and the border of the crop stay.
    """
    end, middle = side_px - 1, side_px / 2
    border = np.array([[0, 0], [end, 0], [0, end], [end, end], [middle, 0], [middle, end], [0, middle], [end, middle]])
    still = np.vstack([oval_ring(old, 1.75), border])
    near = oval_ring(old, 1.25)
    pins = list(BACKGROUND_PINS)
    source = np.vstack([old[pins, :2], near, still])
    goal = np.vstack([new[pins, :2], near + (oval_ring(new, 1.25) - near) / 2, still])
    return source, goal


def oval_ring(points: MeshPoints, factor: float) -> NDArray[np.float64]:
    """The oval (36, 2) scaled about its centre."""
    oval = points[list(OVAL), :2]
    centre = oval.mean(0)
    return centre + (oval - centre) * factor
