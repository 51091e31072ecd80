"""Who a persona is: a name, a portrait, and — when our own painter made it — the attributes and seed behind it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self

import numpy as np

from deepmask.errors import InputError
from deepmask.faces import RGBImage
from deepmask.voice import Voice
from deepmask.wishes import Wishes

Gender = Literal["female", "male", "neutral"]

CHOICES: dict[str, tuple[str, ...]] = {
    "gender": ("female", "male", "neutral"),
    "heritage": ("white", "black", "south_asian", "east_asian", "latino", "middle_eastern"),
    "skin": ("pale", "fair", "light_warm", "olive", "tan", "brown", "dark", "deep"),
    "hair_colour": ("black", "dark_brown", "brown", "chestnut", "auburn", "ginger", "blond", "platinum", "grey",
                    "white", "blue", "pink", "green", "purple"),
    "hair_style": ("bald", "buzz", "short", "sidepart", "quiff", "spiky", "shaggy", "curly", "bob", "long", "bun"),
    "eyes": ("brown", "dark", "hazel", "amber", "green", "blue", "grey", "violet"),
    "beard": ("none", "stubble", "moustache", "goatee", "full"),
    "glasses": ("none", "round", "square", "sunglasses"),
    "mood": ("neutral", "friendly", "happy", "laughing", "kind", "serious", "sad", "angry", "surprised", "cool"),
    "clothing": ("tee", "shirt", "suit", "hoodie", "blouse", "cardigan", "party"),
    "background": ("studio", "office", "home", "beach", "forest", "sunset", "night", "party", "dark", "white"),
}  # fmt: skip
"""The words each attribute may take; colours may also be '#rrggbb'."""

COLOUR_FIELDS = ("skin", "hair_colour", "eyes", "clothing_colour", "background")


@dataclass(frozen=True)
class Attributes:
    """What a person would say of a face. ``None`` leaves the choice to the seed.

    Words are those of ``CHOICES``; the fields of ``COLOUR_FIELDS`` also take '#rrggbb'.
    """

    gender: Gender | None = None
    age: int | None = None
    """Years, 16..90: personas are adults or nearly so."""
    heritage: str | None = None
    skin: str | None = None
    hair_colour: str | None = None
    hair_style: str | None = None
    eyes: str | None = None
    beard: str | None = None
    glasses: str | None = None
    freckles: bool = False
    mood: str | None = None
    clothing: str | None = None
    clothing_colour: str | None = None
    background: str | None = None

    def __post_init__(self) -> None:
        for name, words in CHOICES.items():
            value = getattr(self, name)
            if value is None or value in words or (name in COLOUR_FIELDS and _is_colour(value)):
                continue
            raise InputError(f"{name} cannot be {value!r}; choose one of {', '.join(words)}.")
        if self.clothing_colour is not None and not _is_colour(self.clothing_colour):
            raise InputError(f"clothing_colour must look like '#3b6ea5', got {self.clothing_colour!r}.")
        if self.age is not None and not 16 <= self.age <= 90:
            raise InputError(f"age must lie between 16 and 90 years, got {self.age}.")

    def changed(self, **values: Any) -> Self:
        """A copy with some attributes replaced."""
        return replace(self, **values)

    def to_json(self) -> dict[str, Any]:
        """Plain data, without what is left to the seed."""
        return {k: v for k, v in asdict(self).items() if v is not None and v is not False}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From :meth:`to_json`; unknown keys are an ``InputError``."""
        known = {f.name for f in fields(cls)}
        if extra := set(data) - known:
            raise InputError(
                f"Unknown persona attributes {', '.join(sorted(extra))}; known: {', '.join(sorted(known))}."
            )
        return cls(**data)


def _is_colour(value: str) -> bool:
    return len(value) == 7 and value[0] == "#" and all(c in "0123456789abcdefABCDEF" for c in value[1:])


@dataclass(frozen=True)
class Attestation:
    """The user's word that an imported portrait is theirs to use."""

    statement: str
    given_at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True)
class Persona:
    """A virtual person. ``portrait`` is (H, W, 3) RGB uint8."""

    id: str
    """Folder name in the vault: lower case letters, digits and hyphens."""
    name: str
    engine: str
    """What made the portrait: 'painter', 'illustrated', a neural engine, or 'import'."""
    portrait: RGBImage = field(repr=False, compare=False)
    seed: int = 0
    prompt: str = ""
    attributes: Attributes | None = None
    """What the prompt said; None for imported portraits."""
    attestation: Attestation | None = None
    created_at: str = ""
    """ISO 8601, UTC."""
    wishes: Wishes | None = None
    """What a painter that heeds wishes was asked for; None: attributes and seed say all."""
    recipe: dict[str, str] = field(default_factory=dict)
    """What else the portrait depends on: see :meth:`deepmask.engines.protocols.PortraitPainter.recipe`."""
    voice: Voice | None = None
    """None: derived from the attributes and the seed."""

    @property
    def redrawable(self) -> bool:
        """Whether our painter can draw this person again, in any pose: attributes and seed say all."""
        return self.attributes is not None and self.wishes is None

    def __post_init__(self) -> None:
        if self.portrait.ndim != 3 or self.portrait.shape[2] != 3 or self.portrait.dtype != np.uint8:
            raise ValueError(f"portrait must be (H, W, 3) uint8, got {self.portrait.shape} {self.portrait.dtype}")
        if self.engine == "import" and self.attestation is None:
            raise InputError("An imported portrait needs your word that it is yours to use (--i-may-use-it).")
