"""What the Video tab works at; part of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.plan import Action
from deepmask.track import BodyCover
from deepmask.video_plan import VideoPlan
from deepmask.video_report import VideoReport
from deepmask.voice_plan import Strength


@dataclass
class Film:
    """One video on the desk."""

    path: Path
    """The upload, in the session's folder."""
    clip: Clip
    version: int = 0
    """Grows whenever what was rendered becomes void; part of file names, which browsers remember."""
    plan: VideoPlan | None = None
    by_hand: set[str] = field(default_factory=set)
    """Tracks whose decision a person made; the chooser leaves them alone."""
    bodies_by_hand: set[str] = field(default_factory=set)
    """The same for what covers their whole person."""
    masked: Path | None = None
    report: VideoReport | None = None
    rendered: bool = False
    """Whether some plan of this video was carried out, so that rendering again has less to do."""
    kept: float = 0.0
    """How far masking had come, 0..1, when it was stopped."""

    @property
    def folder(self) -> Path:
        return self.path.parent

    def seconds(self, frame: int) -> float:
        """When a frame appears."""
        return float(self.clip.timeline.pts[frame] * self.clip.time_base)

    def changed(self, plan: VideoPlan) -> None:
        """Take over another plan; what was rendered from the old one is void."""
        self.plan, self.masked, self.report, self.kept = plan, None, None, 0.0
        self.version += 1


@dataclass
class VideoDesk:
    """The video, how it is to be masked, and what is shown of it."""

    film: Film | None = None
    who: str | None = None
    """Value of the chooser 'who gets a persona'; None until the user has chosen."""
    bystanders: Action = "pixelate"
    swapper: str = "auto"
    """Engine that shows personas."""
    look: Look = Look()
    """Detail and extent of their faces."""
    quality: str = "good"
    """Of the coded picture."""
    codec: str = "auto"
    hardware: str = "none"
    """What encodes it."""
    voice: Strength | None = None
    """How strongly voices are changed; None: the sound stays as it is."""
    bodies: BodyCover | None = None
    """What covers whole people who are not enrolled; None: faces alone."""
    frame: int = 0
    """The frame that is shown."""
    selected: str | None = None
    """Track that is being edited."""
    pointing: str | None = None
    """What is being drawn: the box of the track of this id, or of a new one if empty; None while nothing is."""
    comparing: bool = False
    """Original and result are played instead of the review."""
    paused: bool = False
    """The work in progress waits."""

    @property
    def folder(self) -> Path | None:
        """Where the files of the video are."""
        return self.film.folder if self.film is not None else None

    def unselect(self) -> None:
        """Nothing is being edited or drawn."""
        self.selected = self.pointing = None
