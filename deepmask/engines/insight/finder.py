"""SCRFD (Guo et al., 2021) at several sizes: close faces need a small picture, far ones a large one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from deepmask.engines.finder import SMALLEST_FACE_PX, SMALLEST_PICTURE_PX, Boxes, merge, turned_back
from deepmask.engines.insight import networks
from deepmask.faces import Face, RGBImage
from deepmask.progress import Progress, silent

_MULTIPLE = 32
"""The coarsest of its grids."""

TILE_PX, OVERLAP_PX = 1280, 160
"""Larger pictures are searched in tiles, so that memory stays bounded; no face that only a large picture shows is wider
than the overlap."""


@dataclass(frozen=True)
class Pass:
    """One look at the whole picture."""

    long_side_px: int
    threshold: float
    turn_degrees: int = 0
    """Clockwise turn of the picture before: 0, 90, 180 or 270."""


class ScrfdFinder:
    """The union of passes at three sizes, and of quarter turns for lying heads."""

    passes = (
        Pass(2400, 0.5),
        Pass(640, 0.4),
        Pass(224, 0.5),
        Pass(640, 0.5, 90),
        Pass(640, 0.5, 180),
        Pass(640, 0.5, 270),
    )
    most_enlarged = 1.5
    """Small pictures are enlarged at most by this: more finds nothing new."""

    def find(self, image: RGBImage, *, progress: Progress = silent) -> list[Face]:
        """All faces of a picture of any size, best first, without landmarks."""
        h, w = image.shape[:2]
        if min(h, w) < SMALLEST_PICTURE_PX:
            return []
        passes = self._worth_running(max(h, w))
        found = [np.zeros((0, 5), np.float32)]
        for number, one in enumerate(passes):
            progress(number / len(passes), "Looking for faces")
            found.append(_run(image, one))
        boxes = merge(np.concatenate(found))
        boxes[:, 0:4:2] = boxes[:, 0:4:2].clip(0, w)
        boxes[:, 1:4:2] = boxes[:, 1:4:2].clip(0, h)
        large = (boxes[:, 2:4] - boxes[:, :2]).min(1, initial=np.inf) >= SMALLEST_FACE_PX
        progress(1.0, "Looking for faces")
        return [
            Face((float(x1), float(y1), float(x2), float(y2)), float(score)) for x1, y1, x2, y2, score in boxes[large]
        ]

    @property
    def providers(self) -> list[str]:
        """Where the network really runs, as onnxruntime calls it."""
        return networks.providers(networks.detector())

    def _worth_running(self, long_side: int) -> list[Pass]:
        """The passes for a picture, without those that would repeat another one on a small picture."""
        chosen: dict[tuple[int, int], Pass] = {}
        for one in self.passes:
            size = min(one.long_side_px, int(long_side * self.most_enlarged))
            chosen.setdefault((size, one.turn_degrees), Pass(size, one.threshold, one.turn_degrees))
        return list(chosen.values())


def _run(image: RGBImage, one: Pass) -> Boxes:
    """Boxes in pixels of ``image``."""
    factor = one.long_side_px / max(image.shape[:2])
    size = tuple(max(1, round(side * factor)) for side in image.shape[1::-1])
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    turned = np.rot90(scaled, -one.turn_degrees // 90).astype(np.uint8, copy=False)
    found = [np.zeros((0, 5), np.float32)]
    for x, y in _corners(turned.shape[1], turned.shape[0]):
        boxes = _detected(turned[y : y + TILE_PX, x : x + TILE_PX], one.threshold)
        boxes[:, :4] += np.array([x, y, x, y])
        found.append(boxes)
    boxes = turned_back(np.concatenate(found), one.turn_degrees, (turned.shape[1], turned.shape[0]))
    boxes[:, :4] /= factor
    return boxes


def _corners(width: int, height: int) -> Iterator[tuple[int, int]]:
    """Upper left corners of the tiles that cover a picture."""
    for y in _starts(height):
        for x in _starts(width):
            yield x, y


def _starts(length: int) -> list[int]:
    if length <= TILE_PX:
        return [0]
    count = -(-(length - OVERLAP_PX) // (TILE_PX - OVERLAP_PX))
    return [round(n * (length - TILE_PX) / (count - 1)) for n in range(count)]


def _detected(part: RGBImage, threshold: float) -> Boxes:
    """Boxes (N, 5) of one look by the network, whose sides must be multiples of 32 and which wants BGR."""
    h, w = part.shape[:2]
    padded = cv2.copyMakeBorder(part[..., ::-1], 0, -h % _MULTIPLE, 0, -w % _MULTIPLE, cv2.BORDER_CONSTANT)
    size_wh = padded.shape[1], padded.shape[0]
    boxes, _ = networks.detector().detect(padded, input_size=size_wh, det_thresh=threshold)
    return np.asarray(boxes, np.float32).reshape(-1, 5)
