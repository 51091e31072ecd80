"""What a recording's masking is asked for, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deepmask.errors import PlanError
from deepmask.media.sound import Sound
from deepmask.voice_plan import Background, Method, Strength, VoicePlan
from deepmask.voice_report import VoiceReport


@dataclass(frozen=True)
class VoiceOptions:
    """What happens to the voices of a recording."""

    persona: str | None = None
    """Id or name of the persona whose voice every speaker gets; None: a voice drawn for this recording."""
    method: Method = "convert"
    strength: Strength = "natural"
    background: Background = "drop"
    language: str | None = None
    """ISO 639-1; None: what the transcriber hears, or English."""
    transcribe: bool = False
    """Write down what is said although nobody needs it: for subtitles, or to give each speaker another voice."""
    converter: str = "auto"
    transcriber: str = "auto"
    synthesizer: str = "auto"


@dataclass(frozen=True)
class VoiceOutcome:
    """How one speaker was masked."""

    speaker: str
    engine: str
    """Name of the engine whose voice is heard; 'none' when kept, 'silence' when nothing else was left."""
    note: str = ""
    """Why a plainer way than the one wanted was taken: one sentence."""
    phrases: int | None = None
    """How many were spoken anew; None where the voice was converted."""
    phrases_too_long: int | None = None
    """How many of them run into what is said next."""


@dataclass(frozen=True)
class MaskedSound:
    """A rendered recording and how each speaker was masked."""

    sound: Sound
    outcomes: tuple[VoiceOutcome, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class VoiceResult:
    """All there is about one masked recording."""

    path: Path
    plan: VoicePlan
    report: VoiceReport


def validate(source: Sound, plan: VoicePlan) -> None:
    """Raise ``PlanError`` unless the plan was made for this recording."""
    if plan.fingerprint != source.fingerprint:
        raise PlanError(
            f"The plan was made for another recording ({plan.source_name}), not for {source.name}; "
            "make a new one with 'deepmask voice plan'."
        )
