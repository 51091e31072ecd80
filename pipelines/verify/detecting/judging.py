"""From evidence to a verdict. All rules are here.

1. The owner's original decides: what differs from it was faked, what does not is real. Where a part of the picture
   could not be compared it decides nothing but that nobody can tell.
2. A mark that was broken decides for "fake": the picture was changed after it was sealed or tagged.
3. A mark that says a persona is shown decides for "fake", as declared by whoever made it.
4. An unbroken seal by somebody the user knows speaks for the time since it was set. It turns "unsure" into "likely
   real", and is contradicted by a detector that is sure of a fake: then nobody can tell, and both are told. An unbroken
   tag speaks for nothing: it can be laid again by others.
5. A mark with gaps, or of which nobody knows what it stands for, turns "likely real" into "unsure", even where
   there is an unbroken seal: that may be the younger one.
6. Without any of these the detector decides, and where it saw no face large enough the answer is "unsure".
"""

from __future__ import annotations

from collections.abc import Sequence

from deepmask.detect_report import EvidenceKind, FakeVerdict, Reason
from pipelines.verify.detecting.model import Evidence

_WEIGHT: tuple[EvidenceKind, ...] = ("original", "seal", "tag", "credentials", "detector")
"""What is believed before what."""

_AGAINST_ORIGINAL = "The detector nevertheless sees traces of a fake; it is wrong, or the original has them as well."
_AGAINST_MARK = "The detector sees traces of a fake all the same: it is wrong, or the fake is older than the mark."


def verdict_of(score: float | None, fake_above: float, real_below: float) -> FakeVerdict:
    """What a detector's score says; None: nothing could be measured."""
    if score is None:
        return "unsure"
    return "fake" if score >= fake_above else "likely real" if score < real_below else "unsure"


def judge(evidence: Sequence[Evidence]) -> tuple[FakeVerdict, tuple[Reason, ...]]:
    """The verdict, and its reasons, the deciding one first."""
    ranked = sorted(evidence, key=lambda one: _WEIGHT.index(one.kind))
    detector = next((one for one in ranked if one.kind == "detector"), None)
    sees_fake = detector is not None and detector.says == "fake"
    verdict, decisive, doubt = _decided(ranked, sees_fake)
    reasons = [one.reason for one in ranked if one is not decisive]
    first = [decisive.reason] if decisive is not None else []
    doubts = [Reason("detector", None, doubt)] if doubt else []
    return verdict, (*first, *doubts, *reasons)


def shown_first(evidence: Sequence[Evidence], verdict: FakeVerdict) -> list[Evidence]:
    """Those that have a place, the one whose map explains the verdict best first."""
    placed = [one for one in evidence if one.heat is not None]
    return sorted(placed, key=lambda one: (one.says != verdict, _WEIGHT.index(one.kind)))


def _decided(ranked: Sequence[Evidence], sees_fake: bool) -> tuple[FakeVerdict, Evidence | None, str]:
    """Verdict, the evidence that decides, and a sentence on what contradicts it."""
    original = next((one for one in ranked if one.kind == "original" and one.says in ("fake", "likely real")), None)
    if original is not None:
        against = sees_fake and original.says == "likely real"
        return original.says or "unsure", original, _AGAINST_ORIGINAL if against else ""
    marks = [one for one in ranked if one.kind != "detector"]
    broken = next((one for one in marks if one.says == "fake"), None)
    if broken is not None:
        return "fake", broken, ""
    doubtful = next((one for one in marks if one.says == "unsure"), None)
    whole = next((one for one in marks if one.kind == "seal" and one.says == "likely real"), None)
    if whole is not None and doubtful is None:
        return ("unsure", whole, _AGAINST_MARK) if sees_fake else ("likely real", whole, "")
    detector = next((one for one in ranked if one.kind == "detector"), None)
    if detector is None or detector.says is None:
        return "unsure", doubtful, ""
    if doubtful is not None and detector.says != "fake":
        return "unsure", doubtful, ""
    return detector.says, detector, ""
