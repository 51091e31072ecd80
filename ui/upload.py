"""One uploaded picture on a desk: its files, its plan, and what was made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

PlanT = TypeVar("PlanT")
ReportT = TypeVar("ReportT")


@dataclass
class Upload(Generic[PlanT, ReportT]):
    """A picture on the desk, with a plan of some kind."""

    path: Path
    """The upload, in the session's folder."""
    name: str
    number: int
    version: int = 0
    """Grows whenever what was rendered becomes void; part of file names, which browsers remember."""
    plan: PlanT | None = None
    by_hand: set[str] = field(default_factory=set)
    """Regions whose decision a person made; the chooser leaves them alone."""
    masked: Path | None = None
    report: ReportT | None = None
    problem: str = ""
    """Why the picture cannot be used: one sentence."""

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def preview(self) -> Path:
        """The picture as the page shows it."""
        return self.folder / "preview.jpg"

    @property
    def after(self) -> Path:
        """The masked picture as the page shows it."""
        return self.folder / f"after-{self.version}.jpg"

    def changed(self, plan: PlanT) -> None:
        """Take over another plan; what was rendered from the old one is void."""
        self.plan, self.masked, self.report = plan, None, None
        self.version += 1
