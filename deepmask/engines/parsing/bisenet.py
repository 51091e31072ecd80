"""BiSeNet (Yu et al., 2018) trained on CelebAMask-HQ: nineteen parts of faces, hair and hats included.

A network of ``bisenet``, in the format that yakhyo/face-parsing exports: (N, 3, 512, 512) RGB by ImageNet's mean and
deviation, out come scores (N, 19, 512, 512), perhaps followed by those of auxiliary heads. It runs on the processor,
which gives the same map every time.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask import weights
from deepmask.engines.crops import Crop, square_crop
from deepmask.engines.parsing.people import enlarged, people, working_size
from deepmask.engines.quiet import native_stderr_muted
from deepmask.errors import EngineFailed
from deepmask.faces import Face, RGBImage
from deepmask.head_pose import head_pose

_PARTS = ("skin", "left brow", "right brow", "left eye", "right eye", "glasses", "left ear", "right ear", "earring",
          "nose", "mouth", "upper lip", "lower lip", "neck", "necklace", "clothes", "hair", "hat")  # fmt: skip
"""Classes of CelebAMask-HQ after its background, in the order of the network."""
CLASSES = ("background", "person", *_PARTS)

_SIDE_PX = 512
_REACH = 1.05
"""Half a crop in sizes of the face's box: as large as faces are in CelebAMask-HQ."""
_RAISE = 0.15
"""How far above the box's middle the crop's middle lies, in the same."""
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class BiSeNet:
    """Parts of faces by a network, the rest of people by their poses."""

    classes = CLASSES

    def parse(self, image: RGBImage, faces: Sequence[Face] = ()) -> NDArray[np.uint8]:
        """(H, W) the class of each pixel; the same picture gives the same map.

        Raises:
            EngineFailed: the file of the network is not what it should be.
        """
        drawn = people(image, faces)
        size = working_size(image)
        scale = np.diag([size[0] / image.shape[1], size[1] / image.shape[0]])
        for face in sorted(faces, key=lambda f: f.size_px):
            crop = _crop(image, face)
            parts = _parts(crop.rgb)
            back = scale @ crop.to_picture
            here = cv2.warpAffine(parts, back, size, flags=cv2.INTER_NEAREST, borderValue=(0,))
            drawn = np.where(here > 0, here + 1, drawn).astype(np.uint8)
        return enlarged(drawn, image)


def _crop(image: RGBImage, face: Face) -> Crop:
    x1, y1, x2, y2 = face.box_xyxy
    roll = 0.0 if face.landmarks is None else head_pose(face.landmarks).roll
    away = np.deg2rad(roll)
    rise = _RAISE * face.size_px
    middle = (x1 + x2) / 2 + rise * np.sin(away), (y1 + y2) / 2 - rise * np.cos(away)
    return square_crop(image, (float(middle[0]), float(middle[1])), _REACH * face.size_px, _SIDE_PX, roll)


def _parts(crop: RGBImage) -> NDArray[np.uint8]:
    """(512, 512) the network's class of each pixel."""
    path = weights.location("bisenet") / "bisenet_resnet_34.onnx"
    values = ((crop.astype(np.float32) / 255 - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
    try:
        session = _session(path)
        scores = np.asarray(session.run(None, {session.get_inputs()[0].name: values})[0])
    except _faults() as error:
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise EngineFailed(_unusable(path, reason)) from error
    if scores.shape != (1, len(_PARTS) + 1, _SIDE_PX, _SIDE_PX):
        raise EngineFailed(_unusable(path, f"its output is {scores.shape}"))
    return np.argmax(scores[0], axis=0).astype(np.uint8)


def _unusable(path: Path, why: str) -> str:
    return (
        f"The file {path} cannot be used ({why}); run: deepmask weights remove bisenet && deepmask weights get bisenet"
    )


def _faults() -> tuple[type[Exception], ...]:
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    own = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
    return (*own, RuntimeError, ValueError)


@lru_cache(maxsize=1)
def _session(path: Path) -> Any:
    with native_stderr_muted():
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to other engines
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
