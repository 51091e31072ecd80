"""The swap by inswapper: from the photo's face to the patch that shows the persona in its place."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.engines.crops import Crop, warped
from deepmask.engines.insight import generator, networks
from deepmask.engines.insight.alignment import Points, aligned, arcface_template, ffhq_template, matrix_to, of_face
from deepmask.engines.insight.mask import mesh_in_crop, region_mask
from deepmask.engines.insight.occlusion import uncovered
from deepmask.engines.insight.pasting import patch
from deepmask.engines.insight.source import SourceCache
from deepmask.engines.meshwarp.colour import LEAST_SKIN_PX, from_lab, to_lab
from deepmask.engines.meshwarp.geometry import MeshPoints
from deepmask.engines.meshwarp.hands import HandFinder
from deepmask.engines.meshwarp.regions import SoftMask, bare_skin
from deepmask.engines.protocols import FaceRestorer
from deepmask.errors import EngineFailed
from deepmask.faces import Face, Patch, RGBImage
from deepmask.head_pose import face_size
from deepmask.look import Look
from deepmask.persona import Persona

RESTORED_PX = 512

LEAST_TONE_STEP, MOST_TONE_STEP = 4.0, 12.0
"""CIE76 between the new skin and the old: less is not seen, more is not the fault of the light."""


class InSwapper:
    """The persona's identity in the pose, expression and light of the face it replaces."""

    needs_persona = True
    min_size_px = 32.0
    max_yaw_degrees = 60.0
    needs_landmarks = False

    def __init__(self) -> None:
        self._sources = SourceCache()
        self._hands = HandFinder()

    def swap(
        self, image: RGBImage, face: Face, persona: Persona | None, *, strength: float = 0.8, look: Look | None = None
    ) -> Patch:
        """The patch that puts the persona's face over ``face``; there is no choice of ``strength``.

        Raises:
            EngineFailed: no persona, no face in its portrait, or no features in the box.
            EngineMissing: weights are absent, or the restorer that ``look`` asks for.
        """
        if persona is None:
            raise EngineFailed("Only the face of a persona can be put on a face.")
        look = look or Look()
        source = self._sources.latent(persona)
        restorer = engines.load("face_restorer") if look.restore > 0 else None
        points = of_face(image, face)
        if points is None:
            raise EngineFailed("No eyes, nose and mouth were found in the box.")
        crop = aligned(image, points, _useful_px(points, look.detail_px))
        rgb = generator.swapped(crop.rgb, source)
        if restorer is not None:
            crop, rgb = _enlarged(image, points, rgb)
        mesh = mesh_in_crop(crop, face, points)
        alpha = region_mask(crop.rgb.shape[0], mesh, look.region)
        rgb = toned(rgb, crop.rgb, mesh, alpha)
        if restorer is not None:
            rgb = restored(image, points, crop, rgb, alpha, restorer, look.restore)
        if face.landmarks is not None:
            hands = [crop.points_to_crop(joints) for joints in self._hands.joints(image, face.landmarks)]
            alpha = alpha * uncovered(crop.rgb, mesh, hands)
        return patch(crop, rgb, alpha, (image.shape[1], image.shape[0]))

    @property
    def providers(self) -> list[str]:
        """Where the network really runs, as onnxruntime calls it."""
        return networks.providers(networks.swapper())


def _useful_px(points: Points, most_px: int) -> int:
    """Side of the square: up to ``most_px``, as long as the picture has that much detail."""
    to_tile = matrix_to(points, arcface_template(generator.TILE_PX))
    native_px = generator.TILE_PX / float(np.hypot(to_tile[0, 0], to_tile[1, 0]))
    side_px = generator.TILE_PX
    while side_px < most_px and 1.25 * side_px < native_px:
        side_px *= 2
    return side_px


def toned(new: RGBImage, old: RGBImage, mesh: MeshPoints, alpha: SoftMask) -> RGBImage:
    """The new face (n, n, 3) with the skin colour of the old one where they differ visibly, by a limited step.

    inswapper keeps the light of the photo by itself; this mends what it misses.
    """
    skin = (bare_skin(new.shape[0], mesh, face_size(mesh)) > 0) & (alpha > 0.5)
    if skin.sum() < LEAST_SKIN_PX:
        return new
    lab = to_lab(new)
    step = np.median(to_lab(old)[skin], 0) - np.median(lab[skin], 0)
    size = float(np.linalg.norm(step))
    if size < LEAST_TONE_STEP:
        return new
    return from_lab(lab + step * min(1.0, MOST_TONE_STEP / size)).astype(np.uint8)


def restored(
    image: RGBImage, points: Points, crop: Crop, new: RGBImage, alpha: SoftMask, restorer: FaceRestorer, share: float
) -> RGBImage:
    """The new face (n, n, 3) with ``share`` of what the restorer makes of it and its surroundings."""
    n, side = new.shape[0], restorer.side_px
    matrix = matrix_to(points, ffhq_template() * (side / 512))
    around = warped(image, matrix, side).astype(np.float32)
    there = (_square(matrix) @ np.linalg.inv(_square(crop.to_crop)))[:2]
    placed = cv2.warpAffine(new, there, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(alpha, there, (side, side))[..., None]
    sharp = restorer.restore(np.rint(around * (1 - weight) + placed * weight).astype(np.uint8))
    back = cv2.warpAffine(
        sharp, there, (n, n), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.rint(new * (1 - share) + back * share).astype(np.uint8)


def _enlarged(image: RGBImage, points: Points, rgb: RGBImage) -> tuple[Crop, RGBImage]:
    """Old and new face at the size the restorer works in."""
    size = (RESTORED_PX, RESTORED_PX)
    return aligned(image, points, RESTORED_PX), cv2.resize(rgb, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def _square(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([matrix, [0, 0, 1]])
