"""From a plan to a checked file: what the check does not accept never gets its final name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.progress import Progress, part, silent
from deepmask.report_json import noted
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from deepmask.video_report import VideoReport
from pipelines.provenance.clips import mark_clip
from pipelines.provenance.steps import of_video
from pipelines.video.checking import check
from pipelines.video.keeping import Work
from pipelines.video.model import VideoResult
from pipelines.video.rendering import render
from pipelines.video.sharing import Workers, alone


def anything(report: VideoReport) -> bool:
    """Accepts every result."""
    return True


def deliver(
    source: Clip,
    plan: VideoPlan,
    vault: Vault,
    out: Path,
    *,
    accept: Callable[[VideoReport], bool] = anything,
    encoding: Encoding | None = None,
    provenance: bool | None = None,
    workers: Workers = alone,
    progress: Progress = silent,
) -> VideoResult:
    """Render and check, and write ``out`` if the report is accepted.

    Args:
        provenance: whether the video says that it is masked (:mod:`pipelines.provenance`); None: as the settings say.

    Raises:
        As :func:`pipelines.video.rendering.render` and :func:`pipelines.video.checking.check`.
    """
    work = Work(source)
    work.used()
    unchecked = work.passing_path(out.suffix)
    encoding = encoding or Encoding(out.suffix)
    mark = mark_clip(source, plan, out.suffix, wanted=provenance)
    try:
        masked = render(
            source,
            plan,
            vault,
            unchecked,
            encoding=encoding,
            tag=mark.tag,
            workers=workers,
            progress=part(progress, 0.0, 0.75),
        )
        report = check(
            source,
            masked.clip,
            plan,
            masked.outcomes,
            vault=vault,
            spoken=masked.spoken,
            bodies=masked.bodies,
            progress=part(progress, 0.75, 1.0),
        )
        report = replace(report, notes=tuple(dict.fromkeys((*report.notes, *masked.notes))))
        if not accept(report):
            return VideoResult(None, plan, report)
        steps = of_video(plan, (*masked.outcomes, *masked.bodies), masked.spoken.outcomes, vault)
        report = noted(report, mark.write(unchecked, out, masked.clip, steps))
    finally:
        unchecked.unlink(missing_ok=True)
    return VideoResult(Clip.open(out), plan, report)
