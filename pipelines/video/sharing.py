"""How the stretches of a video are shared out: to this process, to the cores of this machine, or to a cluster.

A stretch is looked at and drawn without knowing of the others, so whoever does it, the result is the same frame for
frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.progress import Progress, part, silent
from pipelines.video import keeping
from pipelines.video.drawing import Drawn, draw
from pipelines.video.looking import Glimpse, look
from pipelines.video.preparing import Mask

STRETCH_S = 8.0
"""How much of a video is done in one piece: what is lost when the process is killed."""
MOST_FRAMES = 240
"""The same in frames, for fast cameras."""


def stretches(frames: int, fps: float) -> list[tuple[int, int]]:
    """First frames and ends of the stretches of a video."""
    length = max(1, min(MOST_FRAMES, round(STRETCH_S * fps)))
    return [(start, min(start + length, frames)) for start in range(0, frames, length)]


@dataclass(frozen=True)
class LookJob:
    """A stretch to be looked at."""

    clip: Clip
    start: int
    stop: int
    finder: str
    stride: int
    path: Path
    """Where the result is kept."""

    def run(self, progress: Progress = silent) -> Glimpse:
        """Do it, or take what was done before."""
        known = keeping.read_glimpse(self.path)
        if known is not None:
            return known
        glimpse = look(self.clip, self.start, self.stop, self.finder, self.stride, progress)
        keeping.write_glimpse(self.path, glimpse)
        return glimpse


@dataclass(frozen=True)
class DrawJob:
    """A stretch to be drawn."""

    clip: Clip
    masks: tuple[Mask, ...]
    look: Look
    start: int
    stop: int
    encoding: Encoding
    path: Path
    """Where the segment is kept."""

    def run(self, progress: Progress = silent) -> Drawn:
        """Do it, or take what was done before."""
        known = keeping.read_drawn(self.path)
        if known is not None:
            return known
        drawn = draw(self.clip, self.masks, self.look, self.start, self.stop, self.path, self.encoding, progress)
        keeping.write_drawn(self.path, drawn)
        return drawn


class Workers(Protocol):
    """Who does the work."""

    def glimpses(self, jobs: Sequence[LookJob], *, progress: Progress = silent) -> Iterator[Glimpse]:
        """What is seen in each stretch, in their order."""
        ...

    def drawings(self, jobs: Sequence[DrawJob], *, progress: Progress = silent) -> Iterator[Drawn]:
        """How each stretch was drawn, in their order; the segments are on this machine then."""
        ...


class Alone:
    """This process, one stretch after the other."""

    def glimpses(self, jobs: Sequence[LookJob], *, progress: Progress = silent) -> Iterator[Glimpse]:
        """What is seen in each stretch, in their order."""
        for n, job in enumerate(jobs):
            yield job.run(part(progress, n / len(jobs), (n + 1) / len(jobs)))

    def drawings(self, jobs: Sequence[DrawJob], *, progress: Progress = silent) -> Iterator[Drawn]:
        """How each stretch was drawn, in their order."""
        for n, job in enumerate(jobs):
            yield job.run(part(progress, n / len(jobs), (n + 1) / len(jobs)))


alone = Alone()
