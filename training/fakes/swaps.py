"""What our own face swappers make of the faces that are learned from: portraits carried onto them, and painted ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from deepmask import engines
from deepmask.errors import EngineFailed
from deepmask.faces import Face, Landmarks, RGBImage
from deepmask.landmark_points import OVAL
from deepmask.persona import Attestation, Persona
from deepmask.progress import Progress, silent
from training.fakes.ageing import Mask
from training.fakes.photos import Carrier

SWAPPERS = ("meshwarp", "painter")

_SEEN = 3
"""Grey levels by which a pixel must differ to count as faked."""


@dataclass(frozen=True, eq=False)
class Swap:
    """A face that was replaced."""

    name: str
    genuine: RGBImage
    rgb: RGBImage
    mask: Mask
    """(H, W) 1 where pixels were replaced."""
    face: Landmarks
    """The face that was there."""


def swapped(carrier: Carrier, landmarks: Landmarks, persona: Persona, engine: str) -> Swap | None:
    """One face of a picture replaced; None where the engine declines."""
    (x1, y1), (x2, y2) = landmarks[list(OVAL), :2].min(0), landmarks[list(OVAL), :2].max(0)
    yaw = engines.load("face_landmarker").yaw_degrees(landmarks)
    face = Face((float(x1), float(y1), float(x2), float(y2)), 1.0, landmarks, yaw)
    swapper = engines.load("face_swapper", engine)
    if face.size_px < swapper.min_size_px or yaw > swapper.max_yaw_degrees:
        return None
    out = carrier.rgb.copy()
    try:
        swapper.swap(carrier.rgb, face, persona).paste(out)
    except EngineFailed:
        return None
    return Swap(
        f"{carrier.name}, {persona.name} by {engine}", carrier.rgb, out, difference(carrier.rgb, out), landmarks
    )


def difference(before: RGBImage, after: RGBImage) -> Mask:
    """(H, W) 1 where a picture was changed, small holes filled."""
    seen = (cv2.absdiff(before, after).max(2) > _SEEN).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
    closed = cv2.morphologyEx(cv2.morphologyEx(seen, cv2.MORPH_CLOSE, kernel), cv2.MORPH_OPEN, kernel)
    return closed.astype(np.float32)


def of_portrait(carrier: Carrier) -> Persona:
    """Somebody photographed, as a persona."""
    word = Attestation("own or free", "2026-01-01")
    return Persona(id=carrier.name, name=carrier.name, engine="import", portrait=carrier.rgb, attestation=word)


def swaps(
    carriers: Sequence[Carrier],
    personas: Sequence[Persona],
    rng: np.random.Generator,
    each: int = 4,
    *,
    progress: Progress = silent,
) -> Iterator[Swap]:
    """Every face given to ``each`` personas by every engine; larger faces at half the size, too."""
    todo = [(c, face) for carrier in carriers for c in (carrier, halved(carrier)) for face in c.faces]
    for n, (carrier, face) in enumerate(todo):
        progress(n / len(todo), f"Swapping faces of {carrier.name}")
        for engine in SWAPPERS:
            able = [p for p in personas if p.id != carrier.name and (engine != "painter" or p.attributes is not None)]
            for k in rng.choice(len(able), min(each, len(able)), replace=False):
                if (swap := swapped(carrier, face, able[int(k)], engine)) is not None:
                    yield swap


def halved(carrier: Carrier) -> Carrier:
    """The picture at half its size, and those of its faces that are still large enough to fake."""
    small = np.asarray(cv2.resize(carrier.rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    faces = (face / 2 for face in carrier.faces)
    return Carrier(
        f"{carrier.name} halved",
        small,
        tuple(f for f in faces if np.ptp(f[list(OVAL), :2], 0).max() > 64),
        carrier.painted,
    )
