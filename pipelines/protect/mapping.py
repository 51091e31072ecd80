"""Segmentation maps of photos, for seals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.faces import RGBImage
from deepmask.progress import Progress, part, silent
from pipelines.photo.measuring import measured

if TYPE_CHECKING:
    from deepmask.sealing.regions import Regions


def mapped(
    image: RGBImage, parser: str = "auto", *, progress: Progress = silent
) -> tuple[NDArray[np.uint8], tuple[str, ...], Regions]:
    """(H, W) the class of each pixel, the names of the classes, and the coarse map.

    Raises:
        EngineMissing: the parser that was asked for by name cannot be used yet.
    """
    from deepmask.sealing.regions import Regions

    row = engines.choose("face_parser", parser)
    progress(0.0, "Looking for faces")
    with engines.turn(progress):
        faces = engines.load("face_finder").find(image, progress=part(progress, 0.0, 0.4))
        faces = [measured(image, face) for face in faces]
        progress(0.5, "Telling skin, hair and clothes apart")
        engine = engines.load("face_parser", row.name)
        classes = engine.parse(image, faces)
    progress(1.0, "Told skin, hair and clothes apart")
    return classes, engine.classes, Regions.of(classes, row.name, engine.classes)
