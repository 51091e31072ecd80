"""The pose of a face by OpenPose's own face network, as controlnet_aux carries it (Simon et al., 2017).

The network and its weights are CMU's, for non-commercial use only. Of ``OpenposeDetector`` its ``FaceNet`` alone is
used: where the face is, is known already, so nets for bodies and hands are not asked; and since the detector leaves
points out that it does not see, without saying which, peaks are read from the heat maps here.
"""

from __future__ import annotations

import pickle
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmask.config import Settings
from deepmask.engines.crops import square_crop
from deepmask.engines.device import device, use_all_cores
from deepmask.errors import EngineFailed
from deepmask.face_pose import OF_PHOTO, POINTS, FacePose
from deepmask.faces import Box, RGBImage
from deepmask.weights import location

WEIGHTS = "openpose_face"
CROP_PX = 384
"""Side of the square that the network is shown."""
MARGIN = 1.35
"""Half side of that square, in half sides of the box: OpenPose cuts out 24 cm about the nose."""
SEEN_ABOVE = 0.05
"""Height of the peak of a point that is seen; as in controlnet_aux."""
LEAST_SEEN = 50
"""Of the 70 points; with fewer it was no face, or one turned away."""


class OpenPose:
    """Reads poses with OpenPose's face network."""

    def __init__(self) -> None:
        self._net: Any = None
        self._loaded: tuple[Path, str] | None = None

    def read(self, image: RGBImage, box: Box) -> FacePose | None:
        """The pose of the face in ``box``; None where too few points are seen, or they do not make a face.

        Raises:
            EngineMissing: the weights are absent or their licence is not accepted.
            EngineFailed: torchvision does not fit torch, or the file of weights is not what it should be.
        """
        points = self.points(image, box)
        if np.isfinite(points).all(1).sum() < LEAST_SEEN:
            return None
        return FacePose.from_points(points, name=OF_PHOTO)

    def points(self, image: RGBImage, box: Box) -> NDArray[np.float64]:
        """(70, 2) x, y in pixels of the picture; NaN where a point is not seen.

        Raises:
            As :meth:`read`.
        """
        import torch

        net, place = self._ready()
        x1, y1, x2, y2 = box
        half = max(x2 - x1, y2 - y1) / 2 * MARGIN
        crop = square_crop(image, ((x1 + x2) / 2, (y1 + y2) / 2), half, CROP_PX)
        bgr = np.ascontiguousarray(crop.rgb[:, :, ::-1].transpose(2, 0, 1), np.float32)
        with torch.no_grad():
            maps = net(torch.from_numpy(bgr / 256 - 0.5)[None].to(place))[-1][:, :POINTS]
            maps = torch.nn.functional.interpolate(maps, (CROP_PX, CROP_PX), mode="bilinear", align_corners=True)
        height, index = maps[0].flatten(1).cpu().max(1)
        peaks = np.stack([index.numpy() % CROP_PX, index.numpy() // CROP_PX], 1).astype(np.float64)
        peaks[height.numpy() <= SEEN_ABOVE] = np.nan
        return crop.points_to_picture(peaks)

    def _ready(self) -> tuple[Any, str]:
        """The network, and the torch device it is on."""
        folder, place = location(WEIGHTS), device(Settings.load()).kind
        if self._loaded != (folder, place):
            use_all_cores()
            self._net = _face_net(folder / "facenet.pth").to(place)
            self._loaded = (folder, place)
        return self._net, place


def _face_net(path: Path) -> Any:
    import torch

    net = _class_of_net()()
    try:
        net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, OSError, EOFError, TypeError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise EngineFailed(f"{path} cannot be loaded ({reason}); fetch its files again.") from error
    return net.eval()


def _class_of_net() -> Any:
    """``FaceNet``; controlnet_aux cannot be imported without torchvision's operators, of which nothing is used here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that libraries between us and it have given up
        try:
            return import_module("controlnet_aux.open_pose.face").FaceNet
        except (RuntimeError, ImportError, OSError) as error:
            reason = str(error).strip().split("\n")[0][:200]
            raise EngineFailed(
                f"controlnet_aux cannot be imported ({reason}); torch and torchvision have to come from the same "
                "place, both for the processor or both for the same graphics cards (docs/gpu.md)."
            ) from error
