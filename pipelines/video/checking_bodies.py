"""Look for whole people again in a masked video: whoever is as they were, and should be covered, is a leak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from deepmask import engines
from deepmask.area import Area
from deepmask.faces import Face, RGBImage
from deepmask.media.clip import Clip
from deepmask.report import Verdict
from deepmask.video_plan import VideoPlan
from deepmask.video_report import OTHERS, VideoFinding
from pipelines.body.measuring import unchanged
from pipelines.video.carrying import enlarged
from pipelines.video.figures import Figure
from pipelines.video.model import TrackOutcome
from pipelines.video.outlining import grid_of, looks

LOOKS_PER_SECOND = 1.0
"""How often people are looked for, each time between two frames in which the analysis did."""
LEAK, WEAK = 0.5, 0.15
"""Share of somebody's pixels that is as it was, from which on they are seen, and from which on a part of them is.
Outlines of two looks differ by a few hundredths."""
_THE_SAME_IOU = 0.3
"""Outlines of neighbouring looks that overlap by more are one person's who stays."""


@dataclass
class _Seen:
    """What was found of the people of one track, or of all others."""

    worst: float = 0.0
    open: list[int] = field(default_factory=list)
    """Frames in which they are seen."""


class PeopleCheck:
    """The people who are to be covered from head to foot."""

    def __init__(self, source: Clip, plan: VideoPlan, figures: Sequence[Figure]) -> None:
        self._plan, self._figures, self._size_wh = plan, figures, source.size_wh
        self.stride = max(1, round(source.fps / LOOKS_PER_SECOND))
        between = looks(plan.frames, source.fps, plan.shots)[1] // 2
        self.frames = frozenset(range(min(between, plan.frames - 1), plan.frames, self.stride)) if figures else set()
        """Those that are looked at."""
        self._segmenter = plan.engines.get("person_segmenter", "auto")
        self._seen = {figure.name: _Seen() for figure in figures if self._is_hidden(figure)}

    @staticmethod
    def _is_hidden(figure: Figure) -> bool:
        return figure.cover is not None and len(figure.staying) < len(figure.shapes)

    def look(self, frame: int, before: RGBImage, after: RGBImage) -> None:
        """Look at a frame of the original and of the output."""
        boxes = {box: track for track in self._plan.at(frame) if (box := track.box_at(frame)) is not None}
        faces = [Face(box) for box in boxes]
        for body in engines.load("person_segmenter", self._segmenter).segment(before, faces, thorough=False):
            track = None if body.face is None else boxes[body.face]
            if (track is not None and track.body is None) or (track is None and self._stays(body.area, frame)):
                continue
            known = self._seen.setdefault(OTHERS if track is None else track.id, _Seen())
            share = unchanged(before, after, body.area)
            known.worst = max(known.worst, share)
            if share > WEAK:
                known.open.append(frame)

    def _stays(self, area: Area, frame: int) -> bool:
        """Whether somebody without a face is one of those who are not to be covered."""
        if self._plan.bodies is None:
            return True
        for figure in self._figures:
            if not figure.first <= frame <= figure.last or figure.is_covered(frame):
                continue
            near = min(figure.shapes, key=lambda look: abs(look - frame))
            there = next(enlarged(figure.shapes[near].area(grid_of(self._size_wh)), self._size_wh), None)
            if there is not None and there.iou(area) > _THE_SAME_IOU:
                return True
        return False

    def findings(self, outcomes: Sequence[TrackOutcome]) -> tuple[VideoFinding, ...]:
        """One for each track whose people are covered, and one for all others."""
        drawn = {outcome.track: outcome for outcome in outcomes}
        names = [name for name in (*(track.id for track in self._plan.tracks), OTHERS) if name in self._seen]
        return tuple(self._finding(name, self._seen[name], drawn.get(name)) for name in names)

    def _finding(self, name: str, seen: _Seen, outcome: TrackOutcome | None) -> VideoFinding:
        tracks = {track.id: track.body for track in self._plan.tracks}
        wanted = tracks.get(name) or self._plan.bodies or "nothing"
        verdict: Verdict = "leak" if seen.worst > LEAK else "weak" if seen.worst > WEAK else "hidden"
        used, note = (outcome.engines, outcome.note) if outcome else ({}, "")
        if verdict != "hidden":
            note = f"{seen.worst:.0%} of somebody is as it was"
        frames = {f for fig in self._figures if fig.name == name for f in range(fig.first, fig.last + 1)}
        return VideoFinding(name, wanted, verdict, len(frames), used, None, _spans(seen.open, self.stride), note)


def _spans(frames: Sequence[int], stride: int) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for frame in frames:
        if spans and frame - spans[-1][1] <= stride:
            spans[-1] = spans[-1][0], frame
        else:
            spans.append((frame, frame))
    return tuple(spans)
