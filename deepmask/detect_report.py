"""Whether a picture or video was faked: the verdict, the reasons, and the numbers behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepmask.report_json import Saved

FakeVerdict = Literal["fake", "unsure", "likely real"]
"""fake: pixels were replaced, or a mark says that a persona is shown; likely real: nothing speaks for it; unsure: the
evidence is weak, or contradicts itself."""

EvidenceKind = Literal["original", "seal", "tag", "credentials", "detector"]
"""original: compared with what the owner gave; seal, tag, credentials: marks in the file; detector: the network."""

VERDICT_WORDS: dict[FakeVerdict, str] = {"fake": "Fake", "unsure": "Unsure", "likely real": "Likely real"}


@dataclass(frozen=True)
class Reason:
    """One piece of evidence."""

    kind: EvidenceKind
    says: FakeVerdict | None
    """The verdict it would give alone; None: told, but it decides nothing."""
    words: str
    """A sentence."""


@dataclass(frozen=True)
class FaceScore:
    """What the detector makes of one face."""

    box_xyxy: tuple[float, float, float, float]
    score: float | None
    """0..1, median over the versions; None: too small to tell."""
    versions: dict[str, float]
    """The same for the picture as it is, compressed again and shrunk."""


@dataclass(frozen=True)
class DetectReport(Saved):
    """What was found in one photo."""

    source_name: str
    verdict: FakeVerdict
    reasons: tuple[Reason, ...]
    """The weightiest first."""
    engine: str
    """The detector."""
    fake_above: float
    real_below: float
    """Scores of the detector from which on a face is fake, and up to which it is likely real."""
    faces: tuple[FaceScore, ...] = ()
    faked_share: float = 0.0
    """Share of the picture's pixels that the evidence marks as replaced, 0..1."""
    notes: tuple[str, ...] = ()
    """What else the user should know."""

    @property
    def safe(self) -> bool:
        """Nothing says that it is faked."""
        return self.verdict != "fake"

    def summary(self) -> str:
        """One sentence for people."""
        return f"{VERDICT_WORDS[self.verdict]}: {_lowered(self.reasons[0].words) if self.reasons else 'no evidence.'}"


@dataclass(frozen=True)
class FrameScore:
    """One picture of a video that was looked at."""

    index: int
    seconds: float
    score: float | None
    """Of its most suspicious face, 0..1; None: no face large enough."""


@dataclass(frozen=True)
class ClipDetectReport(Saved):
    """What was found in one video."""

    source_name: str
    verdict: FakeVerdict
    reasons: tuple[Reason, ...]
    engine: str
    fake_above: float
    real_below: float
    score: float | None
    """Of the clip as a whole, 0..1; None: no face was large enough."""
    frames: tuple[FrameScore, ...] = ()
    """Those that were looked at, in the order of showing."""
    top_frames: tuple[int, ...] = ()
    """Indices of the most suspicious, the worst first."""
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Nothing says that it is faked."""
        return self.verdict != "fake"

    def summary(self) -> str:
        """One sentence for people."""
        return f"{VERDICT_WORDS[self.verdict]}: {_lowered(self.reasons[0].words) if self.reasons else 'no evidence.'}"


def _lowered(sentence: str) -> str:
    """For the middle of a sentence; words in capitals keep them."""
    first = sentence.partition(" ")[0]
    return sentence if first.isupper() and len(first) > 1 else sentence[:1].lower() + sentence[1:]
