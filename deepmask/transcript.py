"""What is said in a recording, when, and by whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One word."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Phrase:
    """Words in a row by one speaker, without a pause worth the name."""

    text: str
    start_s: float
    end_s: float
    speaker: str = "speaker-1"
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    """0..1, where the recogniser tells."""


@dataclass(frozen=True)
class Transcript:
    """All phrases, in the order of time."""

    phrases: tuple[Phrase, ...]
    language: str = "en"
    """ISO 639-1."""

    @property
    def text(self) -> str:
        """All words."""
        return " ".join(phrase.text for phrase in self.phrases)
