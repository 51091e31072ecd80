"""How a persona sounds: the few numbers every voice engine works towards."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from deepmask.errors import InputError


@dataclass(frozen=True)
class Voice:
    """A voice that belongs to nobody; derived from a persona's attributes and seed, adjustable."""

    pitch_hz: float = 120.0
    """Median fundamental frequency."""
    liveliness: float = 0.22
    """Spread of the natural logarithm of the fundamental frequency."""
    size: float = 1.0
    """Scale of the formant frequencies: below 1 a longer vocal tract, a larger person."""
    breath: float = 1.0
    """Exponent on the aperiodicity: below 1 breathier."""
    seed: int = 0
    """Draws what has no name: the timbre, a speaker's latents."""

    def __post_init__(self) -> None:
        bounds = {"pitch_hz": (60.0, 400.0), "liveliness": (0.05, 0.6), "size": (0.75, 1.3), "breath": (0.4, 2.0)}
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise InputError(f"{name} of a voice must lie between {low:g} and {high:g}, got {getattr(self, name)}.")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From :meth:`to_json`."""
        return cls(**data)
