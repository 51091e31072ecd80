"""What was done to a medium, by which engine, and what the check of the output found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepmask.faces import Box
from deepmask.report_json import Saved, counted

Verdict = Literal["hidden", "weak", "leak", "kept"]
"""hidden: another person by the judge's measure; weak: changed, yet closer than we want; leak: still recognisable or
never covered; kept: left as it is because the plan says so."""


@dataclass(frozen=True)
class Finding:
    """One region of the output."""

    region: str
    wanted: str
    """The decision in words: a persona's name, or a style."""
    engine: str
    """The engine whose mask is seen: 'inswapper', 'meshwarp', 'painter', 'vector', 'pixelate', 'solid', or 'none' when
    kept."""
    verdict: Verdict
    distance: float | None
    """Identity distance original → output; None where no identity could be measured in the original."""
    note: str = ""
    """Why a plainer mask was used, or what is wrong: one sentence."""
    missed_box_xyxy: Box | None = None
    """Where a face is that the plan does not speak of."""
    judge: str = ""
    """The recogniser that measured ``distance``: of several the one that is least deceived."""
    hidden_above: float | None = None
    """Distance from which on this judge takes a face for somebody else's."""


_WORDS = {
    "hidden": "hidden",
    "weak": "only weakly disguised",
    "leak": "STILL RECOGNISABLE",
    "kept": "kept as you asked",
}


@dataclass(frozen=True)
class Report(Saved):
    """The check of one output."""

    source_name: str
    findings: tuple[Finding, ...]
    judges: tuple[str, ...]
    """The recognisers that measured; a face is hidden only if each of them takes it for somebody else's."""
    notes: tuple[str, ...] = ()
    """What else the user should know: first frame only, metadata removed, ..."""

    @property
    def safe(self) -> bool:
        """No region leaks and none is weak."""
        return all(f.verdict in ("hidden", "kept") for f in self.findings)

    def summary(self) -> str:
        """One sentence for people."""
        if not self.findings:
            return "No face was found; nothing was changed."
        told = counted((f.verdict for f in self.findings), _WORDS)
        faces = "face" if len(self.findings) == 1 else "faces"
        return f"{len(self.findings)} {faces}: {told}."
