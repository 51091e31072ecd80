"""What was done to the faces of a video, by which engines, and what the check of the output found."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deepmask.faces import Box
from deepmask.files import write_text
from deepmask.report import Verdict


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


@dataclass(frozen=True)
class VideoReport:
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
        count = {v: sum(f.verdict == v for f in self.findings) for v in ("hidden", "weak", "leak", "kept")}
        words = [
            f"{count['hidden']} hidden" if count["hidden"] else "",
            f"{count['weak']} only weakly disguised" if count["weak"] else "",
            f"{count['leak']} STILL RECOGNISABLE" if count["leak"] else "",
            f"{count['kept']} kept as you asked" if count["kept"] else "",
        ]
        tracks = "track" if len(self.findings) == 1 else "tracks"
        return (
            f"{len(self.findings)} {tracks} of faces: {', '.join(w for w in words if w)}; "
            f"{self.looked_at} of {self.frames} frames were looked at again."
        )

    def to_json(self) -> str:
        """JSON text."""
        return json.dumps({"safe": self.safe, "summary": self.summary(), **asdict(self)}, indent=2) + "\n"

    def save(self, path: Path) -> None:
        """Write the JSON atomically."""
        write_text(path, self.to_json())
