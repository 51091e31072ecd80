"""The swap itself: one crop, upright, from the photo's face to the patch that covers it.

Names used throughout: ``old`` is the mesh of the face in the crop, ``new`` the mesh it gets; ``base`` is the crop with
its head reshaped to the new outline, ``drawn`` the persona on the new mesh.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from deepmask.engines.crops import Crop, square_crop
from deepmask.engines.meshwarp.beard import is_bearded, shaved
from deepmask.engines.meshwarp.blend import FloatImage, face_mask, joined
from deepmask.engines.meshwarp.colour import FaceRegions, matched, with_grain
from deepmask.engines.meshwarp.drawing import draw_mesh, warp
from deepmask.engines.meshwarp.eyewear import wears_glasses, without_temples
from deepmask.engines.meshwarp.geometry import (
    MeshPoints,
    background_warp,
    mesh_points,
    mouth_opening,
    new_face,
)
from deepmask.engines.meshwarp.hands import HandFinder
from deepmask.engines.meshwarp.occlusion import covered_below_nose, hair_free
from deepmask.engines.meshwarp.portrait import Portrait, PortraitCache
from deepmask.engines.meshwarp.regions import Mask, SoftMask, bare_skin, brows, eyes, hull, polygon, soft
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import Face, Landmarks, Patch, RGBImage
from deepmask.head_pose import face_size
from deepmask.landmark_points import LEFT_EYE_CORNERS, LIPS_INNER, OVAL, RIGHT_EYE_CORNERS
from deepmask.look import Look
from deepmask.persona import Persona

LEAST_CROP_PX, LARGEST_CROP_PX = 192, 640
"""Small faces are drawn enlarged, large ones shrunk: the cost grows with the area."""

CROP_MARGIN = 0.95
"""Half side of the crop in sides of the oval."""

SMILE_FOLDS = (
    (205, 36, 142, 126, 203, 206, 207, 216, 92, 165, 98, 129),
    (425, 266, 371, 355, 423, 426, 427, 436, 322, 391, 327, 358),
)
FOLD_STRENGTH = 0.7

EDGE, EDGE_OVER_GLASSES = 0.035, 0.012
"""How far inside the oval the new face ends, in face sizes; over spectacles it must cover their rims."""

OPEN_MOUTH = 0.06
"""A wider gap between the lips, in mouth widths, shows the person's own teeth."""


class MeshWarp:
    """A portrait's face carried onto another by the mesh of landmarks, in that face's pose, expression and light."""

    needs_persona = True
    min_size_px = 64.0
    max_yaw_degrees = 30.0
    needs_landmarks = True

    def __init__(self) -> None:
        self._portraits = PortraitCache()
        self._hands = HandFinder()

    def swap(
        self, image: RGBImage, face: Face, persona: Persona | None, *, strength: float = 0.8, look: Look | None = None
    ) -> Patch:
        """The patch that puts the persona's face over ``face``.

        Args:
            strength: share of the persona's own shape; the rest is the person's.

        Raises:
            EngineFailed: no landmarks, no usable portrait, or something lies before the face.
        """
        if persona is None or face.landmarks is None:
            raise EngineFailed("A portrait can only be put on a face whose landmarks are known.")
        try:
            portrait = self._portraits.read(persona.portrait)
        except InputError as error:
            raise EngineFailed(f"The portrait of {persona.name} cannot be used: {error}") from error
        if self._hands.covers(image, face.landmarks):
            raise EngineFailed("A hand lies before the face.")
        crop = _upright_crop(image, face.landmarks)
        old = mesh_points(crop.points_to_crop(face.landmarks))
        if covered_below_nose(crop.rgb, old, face_size(old)):
            raise EngineFailed("Something lies before the mouth.")
        out = swapped(crop.rgb, old, portrait, strength)
        return _patch(crop, out)


def swapped(crop: RGBImage, old: MeshPoints, portrait: Portrait, strength: float) -> RGBImage:
    """The crop (n, n, 3) with the portrait's face on the mesh ``old``."""
    face_px = face_size(old)
    new = new_face(portrait.points, old, strength)
    glasses = wears_glasses(crop, old)
    if glasses:
        crop = without_temples(crop, old, face_px)
    out = warp(crop, *background_warp(old, new, crop.shape[0]))
    origin, side = _window(new, crop.shape[0])
    view = out[origin[1] : origin[1] + side, origin[0] : origin[0] + side]
    shift = np.array([*origin, 0.0])
    view[:] = _redrawn(view.copy(), new - shift, portrait, glasses, _Mouth(crop, old))
    return out


def _redrawn(base: RGBImage, new: MeshPoints, portrait: Portrait, glasses: bool, mouth: _Mouth) -> RGBImage:
    """The portrait's face over ``base`` (m, m, 3), whose head has the outline of the mesh ``new`` already."""
    n, face_px = base.shape[0], face_size(new)
    drawn, cover = draw_mesh(portrait.face, portrait.triangles, portrait.points, new, n)
    cover = np.asarray(cv2.erode(cover, np.ones((3, 3), np.uint8)), np.uint8)
    bare, _ = draw_mesh(portrait.bare, portrait.triangles, portrait.points, new, n)
    free = np.minimum(hair_free(base, new, face_px), bare[..., 0].astype(np.float32) / 255)
    regions = _regions(new, cover, free, face_px, glasses)
    colour = with_grain(matched(drawn, base, regions, face_px), base, regions.skin)
    if mouth_opening(new) > OPEN_MOUTH:
        colour = mouth.own_teeth(colour, new, face_px)
    mask = face_mask(n, new, cover, face_px, EDGE_OVER_GLASSES if glasses else EDGE) * free
    out = np.clip(joined(colour, base.astype(np.float32), mask, new, face_px), 0, 255).astype(np.uint8)
    if is_bearded(base, new) and not portrait.bearded:
        out = shaved(out, base, new, face_px)
    return out


def _window(points: MeshPoints, side_px: int) -> tuple[tuple[int, int], int]:
    """Upper left corner and side of the square of the crop in which anything is drawn."""
    oval = points[list(OVAL), :2]
    low, high = oval.min(0), oval.max(0)
    side = min(side_px, int(1.36 * max(high - low)))
    x, y = (int(v) for v in np.clip((low + high) / 2 - side / 2, 0, side_px - side))
    return (x, y), side


def _upright_crop(image: RGBImage, landmarks: Landmarks) -> Crop:
    oval = landmarks[list(OVAL), :2]
    low, high = oval.min(0), oval.max(0)
    half = float(max(high - low)) * CROP_MARGIN
    side = int(np.clip(2 * half, LEAST_CROP_PX, LARGEST_CROP_PX))
    across = landmarks[LEFT_EYE_CORNERS[0], :2] - landmarks[RIGHT_EYE_CORNERS[0], :2]
    roll = float(np.rad2deg(np.arctan2(across[1], across[0])))
    centre = (low + high) / 2
    return square_crop(image, (float(centre[0]), float(centre[1])), half, side, roll)


def _regions(new: MeshPoints, cover: Mask, free: SoftMask, face_px: float, glasses: bool) -> FaceRegions:
    n = cover.shape[0]
    visible = free > 0.9
    folds = np.maximum(*(soft(hull(n, new[list(group), :2]), 0.03 * face_px) for group in SMILE_FOLDS))
    return FaceRegions(
        skin=(bare_skin(n, new, face_px) > 0) & (cover > 200) & visible,
        eyes=soft(eyes(n, new), 0.006 * face_px),
        brows=(brows(n, new) > 0) & visible,
        folds=FOLD_STRENGTH * folds,
        glasses=glasses,
    )


@dataclass(frozen=True)
class _Mouth:
    """The mouth as it was: an open one shows the person's own teeth and tongue, a closed portrait has none."""

    crop: RGBImage
    old: MeshPoints

    def own_teeth(self, colour: FloatImage, new: MeshPoints, face_px: float) -> FloatImage:
        """``colour`` (m, m, 3), a window of the crop in which the mesh is ``new``, with the mouth's inside."""
        n, inner = colour.shape[0], list(LIPS_INNER)
        source, goal = self.old[inner, :2].astype(np.float32), new[inner, :2].astype(np.float32)
        matrix, _ = cv2.estimateAffine2D(source, goal)
        if matrix is None:
            return colour
        inside = cv2.warpAffine(self.crop, matrix, (n, n), borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        weight = soft(polygon(n, new[inner, :2]), 0.006 * face_px)[..., None]
        return colour * (1 - weight) + inside * weight


def _patch(crop: Crop, out: RGBImage) -> Patch:
    """The changed pixels of the crop, turned back into the picture's own grid."""
    n = crop.rgb.shape[0]
    changed = (cv2.absdiff(out, crop.rgb).max(2) > 1).astype(np.uint8)
    alpha = cv2.GaussianBlur(cv2.dilate(changed, np.ones((5, 5), np.uint8)).astype(np.float32), (0, 0), 2)
    inwards = np.minimum(np.arange(n), np.arange(n)[::-1])
    ramp = np.clip((np.minimum(inwards[:, None], inwards) - 1) / (0.08 * n), 0, 1)
    alpha = alpha * (ramp * ramp * (3 - 2 * ramp))
    back = crop.to_picture
    corners = np.array([[0, 0], [n, 0], [0, n], [n, n]], np.float64) @ back[:, :2].T + back[:, 2]
    left, top = (int(v) for v in np.floor(corners.min(0)))
    right, bottom = (int(v) for v in np.ceil(corners.max(0)))
    back[:, 2] -= (left, top)
    size = (right - left + 1, bottom - top + 1)
    flags = cv2.INTER_LINEAR if crop.scale > 1.2 else cv2.INTER_CUBIC
    rgb = cv2.warpAffine(out, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(alpha.astype(np.float32), back, size)
    return Patch(rgb.astype(np.uint8), np.clip(alpha, 0, 1).astype(np.float32), (left, top))
