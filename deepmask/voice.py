"""How a persona sounds: the few numbers every voice engine works towards."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from deepmask.errors import InputError

if TYPE_CHECKING:
    from deepmask.persona import Attributes, Persona

PITCH_HZ = {"male": (95.0, 135.0), "neutral": (138.0, 170.0), "female": (175.0, 230.0)}
"""Median pitch of grown-ups, between which a persona's is drawn (Titze, Principles of Voice Production, 1994)."""
SIZE = {"male": (0.90, 0.98), "neutral": (0.97, 1.04), "female": (1.02, 1.12)}
"""Scale of the formants; those of women lie about a sixth above those of men."""
HERITAGES = 6
"""As many as the painter draws from, see :func:`_drawn_gender_and_years`."""


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

    @classmethod
    def of(cls, attributes: Attributes, seed: int) -> Self:
        """The voice of somebody with these attributes; the same arguments always give the same voice.

        What the attributes leave open is drawn as the painter draws it, so that voice and face fit each other. From
        fifty on voices of women sink, those of men rise a little, and both get rougher and less lively.
        """
        gender, years = _drawn_gender_and_years(seed)
        gender, years = attributes.gender or gender, attributes.age or years
        draw = np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, *b"voice"])
        old = min(max(years - 50, 0) / 35, 1.0)
        young = min(max(25 - years, 0) / 9, 1.0)
        sinks = {"female": -0.14, "neutral": -0.05, "male": 0.05}[gender]
        low, high = PITCH_HZ[gender]
        pitch = float(draw.uniform(low, high)) * (1 + sinks * old) * (1 + 0.05 * young)
        size = float(draw.uniform(*SIZE[gender])) * (1 - 0.025 * old) * (1 + 0.025 * young)
        liveliness = float(draw.uniform(0.16, 0.30)) * (1 - 0.15 * old)
        breath = float(draw.uniform(0.85, 1.3)) * (1 - 0.25 * old)
        return cls(round(pitch, 1), round(liveliness, 3), round(size, 3), round(breath, 3), int(draw.integers(2**31)))


def voice_of(persona: Persona) -> Voice:
    """The voice the persona was given, else the one that its attributes and its seed make."""
    if persona.voice is not None:
        return persona.voice
    from deepmask.persona import Attributes

    return Voice.of(persona.attributes or Attributes(), persona.seed)


def _drawn_gender_and_years(seed: int) -> tuple[str, int]:
    """What ``deepmask.engines.painter.identity`` draws first for the same seed; a test compares the two."""
    draw = np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, *b"person"])
    gender = ("female", "male")[int(draw.integers(2))]
    draw.integers(HERITAGES)
    return gender, int(draw.integers(22, 48))
