"""What the Voice tab works at; part of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deepmask.media.sound import Sound
from deepmask.voice import Voice
from deepmask.voice_plan import VoicePlan
from deepmask.voice_report import VoiceReport
from pipelines.voice import VoiceOptions


@dataclass(frozen=True)
class Clip:
    """Something to play."""

    path: Path
    is_video: bool
    seconds: float
    peaks: tuple[float, ...]
    """Loudest amplitude of equal stretches, 0..1: what the wave is drawn from."""


@dataclass
class Recording:
    """One sound or video on the desk."""

    path: Path
    """The upload, in the session's folder."""
    sound: Sound
    before: Clip
    version: int = 0
    """Grows whenever what was rendered becomes void; part of file names, which browsers remember."""
    plan: VoicePlan | None = None
    after: Clip | None = None
    masked: Path | None = None
    report: VoiceReport | None = None

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def heard(self) -> bool:
        """Whether the words are written down."""
        return self.plan is not None and bool(self.plan.phrases)

    def changed(self, plan: VoicePlan | None) -> None:
        """Take over another plan; what was rendered from the old one is void."""
        self.plan, self.masked, self.after, self.report = plan, None, None, None
        self.version += 1


@dataclass
class VoiceDesk:
    """The recording and how it is to be masked."""

    recording: Recording | None = None
    who: str | None = None
    """Value of the chooser; None until the user has chosen."""
    others: dict[str, str] = field(default_factory=dict)
    """Speakers for whom something else was chosen, and what."""
    options: VoiceOptions = field(default_factory=VoiceOptions)
    """How, for everybody; the persona is that of ``who``."""
    tuned: Voice | None = None
    """The voice of the chosen persona as the sliders have it, while it is not kept."""
    sample: Path | None = None
    """The sample that was played last."""

    @property
    def folder(self) -> Path | None:
        """Where the files of the recording are."""
        return self.recording.folder if self.recording is not None else None
