"""All that was found about one file: faked pixels, seal, tag, content credentials."""

from __future__ import annotations

from dataclasses import dataclass

from deepmask.content_credentials import Credentials
from deepmask.detect_report import ClipDetectReport, DetectReport
from deepmask.report_json import Saved
from deepmask.seal_report import AuthenticityReport
from deepmask.tag_report import TagReading


@dataclass(frozen=True)
class ExaminationReport(Saved):
    """The answers to four questions about one photo or video."""

    source_name: str
    detection: DetectReport | ClipDetectReport
    """Whether it was faked; its verdict is that of the whole, for it heeds the marks, too."""
    seal: AuthenticityReport | None
    """None for videos, which have no seals."""
    tag: TagReading
    credentials: Credentials | None
    """None: the file has none."""

    @property
    def safe(self) -> bool:
        """Nothing says that it is faked."""
        return self.detection.safe

    def summary(self) -> str:
        """One sentence for people."""
        return self.detection.summary()
