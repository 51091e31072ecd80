"""People followed from head to foot: who in one look is who in the next, who is to be covered, and for how long.

Hiding wins: somebody who is not surely one of those who stay is covered.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area
from deepmask.track import BodyCover, Track
from deepmask.video_plan import VideoPlan
from deepmask.video_report import OTHERS
from pipelines.video.outlining import Shape, Shapes, grid_of, looks

LINK_IOU = 0.15
"""Outlines of two looks that overlap by more than this may be one person's."""
OTHER_FACE_IOU = 0.5
"""The same where they have the faces of two tracks: a track may have been lost, and begun anew."""
PATIENCE_LOOKS = 3
"""Somebody who was not seen for this many looks may still be the same."""
HOLD_S = 0.3
"""How long their place stays covered before they are first seen and after they are last seen."""
CARRY_S = 1.0
"""The same while their face is followed on."""
STAYING_S = 1.0
"""Who stays is known for this long while the face is turned away."""
STAYING_IOU = 0.5
"""For that the outlines of neighbouring looks must overlap this much."""
SURE_SCORE = 0.7
"""Somebody without a face whom one look alone sees, with a lower score, is nobody."""


@dataclass(frozen=True)
class Figure:
    """One person in one shot."""

    shapes: dict[int, Shape]
    """Frame in which they were looked at → where they are, in order."""
    staying: frozenset[int]
    """Those of the frames in which they are somebody who is not covered."""
    cover: BodyCover | None
    """What covers them in the others."""
    first: int
    last: int
    """Frames from and to which they are there, both included; before and after those of ``shapes`` too."""
    tone: tuple[int, int, int]
    """Mean colour of their surroundings."""
    size_px: float
    """Square root of the most pixels of the frame that they fill."""

    @property
    def tracks(self) -> tuple[str, ...]:
        """Tracks of their face."""
        return tuple(dict.fromkeys(shape.face for shape in self.shapes.values() if shape.face is not None))

    @property
    def name(self) -> str:
        """For reports: the track of their face that is covered, or 'others'."""
        hidden = (s.face for frame, s in self.shapes.items() if s.face is not None and frame not in self.staying)
        return next(hidden, OTHERS)

    def around(self, frame: int) -> tuple[int | None, int | None]:
        """The looks between which a frame lies; the same twice if it is one."""
        known = list(self.shapes)
        before, after = bisect_right(known, frame) - 1, bisect_left(known, frame)
        return known[before] if before >= 0 else None, known[after] if after < len(known) else None

    def is_covered(self, frame: int) -> bool:
        """Whether they are covered in a frame: unless they stay in the looks before and after."""
        return any(look is not None and look not in self.staying for look in self.around(frame))

    def within(self, start: int, stop: int) -> Figure | None:
        """The same with those looks only that the frames ``start`` to ``stop`` need; None if they are not there.

        These are the looks around them, and one more on either side, with which the first and the last are compared.
        """
        begin, end = max(start, self.first), min(stop - 1, self.last)
        if begin > end:
            return None
        known = list(self.shapes)
        low, high = bisect_right(known, begin) - 2, bisect_left(known, end) + 2
        shapes = {frame: self.shapes[frame] for frame in known[max(0, low) : high]}
        staying = self.staying & shapes.keys()
        return replace(self, shapes=shapes, staying=staying, first=begin, last=end)


def figures(plan: VideoPlan, shapes: Shapes, fps: float) -> tuple[Figure, ...]:
    """Everybody in a video, in the order in which they appear."""
    stride = looks(plan.frames, fps, plan.shots)[1]
    grid_wh = grid_of(plan.size_wh)
    tracks = {track.id: track for track in plan.tracks}
    found: list[Figure] = []
    for shot in _shots(plan):
        here = {frame: shapes[frame] for frame in sorted(shapes) if shot[0] <= frame <= shot[1]}
        for chain in _linked(here, grid_wh, stride):
            if len(here) < 3 or not _false_alarm(chain):
                found.append(_figure(chain, plan, tracks, shot, fps, grid_wh))
    return tuple(sorted(found, key=lambda figure: figure.first))


def _shots(plan: VideoPlan) -> list[tuple[int, int]]:
    return [(first, after - 1) for first, after in itertools.pairwise((*plan.shots, plan.frames))]


def _false_alarm(chain: dict[int, Shape]) -> bool:
    (shape, *more) = chain.values()
    return not more and shape.face is None and shape.score < SURE_SCORE


# ------------------------------------------------------------------------------------------------------------- linking
def _linked(shapes: Shapes, grid_wh: tuple[int, int], stride: int) -> list[dict[int, Shape]]:
    """Shapes of one shot as chains, from one look to the next by the best assignment (Kuhn 1955)."""
    from scipy.optimize import linear_sum_assignment

    chains: list[dict[int, Shape]] = []
    for frame, seen in shapes.items():
        live = [chain for chain in chains if frame - max(chain) <= PATIENCE_LOOKS * stride]
        taken: set[int] = set()
        if live and seen:
            gains = _gains([chain[max(chain)] for chain in live], seen, grid_wh)
            for row, column in zip(*linear_sum_assignment(-gains), strict=True):
                if gains[row, column] > 0:
                    live[row][frame] = seen[column]
                    taken.add(int(column))
        chains += [{frame: shape} for n, shape in enumerate(seen) if n not in taken]
    return chains


def _gains(before: Sequence[Shape], now: Sequence[Shape], grid_wh: tuple[int, int]) -> NDArray[np.float64]:
    """(before, now) how well two fit, 0 where they cannot be one."""
    old, new = ([shape.area(grid_wh) for shape in some] for some in (before, now))
    gains = np.zeros((len(before), len(now)))
    for row, one in enumerate(before):
        for column, other in enumerate(now):
            overlap = old[row].iou(new[column])
            if one.face is not None and one.face == other.face:
                gains[row, column] = 1 + overlap
            elif overlap > (LINK_IOU if one.face is None or other.face is None else OTHER_FACE_IOU):
                gains[row, column] = overlap
    return gains


# ------------------------------------------------------------------------------------------------------------ deciding
def _figure(
    chain: dict[int, Shape],
    plan: VideoPlan,
    tracks: dict[str, Track],
    shot: tuple[int, int],
    fps: float,
    grid_wh: tuple[int, int],
) -> Figure:
    areas = {frame: shape.area(grid_wh) for frame, shape in chain.items()}
    owned = [tracks[shape.face] for shape in chain.values() if shape.face is not None]
    covers: list[BodyCover] = [track.body for track in owned if track.body is not None]
    cover = covers[0] if covers else plan.bodies
    staying = frozenset(chain) if cover is None else _staying(chain, areas, tracks, fps)
    hold, carry = max(1, round(HOLD_S * fps)), round(CARRY_S * fps)
    first, last = min(chain), max(chain)
    begin = min([first - hold, *(max(first - carry, track.first) for track in owned)])
    end = max([last + hold, *(min(last + carry, track.last) for track in owned)])
    scale = plan.size_wh[0] * plan.size_wh[1] / (grid_wh[0] * grid_wh[1])
    red, green, blue = (round(float(v)) for v in np.mean([shape.tone for shape in chain.values()], axis=0))
    size_px = round(float(np.sqrt(scale * max(area.pixels for area in areas.values()))), 1)
    ends = max(begin, shot[0]), min(end, shot[1])
    return Figure(chain, staying, cover, *ends, (red, green, blue), size_px)


def _staying(chain: dict[int, Shape], areas: dict[int, Area], tracks: dict[str, Track], fps: float) -> frozenset[int]:
    """Looks in which it is somebody who stays: their face says so, or did a moment before or after."""
    known = {f: tracks[s.face].body is None for f, s in chain.items() if s.face is not None}
    staying = {frame for frame, stays in known.items() if stays}
    for order in (list(chain), list(chain)[::-1]):
        staying |= set(_turned_away(order, known, areas, STAYING_S * fps))
    return frozenset(staying)


def _turned_away(order: Sequence[int], known: dict[int, bool], areas: dict[int, Area], reach: float) -> Iterator[int]:
    """Looks without a face that surely go on from one in which somebody stays, in this order of time."""
    since: int | None = None
    for before, frame in itertools.pairwise(order):
        if before in known:
            since = before if known[before] else None
        if since is None or frame in known:
            continue
        if abs(frame - since) > reach or areas[before].iou(areas[frame]) < STAYING_IOU:
            since = None
        else:
            yield frame
