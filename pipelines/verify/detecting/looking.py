"""What the detector sees: every face close up, in three versions.

Only faces are looked at: what it says of other things is worth nothing, since it was taught on faces and their seams.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from deepmask import engines
from deepmask.detect_report import FaceScore
from deepmask.engines.crops import Crop, square_crop
from deepmask.engines.protocols import FakeFinder
from deepmask.faces import Box, Face, RGBImage
from deepmask.progress import Progress, silent
from pipelines.verify.detecting.model import LEAST_FACE_PX, VERSIONS, DetectOptions, Heat, Look

_FACE_SHARE = 0.45
"""Of the side of a close-up that the face takes."""
_CLOSE_UP_PX = 192
_MOST_ENLARGED = 1.5
_NATIVE_PX = 768
"""Close-ups are taken no larger before they are varied."""
_SURE = 0.6
"""Of the face finder: what it is less sure of is no face."""
_MOST_FACES = 24
"""Only so many of the largest are looked at close up."""
_SUBDUED = 0.45
"""What the heat of faces that are not called fake is multiplied with: none of their pixels counts as faked."""
_TOP_SHARE = 0.25
"""A face's score is the mean of this share of its pixels, the most suspicious ones."""


def look(image: RGBImage, options: DetectOptions, *, progress: Progress = silent) -> Look:
    """Look at all faces; the heat is 0 away from them.

    Raises:
        EngineMissing: an engine that was asked for by name cannot be used.
    """
    row = engines.choose("fake_finder", options.engine)
    finding = engines.choose("face_finder", options.finder)
    progress(0.0, "Looking for faces")
    heat = np.zeros(image.shape[:2], np.float32)
    with engines.exclusive:
        found = engines.load("face_finder", finding.name).find(image)
        faces = sorted((f for f in found if f.score > _SURE), key=lambda f: -f.size_px)[:_MOST_FACES]
        finder = engines.load("fake_finder", row.name)
        scores = []
        for n, face in enumerate(faces):
            progress(0.3 + 0.7 * n / len(faces), f"Looking at face {n + 1} of {len(faces)}")
            scores.append(_close_up(finder, image, face, heat))
    return Look(heat, tuple(scores))


def _close_up(finder: FakeFinder, image: RGBImage, face: Face, heat: Heat) -> FaceScore:
    """Look at one face, and put what is seen into ``heat``."""
    box = _plain(face.box_xyxy)
    if face.size_px < LEAST_FACE_PX:
        return FaceScore(box, None, {})
    crop, side = _crop(image, face)
    inside = _ellipse(crop, face, side)
    seen: list[Heat] = []
    for one in versions(np.asarray(crop.rgb)):
        goal = side if one.shape[0] >= 0.9 * crop.rgb.shape[0] else round(0.7 * side)
        shrunk = np.asarray(cv2.resize(one, (goal, goal), interpolation=cv2.INTER_AREA), np.uint8)
        seen.append(_fitted(finder.find(shrunk), (side, side)))
    scores = {name: score_of(one[inside]) for name, one in zip(VERSIONS, seen, strict=True)}
    score = round(float(np.median(list(scores.values()))), 3)
    shown = np.median(seen, axis=0) * (1.0 if score >= finder.fake_above else _SUBDUED)
    _lay(shown.astype(np.float32), crop, side, heat)
    return FaceScore(box, score, scores)


def versions(image: RGBImage) -> Iterator[RGBImage]:
    """The picture as it is, compressed again, and at 70 % of its size."""
    yield image
    coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
    yield np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1], dtype=np.uint8)
    size = (max(1, round(0.7 * image.shape[1])), max(1, round(0.7 * image.shape[0])))
    yield np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def score_of(values: Heat | Sequence[float]) -> float:
    """Mean of the most suspicious pixels of a face."""
    ordered = np.sort(np.asarray(values).ravel())[::-1]
    return round(float(ordered[: max(1, int(ordered.size * _TOP_SHARE))].mean()), 3)


def _crop(image: RGBImage, face: Face) -> tuple[Crop, int]:
    """A square around a face, near the picture's own resolution, and the side it is looked at with."""
    x1, y1, x2, y2 = face.box_xyxy
    half = face.size_px / _FACE_SHARE / 2
    native = int(np.clip(2 * half, 64, _NATIVE_PX))
    side = int(min(_CLOSE_UP_PX, _MOST_ENLARGED * 2 * half))
    return square_crop(image, ((x1 + x2) / 2, (y1 + y2) / 2), half, max(native, side)), side


def _ellipse(crop: Crop, face: Face, side: int) -> np.ndarray:
    """(side, side) bool: the oval of the face in its close-up."""
    x1, y1, x2, y2 = face.box_xyxy
    scale = side / crop.rgb.shape[0] * crop.scale
    mask = np.zeros((side, side), np.uint8)
    axes = (round(0.52 * (x2 - x1) * scale), round(0.52 * (y2 - y1) * scale))
    cv2.ellipse(mask, (side // 2, side // 2), axes, 0, 0, 360, (1,), -1)
    return mask > 0


def _lay(seen: Heat, crop: Crop, side: int, heat: Heat) -> None:
    """Put a close-up's heat into that of the picture, fading out towards the border of the close-up."""
    n = crop.rgb.shape[0]
    inwards = np.minimum(np.arange(side), np.arange(side)[::-1]).astype(np.float32)
    ramp = np.clip(inwards / (0.15 * side), 0, 1)
    back = crop.to_picture @ np.array([[n / side, 0, (n / side - 1) / 2], [0, n / side, (n / side - 1) / 2], [0, 0, 1]])
    left, top = (int(v) for v in np.floor(back[:, 2]))
    reach = int(np.ceil(side * np.hypot(back[0, 0], back[1, 0]))) + 2
    rows = slice(max(0, top), min(heat.shape[0], top + reach))
    columns = slice(max(0, left), min(heat.shape[1], left + reach))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    back[:, 2] -= (columns.start, rows.start)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    weight = cv2.warpAffine(ramp[:, None] * ramp, back, size)
    laid = cv2.warpAffine(seen, back, size)
    view = heat[rows, columns]
    view[:] = view * (1 - weight) + laid * weight


def _fitted(heat: Heat, size_wh: tuple[int, int]) -> Heat:
    if heat.shape[1::-1] == size_wh:
        return heat
    return np.asarray(cv2.resize(heat, size_wh, interpolation=cv2.INTER_LINEAR), np.float32)


def _plain(box: Box) -> Box:
    x1, y1, x2, y2 = (round(float(v), 1) for v in box)
    return x1, y1, x2, y2
