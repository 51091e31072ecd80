"""What can happen to a body, as the app's menus and reports say it."""

from __future__ import annotations

from collections.abc import Sequence

from deepmask import engines
from deepmask.body_plan import BodyAction, BodyDecision, BodyRegion
from deepmask.engines import Kind
from deepmask.persona import Persona
from ui.body_desk import BodyWork
from ui.choices import Choice, Known
from ui.engine_work import title

ACTIONS: list[tuple[str, BodyAction]] = [
    ("Keep", "keep"), ("Face only", "face"), ("Silhouette", "silhouette"), ("Pixelate", "pixelate"),
    ("Remove", "remove"), ("Swap", "swap"),
]  # fmt: skip
"""For one person."""
_OF_THINGS: tuple[BodyAction, ...] = ("keep", "silhouette", "pixelate", "remove")

EVERYBODY: list[tuple[str, BodyAction]] = [
    ("Silhouette", "silhouette"), ("Pixelate", "pixelate"), ("Remove", "remove"), ("Only hide the face", "face"),
    ("Leave visible", "keep"),
]  # fmt: skip
"""For all who were not decided by hand."""

SOMEBODY = ""
"""Value for a new person who is no persona."""

_FUTURE: dict[BodyAction, str] = {
    "silhouette": "silhouette",
    "pixelate": "pixelated",
    "remove": "removed",
    "keep": "stays visible",
    "face": "keeps the body",
    "swap": "becomes somebody else",
}


def actions_for(region: BodyRegion) -> list[tuple[str, BodyAction]]:
    """What can happen to a person or thing."""
    return ACTIONS if region.thing == "person" else [a for a in ACTIONS if a[1] in _OF_THINGS]


def persona_choices(personas: Sequence[Persona]) -> list[Choice]:
    """Who stands in the place of somebody who is swapped."""
    return [("Somebody new", SOMEBODY), *((p.name, p.id) for p in personas)]


def engine_choices(kind: Kind) -> list[Choice]:
    """The engines that can be used now."""
    return [("Automatic", "auto"), *((title(row), row.name) for row in engines.rows(kind) if not row.missing())]


def swap_hint() -> str:
    """One line for swapping: how to get the engine, as long as it is not ready."""
    rows = [row for row in engines.rows("inpainter") if row.weights]
    if not rows or any(not row.missing() for row in rows):
        return ""
    return f"Swapping needs {title(rows[0])}: get it in the Engines tab. Until then a silhouette is drawn."


def text_hint() -> str:
    """How writing can be looked for, as long as it cannot."""
    rows = engines.rows("text_finder")
    if any(not row.missing() for row in rows):
        return ""
    return (
        f"Looking for writing needs another package: run {rows[0].remedy()}." if rows else "Nothing here finds writing."
    )


def name_of(region: BodyRegion, work: BodyWork, known: Known) -> str:
    """Who or what a region is: 'Anna', 'writing', 'box', 'added', or nothing for a stranger."""
    if region.match is not None and region.match.person in known.people:
        return known.people[region.match.person]
    if region.thing == "text":
        return "writing"
    if region.thing == "other":
        return "box"
    return "" if region.id in work.found else "added"


def future(decision: BodyDecision, known: Known) -> str:
    """A decision as a caption."""
    if decision.action == "swap" and decision.persona is not None:
        return f"becomes {known.names.get(decision.persona, 'a removed persona')}"
    return _FUTURE[decision.action]


def caption(number: int, region: BodyRegion, work: BodyWork, known: Known) -> str:
    """A line under a crop in the gallery."""
    who = name_of(region, work, known)
    return f"{number} · {who + ', ' if who else ''}{future(region.decision, known)}"
