"""Which engines a photo's bodies get, and what has to be said of them."""

from __future__ import annotations

from collections.abc import Iterable

from deepmask import engines, weights
from deepmask.body_plan import BodyPlan, BodyRegion
from deepmask.engines import Kind
from pipelines.body.model import BodyOptions
from pipelines.photo.choosing import licence_note, restricted
from pipelines.photo.model import Outcome

COVERS: dict[str, tuple[str, ...]] = {"pixelate": ("pixelate", "silhouette")}
"""Action → the body maskers that are tried; of all other actions it is the silhouette alone."""


def asked_for(options: BodyOptions) -> dict[str, str]:
    """The entries of a plan's engines for ``options``: with 'auto' a neural inpainter if one is ready, else none.

    Raises:
        UnknownName: no engine of that name.
        EngineMissing: one that was asked for by name cannot be used yet; the message has the command.
    """
    used: dict[str, str] = {}
    if options.inpainter != "auto":
        used["inpainter"] = engines.choose("inpainter", options.inpainter).name
    elif (ready := next((r for r in engines.rows("inpainter") if r.weights and not r.missing()), None)) is not None:
        used["inpainter"] = ready.name
    if options.selector != "auto":
        used["area_selector"] = engines.choose("area_selector", options.selector).name
    return used


def inpainters(plan: BodyPlan) -> list[str]:
    """Who fills the places of removed people: the one of the plan, then plainer ones that need no weights.

    Raises:
        EngineMissing: the one the plan names cannot be used; broken weights are told, not passed over.
    """
    plain = [row.name for row in engines.rows("inpainter") if not row.weights and not row.missing()]
    first = plan.engines.get("inpainter")
    if first is None:
        return plain
    for name in engines.choose("inpainter", first).needed_weights():
        weights.location(name)
    return [first, *(name for name in plain if name != first)]


def heeding_words(names: Iterable[str]) -> list[str]:
    """Those that can show what words say."""
    return [name for name in names if engines.load("inpainter", name).heeds_prompt]


def how_to_swap() -> str:
    """What is missing for exchanging people, as a clause with its remedy."""
    rows = [row for row in engines.rows("inpainter") if row.weights]
    if not rows:
        return "exchanging people needs an engine that follows words, and none is known"
    remedy = next((row.remedy() for row in rows if row.missing()), "")
    first = f"run '{remedy}' and " if remedy else ""
    return (
        f"exchanging people needs an engine that follows words ({first}make the plan with --inpainter {rows[0].name})"
    )


def licence_notes(plan: BodyPlan, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    """What a report has to say of engines that may not be used commercially."""
    made = restricted("inpainter", (outcome.engine for outcome in outcomes))
    examining: tuple[Kind, ...] = ("person_segmenter", "area_selector", "text_finder")
    found = [name for kind in examining for name in restricted(kind, (plan.engines.get(kind, ""),))]
    return (*licence_note("filled", made), *licence_note("outlined", found))


def wanted(region: BodyRegion) -> str:
    """A decision in words."""
    decision = region.decision
    asked = " ".join(word for word in (decision.persona or "", decision.prompt) if word)
    return f"{decision.action}: {asked}" if asked else decision.action
