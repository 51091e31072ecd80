"""Videos: follow every face, decide who gets which mask, draw the masks steadily, and check the result.

    plan   = analyze(clip, roster)
    masked = render(clip, plan, vault, out)
    report = check(clip, masked.clip, plan, masked.outcomes)

``mask`` is the three in a row. As with photos nothing passes because something failed. A face is covered in the frames
between those in which a finder saw it, and a little before and after; one track has one mask throughout.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.progress import Progress, part, silent
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines.video.analysis import add_track, analyze, decide, move_box, reach
from pipelines.video.checking import check
from pipelines.video.model import MaskedClip, TrackOutcome, VideoOptions, VideoResult
from pipelines.video.rendering import render
from pipelines.video.sharing import Workers, alone

__all__ = [
    "MaskedClip",
    "TrackOutcome",
    "VideoOptions",
    "VideoResult",
    "add_track",
    "analyze",
    "check",
    "decide",
    "mask",
    "move_box",
    "reach",
    "render",
]


def mask(
    source: Clip,
    vault: Vault,
    roster: Roster,
    out: Path,
    options: VideoOptions | None = None,
    *,
    encoding: Encoding | None = None,
    workers: Workers = alone,
    progress: Progress = silent,
) -> VideoResult:
    """Analyse, render and check."""
    options = options or VideoOptions()
    if options.faces.persona is not None:
        options = options.wearing(vault.persona(options.faces.persona).id)
    plan = analyze(source, roster, options, workers=workers, progress=part(progress, 0.0, 0.4))
    masked = render(source, plan, vault, out, encoding=encoding, workers=workers, progress=part(progress, 0.4, 0.85))
    report = check(source, masked.clip, plan, masked.outcomes, progress=part(progress, 0.85, 1.0))
    return VideoResult(masked.clip, plan, replace(report, notes=(*report.notes, *masked.notes)))
