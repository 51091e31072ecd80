"""How the stretches of a video are shared out: to this process, to the cores of this machine, or to a cluster.

A stretch is looked at and drawn without knowing of the others, so whoever does it, the result is the same frame for
frame.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.progress import Progress, part, silent
from deepmask.provenance import PixelTag
from pipelines.video import keeping
from pipelines.video.carrying import reach
from pipelines.video.drawing import WARM_UP_FRAMES, Drawn, draw
from pipelines.video.figures import Figure
from pipelines.video.looking import Glimpse, look
from pipelines.video.outlining import Shapes, Told, outline
from pipelines.video.preparing import Mask

STRETCH_S = 8.0
"""How much of a video is done in one piece: what is lost when the process is killed."""
MOST_FRAMES = 240
"""The same in frames, for fast cameras."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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

    @property
    def begins(self) -> tuple[int, ...]:
        """Frames with which decoding begins."""
        return (max(self.start - 1, 0),)

    @property
    def end(self) -> int:
        """The frame after the last that is decoded."""
        return self.stop

    def kept(self) -> Glimpse | None:
        """What was done before."""
        return keeping.read_glimpse(self.path)

    def run(self, progress: Progress = silent) -> Glimpse:
        """Do it, or take what was done before."""
        known = self.kept()
        if known is not None:
            return known
        glimpse = look(self.clip, self.start, self.stop, self.finder, self.stride, progress)
        keeping.write_glimpse(self.path, glimpse)
        return glimpse


@dataclass(frozen=True)
class OutlineJob:
    """A stretch in which people are looked for."""

    clip: Clip
    start: int
    stop: int
    looks: dict[int, bool]
    """Frames that are looked at → whether thoroughly."""
    told: tuple[Told, ...]
    segmenter: str
    path: Path
    """Where the result is kept."""

    @property
    def begins(self) -> tuple[int, ...]:
        """Frames with which decoding begins."""
        return (min(self.looks),)

    @property
    def end(self) -> int:
        """The frame after the last that is decoded."""
        return max(self.looks) + 1

    def kept(self) -> Shapes | None:
        """What was done before."""
        return keeping.read_shapes(self.path)

    def run(self, progress: Progress = silent) -> Shapes:
        """Do it, or take what was done before."""
        known = self.kept()
        if known is not None:
            return known
        shapes = outline(self.clip, self.looks, self.told, self.segmenter, progress)
        keeping.write_shapes(self.path, shapes)
        return shapes


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
    figures: tuple[Figure, ...] = ()
    """Who is followed from head to foot in it."""
    tag: PixelTag | None = None
    """Laid into every frame."""

    @property
    def begins(self) -> tuple[int, ...]:
        """Frames with which decoding begins."""
        followed = (reach(self.figures)[0],) if self.figures else ()
        return (max(self.start - WARM_UP_FRAMES, 0), self.start, *followed)

    @property
    def end(self) -> int:
        """The frame after the last that is decoded."""
        last = reach(self.figures)[1] if self.figures else 0
        return max(last + 1, self.stop + WARM_UP_FRAMES)

    def kept(self) -> Drawn | None:
        """What was done before."""
        return keeping.read_drawn(self.path)

    def run(self, progress: Progress = silent) -> Drawn:
        """Do it, or take what was done before."""
        known = self.kept()
        if known is not None:
            return known
        drawn = draw(
            self.clip,
            self.masks,
            self.look,
            self.start,
            self.stop,
            self.path,
            self.encoding,
            figures=self.figures,
            tag=self.tag,
            progress=progress,
        )
        keeping.write_drawn(self.path, drawn)
        return drawn


class Job(Protocol[T_co]):
    """What all have in common; can be pickled."""

    @property
    def clip(self) -> Clip: ...
    @property
    def start(self) -> int: ...
    @property
    def stop(self) -> int: ...
    @property
    def path(self) -> Path: ...
    @property
    def begins(self) -> tuple[int, ...]: ...
    @property
    def end(self) -> int: ...
    def kept(self) -> T_co | None: ...
    def run(self, progress: Progress = silent) -> T_co: ...


class Workers(Protocol):
    """Who does the work."""

    def glimpses(self, jobs: Sequence[LookJob], *, progress: Progress = silent) -> Iterator[Glimpse]:
        """What is seen in each stretch, in their order."""
        ...

    def outlines(self, jobs: Sequence[OutlineJob], *, progress: Progress = silent) -> Iterator[Shapes]:
        """Who is seen from head to foot in each stretch, in their order."""
        ...

    def drawings(self, jobs: Sequence[DrawJob], *, progress: Progress = silent) -> Iterator[Drawn]:
        """How each stretch was drawn, in their order; the segments are on this machine then."""
        ...


class Alone:
    """This process, one stretch after the other."""

    def glimpses(self, jobs: Sequence[LookJob], *, progress: Progress = silent) -> Iterator[Glimpse]:
        """What is seen in each stretch, in their order."""
        return in_order(jobs, finished_here, progress)

    def outlines(self, jobs: Sequence[OutlineJob], *, progress: Progress = silent) -> Iterator[Shapes]:
        """Who is seen from head to foot in each stretch, in their order."""
        return in_order(jobs, finished_here, progress)

    def drawings(self, jobs: Sequence[DrawJob], *, progress: Progress = silent) -> Iterator[Drawn]:
        """How each stretch was drawn, in their order."""
        return in_order(jobs, finished_here, progress)


alone = Alone()


def workers_for(cluster: str | None = None, count: int | None = None) -> Workers:
    """Who does the work: a Ray cluster, or processes of this machine.

    Args:
        cluster: address of a Ray cluster as Ray takes it: 'auto' or 'host:6379', to whose cluster this machine
            belongs, or 'local' for one that is started here; None for this machine without Ray.
        count: processes of this machine, 1 for this one alone; None for as many as cores and memory allow. On a
            cluster: stretches worked on at a time at most, None for as many as it has cores.

    Raises:
        InputError: fewer than one.
        EngineMissing: Ray is not installed.
    """
    if cluster is not None:
        from pipelines.video.cluster import Cluster

        return Cluster(cluster, count)
    from pipelines.video.cores import Cores

    return alone if count == 1 else Cores(count)


# -- what all of them do ----------------------------------------------------------------------------------------------


class Finish(Protocol):
    """Does jobs and gives their numbers and results as they come."""

    def __call__(self, jobs: Sequence[Job[T]], progress: Progress) -> Generator[tuple[int, T]]: ...


def in_order(jobs: Sequence[Job[T]], finish: Finish, progress: Progress) -> Iterator[T]:
    """The results of all jobs in their order; only those are done that were not done before."""
    results = {n: kept for n, job in enumerate(jobs) if (kept := job.kept()) is not None}
    left = [n for n in range(len(jobs)) if n not in results]
    rest = part(progress, len(results) / max(len(jobs), 1), 1.0)
    with closing(finish([jobs[n] for n in left], rest)) as finishing:
        for n in range(len(jobs)):
            while n not in results:
                number, result = next(finishing)
                results[left[number]] = result
            yield results.pop(n)


def finished_here(jobs: Sequence[Job[T]], progress: Progress) -> Generator[tuple[int, T]]:
    """One after the other in this process."""
    for n, job in enumerate(jobs):
        yield n, job.run(part(progress, n / len(jobs), (n + 1) / len(jobs)))


def described(job: Job[object]) -> str:
    """A stretch in words: 'frames 240 to 479'."""
    return f"frames {job.start} to {job.stop - 1}"
