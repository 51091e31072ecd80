"""Which of the masks that Segment Anything proposes is meant, and that mask without specks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area, Mask, Selection
from deepmask.engines.selecting.frame import Frame, Logits

LARGEST_HOLE = 0.01
"""Holes up to this share of the mask are filled, unless somebody clicked into them to say that they are none of it."""
SMALLEST_ISLAND = 0.03
"""Islands below this share of the largest part are left out, unless somebody clicked into them."""
_APART = 0.1
"""How far a moved threshold stays from the clicks between which it lies, in shares of their distance."""


@dataclass(frozen=True)
class Candidate:
    """A mask that is proposed."""

    logits: Logits
    """As :meth:`Frame.to_square` gives them."""
    predicted_iou: float
    """How well the network thinks it fits."""


def chosen(candidates: Sequence[Candidate], selection: Selection, frame: Frame) -> Area | None:
    """The area of the best candidate that has all points inside that belong to it, and none that do not.

    Candidates that have are tried by predicted IoU; then those of which another threshold has.
    """
    ranked = sorted(candidates, key=lambda candidate: -candidate.predicted_iou)
    thresholds = [_threshold(frame.at_clicks(candidate.logits, selection), selection) for candidate in ranked]
    able = [(t, candidate) for t, candidate in zip(thresholds, ranked, strict=True) if t is not None]
    for threshold, candidate in sorted(able, key=lambda pair: pair[0] != 0):
        mask = tidied(frame.to_picture(candidate.logits) > threshold, selection)
        if mask.any() and satisfied(mask, selection):
            return Area.of(mask)
    return None


def satisfied(mask: Mask, selection: Selection) -> bool:
    """Whether a mask of the whole picture has the points inside that belong to it, and none of the others."""
    return all(mask[int(click.y), int(click.x)] == click.inside for click in selection.clicks)


def tidied(mask: Mask, selection: Selection) -> Mask:
    """(H, W) without small holes and islands."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return mask
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    part = np.pad(mask[window], 1)  # so that what surrounds it is one background
    clicked = {True: [(0, 0)], False: [(0, 0)]}
    for click in selection.clicks:
        x, y = int(click.x) - int(columns[0]) + 1, int(click.y) - int(rows[0]) + 1
        if 0 <= x < part.shape[1] and 0 <= y < part.shape[0]:
            clicked[click.inside].append((x, y))
    part = _large(part, clicked[True], SMALLEST_ISLAND)
    holes = _large(~part, clicked[False], LARGEST_HOLE, of=float(part.sum()))
    out = mask.copy()
    out[window] = ~holes[1:-1, 1:-1]
    return out


def _threshold(values: NDArray[np.float32], selection: Selection) -> float | None:
    """The threshold nearest to 0 that parts the clicks inside from those outside; None where none does."""
    wanted = np.array([click.inside for click in selection.clicks], bool)
    low = float(values[~wanted].max(initial=-np.inf))
    high = float(values[wanted].min(initial=np.inf))
    if low < 0 < high:
        return 0.0
    if low >= high:
        return None
    gap = _APART * (high - low) if np.isfinite([low, high]).all() else _APART * max(abs(low), abs(high), 1e-3)
    return float(np.clip(0.0, low + gap if np.isfinite(low) else -np.inf, high - gap if np.isfinite(high) else np.inf))


def _large(mask: Mask, kept: Sequence[tuple[int, int]], least: float, of: float | None = None) -> Mask:
    """Parts of at least the share ``least`` of the largest, or of ``of`` pixels, and those with one of the points."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    sizes = stats[:, cv2.CC_STAT_AREA].astype(float)
    sizes[0] = 0
    stay = sizes >= max(1.0, least * (sizes.max() if of is None else of))
    stay[[labels[y, x] for x, y in kept]] = True
    stay[0] = False
    return stay[np.asarray(labels, int)]
