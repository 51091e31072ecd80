"""What was done to the faces of a video, by which engines, and what the check of the output found."""

from __future__ import annotations

from dataclasses import dataclass, field

from deepmask.faces import Box
from deepmask.report import Verdict
from deepmask.report_json import Saved, counted
from deepmask.voice_report import VoiceReport

OTHERS = "others"
"""In findings about bodies: all people whose face is on no track."""


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

_BODY_WORDS = _WORDS | {"weak": "partly seen", "leak": "STILL VISIBLE"}


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
    voice: VoiceReport | None = None
    """The check of its sound, where voices were to be masked."""
    bodies: tuple[VideoFinding, ...] = ()
    """Where whole people were to be covered: those of each track, and all whose face is on none as 'others'."""

    @property
    def safe(self) -> bool:
        """No track leaks and none is weak, and no body and no voice either."""
        heard = self.voice is not None and not self.voice.safe
        return not heard and all(f.verdict in ("hidden", "kept") for f in (*self.findings, *self.bodies))

    @property
    def leaks(self) -> bool:
        """Somebody would still be recognised, by face, body or voice."""
        voices = () if self.voice is None else self.voice.findings
        return any(finding.verdict == "leak" for finding in (*self.findings, *self.bodies, *voices))

    def summary(self) -> str:
        """One sentence for people."""
        heard = self._bodies() + ("" if self.voice is None else f" {self.voice.summary()}")
        if not self.findings:
            changed = "nothing" if self.voice is None and not self.bodies else "no face"
            return f"No face was found in {self.frames} frames; {changed} was changed.{heard}"
        told = counted((f.verdict for f in self.findings), _WORDS)
        tracks = "track" if len(self.findings) == 1 else "tracks"
        return (
            f"{len(self.findings)} {tracks} of faces: {told}; "
            f"{self.looked_at} of {self.frames} frames were looked at again.{heard}"
        )

    def _bodies(self) -> str:
        if not self.bodies:
            return ""
        told = counted((f.verdict for f in self.bodies), _BODY_WORDS)
        return f" People covered from head to foot: {told}."
