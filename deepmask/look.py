"""How a swapped face is put into a photo. Engines that have no such choice pay no heed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_args

from deepmask.errors import InputError

FaceRegion = Literal["features", "face", "head"]
"""features: eyes, nose, mouth and what lies between; face: from the hair line to the chin; head: with forehead."""


@dataclass(frozen=True)
class Look:
    """Detail and extent of a swapped face."""

    detail_px: Literal[128, 256, 512] = 256
    """Side of the square the face is computed in; more than 128 by interleaved passes ('pixel boost')."""
    restore: float = 0.0
    """How much of a face restorer's result is mixed in, 0..1."""
    region: FaceRegion = "face"

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From plain data; what is left out is as usual.

        Raises:
            InputError: an unknown key, or a value out of its range.
        """
        known = [f.name for f in fields(cls)]
        if not isinstance(data, dict) or set(data) - set(known):
            raise InputError(f"A look has no more than {', '.join(known)}; got {data}.")
        try:
            return cls(**data)
        except TypeError as error:
            raise InputError(f"The look cannot be read ({error}).") from error

    def __post_init__(self) -> None:
        if self.detail_px not in (128, 256, 512):
            raise InputError(f"The detail must be 128, 256 or 512 px, got {self.detail_px}.")
        if not 0 <= self.restore <= 1:
            raise InputError(f"The share of restoring must lie between 0 and 1, got {self.restore}.")
        if self.region not in get_args(FaceRegion):
            raise InputError(f"The region must be one of {', '.join(get_args(FaceRegion))}, got {self.region!r}.")
