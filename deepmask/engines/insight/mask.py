"""Which part of the aligned square is shown: soft masks of the regions of a face, drawn from its mesh.

The square of inswapper ends at hair line and chin; nothing is shown along its border, where the network knows little.
"""

from __future__ import annotations

import numpy as np

from deepmask.engines.crops import Crop
from deepmask.engines.insight.alignment import Points, of_mesh
from deepmask.engines.meshwarp.geometry import MeshPoints, mesh_points
from deepmask.engines.meshwarp.regions import Mask, SoftMask, grown, hull, shrunk, soft
from deepmask.faces import Face
from deepmask.head_pose import face_size, frontal_face, similarity_fit
from deepmask.landmark_points import LEFT_BROW, LEFT_EYE, LIPS_OUTER, OVAL, RIGHT_BROW, RIGHT_EYE
from deepmask.look import FaceRegion

_NOSE = (2, 98, 327, 129, 358, 64, 294)

BORDER = 0.035
"""Width of the square's border that is not shown, in sides; the fade is as wide again."""

EDGE = 0.03
"""Width of the soft edge, in face sizes."""

WIDER = 1.14
"""How much wider than the oval of the face the region "head" is."""


def mesh_in_crop(crop: Crop, face: Face, points: Points) -> MeshPoints:
    """The mesh (470, 3) in pixels of the crop: the face's own, or the mean face laid on its five points (5, 2)."""
    if face.landmarks is not None:
        return mesh_points(crop.points_to_crop(face.landmarks))
    mean = frontal_face()
    mean = np.vstack([mean, *(mean[list(ring)].mean(0) for ring in (RIGHT_EYE, LEFT_EYE))])
    fit = similarity_fit(of_mesh(mean), crop.points_to_crop(points))
    return np.column_stack([fit.scale * mean[:, :2] @ fit.rotation.T + fit.shift, fit.scale * mean[:, 2]])


def region_mask(side_px: int, points: MeshPoints, region: FaceRegion) -> SoftMask:
    """(n, n) in 0..1: where the new face is seen, with a soft edge that lies inside the region."""
    face_px = face_size(points)
    inside = {"features": features, "face": whole, "head": head}[region](side_px, points)
    edge_px = EDGE * face_px
    return np.minimum(soft(shrunk(inside, edge_px), edge_px / 2), _square(side_px))


def features(side_px: int, points: MeshPoints) -> Mask:
    """Brows, eyes, nose, mouth and what lies between."""
    ends = [*LEFT_BROW, *RIGHT_BROW, *LEFT_EYE, *RIGHT_EYE, *_NOSE, *LIPS_OUTER]
    return grown(hull(side_px, points[ends, :2]), 0.06 * face_size(points))


def whole(side_px: int, points: MeshPoints) -> Mask:
    """The face: its oval, and what of a turned head stands out over that, as the nose does."""
    return hull(side_px, points[:, :2])


def head(side_px: int, points: MeshPoints) -> Mask:
    """The face with its outline, ears' roots and forehead."""
    middle = points[list(OVAL), :2].mean(0)
    return hull(side_px, middle + WIDER * (points[:, :2] - middle))


def _square(side_px: int) -> SoftMask:
    """1 inside the square, 0 along its border."""
    inwards = (np.minimum(np.arange(side_px), np.arange(side_px)[::-1]) + 0.5) / side_px
    ramp = np.clip((inwards - BORDER) / BORDER, 0, 1)
    ramp = (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)
    return np.minimum(ramp[:, None], ramp)
