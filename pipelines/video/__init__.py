"""Videos: follow every face, decide who gets which mask, draw the masks steadily, and check the result.

    plan   = analyze(clip, roster)
    masked = render(clip, plan, vault, out)
    report = check(clip, masked.clip, plan, masked.outcomes)

``mask`` is the three in a row, ``deliver`` the last two. As with photos nothing passes because something failed. A face
is covered in the frames between those in which a finder saw it, and a little before and after; one track has one mask
throughout. Whole people can be covered, too, with and without a visible face. Whatever is stopped, or killed, goes on
where it was when it is called again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.progress import Progress, part, silent
from deepmask.roster import Roster
from deepmask.vault import Vault
from deepmask.video_report import VideoReport
from pipelines.video.analysis import add_track, analyze, cover_body, cover_others, decide, move_box, reach
from pipelines.video.checking import check
from pipelines.video.delivering import anything, deliver
from pipelines.video.keeping import Work, clean
from pipelines.video.model import MaskedClip, Spoken, TrackOutcome, VideoOptions, VideoResult
from pipelines.video.rendering import render
from pipelines.video.sharing import Workers, alone, workers_for
from pipelines.video.voicing import forget, listen_once

__all__ = [
    "MaskedClip",
    "Spoken",
    "TrackOutcome",
    "VideoOptions",
    "VideoResult",
    "add_track",
    "analyze",
    "check",
    "clean",
    "cover_body",
    "cover_others",
    "decide",
    "deliver",
    "mask",
    "move_box",
    "reach",
    "render",
    "resolved",
    "workers_for",
]


def resolved(options: VideoOptions, vault: Vault) -> VideoOptions:
    """Names of personas become ids.

    Raises:
        UnknownName: a persona that is not in the vault.
    """
    if options.faces.persona is not None:
        options = options.wearing(vault.persona(options.faces.persona).id)
    if options.voice is not None and options.voice.persona is not None:
        options = replace(options, voice=replace(options.voice, persona=vault.persona(options.voice.persona).id))
    return options


def mask(
    source: Clip,
    vault: Vault,
    roster: Roster,
    out: Path,
    options: VideoOptions | None = None,
    *,
    accept: Callable[[VideoReport], bool] = anything,
    encoding: Encoding | None = None,
    provenance: bool | None = None,
    workers: Workers = alone,
    progress: Progress = silent,
) -> VideoResult:
    """Analyse, render and check; ``out`` is written if ``accept`` agrees to the report.

    Args:
        provenance: whether the video says that it is masked; None: as the settings say.
    """
    options = resolved(options or VideoOptions(), vault)
    encoding = encoding or Encoding(out.suffix)
    work = Work(source)
    work.used()
    seeing = replace(options, voice=None)
    plan = analyze(source, roster, seeing, workers=workers, progress=part(progress, 0.0, 0.35))
    plan = replace(plan, voice=listen_once(work, source, options.voice, part(progress, 0.35, 0.4)))
    result = deliver(
        source,
        plan,
        vault,
        out,
        accept=accept,
        encoding=encoding,
        provenance=provenance,
        workers=workers,
        progress=part(progress, 0.4, 1.0),
    )
    forget(work, options.voice)
    return result
