"""The small U-Net in ``assets/fake_finder``, run by onnxruntime.

It looks at seams: a region whose light, sharpness, noise or geometry is not that of its surroundings. It was taught on
few photos (``training.json`` beside it has their names and the log), by fakes of our own making; generators it never
saw leave other traces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from deepmask.faces import RGBImage
from deepmask.progress import Progress, silent
from deepmask.resources import ASSETS

FOLDER = ASSETS / "fake_finder"

_MULTIPLE = 16
_TILE_PX, _OVERLAP_PX = 384, 64


class UNetFinder:
    """The network in one onnxruntime session."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # sizes differ from call to call
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to other engines
        path = str(FOLDER / "unet.onnx")
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        bars = json.loads((FOLDER / "training.json").read_text("utf-8"))["bars"]
        self.fake_above: float = bars["fake_above"]
        self.real_below: float = bars["real_below"]

    def find(self, image: RGBImage, *, progress: Progress = silent) -> NDArray[np.float32]:
        """(H, W) probability 0..1 that a pixel is faked; a face should be about 40 to 150 px high."""
        h, w = image.shape[:2]
        if max(h, w) <= _TILE_PX + _OVERLAP_PX:
            return self._run(image)
        total, weight = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
        places = list(_tiles(h, w))
        for n, (rows, columns) in enumerate(places):
            progress(n / len(places), "Looking for faked pixels")
            share = _ramp(rows.stop - rows.start)[:, None] * _ramp(columns.stop - columns.start)
            total[rows, columns] += share * self._run(image[rows, columns])
            weight[rows, columns] += share
        return total / weight

    def _run(self, image: RGBImage) -> NDArray[np.float32]:
        h, w = image.shape[:2]
        padded = cv2.copyMakeBorder(image, 0, -h % _MULTIPLE, 0, -w % _MULTIPLE, cv2.BORDER_REPLICATE)
        (half,) = np.asarray(self._session.run(["fake"], {"rgb": padded[None]})[0])
        full = cv2.resize(half, (padded.shape[1], padded.shape[0]), interpolation=cv2.INTER_LINEAR)
        return np.asarray(full[:h, :w], np.float32)


def _tiles(h: int, w: int) -> Iterator[tuple[slice, slice]]:
    """Overlapping squares that cover the picture."""
    for top in _starts(h):
        for left in _starts(w):
            yield slice(top, min(h, top + _TILE_PX)), slice(left, min(w, left + _TILE_PX))


def _starts(side: int) -> list[int]:
    last = max(0, side - _TILE_PX)
    count = 1 + -(-last // (_TILE_PX - _OVERLAP_PX))
    return sorted({round(place) for place in np.linspace(0, last, count)})


def _ramp(side: int) -> NDArray[np.float32]:
    """(side,) weight that falls towards both ends, so that tiles pass into one another."""
    inwards = np.minimum(np.arange(side), np.arange(side)[::-1]) + 1.0
    return np.clip(inwards / _OVERLAP_PX, 0.02, 1).astype(np.float32)
