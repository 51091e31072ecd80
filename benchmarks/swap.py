"""Putting a swapped face back into a photo: insightface's own paste-back against ours, outside of the network.

No weights are needed: the network is a stand-in in inswapper's format that always shows the same face, so both sides
put the same pixels back. The time it takes is subtracted from both; the runs alternate and the median of their ratios
counts.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from insightface.app.common import Face as InsightFace
from insightface.utils import face_align
from numpy.typing import NDArray
from skimage import data

from benchmarks.tables import Measure, print_table
from deepmask import engines
from deepmask.engines.insight import alignment, mask, networks, swapper
from deepmask.faces import Face, Patch, RGBImage
from deepmask.look import Look
from deepmask.persona import Attestation, Persona
from tests.tiny.insight import write_swapper

SIZES_WH = {"2 megapixels": (1600, 1200), "12 megapixels": (4000, 3000)}
BAR_MEGAPIXELS = "12 megapixels"
FASTER_BAR = 3.0
REPEATS = 9


class Stopwatch:
    """A session that knows how long it has worked."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.seconds = 0.0

    def run(self, *arguments: Any) -> Any:
        """As the session's."""
        start = time.perf_counter()
        try:
            return self._session.run(*arguments)
        finally:
            self.seconds += time.perf_counter() - start

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def measure(size_wh: tuple[int, int], model: Any) -> tuple[list[float], list[float], float, float]:
    """Seconds of insightface and of ours in alternating runs, and the largest and mean difference in the face."""
    image = cv2.resize(data.astronaut(), size_wh, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    box = max(engines.load("face_finder", "fast").find(image), key=lambda face: face.size_px).box_xyxy
    face = Face(box, landmarks=engines.load("face_landmarker").fit(image, box))
    points = alignment.of_face(image, face)
    assert points is not None
    bgr = np.ascontiguousarray(image[..., ::-1])
    target = InsightFace(kps=points)
    source = InsightFace(embedding=np.ones(512, np.float32))
    persona = Persona("p", "P", "import", data.astronaut(), attestation=Attestation("public domain", "2026"))
    ours = swapper.InSwapper()
    ours._sources.latent = lambda _: np.ones((1, 512), np.float32)  # type: ignore[method-assign]
    watch: Stopwatch = model.session
    times: tuple[list[float], list[float]] = ([], [])
    theirs, canvas, patch = bgr, image, None
    for _ in range(REPEATS + 1):
        for side in (0, 1):
            before, start = watch.seconds, time.perf_counter()
            if side == 0:
                theirs = model.get(bgr, target, source, paste_back=True)
            else:
                canvas = image.copy()  # insightface leaves the original untouched, too
                patch = ours.swap(image, face, persona, look=Look(detail_px=128))
                patch.paste(canvas)
            times[side].append(time.perf_counter() - start - (watch.seconds - before))
    assert patch is not None
    difference = np.abs(theirs[..., ::-1].astype(np.int16) - canvas)[_fully_new(image, face, points, patch)]
    return times[0][1:], times[1][1:], float(difference.max()), float(difference.mean())  # the first run warms up


def _fully_new(image: RGBImage, face: Face, points: alignment.Points, patch: Patch) -> NDArray[np.bool_]:
    """(H, W): pixels from brows to mouth, where both sides show nothing but the new face."""
    side = 512
    crop = alignment.aligned(image, points, side)
    region = mask.features(side, mask.mesh_in_crop(crop, face, points))
    region = cv2.erode(region, np.ones((15, 15), np.uint8))
    inside = cv2.warpAffine(region, crop.to_picture, (image.shape[1], image.shape[0])) == 255
    opaque = np.zeros(image.shape[:2], np.bool_)
    opaque[patch.window((image.shape[1], image.shape[0]))] = patch.alpha > 0.9999
    return inside & opaque


def stand_in(folder: Path) -> Any:
    """insightface's INSwapper on a network that always shows the astronaut's face."""
    image = data.astronaut()
    box = max(engines.load("face_finder", "fast").find(image), key=lambda face: face.size_px).box_xyxy
    points = alignment.of_face(image, Face(box, landmarks=engines.load("face_landmarker").fit(image, box)))
    picture = face_align.norm_crop(image, np.asarray(points, np.float32), 128)
    write_swapper(folder / "inswapper_128.onnx", "picture", picture)
    model = networks._opened(folder / "inswapper_128.onnx", "swapping")
    model.session = Stopwatch(model.session)
    return model


def main() -> None:
    """Print the table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        model = stand_in(Path(folder))
        networks.swapper = lambda: model
        for title, size_wh in SIZES_WH.items():
            theirs, ours, largest, mean = measure(size_wh, model)
            ratio = statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
            rows += [
                Measure(f"{title}: insightface", 1000 * statistics.median(theirs), "ms"),
                Measure(f"{title}: Deepmask", 1000 * statistics.median(ours), "ms"),
                Measure(f"{title}: times faster", ratio, "×", FASTER_BAR if title == BAR_MEGAPIXELS else None, True),
                Measure(f"{title}: largest difference in the face", largest, "levels", 1.0),
                Measure(f"{title}: mean difference in the face", mean, "levels"),
            ]
    print_table("Paste-back of a swapped face, without the network", rows)


if __name__ == "__main__":
    main()
