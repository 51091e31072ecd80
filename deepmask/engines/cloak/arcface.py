"""The cloak against ArcFace, by which face swappers know whom to show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from deepmask import weights
from deepmask.config import Settings
from deepmask.engines.cloak.attack import Aim, Victim, cloaked
from deepmask.engines.cloak.dlib import DlibVictim
from deepmask.engines.cloak.onnx_network import OnnxNetwork, Tensor
from deepmask.engines.cloak.warping import Floats, Matrix
from deepmask.engines.crops import warped
from deepmask.engines.device import device, use_all_cores
from deepmask.engines.insight import networks
from deepmask.engines.insight.alignment import arcface_template, matrix_to, of_box, of_face
from deepmask.engines.insight.recognizer import CROP_PX
from deepmask.faces import Face, RGBImage
from deepmask.look import FaceRegion
from deepmask.progress import Progress, silent


class ArcFaceAim:
    """Away from who the face is to ArcFace."""

    side_px = CROP_PX

    def __init__(self, image: RGBImage, to_square: Sequence[Matrix]) -> None:
        self.to_square = to_square
        squares = np.stack([warped(image, matrix, CROP_PX) for matrix in to_square]).astype(np.float32)
        own = _described(_as_tensor(squares)).detach().mean(0)
        self._own = own / own.norm()

    def score(self, squares: Floats) -> tuple[Floats, Floats]:
        """Distances (N,) between unit vectors from the person's own, and their gradients (N, 112, 112, 3)."""
        values = _as_tensor(squares).requires_grad_()
        distances = (_described(values) - self._own).norm(dim=1)
        (gradient,) = torch.autograd.grad(distances.sum(), values)
        return distances.detach().cpu().numpy(), gradient.cpu().numpy()


class ArcFaceVictim:
    """ArcFace of buffalo_l, aligned by the mesh as well as by SCRFD's five points."""

    def aim(self, image: RGBImage, face: Face) -> Aim:
        """What to raise for a face."""
        alone = Face(face.box_xyxy)
        found = [of_face(image, one) for one in ((alone, face) if face.landmarks is not None else (alone,))]
        points = [each for each in found if each is not None] or [of_box(face)]
        return ArcFaceAim(image, [matrix_to(each, arcface_template(CROP_PX)) for each in points])


class ArcFaceCloak:
    """Takes the face out of the reach of ArcFace, and of dlib with it."""

    victims = ("ArcFace", "dlib")

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
        """A cloaked copy; what lies outside of the regions is untouched.

        Raises:
            EngineMissing: weights are absent.
            EngineFailed: the file of weights is not what it should be.
        """
        use_all_cores()
        victims: list[Victim] = [ArcFaceVictim(), DlibVictim()]
        return cloaked(image, faces, victims, strength, region, seed, progress)


def _described(values: Tensor) -> Tensor:
    """Unit vectors (N, 512) of squares (N, 112, 112, 3) RGB 0..255, as tensors."""
    model = networks.recognizer()
    folder = weights.location("buffalo_l")
    (numbers,) = _network(folder / "w600k_r50.onnx", values.device.type)(
        (values.permute(0, 3, 1, 2) - model.input_mean) / model.input_std
    )
    return numbers / numbers.norm(dim=1, keepdim=True).clamp(min=1e-9)


@lru_cache(maxsize=2)
def _network(path: Path, kind: str) -> OnnxNetwork:
    return OnnxNetwork(path).to(kind)


def _as_tensor(squares: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(squares)).to(device(Settings.load()).kind)
