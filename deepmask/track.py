"""A face followed through a video.

A track is kept as annotation tools keep it (CVAT): boxes at key frames, straight lines between them. So a plan of an
hour stays small, and a person changes a box in one frame without touching the others.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import PlanError
from deepmask.faces import Box
from deepmask.plan import Decision, Match

Identity = Literal["confirmed", "unknown", "conflict", "unmeasured"]
"""confirmed: several samples are the same enrolled person; unknown: nobody enrolled; conflict: samples disagree;
unmeasured: nobody compared, or the face is too small."""

Doubt = Literal["uncertain", "conflict", "short", "edge", "lost"]
"""uncertain: found with a low score; conflict: samples of the identity disagree; short: a few frames only, perhaps no
face at all; edge: cut by the frame; lost: followed where no finder saw it."""

BodyCover = Literal["silhouette", "pixelate"]
"""silhouette: one flat colour over the whole person; pixelate: few soft cells."""
BODY_COVERS: tuple[BodyCover, ...] = get_args(BodyCover)

_FARTHEST_PX = 1e7


@dataclass(frozen=True)
class Key:
    """A box in one frame."""

    frame: int
    """Index, from 0."""
    box_xyxy: Box

    def __post_init__(self) -> None:
        x1, y1, x2, y2 = self.box_xyxy
        if not (x2 > x1 and y2 > y1 and all(abs(v) < _FARTHEST_PX for v in self.box_xyxy)):
            raise PlanError(f"A box needs x1 < x2 and y1 < y2, got {self.box_xyxy} in frame {self.frame}.")
        if self.frame < 0:
            raise PlanError(f"Frames are counted from 0, got {self.frame}.")


@dataclass(frozen=True)
class Span:
    """Frames somebody should look at, both ends included."""

    first: int
    last: int
    doubt: Doubt

    def __post_init__(self) -> None:
        if self.last < self.first or self.doubt not in get_args(Doubt):
            raise PlanError(f"The frames {self.first} to {self.last} ({self.doubt}) cannot be in doubt.")


@dataclass(frozen=True)
class Track:
    """One face in one shot: where it is in every frame from the first key to the last, who it is, the decision."""

    id: str
    keys: tuple[Key, ...]
    decision: Decision
    score: float = 1.0
    """Mean score of the finder where it saw the face."""
    found_by: str = "hand"
    identity: Identity = "unmeasured"
    match: Match | None = None
    doubts: tuple[Span, ...] = ()
    shown: tuple[int, ...] = ()
    """Frames in which the face is seen best, best first."""
    body: BodyCover | None = None
    """What covers the whole person; None: the body stays as it is."""

    def __post_init__(self) -> None:
        if self.body is not None and self.body not in BODY_COVERS:
            raise PlanError(f"In a video a body gets one of {', '.join(BODY_COVERS)}, not {self.body!r}.")
        frames = [key.frame for key in self.keys]
        if not frames or frames != sorted(set(frames)):
            raise PlanError(f"The key frames of {self.id} must be there and grow, got {frames[:5]}.")
        if self.identity not in get_args(Identity):
            raise PlanError(f"{self.id} must be one of {', '.join(get_args(Identity))}, got {self.identity!r}.")

    @property
    def first(self) -> int:
        """First frame."""
        return self.keys[0].frame

    @property
    def last(self) -> int:
        """Last frame, included."""
        return self.keys[-1].frame

    def box_at(self, frame: int) -> Box | None:
        """Where the face is; None before the first and after the last key."""
        if not self.first <= frame <= self.last:
            return None
        after = bisect_right(self.keys, frame, key=lambda key: key.frame)
        before = self.keys[after - 1]
        if before.frame == frame:
            return before.box_xyxy
        then = self.keys[after]
        share = (frame - before.frame) / (then.frame - before.frame)
        x1, y1, x2, y2 = (a + (b - a) * share for a, b in zip(before.box_xyxy, then.box_xyxy, strict=True))
        return x1, y1, x2, y2

    def decided(self, decision: Decision) -> Self:
        """A copy with another decision."""
        return replace(self, decision=decision)

    def with_body(self, cover: BodyCover | None) -> Self:
        """A copy whose whole person is covered like this, or stays."""
        return replace(self, body=cover)

    def moved(self, frame: int, box: Box) -> Self:
        """A copy with a box of its own in ``frame``, which may lie outside the track: it is then made longer."""
        kept = [key for key in self.keys if key.frame != frame]
        return replace(self, keys=tuple(sorted([*kept, Key(frame, box)], key=lambda key: key.frame)))

    def reaching(self, first: int, last: int) -> Self:
        """A copy from ``first`` to ``last``, both included: cut there, or made longer with its end's box."""
        if last < first:
            raise PlanError(f"A track cannot end in frame {last} and begin in frame {first}.")
        inner = [key for key in self.keys if first < key.frame < last]
        ends = {frame: self.box_at(min(max(frame, self.first), self.last)) for frame in (first, last)}
        keys = [Key(frame, box) for frame, box in ends.items() if box is not None]
        doubts = tuple(
            replace(s, first=max(s.first, first), last=min(s.last, last))
            for s in self.doubts
            if s.first <= last and s.last >= first
        )
        shown = tuple(frame for frame in self.shown if first <= frame <= last)
        return replace(self, keys=tuple(sorted([*inner, *keys], key=lambda k: k.frame)), doubts=doubts, shown=shown)


def simplified(first: int, boxes: NDArray[np.floating], tolerance: float = 0.02) -> tuple[Key, ...]:
    """The fewest keys whose straight lines stay near to all boxes (Ramer 1972, Douglas and Peucker 1973).

    Args:
        boxes: (n, 4), one for each frame from ``first`` on.
        tolerance: how far an edge may be off, in parts of the box's longer side.
    """
    kept = {0, len(boxes) - 1}
    waiting = [(0, len(boxes) - 1)]
    while waiting:
        start, stop = waiting.pop()
        if stop - start < 2:
            continue
        share = ((np.arange(start, stop + 1) - start) / (stop - start))[:, None]
        line = boxes[start] * (1 - share) + boxes[stop] * share
        part = boxes[start : stop + 1]
        sides = np.maximum(part[:, 2] - part[:, 0], part[:, 3] - part[:, 1])
        off = np.abs(part - line).max(axis=1) / np.maximum(sides, 1e-6)
        worst = int(off.argmax())
        if off[worst] > tolerance:
            kept.add(start + worst)
            waiting += [(start, start + worst), (start + worst, stop)]
    return tuple(Key(first + n, _rounded(boxes[n])) for n in sorted(kept))


def _rounded(box: NDArray[np.floating]) -> Box:
    x1, y1, x2, y2 = (round(float(v), 1) for v in box)
    return x1, y1, x2, y2
