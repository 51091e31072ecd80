"""Everybody in a video from head to foot, where a plan covers bodies: looked for in stretches, then followed."""

from __future__ import annotations

from deepmask import engines
from deepmask.media.clip import Clip
from deepmask.progress import Progress, silent
from deepmask.video_plan import VideoPlan
from pipelines.video.figures import Figure, figures
from pipelines.video.keeping import Work
from pipelines.video.outlining import Shapes, looks
from pipelines.video.sharing import OutlineJob, Workers, alone, stretches


def people_in(
    source: Clip, plan: VideoPlan, *, workers: Workers = alone, progress: Progress = silent
) -> tuple[Figure, ...]:
    """Everybody the segmenter of the plan sees, those who stay as well; nobody where no body is to be covered.

    What was looked at before is not looked at again as long as the places of the faces are the same.

    Raises:
        EngineMissing: the segmenter cannot be used.
        MediaError: the video cannot be decoded.
    """
    if not plan.covers_bodies:
        return ()
    segmenter = engines.choose("person_segmenter", plan.engines.get("person_segmenter", "auto")).name
    chosen, _ = looks(plan.frames, source.fps, plan.shots)
    work = Work(source)
    jobs = []
    for start, stop in stretches(plan.frames, source.fps):
        here = {frame: thorough for frame, thorough in chosen.items() if start <= frame < stop}
        told = tuple(
            (frame, track.id, box)
            for frame in here
            for track in plan.at(frame)
            if (box := track.box_at(frame)) is not None
        )
        path = work.outline_path(here, segmenter, told)
        jobs.append(OutlineJob(source, start, stop, here, told, segmenter, path))
    shapes: Shapes = {}
    for seen in workers.outlines(jobs, progress=progress):
        shapes |= seen
    return figures(plan, shapes, source.fps)
