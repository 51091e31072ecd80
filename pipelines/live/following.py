"""Faces from one picture of a camera to the next: who is who, and where somebody is whom a look has missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.faces import Box, Face, Landmarks, enlarge, inside, iou
from pipelines.video.steadying import Grey

LINK_IOU = 0.2
"""Boxes of two pictures that overlap by more than this are one face."""
SAME_INSIDE = 0.6
"""A followed box of which more than this lies in a face that was seen is that face."""
HOLD_S = 0.7
"""How long a face is followed and covered that no look finds any more: somebody who turns away is there still."""
HOLD_LOOKS = 3
"""The same in looks, for machines on which few of them fit into that time."""
LARGEST_GAP_S = 3.0
"""After a longer pause nothing is known of what was before."""
SHRINK = 0.2
"""Share of a new size when a box becomes smaller; a larger one counts at once."""
WIDENING = 1.06
"""By how much a box that is only followed grows from one picture to the next."""
MOST_WIDENED = 1.4

_GRID = 7
"""Points a side that are followed by the flow."""
_LEAST_POINTS = 8
_MOST_ASTRAY_PX = 1.0
"""A point that does not come back to where it started is not followed (Kalal et al., 2010)."""


@dataclass
class Follower:
    """One face."""

    box: Box
    first_at: float
    """When a look first found it, in seconds."""
    seen_at: float
    """When a look last did."""
    missed: int = 0
    """How many looks have not found it since."""
    widened: float = 1.0
    """By how much its box has grown while it was only followed."""
    landmarks: Landmarks | None = field(default=None, repr=False)
    """Steadied mesh in the last picture."""
    plainer: dict[str, float] = field(default_factory=dict)
    """Engine that could not draw → until when it is not asked again, since changing masks catch the eye."""

    def see(self, face: Face, now: float) -> None:
        """A look found it. Its size shrinks slowly, so that a box that is drawn too small uncovers nothing."""
        x1, y1, x2, y2 = face.box_xyxy
        before = self.box[2] - self.box[0], self.box[3] - self.box[1]
        w, h = (
            new if new >= old / self.widened else old / self.widened + SHRINK * (new - old / self.widened)
            for new, old in zip((x2 - x1, y2 - y1), before, strict=True)
        )
        cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
        self.box = cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2
        self.seen_at, self.missed, self.widened = now, 0, 1.0

    def carry(self, before: Grey, now: Grey) -> None:
        """No look found it: move its box with the picture, or leave it, and let it grow a little."""
        dx, dy = shift(self.box, before, now)
        factor = min(WIDENING, MOST_WIDENED / self.widened)
        x1, y1, x2, y2 = enlarge(self.box, factor)
        self.box, self.widened = (x1 + dx, y1 + dy, x2 + dx, y2 + dy), self.widened * factor


class Following:
    """All faces of a camera's picture."""

    def __init__(self) -> None:
        self._followers: list[Follower] = []
        self._grey: Grey | None = None
        self._at = -np.inf

    def update(self, faces: Sequence[Face], grey: Grey, seconds: float) -> list[Follower]:
        """The faces of a new picture: those that were ``faces``, found by a look, and those it has missed."""
        if seconds - self._at > LARGEST_GAP_S:
            self._followers = []
        waiting = list(self._followers)
        now: list[Follower] = []
        for face in sorted(faces, key=lambda f: -f.size_px):
            known = max(waiting, key=lambda one: iou(one.box, face.box_xyxy), default=None)
            if known is not None and iou(known.box, face.box_xyxy) > LINK_IOU:
                waiting.remove(known)
                known.see(face, seconds)
            else:
                known = Follower(face.box_xyxy, seconds, seconds)
            now.append(known)
        for lost in waiting:
            lost.missed += 1
            if self._grey is not None and (seconds - lost.seen_at <= HOLD_S or lost.missed <= HOLD_LOOKS):
                lost.carry(self._grey, grey)
                if all(inside(lost.box, one.box) < SAME_INSIDE for one in now):
                    now.append(lost)
        self._followers, self._grey, self._at = now, grey, seconds
        return now


def shift(box: Box, before: Grey, now: Grey) -> tuple[float, float]:
    """How far what lies in ``box`` has moved, in pixels of the picture; nothing where that cannot be told."""
    if before.pixels.shape != now.pixels.shape:
        return 0.0, 0.0
    points = _points(box, before)
    start, back = points.copy(), points.copy()
    there, found, _ = cv2.calcOpticalFlowPyrLK(before.pixels, now.pixels, points, start, winSize=(15, 15), maxLevel=3)
    again, returned, _ = cv2.calcOpticalFlowPyrLK(now.pixels, before.pixels, there, back, winSize=(15, 15), maxLevel=3)
    astray = np.linalg.norm(again - points, axis=2)[:, 0]
    sure = (found[:, 0] == 1) & (returned[:, 0] == 1) & (astray < _MOST_ASTRAY_PX)
    if sure.sum() < _LEAST_POINTS:
        return 0.0, 0.0
    dx, dy = np.median((there - points)[sure, 0], axis=0) / now.scale
    return float(dx), float(dy)


def _points(box: Box, grey: Grey) -> NDArray[np.float32]:
    """(n, 1, 2) points on the middle of ``box``, in pixels of ``grey``."""
    x1, y1, x2, y2 = (v * grey.scale for v in enlarge(box, 0.7))
    xs, ys = np.meshgrid(np.linspace(x1, x2, _GRID), np.linspace(y1, y2, _GRID))
    return np.stack([xs.ravel(), ys.ravel()], axis=1).astype(np.float32)[:, None]
