"""``python -m benchmarks.sam``: what pointing at something costs, with Segment Anything and without weights.

Networks have their full size and random weights, as speed does not depend on what was learned, and nothing is
downloaded. The first click on a picture looks at it; what is promised is about those that follow. On a processor the
unit is processor time, in which other work on the machine is not counted, of as many threads as OMP_NUM_THREADS says.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from skimage import data

from benchmarks.tables import Measure, print_table
from deepmask import engines
from deepmask.area import Click, Selection
from deepmask.config import Settings
from deepmask.engines.device import Device, device
from deepmask.engines.protocols import AreaSelector
from deepmask.engines.selecting import GrabCut, Sam
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage

CLICK_BAR_S = 0.5
"""'Well under a second'."""
CLICKS = ((0.23, 0.6), (0.45, 0.25), (0.8, 0.85), (0.78, 0.2), (0.5, 0.8))
"""On scikit-image's astronaut, in shares of width and height."""


def main() -> None:
    """Measure and print the tables."""
    place = device(Settings.load())
    print(
        f"torch {torch.__version__} on {place.kind}, {place.precision}, {torch.get_num_threads()} threads", flush=True
    )
    small = data.astronaut()
    large = np.asarray(cv2.resize(small, (4000, 3000), interpolation=cv2.INTER_CUBIC), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPMASK_SAM_MODEL"] = _untrained(Path(folder))
        print_table("Segment Anything, ViT-B", _clicking(Sam(), place, small, large))
    if all(importlib.util.find_spec(name) is not None for name in ("segment_anything", "torchvision", "timm")):
        print_table("MobileSAM", _looking(place))
    segmenters = [row for row in engines.rows("person_segmenter") if not row.missing()]
    found = f"people by {segmenters[0].name}" if segmenters else "without a segmenter"
    print_table(f"GrabCut, {found}", _clicking(GrabCut(), Device("cpu", "float32", 0), small, large))


def _untrained(folder: Path) -> str:
    """A SamModel of the size of facebook/sam-vit-base."""
    from transformers import SamConfig, SamModel

    SamModel(SamConfig()).save_pretrained(folder)
    return str(folder)


def _clicking(engine: AreaSelector, place: Device, small: RGBImage, large: RGBImage) -> list[Measure]:
    """The first click on a picture, and those that follow."""

    def point(image: RGBImage, x: float, y: float) -> None:
        try:
            engine.select(image, Selection((Click(x * image.shape[1], y * image.shape[0]),)))
        except EngineFailed:  # an untrained network need not find anything
            return

    measures = []
    point(np.zeros((64, 64, 3), np.uint8), 0.5, 0.5)  # loads what there is to load
    for name, image in (("512 x 512 px", small), ("12 megapixels", large)):
        first = _seconds(lambda image=image: point(image, *CLICKS[0]), place)
        others = [_seconds(lambda image=image, spot=spot: point(image, *spot), place) for spot in CLICKS[1:]]
        bar = CLICK_BAR_S if isinstance(engine, Sam) else None
        measures += [
            Measure(f"{name}: first click", first, "s"),
            Measure(f"{name}: further clicks, mean", float(np.mean(others)), "s", bar),
            Measure(f"{name}: further clicks, slowest", max(others), "s"),
        ]
    return measures


def _looking(place: Device) -> list[Measure]:
    """Looking at a picture and answering a click, by the networks alone."""
    from deepmask.engines.selecting import mobile
    from deepmask.engines.selecting.frame import Frame
    from deepmask.engines.selecting.original import OriginalSam

    model = mobile.build()
    network = OriginalSam(model, mobile.blocks(model), place)
    frame, selection = Frame((1024, 1024), network.side_px), Selection((Click(300, 300),))
    pixels = torch.zeros(1, 3, network.side_px, network.side_px, device=place.kind)
    with torch.inference_mode():
        embedding = network.embed(pixels)
        looking = _seconds(lambda: network.embed(pixels), place)
        answering = _seconds(lambda: network.propose(embedding, frame.prompt(selection), several=True), place)
    return [Measure("looking at a picture", looking, "s"), Measure("answering a click", answering, "s", CLICK_BAR_S)]


def _seconds(work: Callable[[], object], place: Device) -> float:
    clock = time.process_time if place.kind == "cpu" else time.perf_counter
    start = clock()
    work()
    if place.kind == "cuda":
        torch.cuda.synchronize()
    return clock() - start


if __name__ == "__main__":
    main()
