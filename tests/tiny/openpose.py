"""OpenPose's face network in its real format, untrained but seeing: point n lies where the picture has grey 150 + n.

Pictures pass through the middle of all convolutions. Before the last one, ramps begin at every grey; a second
difference of three ramps is a tent over one grey, which is what the heat map of a point answers to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from deepmask.faces import RGBImage

LOWEST_GREY = 150
_LAST = "Mconv6_stage6", "Mconv7_stage6"


def write(path: Path) -> None:
    """Write ``facenet.pth``, a third of the real one."""
    from controlnet_aux.open_pose.face import FaceNet

    state: dict[str, Any] = {}
    for name, values in FaceNet().state_dict().items():
        layer, kind = name.rsplit(".", 1)
        if kind == "bias" or not layer.startswith(("conv", "Mconv1_stage6", "Mconv")):
            state[name] = torch.zeros(values.shape, dtype=torch.float16)
            continue
        middle = values.shape[-1] // 2
        channel = (
            71 if layer == "Mconv1_stage6" else 0
        )  # beside the answers of the stage before, the picture comes last
        state[name] = torch.zeros(values.shape, dtype=torch.float16)
        state[name][0, channel, middle, middle] = 1
    _answers(state)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path)


def _answers(state: dict[str, Any]) -> None:
    ramps, tents = (state[f"{layer}.weight"] for layer in _LAST)
    ramps[:72, 0] = 1
    state[f"{_LAST[0]}.bias"][:72] = 0.5 - torch.arange(LOWEST_GREY - 1, LOWEST_GREY + 71) / 256
    tents.zero_()
    for point in range(70):
        tents[point, point : point + 3, 0, 0] = torch.tensor([256.0, -512.0, 256.0])


def picture_of(points: NDArray[np.float64], side_px: int) -> RGBImage:
    """(side_px, side_px, 3), black with a dot for each of the points (70, 2); NaN has none."""
    canvas = np.zeros((side_px, side_px, 3), np.uint8)
    for n, (x, y) in enumerate(points):
        if np.isfinite([x, y]).all():
            cv2.circle(canvas, (round(x), round(y)), 2, (LOWEST_GREY + n,) * 3, -1)
    return canvas
