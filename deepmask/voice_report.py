"""What was done to the voices of a recording, and what the check of the output found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepmask.report_json import Saved, counted

VoiceVerdict = Literal["hidden", "weak", "leak", "unmeasured", "kept"]
"""hidden: another speaker by the judge's measure; weak: changed, yet closer than we want; leak: still the original;
unmeasured: changed, but no speaker encoder is installed that could say by how much; kept: as the plan says."""


@dataclass(frozen=True)
class VoiceFinding:
    """One speaker of the output."""

    speaker: str
    wanted: str
    """The decision in words: a persona's name, 'anonymous' or 'keep'."""
    engine: str
    """What made the voice that is heard; 'none' when kept."""
    verdict: VoiceVerdict
    similarity: float | None = None
    """Cosine of the judge's embeddings original ↔ output, 1 = the same speaker."""
    pitch_before_hz: float | None = None
    """Median fundamental frequency of the original."""
    pitch_target_hz: float | None = None
    pitch_hz: float | None = None
    """Median fundamental frequency reached."""
    phrases: int | None = None
    """How many were spoken anew; None where the voice was converted."""
    phrases_too_long: int | None = None
    """How many of them run into what is said next."""
    note: str = ""
    """Why a plainer engine was used, or what is wrong: one sentence."""


_WORDS = {
    "hidden": "hidden",
    "weak": "only weakly disguised",
    "leak": "STILL RECOGNISABLE",
    "unmeasured": "changed, not measured",
    "kept": "kept as you asked",
}


@dataclass(frozen=True)
class VoiceReport(Saved):
    """The check of one output."""

    source_name: str
    findings: tuple[VoiceFinding, ...]
    judge: str | None
    """The speaker encoder that measured; None when none is installed."""
    intelligibility: float | None = None
    """Extended short-time objective intelligibility of the output against the original, 0..1 (Jensen & Taal, 2016);
    for converted recordings."""
    words_lost: float | None = None
    """Share of the words that a recogniser no longer hears, 0..1; for respoken recordings, and None where no recogniser
    that understands synthetic speech is there."""
    notes: tuple[str, ...] = ()
    """What else the user should know."""

    @property
    def safe(self) -> bool:
        """No voice leaks and none is weak."""
        return all(f.verdict in ("hidden", "kept", "unmeasured") for f in self.findings)

    def summary(self) -> str:
        """One sentence for people."""
        told = counted((f.verdict for f in self.findings), _WORDS)
        voices = "voice" if len(self.findings) == 1 else "voices"
        return f"{len(self.findings)} {voices}: {told}."
