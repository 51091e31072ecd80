"""Who is in a picture, and how much of an area is still to be seen in another version of it."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.area import Area, Body, Mask
from deepmask.faces import Box, Face, RGBImage
from deepmask.media import Photo
from deepmask.progress import Progress, part, silent

MOST_UNCHANGED = 0.05
"""Share of an area from which on it counts as not hidden. Backgrounds made to continue the surroundings, and flat
colours like those before, agree by chance in some places."""

_WINDOW_PX = 9
_TEXTURED_LEVELS = 8.0
"""Standard deviation within a window from which on it shows anything; flat places look alike whatever is done."""
_RECODING_NOISE = 0.35
"""Mean difference in standard deviations of the window, up to which it is the same. Of three photos written again as
JPEG at quality 30, .85 to .96 counted as unchanged; pixelated, covered or filled otherwise less than .01."""
_LEAST_TEXTURED = 0.02

_SAME_PATTERN = 0.95
"""Correlation within the window from which on both show the same, however bright. Of two photos (23 people) made
brighter or paler and written as JPEG at quality 60, .65 to 1 counted; covered, pixelated or filled otherwise less than
.01, but .17 of somebody of 840 pixels, whose cells were too small to hide anything."""
_LEAST_LEVELS = 2.0
"""Standard deviation within a window below which a pattern is noise."""

_FLAT_LEVELS = 4.0
"""Standard deviation of a channel below which an area is one colour, in a JPEG, too."""


_people: WeakKeyDictionary[Photo, dict[tuple[str, tuple[Box, ...]], list[Body]]] = WeakKeyDictionary()
"""By segmenter and the faces it was told."""


def people_in(
    photo: Photo, segmenter: str, faces: Sequence[Face] | None = None, progress: Progress = silent
) -> list[Body]:
    """Everybody in a photo; remembered as long as it is held.

    Args:
        faces: of the photo; None: whichever are known, or those the fast finder finds.
    """
    known = _people.setdefault(photo, {})
    told = None if faces is None else tuple(face.box_xyxy for face in faces)
    for (engine, boxes), bodies in known.items():
        if engine == segmenter and told in (None, boxes):
            return bodies
    with engines.exclusive:
        if faces is None:
            faces = engines.load("face_finder", "fast").find(photo.rgb, progress=part(progress, 0.0, 0.2))
        step = part(progress, 0.2, 1.0)
        found = engines.load("person_segmenter", segmenter).segment(photo.rgb, faces, progress=step)
    known[segmenter, tuple(face.box_xyxy for face in faces)] = found
    return found


def is_flat(image: RGBImage, area: Area) -> bool:
    """Whether an area is one colour but for its edge: nobody is seen there, though the edge may be a person's."""
    import cv2

    inner = cv2.erode(np.pad(area.mask, 1).astype(np.uint8), np.ones((5, 5), np.uint8))[1:-1, 1:-1] > 0
    pixels = image[area.window][inner if inner.any() else area.mask]
    return float(pixels.std(axis=0).max()) < _FLAT_LEVELS


def unchanged(before: RGBImage, after: RGBImage, area: Area) -> float:
    """Share of an area, 0..1, in which both pictures show the same but for the noise of being compressed again.

    Only places with texture are counted; in an area without any, all are. The same pattern counts in other tones, too,
    even inverted: a filter hides nobody.
    """
    rows, columns = area.window
    margin = _WINDOW_PX
    window = (
        slice(max(0, rows.start - margin), rows.stop + margin),
        slice(max(0, columns.start - margin), columns.stop + margin),
    )
    inside = np.zeros(before[window].shape[:2], bool)
    top, left = rows.start - window[0].start, columns.start - window[1].start
    inside[top : top + area.mask.shape[0], left : left + area.mask.shape[1]] = area.mask
    same, deviation = _compared(_lightness(before[window]), _lightness(after[window]))
    counted = inside & (deviation >= _TEXTURED_LEVELS)
    if np.count_nonzero(counted) < _LEAST_TEXTURED * area.pixels:
        counted = inside
    return float(np.count_nonzero(same & counted) / max(1, np.count_nonzero(counted)))


def _compared(was: NDArray[np.float32], now: NDArray[np.float32]) -> tuple[Mask, NDArray[np.float32]]:
    """(H, W) of two pictures of lightness: where they show the same, and the standard deviation around each pixel."""
    import cv2

    def around(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(values, (_WINDOW_PX, _WINDOW_PX)), np.float32)

    mean, new_mean = around(was), around(now)
    deviation = np.sqrt(np.maximum(around(was * was) - mean * mean, 0))
    new_deviation = np.sqrt(np.maximum(around(now * now) - new_mean * new_mean, 0))
    same_tones = around(np.abs(now - was)) <= np.maximum(2.0, _RECODING_NOISE * deviation)
    shared = np.abs(around(was * now) - mean * new_mean)
    patterned = np.minimum(deviation, new_deviation) >= _LEAST_LEVELS
    return same_tones | patterned & (shared >= _SAME_PATTERN * deviation * new_deviation), deviation


def _lightness(rgb: RGBImage) -> NDArray[np.float32]:
    """Luma (ITU-R BT.601), which compression keeps better than colours."""
    return rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
