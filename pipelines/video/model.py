"""What masking of a video is asked for, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from deepmask.errors import InputError, PlanError
from deepmask.media.clip import Clip
from deepmask.track import BODY_COVERS, BodyCover
from deepmask.video_plan import VideoPlan
from deepmask.video_report import VideoReport
from pipelines.photo.model import PhotoOptions
from pipelines.voice.model import VoiceOptions, VoiceOutcome


@dataclass(frozen=True)
class VideoOptions:
    """What happens to the faces of a video."""

    faces: PhotoOptions = field(default_factory=lambda: PhotoOptions(finder="frames"))
    """Who gets what, and the engines, as for a photo."""
    looks_per_second: float = 8.0
    """How often faces are looked for; between two looks they are followed."""
    voice: VoiceOptions | None = None
    """What happens to its voices; None: the sound stays as it is."""
    bodies: BodyCover | None = None
    """What covers whole people who are not enrolled, with and without a visible face; None: faces alone."""

    def __post_init__(self) -> None:
        if self.bodies is not None and self.bodies not in BODY_COVERS:
            raise InputError(
                f"In videos bodies can get {' or '.join(BODY_COVERS)}, not {self.bodies!r}; people are removed and "
                "exchanged in photos only ('deepmask body')."
            )
        if not 1 <= self.looks_per_second <= 1000:
            raise InputError(f"Faces are looked for 1 to 1000 times a second, not {self.looks_per_second:g}.")

    def wearing(self, persona: str) -> VideoOptions:
        """A copy in which everybody gets a persona."""
        return replace(self, faces=replace(self.faces, persona=persona))


@dataclass(frozen=True)
class Spoken:
    """A masked sound track."""

    path: Path | None = None
    """None: the video keeps its own."""
    outcomes: tuple[VoiceOutcome, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrackOutcome:
    """How one track was masked."""

    track: str
    engines: dict[str, int]
    """Name of the engine whose mask is seen → frames; 'none' when kept."""
    note: str = ""
    """Why plainer masks than the one wanted were used: one sentence."""


@dataclass(frozen=True)
class MaskedClip:
    """A rendered video and how each track was masked."""

    clip: Clip
    outcomes: tuple[TrackOutcome, ...]
    notes: tuple[str, ...] = ()
    spoken: Spoken = Spoken()
    """Its masked sound."""
    bodies: tuple[TrackOutcome, ...] = ()
    """How the people of some tracks were covered, and 'others', who are on none."""


@dataclass(frozen=True)
class VideoResult:
    """All there is about one masked video."""

    clip: Clip | None
    """None: it was not written, since what the check found was not accepted."""
    plan: VideoPlan
    report: VideoReport


def validate(source: Clip, plan: VideoPlan) -> None:
    """Raise ``PlanError`` unless the plan was made for this video."""
    if plan.fingerprint != source.fingerprint:
        raise PlanError(
            f"The plan was made for another video ({plan.source_name}), not for {source.name}; "
            "make a new one with 'deepmask video plan'."
        )
