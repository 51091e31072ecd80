"""Finding writing: signs, prints, licence plates.

Detector and reader are those of PP-OCRv4 (Differentiable Binarization, Liao et al., 2020; SVTR-LCNet, Du et al., 2022;
Apache-2.0), which ship in the package rapidocr-onnxruntime. Only its networks are used, and the reader only to tell
writing from what looks like it, such as eyes: what it says is never known to us.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from deepmask.area import Area
from deepmask.errors import EngineMissing
from deepmask.faces import RGBImage
from deepmask.progress import Progress, silent

PIXEL_THRESHOLD = 0.3
LINE_THRESHOLD = 0.5
"""Mean probability within a line."""

UNCLIP = 1.8
"""Lines are learnt shrunken; this is how far they grow back, in areas by circumferences."""

SMALLEST_PX = 3
"""Shorter sides on the network's map are noise."""

WHOLE_PX = 960
"""Longer side at which the whole picture is looked at."""

TILE_PX = 1100
"""Side of the tiles in which small writing is looked for, at most."""

OVERLAP = 0.15
"""Of neighbouring tiles, so that most lines lie whole in one."""

READ_FROM, READ_SQUARISH_FROM = 0.6, 2.0
"""Letters seen times how sure the reader is: of lines, and of areas as high as wide. Eyes and buttons reach 1.7, a
word printed on a jacket .6, a readable one 5."""

LINE, SQUARE = 2.0, 1.7
"""Width by height from which an area is a line, and up to which it is squarish."""

MOST_ENLARGED = 2.0

COARSE_LINE_PX = 32
"""Height of lines that a much coarser view of the whole picture leaves to the tiles."""

_MULTIPLE = 32

Quads = NDArray[np.float32]
"""(n, 4, 2) corners in pixels of the picture."""


class PaddleText:
    """Lines of text at two sizes: the whole picture, and tiles of it where it is large or small."""

    def __init__(self) -> None:
        self._detector = _Network("ch_PP-OCRv4_det_infer.onnx")
        self._reader = _Network("ch_PP-OCRv4_rec_infer.onnx")

    def find(self, image: RGBImage, *, progress: Progress = silent) -> list[tuple[Area, float]]:
        """Areas of lines of text with scores 0..1, best first; slanted lines get slanted areas."""
        views = _views(image.shape[1], image.shape[0])
        quads: list[NDArray[np.float32]] = []
        scores: list[float] = []
        for number, (x, y, w, h, scale) in enumerate(views):
            progress(number / len(views), "Looking for writing")
            finer = scale < 0.5 * views[-1][4]
            for quad, score in self._lines(image[y : y + h, x : x + w], scale):
                if finer and _height(quad) * scale < COARSE_LINE_PX:
                    continue  # the tiles show it better
                quads.append((quad + (x, y)).astype(np.float32))
                scores.append(score)
        progress(1.0, "Looking for writing")
        size = image.shape[1], image.shape[0]
        return [(area, score) for area, score, quad in _areas(quads, scores, size) if self._readable(image, quad)]

    def _readable(self, image: RGBImage, quad: NDArray[np.float32]) -> bool:
        shape = np.linalg.norm(quad[[1, 2]] - quad[[0, 1]], axis=1).max() / max(_height(quad), 1)
        needed = np.interp(shape, (SQUARE, LINE), (READ_SQUARISH_FROM, READ_FROM))
        seen = [_letters(steps) for steps in self._reader(_batch(_upright(image, quad)))]
        return max(count * sure for count, sure in seen) >= float(needed)

    def _lines(self, view: RGBImage, scale: float) -> list[tuple[NDArray[np.float32], float]]:
        h, w = view.shape[:2]
        size = max(_MULTIPLE, round(w * scale)), max(_MULTIPLE, round(h * scale))
        scaled = cv2.resize(view, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        padded = cv2.copyMakeBorder(scaled, 0, -size[1] % _MULTIPLE, 0, -size[0] % _MULTIPLE, cv2.BORDER_REPLICATE)
        chances = self._detector(_batch([np.asarray(padded, np.uint8)]))[0, 0, : size[1], : size[0]]
        return [(quad * (w / size[0], h / size[1]), score) for quad, score in _decode(chances)]


def _height(quad: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(quad[[1, 2]] - quad[[0, 1]], axis=1).min())


class _Network:
    """One ONNX file of the package, found without importing the package around it."""

    def __init__(self, name: str) -> None:
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # it serves one size only
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to other engines
        self._session = onnxruntime.InferenceSession(_path(name), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def __call__(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """The first output for a batch (n, 3, h, w)."""
        result: Any = self._session.run(None, {self._input: blob})[0]
        return result


def _path(name: str) -> str:
    spec = importlib.util.find_spec("rapidocr_onnxruntime")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "models" / name
        if path.is_file():
            return str(path)
    raise EngineMissing(f"The finder of writing lacks {name}; run: pip install rapidocr-onnxruntime==1.4.4")


def _batch(pictures: list[RGBImage]) -> NDArray[np.float32]:
    """(n, 3, h, w) in -1..1, channels in the order the networks were trained on."""
    return (np.stack(pictures)[..., ::-1].astype(np.float32) / 127.5 - 1).transpose(0, 3, 1, 2)


READER_PX = 48
"""Height of a line as the reader wants it."""

MOST_READ_PX = 480
"""Longer lines are read as far as that: enough to tell."""


def _upright(image: RGBImage, quad: NDArray[np.float32]) -> list[RGBImage]:
    """The line in a box, straightened to a height of ``READER_PX``: as it may be held, and upside down."""
    corners = quad[np.argsort(np.arctan2(*(quad - quad.mean(axis=0)).T[::-1]))]  # clockwise from the upper left
    across, down = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[1])
    if down > 1.5 * across:
        corners, across, down = np.roll(corners, -1, axis=0), down, across
    width = int(np.clip(READER_PX * across / max(down, 1), READER_PX, MOST_READ_PX))
    reach = min(1.0, width * down / max(READER_PX * across, 1e-6))
    start, end = corners[[0, 3]], corners[[0, 3]] + reach * (corners[[1, 2]] - corners[[0, 3]])
    source = np.array([start[0], end[0], end[1], start[1]], np.float32)
    target = np.array([[0, 0], [width, 0], [width, READER_PX], [0, READER_PX]], np.float32)
    flat = cv2.warpPerspective(
        image, cv2.getPerspectiveTransform(source, target), (width, READER_PX), borderMode=cv2.BORDER_REPLICATE
    )
    return [np.asarray(flat, np.uint8), np.asarray(flat[::-1, ::-1], np.uint8)]


def _letters(steps: NDArray[np.float32]) -> tuple[int, float]:
    """How many letters the reader sees in its steps (t, classes), class 0 being none, and how sure it is of them."""
    best = steps.argmax(axis=1)
    new = (best > 0) & (best != np.concatenate([[0], best[:-1]]))
    return int(new.sum()), float(steps.max(axis=1)[new].mean()) if new.any() else 0.0


def _views(w: int, h: int) -> list[tuple[int, int, int, int, float]]:
    """Parts of a picture to look at: x, y, width, height and scale."""
    longest = max(w, h)
    views = [(0, 0, w, h, min(MOST_ENLARGED, WHOLE_PX / longest))]
    fine = 1.0 if longest > 1.3 * WHOLE_PX else MOST_ENLARGED
    if longest * fine <= TILE_PX:
        return views
    return views + [(x, y, width, height, fine) for y, height in _parts(h, fine) for x, width in _parts(w, fine)]


def _parts(length: int, scale: float) -> list[tuple[int, int]]:
    """Starts and lengths of overlapping parts of a side."""
    count = int(np.ceil(length * scale / TILE_PX))
    part = min(length, round(length * (1 + OVERLAP) / count) if count > 1 else length)
    return [(round(n * (length - part) / max(1, count - 1)), part) for n in range(count)]


def _decode(chances: NDArray[np.float32]) -> list[tuple[NDArray[np.float32], float]]:
    """Rotated boxes (4, 2) and scores out of a map of probabilities (h, w)."""
    mask = cv2.dilate((chances > PIXEL_THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < SMALLEST_PX:
            continue
        x, y, w, h = cv2.boundingRect(contour)
        inside = np.zeros((h, w), np.uint8)
        cv2.drawContours(inside, [contour], 0, (1,), -1, offset=(-x, -y))
        score = float(cv2.mean(chances[y : y + h, x : x + w], inside)[0])
        if score < LINE_THRESHOLD:
            continue
        more = UNCLIP * width * height / (width + height)  # both sides of area / circumference
        box = cv2.boxPoints((centre, (width + more, height + more), angle))
        found.append((box.astype(np.float32), score))
    return found


def _areas(
    quads: list[NDArray[np.float32]], scores: list[float], size_wh: tuple[int, int]
) -> list[tuple[Area, float, NDArray[np.float32]]]:
    """Areas of boxes, best first, with score and box; what several views found of one line is united."""
    w, h = size_wh
    kept: list[tuple[Area, float, NDArray[np.float32]]] = []
    for k in sorted(range(len(quads)), key=lambda k: -scores[k] * np.sqrt(cv2.contourArea(quads[k]))):
        corners = np.clip(np.rint(quads[k]), 0, (w - 1, h - 1)).astype(np.int32)
        x, y, width, height = cv2.boundingRect(corners)
        mask = np.zeros((height, width), np.uint8)
        cv2.fillPoly(mask, [corners - (x, y)], (1,))
        area = Area(mask > 0, (x, y), size_wh)
        for place, (other, score, quad) in enumerate(kept):
            common = area.overlap(other)
            if common > 0.5 * min(area.pixels, other.pixels):
                if common < 0.95 * area.pixels:
                    kept[place] = area.united(other), score, quad
                break
        else:
            kept.append((area, scores[k], quads[k]))
    return sorted(kept, key=lambda one: -one[1])
