"""What masking of bodies is asked for, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from deepmask.body_plan import BODY_ACTIONS, BodyAction, BodyPlan, Edges
from deepmask.body_report import BodyReport
from deepmask.errors import InputError, PlanError
from deepmask.media import Photo
from pipelines.photo.model import Outcome, PhotoOptions


@dataclass(frozen=True)
class BodyOptions:
    """What happens to the people of a photo."""

    bystanders: BodyAction = "silhouette"
    """What happens to people who are not enrolled."""
    enrolled: BodyAction = "face"
    """What happens to people who are: 'face' shows their persona on their own body."""
    prompt: str = ""
    """Words for people who are swapped, besides their persona's looks."""
    faces: PhotoOptions = PhotoOptions()
    """What happens to the faces, of bodies that stay and of those where no body was found."""
    edges: Edges = Edges()
    text: BodyAction | None = None
    """What happens to writing and licence plates; None: nobody looks for them."""
    segmenter: str = "auto"
    selector: str = "auto"
    """Who outlines what somebody points at."""
    inpainter: str = "auto"
    """Who fills the places of removed people."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("bystanders", "enrolled"):
            if getattr(self, name) not in BODY_ACTIONS:
                raise InputError(f"{name} get one of {', '.join(BODY_ACTIONS)}, not {getattr(self, name)!r}.")
        if self.text is not None and self.text not in ("silhouette", "pixelate", "remove"):
            raise InputError(f"Text can get silhouette, pixelate or remove, not {self.text!r}.")


@dataclass(frozen=True)
class MaskedBodies:
    """A rendered photo, and how each face and each body was masked."""

    photo: Photo
    outcomes: tuple[Outcome, ...]
    """Of the bodies."""
    faces: tuple[Outcome, ...]


@dataclass(frozen=True)
class BodyResult:
    """All there is about one photo whose bodies were masked."""

    photo: Photo
    plan: BodyPlan
    report: BodyReport


def validate(source: Photo, plan: BodyPlan) -> None:
    """Raise ``PlanError`` unless the plan was made for this photo."""
    if any(one.fingerprint != source.fingerprint or one.size_wh != source.size_wh for one in (plan, plan.faces)):
        raise PlanError(
            f"The plan was made for another photo ({plan.source_name}), not for {source.name}; "
            "make a new one with 'deepmask body plan'."
        )
