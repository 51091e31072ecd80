"""A further picture of a persona: another expression, another place, other clothes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, Self

from deepmask.errors import InputError
from deepmask.faces import Embedding, RGBImage

VariationKind = Literal["expression", "setting", "clothing"]


@dataclass(frozen=True)
class Variation:
    """One picture, and how sure it is that it shows the persona."""

    picture: RGBImage = field(repr=False, compare=False)
    """(H, W, 3) RGB uint8."""
    kind: VariationKind
    words: str
    """What was asked for: 'laughing', 'beach'."""
    seed: int
    engine: str
    """What made the picture."""
    swapper: str = ""
    """What put the persona's face onto it; empty where the persona was drawn again."""
    recognizer: str = ""
    """What measured ``distance``."""
    distance: float | None = None
    """From the persona's portrait; None where no face could be measured."""
    same_person: bool = False
    """Whether the recogniser takes it for the persona; what is beyond its bar is not."""
    problem: str = ""
    """Why the face is not the persona's: one sentence."""
    id: str = ""
    """File name in the vault, without suffix; empty while not kept."""
    created_at: str = ""
    """ISO 8601, UTC; when it was kept."""
    embedding: Embedding | None = field(default=None, repr=False, compare=False)
    """Of the recogniser; not kept."""

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the picture."""
        data = asdict(self)
        return {name: data[name] for name in data if name not in ("picture", "embedding", "id")}

    @classmethod
    def from_json(cls, data: dict[str, Any], picture: RGBImage, id: str) -> Self:
        """From :meth:`to_json`; unknown keys are an ``InputError``."""
        known = {f.name for f in fields(cls)} - {"picture", "embedding", "id"}
        if extra := set(data) - known:
            raise InputError(f"Unknown facts of a variation: {', '.join(sorted(extra))}.")
        return cls(picture=picture, id=id, **data)
