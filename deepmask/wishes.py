"""What a portrait shall look like beyond its attributes. Painters that work from attributes alone pay no heed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self

from deepmask.errors import InputError
from deepmask.face_pose import FacePose
from deepmask.faces import RGBImage

Preview = Callable[[RGBImage], None]
"""Called with what a portrait looks like so far: (h, w, 3), any size."""

MOST_STEPS = 150

_KINDS: dict[str, tuple[type, ...]] = {
    "prompt": (str,), "negative": (str,), "steps": (int, type(None)), "guidance": (float, int, type(None)),
    "fast": (bool, type(None)),
}  # fmt: skip
"""Of values in plain data."""


@dataclass(frozen=True)
class Wishes:
    """For painters that follow words: diffusion models."""

    prompt: str = ""
    """The user's words as they are; empty: words are made from the attributes."""
    negative: str = ""
    """What must not be seen."""
    steps: int | None = None
    """Denoising steps; None: the engine's choice."""
    guidance: float | None = None
    """Classifier-free guidance scale (Ho & Salimans, 2022); None: the engine's choice."""
    fast: bool | None = None
    """Few steps by a distilled LoRA; None: where the device is slow and the weights are there."""
    pose: FacePose | None = None
    """How the head is held; None: as the model likes."""

    def __post_init__(self) -> None:
        if self.steps is not None and not 1 <= self.steps <= MOST_STEPS:
            raise InputError(f"The number of steps must lie between 1 and {MOST_STEPS}, got {self.steps}.")
        if self.guidance is not None and not 0 <= self.guidance <= 30:
            raise InputError(f"The guidance must lie between 0 and 30, got {self.guidance}.")

    def to_json(self) -> dict[str, Any]:
        """Plain data, without what is left to the engine."""
        data = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) not in (None, "")}
        if self.pose is not None:
            data["pose"] = self.pose.to_json()
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From :meth:`to_json`.

        Raises:
            InputError: an unknown key, or a value of the wrong kind.
        """
        known = {f.name for f in fields(cls)}
        if extra := set(data) - known:
            raise InputError(f"Unknown wishes {', '.join(sorted(extra))}; known: {', '.join(sorted(known))}.")
        for name, kinds in _KINDS.items():
            if name in data and type(data[name]) not in kinds:
                raise InputError(f"The wish {name} cannot be {data[name]!r}.")
        pose = data.get("pose")
        try:
            return cls(**{**data, "pose": None if pose is None else FacePose.from_json(pose)})
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise InputError(f"The wishes cannot be read ({error}).") from error


def unseen(image: RGBImage) -> None:
    """The default preview: nobody looks."""
