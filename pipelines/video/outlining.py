"""Who is seen from head to foot in some frames of a video, and which pixels are theirs.

Segmenters are slow, so a few frames a second are looked at, all of them thoroughly now and then. What is seen is kept
on a coarse grid: an outline needs no more.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.area import Area, Body, Mask
from deepmask.faces import Box, Face, RGBImage
from deepmask.media.clip import Clip
from deepmask.progress import Progress, silent

GRID_PX = 480
"""Longer side of the grid on which outlines are kept."""
LOOKS_PER_SECOND = 4.0
THOROUGH_PER_SECOND = 1.0
"""Looks at which small people without a face are looked for, too."""
_INSIDE = 96
"""Of 255: a cell of the grid belongs to somebody who fills this much of it; less than half, since limbs are thin."""

Told = tuple[int, str, Box]
"""A frame, a track, and where its face is."""


@dataclass(frozen=True)
class Shape:
    """Somebody in one frame, on the grid."""

    origin_xy: tuple[int, int]
    size_wh: tuple[int, int]
    """Of its rectangle."""
    bits: bytes = field(repr=False)
    """The mask of its rectangle, packed and deflated: a long video has many."""
    face: str | None
    """Track of the face."""
    score: float
    """How sure the segmenter is, 0..1."""
    tone: tuple[int, int, int]
    """Colour of the surroundings."""

    @classmethod
    def of(cls, area: Area, face: str | None, score: float, tone: Sequence[int]) -> Shape:
        """From an area on the grid."""
        h, w = area.mask.shape
        red, green, blue = (int(value) for value in tone)
        bits = zlib.compress(np.packbits(area.mask).tobytes(), 1)
        return cls(area.origin_xy, (w, h), bits, face, round(float(score), 3), (red, green, blue))

    def area(self, grid_wh: tuple[int, int]) -> Area:
        """Where it is on the grid."""
        w, h = self.size_wh
        flat = np.unpackbits(np.frombuffer(zlib.decompress(self.bits), np.uint8), count=w * h)
        return Area(flat.reshape(h, w) > 0, self.origin_xy, grid_wh)


Shapes = dict[int, tuple[Shape, ...]]
"""Frame that was looked at → who is seen in it."""


def grid_of(size_wh: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the grid for frames of a size."""
    factor = min(1.0, GRID_PX / max(size_wh))
    return max(1, round(size_wh[0] * factor)), max(1, round(size_wh[1] * factor))


def looks(frames: int, fps: float, shots: Collection[int]) -> tuple[dict[int, bool], int]:
    """Frames to be looked at → whether thoroughly; and how many frames apart they are.

    The first and the last frame of every shot are looked at, too, so that nothing has to be guessed across a cut.
    """
    stride = max(1, round(fps / LOOKS_PER_SECOND))
    thorough = stride * max(1, round(LOOKS_PER_SECOND / THOROUGH_PER_SECOND))
    ends = {*shots, *(first - 1 for first in shots if first), frames - 1}
    chosen = sorted({*range(0, frames, stride), *ends})
    return {frame: frame % thorough == 0 or frame in shots for frame in chosen}, stride


def outline(
    clip: Clip, chosen: dict[int, bool], told: Sequence[Told], segmenter: str, progress: Progress = silent
) -> Shapes:
    """Who is seen in the ``chosen`` frames, each of which says whether it is looked at thoroughly.

    Args:
        told: the faces that are known.
    """
    engine, tones = engines.load("person_segmenter", segmenter), engines.load("body_masker", "silhouette")
    shapes: Shapes = {}
    start, stop = min(chosen), max(chosen) + 1
    for picture in clip.pictures(start, stop):
        if picture.index not in chosen:
            continue
        progress((picture.index - start) / (stop - start), "Looking for people")
        here = {box: track for frame, track, box in told if frame == picture.index}
        with engines.exclusive:
            faces = [Face(box) for box in here]
            bodies = engine.segment(picture.rgb, faces, thorough=chosen[picture.index])
            found = [_shape(picture.rgb, body, here, tones.tone(picture.rgb, body.area)) for body in bodies]
        shapes[picture.index] = tuple(shape for shape in found if shape is not None)
    progress(1.0, "Looking for people")
    return shapes


def _shape(rgb: RGBImage, body: Body, told: dict[Box, str], tone: NDArray[np.uint8]) -> Shape | None:
    inside = shrunk(body.area.full(), grid_of((rgb.shape[1], rgb.shape[0])))
    face = None if body.face is None else told.get(body.face)
    return Shape.of(Area.of(inside), face, body.score, tone.tolist()) if inside.any() else None


def shrunk(mask: Mask, grid_wh: tuple[int, int]) -> Mask:
    """A mask of a frame on the grid."""
    import cv2

    return np.asarray(cv2.resize(mask.astype(np.uint8) * 255, grid_wh, interpolation=cv2.INTER_AREA)) >= _INSIDE
