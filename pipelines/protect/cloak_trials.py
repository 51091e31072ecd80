"""What networks make of a cloaked photo, as PNG, as JPEG and at half size: those it was made against and others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from deepmask import engines
from deepmask.cloak_report import VERSIONS, Trial
from deepmask.faces import Embedding, Face, RGBImage
from deepmask.progress import Progress, part, silent
from pipelines.photo.choosing import judges
from pipelines.photo.measuring import MEASURABLE_PX, measured

NAMES = {"dlib": "dlib", "arcface": "ArcFace"}
"""Recogniser → what reports call it."""


@dataclass(frozen=True, eq=False)
class Version:
    """A picture as it may arrive somewhere."""

    name: str
    rgb: RGBImage
    scale: float
    """Pixels of it per pixel of the photo."""


def versions(image: RGBImage) -> list[Version]:
    """The photo as each of :data:`VERSIONS`."""
    import cv2

    h, w = image.shape[:2]
    half = cv2.resize(image, (max(1, w // 2), max(1, h // 2)), interpolation=cv2.INTER_AREA)
    pictures = (image, as_jpeg(image, 75), np.asarray(half, np.uint8))
    return [Version(name, rgb, rgb.shape[1] / w) for name, rgb in zip(VERSIONS, pictures, strict=True)]


def as_jpeg(image: RGBImage, quality: int) -> RGBImage:
    """The picture after it was a JPEG file."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def try_all(
    before: RGBImage, after: RGBImage, faces: Sequence[Face], attacked: Sequence[str], *, progress: Progress = silent
) -> tuple[Trial, ...]:
    """Every network that is ready looks at every face of every version.

    Args:
        attacked: names of the networks that the cloak was made against.
    """
    pairs = list(zip(versions(before), versions(after), strict=True))
    trials: list[Trial] = []
    with engines.exclusive:
        recognizers = judges()
        for n, (plain, cloaked) in enumerate(pairs):
            step = part(progress, n / len(pairs), (n + 1) / len(pairs))
            trials += _recognised(before, plain, cloaked, faces, recognizers, attacked, part(step, 0.0, 0.7))
            step(0.7, f"Looking for faces, {cloaked.name}")
            trials += _found(plain, cloaked, faces, attacked)
    progress(1.0, "Checked")
    return tuple(trials)


def _recognised(
    original: RGBImage,
    plain: Version,
    cloaked: Version,
    faces: Sequence[Face],
    recognizers: Sequence[str],
    attacked: Sequence[str],
    progress: Progress,
) -> Iterator[Trial]:
    for n, face in enumerate(faces):
        for name in recognizers:
            progress(n / len(faces), f"Asking {NAMES.get(name, name)}, {cloaked.name}")
            if face.size_px * cloaked.scale < MEASURABLE_PX:
                continue
            engine, called = engines.load("face_recognizer", name), NAMES.get(name, name)
            own = [engine.embed(original, one) for one in _alignments(original, face, 1.0)]
            bare, with_cloak = (_distance(own, name, version, face) for version in (plain, cloaked))
            bar = round(engine.hidden_above, 3)
            yield Trial(called, called in attacked, "identity", f"face-{n + 1}", cloaked.name, bare, with_cloak, bar)


def _distance(own: list[Embedding], recognizer: str, version: Version, face: Face) -> float:
    """The least distance from the original over all alignments: nobody knows how a stranger's program aligns."""
    engine = engines.load("face_recognizer", recognizer)
    seen = [engine.embed(version.rgb, one) for one in _alignments(version.rgb, face, version.scale)]
    return round(min(float(np.linalg.norm(a - b)) for a in own for b in seen), 3)


def _alignments(image: RGBImage, face: Face, scale: float) -> list[Face]:
    """The face where its features were, where a mesh finds them now, and by its box alone."""
    x1, y1, x2, y2 = (float(v) * scale for v in face.box_xyxy)
    alone = Face((x1, y1, x2, y2))
    again = measured(image, alone)
    known = [] if face.landmarks is None else [Face(alone.box_xyxy, landmarks=face.landmarks * scale)]
    return [*known, *([again] if again.landmarks is not None else []), alone]


def _found(plain: Version, cloaked: Version, faces: Sequence[Face], attacked: Sequence[str]) -> Iterator[Trial]:
    from deepmask.engines.cloak import witnesses

    for name, find in witnesses.finders().items():
        found = [find(version.rgb) for version in (plain, cloaked)]
        for n, face in enumerate(faces):
            x1, y1, x2, y2 = (float(v) * cloaked.scale for v in face.box_xyxy)
            bare, with_cloak = (round(witnesses.score_at(boxes, (x1, y1, x2, y2)), 3) for boxes in found)
            bar = witnesses.SEEN_FROM[name]
            yield Trial(name, name in attacked, "finder", f"face-{n + 1}", cloaked.name, bare, with_cloak, bar)
