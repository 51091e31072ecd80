"""What the Bodies tab works at; part of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deepmask.area import Selection
from deepmask.body_plan import BodyPlan
from deepmask.body_report import BodyReport
from deepmask.media import Photo
from pipelines.body import BodyOptions
from ui.upload import Upload

Mode = Literal["choose", "more", "less", "box"]
"""What a click on the picture means: somebody or something; this belongs to the selected one; this does not; one of
two opposite corners of a box."""

MOST_STEPS = 30
"""So many steps can be undone."""


@dataclass(frozen=True)
class Step:
    """A plan as it was before a change, to go back to."""

    plan: BodyPlan
    by_hand: frozenset[str]
    selected: str | None


@dataclass
class BodyWork(Upload[BodyPlan, BodyReport]):
    """One photo on the desk."""

    found: frozenset[str] = frozenset()
    """Regions that the analysis found; others were pointed at."""
    text_sought: bool = False
    """Whether writing was looked for."""
    steps: list[Step] = field(default_factory=list)
    """What can be undone, the latest last."""
    selected: str | None = None
    """Region whose decision is being edited."""

    def edited(self, plan: BodyPlan) -> None:
        """Take over a plan that a person changed, which can be undone."""
        if self.plan is not None:
            self.steps = [*self.steps, Step(self.plan, frozenset(self.by_hand), self.selected)][-MOST_STEPS:]
        self.changed(plan)

    def undo(self) -> None:
        """Go back one step, if there is one."""
        if self.steps:
            step = self.steps.pop()
            self.changed(step.plan)
            self.by_hand, self.selected = set(step.by_hand), step.selected


@dataclass(frozen=True)
class Outlining:
    """A click that has to be outlined, which takes a moment."""

    selection: Selection
    region: str | None
    """The region it refines; None for a new one."""


@dataclass
class BodyDesk:
    """The photos and what is to happen to the people in them."""

    works: list[BodyWork] = field(default_factory=list)
    current: int = 0
    mode: Mode = "choose"
    corner_xy: tuple[float, float] | None = None
    """The first corner of a box, in pixels of the photo."""
    outlining: Outlining | None = None
    """What the next event is to outline."""
    masking: bool = False
    """Photos are being masked; clicks meanwhile leave the bar where it is."""
    comparing: bool = False
    """Before and after is shown instead of the outlines."""
    options: BodyOptions = field(default_factory=BodyOptions)
    """What everybody else gets, and how."""
    open: tuple[Path, Photo] | None = field(default=None, repr=False)
    """The photo that was used last: what was measured of it is remembered as long as it is held."""

    @property
    def work(self) -> BodyWork | None:
        """The photo that is shown."""
        return self.works[self.current] if self.current < len(self.works) else None

    @property
    def folders(self) -> list[Path]:
        """Where the files of the photos are."""
        return [work.folder for work in self.works]

    def pick(self, id: str | None) -> None:
        """Select a region, or none; what was begun with other clicks is forgotten."""
        if self.work is not None:
            self.work.selected = id
        self.corner_xy = self.outlining = None
        self.mode, self.comparing = "choose", False
