"""What was done to the faces of a video, by which engines, and what the check of the output found."""

from __future__ import annotations

from dataclasses import dataclass, field

from deepmask.faces import Box
from deepmask.report import Verdict
from deepmask.report_json import Saved, counted


@dataclass(frozen=True)
class VideoFinding:
    """One track of the output, or a face that the plan does not speak of."""

    track: str
    wanted: str
    """The decision in words: a persona's name, or a style."""
    verdict: Verdict
    """The worst of all frames that were looked at."""
    frames: int
    """In which the track is seen."""
    engines: dict[str, int] = field(default_factory=dict)
    """Engine → frames in which its mask is seen."""
    distance: float | None = None
    """Smallest identity distance original → output of all frames measured; None where none could be."""
    leaking: tuple[tuple[int, int], ...] = ()
    """First and last frames of the spans that leak."""
    note: str = ""
    """Why plainer masks were used, or what is wrong: one sentence."""
    missed_box_xyxy: Box | None = None
    """Where a face is that the plan does not speak of, in the first frame of ``leaking``."""


_WORDS = {
    "hidden": "hidden",
    "weak": "only weakly disguised",
    "leak": "STILL RECOGNISABLE",
    "kept": "kept as you asked",
}


@dataclass(frozen=True)
class VideoReport(Saved):
    """The check of one output."""

    source_name: str
    frames: int
    looked_at: int
    """Frames in which faces were looked for again."""
    findings: tuple[VideoFinding, ...]
    judges: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def safe(self) -> bool:
        """No track leaks and none is weak."""
        return all(f.verdict in ("hidden", "kept") for f in self.findings)

    def summary(self) -> str:
        """One sentence for people."""
        if not self.findings:
            return f"No face was found in {self.frames} frames; nothing was changed."
        told = counted((f.verdict for f in self.findings), _WORDS)
        tracks = "track" if len(self.findings) == 1 else "tracks"
        return (
            f"{len(self.findings)} {tracks} of faces: {told}; "
            f"{self.looked_at} of {self.frames} frames were looked at again."
        )
