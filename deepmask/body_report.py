"""What was done to the bodies of a picture, by which engine, and what the check of the output found."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from deepmask.files import write_text
from deepmask.report import Report, Verdict


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


@dataclass(frozen=True)
class BodyReport:
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
        count = {v: sum(f.verdict == v for f in self.findings) for v in ("hidden", "weak", "leak", "kept")}
        words = [
            f"{count['hidden']} hidden" if count["hidden"] else "",
            f"{count['weak']} still found there" if count["weak"] else "",
            f"{count['leak']} STILL VISIBLE" if count["leak"] else "",
            f"{count['kept']} kept as you asked" if count["kept"] else "",
        ]
        regions = "region" if len(self.findings) == 1 else "regions"
        return f"{len(self.findings)} {regions}: {', '.join(w for w in words if w)}. {self.faces.summary()}"

    def to_json(self) -> str:
        """JSON text."""
        return json.dumps({"safe": self.safe, "summary": self.summary(), **asdict(self)}, indent=2) + "\n"

    def save(self, path: Path) -> None:
        """Write the JSON atomically."""
        write_text(path, self.to_json())
