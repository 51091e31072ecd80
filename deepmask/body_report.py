"""What was done to the bodies of a picture, by which engine, and what the check of the output found."""

from __future__ import annotations

from dataclasses import dataclass

from deepmask.report import Report, Verdict
from deepmask.report_json import Saved, counted


@dataclass(frozen=True)
class BodyFinding:
    """One region of the output."""

    region: str
    wanted: str
    """The decision in words."""
    engine: str
    """What is seen instead: 'patchmatch', 'diffusion_inpaint', 'silhouette', 'pixelate', or 'none' when kept."""
    verdict: Verdict
    unchanged: float | None
    """Share of the region's pixels that are as they were, 0..1; None when kept."""
    note: str = ""
    """Why something plainer was done, or what is wrong: one sentence."""


_WORDS = {"hidden": "hidden", "weak": "still found there", "leak": "STILL VISIBLE", "kept": "kept as you asked"}


@dataclass(frozen=True)
class BodyReport(Saved):
    """The check of one output."""

    source_name: str
    findings: tuple[BodyFinding, ...]
    faces: Report
    """The check of all faces, also of those that belong to no body."""
    engines: tuple[str, ...]
    """Segmenters that looked for people again."""
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """Nothing that should be hidden is seen."""
        return self.faces.safe and all(f.verdict in ("hidden", "kept") for f in self.findings)

    def summary(self) -> str:
        """One sentence for people."""
        if not self.findings:
            return f"Nobody was found from head to foot. {self.faces.summary()}"
        told = counted((f.verdict for f in self.findings), _WORDS)
        regions = "region" if len(self.findings) == 1 else "regions"
        return f"{len(self.findings)} {regions}: {told}. {self.faces.summary()}"
