"""Bodies: find everybody from head to foot, decide who stays, cover, remove or exchange the others, and check.

    plan   = analyze(photo, roster)
    masked = render(photo, plan, vault)
    report = check(photo, masked.photo, plan, masked.outcomes, masked.faces)

``mask`` is the three in a row. Faces are masked first, as the plan's own plan of faces says; then bodies are removed,
exchanged or covered. What cannot be done is done more plainly, down to one flat colour: nobody is left visible because
something failed. ``select``, ``refine`` and ``add_box`` change a plan by pointing.
"""

from __future__ import annotations

from dataclasses import replace

from deepmask.media import Photo
from deepmask.progress import Progress, part, silent
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines.body.analysis import analyze, decide, find_text
from pipelines.body.checking import check
from pipelines.body.editing import add_box, pointed_at, refine, select
from pipelines.body.model import BodyOptions, BodyResult, MaskedBodies
from pipelines.body.rendering import render

__all__ = [
    "BodyOptions",
    "BodyResult",
    "MaskedBodies",
    "add_box",
    "analyze",
    "check",
    "decide",
    "find_text",
    "mask",
    "pointed_at",
    "refine",
    "render",
    "resolved",
    "select",
]


def resolved(options: BodyOptions, vault: Vault) -> BodyOptions:
    """The options with the id of the persona they name.

    Raises:
        UnknownName: no such persona.
    """
    if options.faces.persona is None:
        return options
    return replace(options, faces=replace(options.faces, persona=vault.persona(options.faces.persona).id))


def mask(
    source: Photo,
    vault: Vault,
    roster: Roster,
    options: BodyOptions | None = None,
    *,
    progress: Progress = silent,
) -> BodyResult:
    """Analyse, render and check."""
    options = resolved(options or BodyOptions(), vault)
    plan = analyze(source, roster, options, progress=part(progress, 0.0, 0.4))
    masked = render(source, plan, vault, progress=part(progress, 0.4, 0.75))
    report = check(source, masked.photo, plan, masked.outcomes, masked.faces, progress=part(progress, 0.75, 1.0))
    return BodyResult(masked.photo, plan, report)
