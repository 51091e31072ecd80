"""Photos: find every face, decide who gets which mask, draw the masks, and check the result.

    plan   = analyze(photo, roster)
    masked = render(photo, plan, vault)
    report = check(photo, masked.photo, plan, masked.outcomes)

``mask`` is the three in a row. Enrolled people get their persona, everybody else is anonymised, and a mask that cannot
be drawn, or does not disguise enough by the judge's measure, is replaced by a plainer one: nothing passes because
something failed.
"""

from __future__ import annotations

from dataclasses import replace

from deepmask.media import Photo
from deepmask.progress import Progress, part, silent
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines.photo.analysis import add_box, analyze, decide, embed, matcher, move_box
from pipelines.photo.checking import check
from pipelines.photo.choosing import persona_swappers, starting
from pipelines.photo.model import Masked, Outcome, PhotoOptions, Result
from pipelines.photo.rendering import render

__all__ = [
    "Masked",
    "Outcome",
    "PhotoOptions",
    "Result",
    "add_box",
    "analyze",
    "check",
    "decide",
    "embed",
    "mask",
    "matcher",
    "move_box",
    "persona_swappers",
    "render",
    "resolved",
    "starting",
]


def resolved(options: PhotoOptions, vault: Vault) -> PhotoOptions:
    """The options with the id of the persona they name.

    Raises:
        UnknownName: no such persona.
    """
    return options if options.persona is None else replace(options, persona=vault.persona(options.persona).id)


def mask(
    source: Photo,
    vault: Vault,
    roster: Roster,
    options: PhotoOptions | None = None,
    *,
    progress: Progress = silent,
) -> Result:
    """Analyse, render and check."""
    options = resolved(options or PhotoOptions(), vault)
    plan = analyze(source, roster, options, progress=part(progress, 0.0, 0.4))
    masked = render(source, plan, vault, progress=part(progress, 0.4, 0.85))
    report = check(source, masked.photo, plan, masked.outcomes, progress=part(progress, 0.85, 1.0))
    return Result(masked.photo, plan, report)
