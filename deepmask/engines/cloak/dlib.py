"""The cloak against dlib's face recogniser, which many programs that sort and search faces use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepmask.engines.cloak.attack import cloaked
from deepmask.engines.cloak.dlib_network import network
from deepmask.engines.cloak.warping import Floats, Matrix
from deepmask.engines.crops import warped
from deepmask.engines.recognizer import CHIP_PX, DlibRecognizer, matrix_to_chip
from deepmask.faces import Face, RGBImage
from deepmask.look import FaceRegion
from deepmask.progress import Progress, silent


class DlibAim:
    """Away from who the face is to dlib."""

    side_px = CHIP_PX

    def __init__(self, image: RGBImage, to_square: Sequence[Matrix]) -> None:
        self.to_square = to_square
        self._network = network()
        chips = np.stack([warped(image, matrix, CHIP_PX) for matrix in to_square]).astype(np.float32)
        self._own = self._network.describe(chips)[0].mean(0)

    def score(self, squares: Floats) -> tuple[Floats, Floats]:
        """Distances (N,) from the person's own descriptor, and their gradients (N, 150, 150, 3)."""
        numbers, back = self._network.describe(squares)
        away = numbers - self._own
        distances = np.linalg.norm(away, axis=1)
        return distances, back(away / np.maximum(distances, 1e-3)[:, None])


class DlibVictim:
    """dlib's recogniser, aligned by the mesh as well as by its own five points."""

    def __init__(self) -> None:
        self._recognizer = DlibRecognizer()

    def aim(self, image: RGBImage, face: Face) -> DlibAim:
        """What to raise for a face."""
        points = [self._recognizer.points(image, Face(face.box_xyxy))]
        if face.landmarks is not None:
            points.append(self._recognizer.points(image, face))
        return DlibAim(image, [matrix_to_chip(each) for each in points])


class DlibCloak:
    """Takes the face out of the reach of dlib's recogniser; needs no torch."""

    victims = ("dlib",)

    def cloak(
        self,
        image: RGBImage,
        faces: Sequence[Face],
        *,
        strength: int,
        region: FaceRegion = "face",
        seed: int = 0,
        progress: Progress = silent,
    ) -> RGBImage:
        """A cloaked copy; what lies outside of the regions is untouched."""
        return cloaked(image, faces, [DlibVictim()], strength, region, seed, progress)
