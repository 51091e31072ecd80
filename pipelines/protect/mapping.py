"""Segmentation maps of photos, for seals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.faces import Face, RGBImage
from deepmask.progress import Progress, part, silent
from pipelines.photo.measuring import measured

if TYPE_CHECKING:
    from deepmask.sealing.regions import Regions


@dataclass(frozen=True, eq=False)
class Mapped:
    """Which part of a picture is what."""

    parsed: NDArray[np.uint8]
    """(H, W) number of the class of each pixel."""
    classes: tuple[str, ...]
    regions: Regions
    """The same, coarse."""
    faces: tuple[Face, ...]


def mapped(
    image: RGBImage, parser: str = "auto", faces: Sequence[Face] | None = None, *, progress: Progress = silent
) -> Mapped:
    """Tell skin, hair, clothes and background apart.

    Args:
        faces: where faces are known to be; they are looked for if this is left out.

    Raises:
        EngineMissing: the parser that was asked for by name cannot be used yet.
    """
    from deepmask.sealing.regions import Regions

    row = engines.choose("face_parser", parser)
    progress(0.0, "Looking for faces")
    with engines.turn(progress):
        if faces is None:
            faces = engines.load("face_finder").find(image, progress=part(progress, 0.0, 0.6))
        faces = [measured(image, Face(face.box_xyxy, face.score)) for face in faces]
        progress(0.7, "Telling skin, hair and clothes apart")
        engine = engines.load("face_parser", row.name)
        parsed = engine.parse(image, faces)
    progress(1.0, "Telling skin, hair and clothes apart")
    return Mapped(parsed, engine.classes, Regions.of(parsed, row.name, engine.classes), tuple(faces))
