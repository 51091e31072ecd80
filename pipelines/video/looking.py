"""First look at a stretch of a video: where shots begin, and what the finder sees in every few frames.

A stretch is looked at without knowing of the others, so that stretches can be shared out to several machines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.faces import Box, Face, RGBImage, clip_box, enlarge
from deepmask.media.clip import Clip
from deepmask.progress import Progress, silent

COLOURS = 128
"""Bins of what a face looks like from afar."""
_THUMB_WH = 64, 36
CUT_LEVELS = 18.0
"""Mean difference of two neighbouring frames in grey levels from which on a new shot may begin."""
CUT_SHARE = 0.5
"""Least part by which the histograms of two shots differ: a flash moves grey levels, a cut exchanges them."""


@dataclass(frozen=True)
class Sight:
    """A face in one frame, and what it looks like from afar."""

    face: Face
    colours: NDArray[np.float32] = field(repr=False, compare=False)
    """(COLOURS,) histogram of hue and saturation, and of grey, around the face; sums to 1."""

    def unlike(self, other: Sight) -> float:
        """How differently two are coloured, 0..1 (Bhattacharyya)."""
        return unlike(self.colours, other.colours)


def unlike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Distance of two histograms that sum to 1 (Bhattacharyya), 0..1."""
    return float(np.sqrt(max(0.0, 1 - np.sqrt(one * other).sum())))


@dataclass(frozen=True)
class Glimpse:
    """What is seen in a stretch of frames."""

    start: int
    stop: int
    """Not included."""
    faces: dict[int, tuple[Sight, ...]] = field(default_factory=dict)
    """Frame → faces; frames that nobody looked at are not in it."""
    cuts: tuple[int, ...] = ()
    """Frames with which a shot begins."""


def look(clip: Clip, start: int, stop: int, finder: str, stride: int, progress: Progress = silent) -> Glimpse:
    """Look at the frames ``start`` to ``stop``, at every ``stride``-th for faces, and at the first of each shot.

    Frames are counted from the start of the clip, so that stretches together see what one stretch would.
    """
    engine = engines.load("face_finder", finder)
    faces: dict[int, tuple[Sight, ...]] = {}
    cuts: list[int] = []
    last: _Thumb | None = None
    for picture in clip.pictures(max(start - 1, 0), stop):
        thumb = _Thumb(picture.rgb)
        cut = last is not None and thumb.cut_from(last)
        last = thumb
        if picture.index < start:
            continue
        if cut:
            cuts.append(picture.index)
        if cut or picture.index % stride == 0:
            with engines.exclusive:
                found = engine.find(picture.rgb)
            faces[picture.index] = tuple(Sight(face, colours_of(picture.rgb, face.box_xyxy)) for face in found)
        progress((picture.index - start + 1) / max(stop - start, 1), "Looking for faces")
    return Glimpse(start, stop, faces, tuple(cuts))


def colours_of(rgb: RGBImage, box: Box) -> NDArray[np.float32]:
    """(COLOURS,) histogram of hue and saturation, and of grey, in and around ``box``; sums to 1."""
    import cv2

    x1, y1, x2, y2 = clip_box(enlarge(box, 1.3), (rgb.shape[1], rgb.shape[0]))
    small = cv2.resize(rgb[y1:y2, x1:x2], (32, 32), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    hue = cv2.calcHist([hsv], [0, 1], None, [16, 6], [0, 180, 0, 256]).ravel()
    grey = cv2.calcHist([hsv], [2], None, [32], [0, 256]).ravel()
    both = np.concatenate([hue, grey]).astype(np.float32)
    return both / both.sum()


class _Thumb:
    """A frame small enough to compare every two."""

    def __init__(self, rgb: RGBImage) -> None:
        import cv2

        small = cv2.resize(rgb, _THUMB_WH, interpolation=cv2.INTER_AREA)
        self._grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        self._colours: NDArray[np.float32] = np.asarray(
            cv2.calcHist([small], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3), np.float32
        ).ravel()

    def cut_from(self, before: _Thumb) -> bool:
        """Whether a shot begins here."""
        if np.abs(self._grey - before._grey).mean() < CUT_LEVELS:
            return False
        common = np.minimum(self._colours, before._colours).sum() / self._colours.sum()
        return bool(1 - common > CUT_SHARE)
