"""Landmarks that do not tremble: each frame's mesh is mixed with the neighbours' meshes, carried along by the picture.

A filter that sees only coordinates cannot tell noise from motion; the optical flow of the picture can (Lucas and
Kanade 1981, Bouguet 2001). Filtered forwards and backwards, the result neither lags nor leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmask.faces import Landmarks, RGBImage

WEIGHT = 0.7
"""Share of the neighbour: .8 is steadier and drifts."""
FARTHEST = 0.15
"""A point that is farther than this from where the flow takes it, in distances between the eyes, is taken as found."""
OUTER_EYES = 33, 263
LIGHT_FRAMES = 4.0
"""Deviation of the Gaussian by which light and the like are averaged over frames."""
REACH_FRAMES = 12
"""Frames before and after one that have a say in it: what is farther counts for less than 1 %."""

_FLOW_PX = 640
"""Longer side of the pictures in which the flow is measured."""


@dataclass(frozen=True)
class Grey:
    """A frame for measuring flow."""

    pixels: NDArray[np.uint8]
    """(h, w)."""
    scale: float
    """Its pixels a pixel of the frame."""

    @classmethod
    def of(cls, rgb: RGBImage) -> Grey:
        """At most 640 pixels wide or high."""
        import cv2

        scale = min(1.0, _FLOW_PX / max(rgb.shape[:2]))
        size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        return cls(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.uint8), scale)


def steady(found: Sequence[Landmarks | None], greys: Sequence[Grey]) -> list[Landmarks | None]:
    """The landmarks of consecutive frames without trembling; None stays None and interrupts the memory."""
    forwards = _one_way(found, greys)
    backwards = _one_way(found[::-1], greys[::-1])[::-1]
    return [
        None if one is None or other is None else (one + other) / 2
        for one, other in zip(forwards, backwards, strict=True)
    ]


def averaged(derived: Sequence[NDArray[np.float64] | None]) -> list[NDArray[np.float64] | None]:
    """Numbers (k,) taken from some of consecutive frames, as means of those around each; None where none is near.

    The weights are alike in both directions of time, so that light neither lags nor leads.
    """
    around = np.arange(-REACH_FRAMES, REACH_FRAMES + 1)
    weights = np.exp(-0.5 * (around / LIGHT_FRAMES) ** 2)
    result: list[NDArray[np.float64] | None] = []
    for n in range(len(derived)):
        near = [(derived[n + k], w) for k, w in zip(around, weights, strict=True) if 0 <= n + k < len(derived)]
        known = [(values, w) for values, w in near if values is not None]
        if not known:
            result.append(None)
        else:
            total = sum(w for _, w in known)
            result.append(np.asarray(sum(values * (w / total) for values, w in known), np.float64))
    return result


def _one_way(found: Sequence[Landmarks | None], greys: Sequence[Grey]) -> list[Landmarks | None]:
    steadied: list[Landmarks | None] = []
    for n, now in enumerate(found):
        before = steadied[-1] if steadied else None
        steadied.append(now if now is None or before is None else mixed(before, now, greys[n - 1], greys[n]))
    return steadied


def mixed(before: Landmarks, now: Landmarks, grey_before: Grey, grey_now: Grey) -> Landmarks:
    """``now`` with what the flow makes of the landmarks ``before``, as far as it can be followed."""
    import cv2

    points = (before[:, None, :2] * grey_before.scale).astype(np.float32)
    start = points.copy()
    carried, ok, _ = cv2.calcOpticalFlowPyrLK(
        grey_before.pixels, grey_now.pixels, points, start, winSize=(15, 15), maxLevel=3
    )
    there = carried[:, 0].astype(float) / grey_now.scale
    eyes = float(np.linalg.norm(now[OUTER_EYES[0], :2] - now[OUTER_EYES[1], :2]))
    near = (ok[:, 0] == 1) & (np.linalg.norm(there - now[:, :2], axis=1) < FARTHEST * eyes)
    weight = np.where(near, WEIGHT, 0.0)[:, None]
    mixed = now.copy()
    mixed[:, :2] = weight * there + (1 - weight) * now[:, :2]
    mixed[:, 2] = 0.5 * before[:, 2] + 0.5 * now[:, 2]
    return mixed
