"""What a photo's masking is asked for, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from deepmask.errors import InputError, PlanError
from deepmask.faces import clip_box
from deepmask.look import Look
from deepmask.media import Photo
from deepmask.plan import ACTIONS, Action, Plan
from deepmask.report import Report


@dataclass(frozen=True)
class PhotoOptions:
    """What happens to the faces of a photo."""

    persona: str | None = None
    """Id or name of a persona that everybody gets; None: enrolled people are matched to theirs."""
    bystanders: Action = "pixelate"
    """What happens to people who are not enrolled."""
    finder: str = "thorough"
    """Face finder; 'fast' for previews."""
    recognizer: str = "auto"
    """Face recogniser that matches people: the roster's."""
    swapper: str = "auto"
    """Face swapper that shows personas: a photoreal one where it is ready, else the one that suits the persona."""
    look: Look = Look()
    """Detail and extent of swapped faces, for swappers that have a choice."""

    def __post_init__(self) -> None:
        if self.bystanders not in ACTIONS or self.bystanders == "persona":
            allowed = ", ".join(a for a in ACTIONS if a != "persona")
            raise InputError(f"Bystanders can get {allowed}, not {self.bystanders!r}.")


@dataclass(frozen=True)
class Outcome:
    """How one region was masked."""

    region: str
    engine: str
    """Name of the engine whose mask is seen; 'none' when kept."""
    note: str = ""
    """Why a plainer mask than the one wanted was used: one sentence."""


@dataclass(frozen=True)
class Masked:
    """A rendered photo and how each region was masked."""

    photo: Photo
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Result:
    """All there is about one masked photo."""

    photo: Photo
    plan: Plan
    report: Report


def validate(source: Photo, plan: Plan) -> None:
    """Raise ``PlanError`` unless the plan was made for this photo and all its boxes touch it."""
    if plan.fingerprint != source.fingerprint:
        raise PlanError(
            f"The plan was made for another photo ({plan.source_name}), not for {source.name}; "
            "make a new one with 'deepmask photo plan'."
        )
    for region in plan.regions:
        x1, y1, x2, y2 = clip_box(region.box_xyxy, source.size_wh)
        if x2 <= x1 or y2 <= y1:
            raise PlanError(f"The box of {region.id} lies outside the picture; move or remove it.")
