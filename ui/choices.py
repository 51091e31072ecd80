"""Decisions as the app's menus show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deepmask.persona import Persona
from deepmask.plan import Action, Decision, Region
from deepmask.report import Finding, Report
from deepmask.roster import Roster
from pipelines import photo
from ui.engine_work import title

Choice = tuple[str, str]
"""What a menu shows, and the value behind it."""

REGIONS: list[Choice] = [("Features", "features"), ("Face", "face"), ("Head", "head")]
"""How much of the head a computed face covers."""
DETAILS = [("128 px", 128), ("256 px", 256), ("512 px", 512)]
MASKS: dict[Action, str] = {"pixelate": "Pixelate", "solid": "Plain cover", "vector": "Drawn mask"}
KEEP = "Leave visible"

ROSTER, NOBODY, STARTER, EVERYBODY = "roster", "nobody", "starter", "persona:"


@dataclass(frozen=True)
class Known:
    """Personas, people and who gets a persona, as of one moment: reading them for every face would take seconds."""

    personas: tuple[Persona, ...]
    roster: Roster
    who: str
    """Value of the chooser 'who gets a persona'."""

    @property
    def names(self) -> dict[str, str]:
        """Names of the personas by id."""
        return {p.id: p.name for p in self.personas}

    @property
    def people(self) -> dict[str, str]:
        """Names of the people by id."""
        return {p.id: p.name for p in self.roster.people}


def who_choices(personas: Sequence[Persona], roster: Roster) -> list[Choice]:
    """Who gets a persona, the most sensible choice first."""
    latest_first = [(f"Everybody becomes {p.name}", EVERYBODY + p.id) for p in reversed(personas)]
    starter = [] if personas else [("Everybody becomes a new persona", STARTER)]
    enrolled = [("The people I enrolled", ROSTER)] if roster.people else []
    return [*enrolled, *latest_first, *starter, ("Nobody: hide every face", NOBODY)]


def decision_choices(personas: Sequence[Persona]) -> list[Choice]:
    """What can happen to one face."""
    starter = [] if personas else [("Becomes a new persona", STARTER)]
    masks = [(words, str(action)) for action, words in MASKS.items()]
    return [*starter, *((f"Becomes {p.name}", EVERYBODY + p.id) for p in personas), *masks, (KEEP, "keep")]


def swapper_choices() -> list[Choice]:
    """What can show a persona's face, as far as it is ready."""
    rows = photo.persona_swappers()
    return [("Automatic", "auto"), *((title(row), row.name) for row in rows if not row.missing())]


def photoreal_hint() -> str:
    """One line for photoreal faces: where to get them, as long as they are not ready."""
    absent = [row for row in photo.persona_swappers() if row.weights and row.missing()]
    if not absent:
        return ""
    return f"For photoreal faces get {absent[0].name} in the Engines tab."


def to_value(decision: Decision) -> str:
    """The menu's value for a decision."""
    return EVERYBODY + decision.persona if decision.persona else decision.action


def to_decision(value: str) -> Decision:
    """The decision behind a menu's value."""
    if value.startswith(EVERYBODY):
        return Decision("persona", value.removeprefix(EVERYBODY))
    return Decision(value)  # type: ignore[arg-type]  # Decision itself refuses what is no action


def in_words(decision: Decision, names: dict[str, str]) -> str:
    """A decision as a caption; ``names`` are those of the personas by id."""
    if decision.persona is not None:
        return f"becomes {names.get(decision.persona, 'a removed persona')}"
    return {"pixelate": "pixelated", "solid": "covered", "vector": "drawn mask", "keep": "stays visible"}[
        decision.action
    ]


def caption(number: int, region: Region, known: Known, value: str) -> str:
    """A line under a face in the gallery; ``value`` is the menu's."""
    person = known.people.get(region.match.person) if region.match else None
    future = "becomes a new persona" if value == STARTER else in_words(region.decision, known.names)
    return f"{number} · {person + ' ' if person else ''}{future}"


def distance_in_words(finding: Finding) -> str:
    """The identity distance for people who have never heard of it; :func:`scale_in_words` explains the number."""
    if finding.verdict == "kept":
        return "Left visible, as you asked."
    if finding.distance is None or finding.hidden_above is None:
        return "Too small or too turned to recognise anybody in the original."
    scale = f"distance {finding.distance:.2f}"
    if finding.distance >= finding.hidden_above:
        return f"Looks like somebody else ({scale})."
    if finding.verdict == "hidden":
        return f"No longer seen as a face ({scale})."
    return f"Still resembles the original ({scale})."


def scale_in_words(report: Report) -> str:
    """What the distances mean, told once for all of them; empty where nothing was measured."""
    bars = {f.judge: f.hidden_above for f in report.findings if f.hidden_above is not None}
    if not bars:
        return ""
    if len(report.judges) == 1:
        (bar,) = bars.values()
        return (
            "The distance is how different a recogniser finds the face from the original; "
            f"from {bar:.2f} on it counts as somebody else."
        )
    scales = " and ".join(f"{bar:.2f} for {judge}" for judge, bar in bars.items())
    return (
        f"The distance is how different a recogniser finds the face from the original. {' and '.join(report.judges)} "
        f"were asked, and each distance is that of the one that is least deceived; somebody else begins at {scales}."
    )
