"""Finding faces. Several cheap passes vote and nothing that one of them found is thrown away.

A privacy tool pays more for a missed face than for a false alarm: CenterFace sees small faces at a large picture size
and large ones at a small size, MediaPipe's BlazeFace adds close ones, a mirrored border those cut by the frame, and
quarter turns lying heads and photos held sideways.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.centerface import CenterFace, shared
from deepmask.engines.quiet import native_stderr_muted
from deepmask.faces import Face, RGBImage
from deepmask.progress import Progress, silent

Boxes = NDArray[np.float32]
"""(N, 5): x1, y1, x2, y2 in pixels, score 0..1."""

SMALLEST_PICTURE_PX = 16
"""Pictures with a shorter side than this hold no face that anybody could recognise."""

MIRRORED = 10
"""Width of the mirrored border, per cent of the longer side."""

LEAST_VISIBLE = 0.35
"""Share of a face that must lie inside the picture."""

SMALLEST_FACE_PX = 6
"""Shorter boxes are noise: below this nobody is recognised."""


@dataclass(frozen=True)
class Pass:
    """One run of CenterFace over the picture."""

    long_side_px: int
    threshold: float
    turn_degrees: int = 0
    """Clockwise turn of the picture before the run: 0, 90, 180 or 270."""
    mirrored_border: bool = False
    """Look only for what the border cuts, with the picture continued by its mirror image: half a face is whole then."""


class UnionFinder:
    """The union of several passes; subclasses choose them."""

    passes: tuple[Pass, ...]
    most_enlarged = 2.0
    """Small pictures are enlarged at most by this: more finds nothing new."""

    def find(self, image: RGBImage, *, progress: Progress = silent) -> list[Face]:
        """All faces of a picture of any size, best first, without landmarks."""
        h, w = image.shape[:2]
        if min(h, w) < SMALLEST_PICTURE_PX:
            return []
        passes = self._worth_running(max(h, w))
        base = _scaled(image, min(1.0, max(p.long_side_px for p in passes) / max(h, w)))
        to_picture = w / base.shape[1]
        found: list[Boxes] = []
        for number, one in enumerate(passes):
            progress(number / (len(passes) + 1), "Looking for faces")
            found.append(self._run(base, one))
        progress(len(passes) / (len(passes) + 1), "Looking for faces")
        found.append(self._blazeface.boxes(base))
        boxes = merge(np.concatenate(found))
        boxes[:, :4] *= to_picture
        boxes[:, 0:4:2] = boxes[:, 0:4:2].clip(0, w)
        boxes[:, 1:4:2] = boxes[:, 1:4:2].clip(0, h)
        large = (boxes[:, 2:4] - boxes[:, :2]).min(1, initial=np.inf) >= SMALLEST_FACE_PX
        progress(1.0, "Looking for faces")
        return [
            Face((float(x1), float(y1), float(x2), float(y2)), float(score)) for x1, y1, x2, y2, score in boxes[large]
        ]

    def _worth_running(self, long_side: int) -> list[Pass]:
        """The passes for a picture, without those that would repeat another one on a small picture."""
        chosen: dict[tuple[int, int, bool], Pass] = {}
        for one in self.passes:
            size = min(one.long_side_px, int(long_side * self.most_enlarged))
            chosen.setdefault((size, one.turn_degrees, one.mirrored_border), replace(one, long_side_px=size))
        return list(chosen.values())

    def _run(self, base: RGBImage, one: Pass) -> Boxes:
        scaled = _scaled(base, one.long_side_px / max(base.shape[:2]))
        if one.turn_degrees:
            scaled = np.rot90(scaled, -one.turn_degrees // 90)
        find = self._cut_by_border if one.mirrored_border else self._centerface.boxes
        boxes = turned_back(find(scaled, one.threshold), one.turn_degrees, (scaled.shape[1], scaled.shape[0]))
        boxes[:, :4] *= max(base.shape[:2]) / one.long_side_px
        return boxes

    def _cut_by_border(self, image: RGBImage, threshold: float) -> Boxes:
        """The visible parts of faces that reach beyond the border."""
        h, w = image.shape[:2]
        pad = min(MIRRORED * max(h, w) // 100, h, w)
        mirrored = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_REFLECT)
        boxes = self._centerface.boxes(np.asarray(mirrored, np.uint8), threshold)
        boxes[:, :4] -= pad
        visible = boxes.copy()
        visible[:, 0:4:2] = visible[:, 0:4:2].clip(0, w)
        visible[:, 1:4:2] = visible[:, 1:4:2].clip(0, h)
        share = _areas(visible) / np.maximum(_areas(boxes), 1e-6)
        return visible[(share > LEAST_VISIBLE) & (share < 0.98)]

    @cached_property
    def _centerface(self) -> CenterFace:
        return shared()

    @cached_property
    def _blazeface(self) -> BlazeFace:
        return BlazeFace()


class ThoroughFinder(UnionFinder):
    """For photos: nearly every face, at about a second a picture."""

    passes = (
        Pass(1600, 0.25),
        Pass(960, 0.25),
        Pass(480, 0.35, mirrored_border=True),
        Pass(960, 0.4, 90),
        Pass(960, 0.4, 180),
        Pass(960, 0.4, 270),
    )


class FastFinder(UnionFinder):
    """For previews and checks."""

    passes = (
        Pass(1280, 0.3),
        Pass(480, 0.35, mirrored_border=True),
        Pass(640, 0.5, 90),
        Pass(640, 0.5, 180),
        Pass(640, 0.5, 270),
    )


class FrameFinder(UnionFinder):
    """For the pictures of a video: low bars, since neighbouring pictures tell what is a face and what is not."""

    passes = (Pass(640, 0.2),)


class BlazeFace:
    """MediaPipe's full-range face detector (Bazarevsky et al., 2019) on a picture widened at its borders, so that a
    face cut by the frame still lies inside."""

    margin = 0.15
    """Width of the added border, as a share of the longer side."""

    def __init__(self, threshold: float = 0.5) -> None:
        with native_stderr_muted():
            from mediapipe.python.solutions.face_detection import FaceDetection

            self._model: Any = FaceDetection(model_selection=1, min_detection_confidence=threshold)
            self._model.process(np.zeros((64, 64, 3), np.uint8))

    def boxes(self, image: RGBImage) -> Boxes:
        """Face boxes (N, 5) in pixels of ``image``; they may reach beyond its border."""
        h, w = image.shape[:2]
        scale = min(1.0, 640 / max(h, w))
        small = _scaled(image, scale)
        pad = int(self.margin * max(small.shape[:2]))
        padded = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(114, 114, 114))
        found: list[list[float]] = []
        for shape in (small, padded):
            offset = pad if shape is padded else 0
            width, height = shape.shape[1], shape.shape[0]
            for one in self._model.process(shape).detections or ():
                box = one.location_data.relative_bounding_box
                x1, y1 = box.xmin * width - offset, box.ymin * height - offset
                x2, y2 = x1 + box.width * width, y1 + box.height * height
                found.append([x1 / scale, y1 / scale, x2 / scale, y2 / scale, one.score[0]])
        return np.array(found, np.float32).reshape(-1, 5)


def _areas(boxes: Boxes) -> NDArray[np.float32]:
    return (boxes[:, 2:4] - boxes[:, :2]).prod(1)


def merge(boxes: Boxes, iou_limit: float = 0.4, inside_limit: float = 0.85) -> Boxes:
    """Non-maximum suppression that also drops boxes lying inside a better one, best first.

    The passes draw boxes of different size around the same face, which plain IoU would keep twice.
    """
    rest = boxes[np.argsort(-boxes[:, 4], kind="stable")]
    kept: list[NDArray[np.float32]] = []
    while len(rest):
        best, rest = rest[0], rest[1:]
        kept.append(best)
        corner1, corner2 = np.maximum(best[:2], rest[:, :2]), np.minimum(best[2:4], rest[:, 2:4])
        common = np.clip(corner2 - corner1, 0, None).prod(1)
        area, areas = _areas(best[None])[0], _areas(rest)
        iou, inside = common / (area + areas - common + 1e-9), common / (np.minimum(area, areas) + 1e-9)
        rest = rest[(iou < iou_limit) & (inside < inside_limit)]
    return np.array(kept, np.float32).reshape(-1, 5)


def turned_back(boxes: Boxes, turn_degrees: int, turned_size_wh: tuple[int, int]) -> Boxes:
    """Boxes found on a picture turned clockwise, in coordinates of the upright picture."""
    w, h = turned_size_wh
    x1, y1, x2, y2, score = boxes.T
    upright = {
        0: (x1, y1, x2, y2),
        90: (y1, w - x2, y2, w - x1),
        180: (w - x2, h - y2, w - x1, h - y1),
        270: (h - y2, x1, h - y1, x2),
    }[turn_degrees]
    return np.stack([*upright, score], axis=1)


def _scaled(image: RGBImage, factor: float) -> RGBImage:
    if factor == 1:
        return image
    size = max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC).astype(np.uint8)
