"""What detection is asked for, the evidence it collects, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepmask.detect_report import ClipDetectReport, DetectReport, EvidenceKind, FaceScore, FakeVerdict, Reason
from deepmask.dossier import Dossier, Exhibit
from deepmask.errors import InputError
from deepmask.faces import RGBImage
from deepmask.media import Photo

Heat = NDArray[np.float32]
"""(H, W) how much speaks for a pixel being faked, 0..1."""


VERSIONS = ("as it is", "JPEG 75", "× 0.7")
"""A trace of a fake outlasts compression and resizing; what vanishes then, or comes with it, is chance."""

LEAST_FACE_PX = 32
"""Smaller faces keep no traces."""


@dataclass(frozen=True)
class DetectOptions:
    """How pictures are looked at."""

    engine: str = "auto"
    """Finder of faked pixels."""
    finder: str = "fast"
    """Face finder."""
    marks: bool = True
    """Whether tags, seals and content credentials are looked for."""
    most_frames: int = 120
    """Of a video so many pictures are looked at, spread evenly; all, if it has no more."""

    def __post_init__(self) -> None:
        if not 1 <= self.most_frames <= 100_000:
            raise InputError(f"Between 1 and 100000 pictures of a video can be looked at, not {self.most_frames}.")


@dataclass(frozen=True, eq=False)
class Look:
    """What the detector saw."""

    heat: Heat
    faces: tuple[FaceScore, ...]

    @property
    def score(self) -> float | None:
        """Of the most suspicious face; None where none is large enough."""
        return max((face.score for face in self.faces if face.score is not None), default=None)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What one way of looking found."""

    kind: EvidenceKind
    says: FakeVerdict | None
    words: str
    """A sentence."""
    heat: Heat | None = field(default=None, repr=False)
    """Where, at the size of the picture; None: it has no place."""
    exhibits: tuple[Exhibit, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()

    @property
    def reason(self) -> Reason:
        """For reports."""
        return Reason(self.kind, self.says, self.words)


@dataclass(frozen=True, eq=False)
class Detection:
    """What was found in a photo."""

    source: Photo = field(repr=False)
    report: DetectReport
    evidence: tuple[Evidence, ...] = field(repr=False)
    """All there is, in the order in which it was collected."""
    shown: Evidence = field(repr=False)
    """The one whose map is the heat map: the weightiest that has a place."""

    @property
    def heat(self) -> Heat:
        """Where that one sees faked pixels."""
        assert self.shown.heat is not None
        return self.shown.heat

    def overlay(self) -> RGBImage:
        """The photo with the heat over it, at its full size."""
        from pipelines.verify.detecting.drawing import overlay

        return overlay(self.source.rgb, self.heat)

    def dossier(self) -> Dossier:
        """All of it for people; the forensic pictures are made now."""
        from pipelines.verify.detecting.telling import photo_dossier

        return photo_dossier(self)


@dataclass(frozen=True, eq=False)
class TopFrame:
    """A suspicious picture of a video."""

    index: int
    seconds: float
    score: float
    rgb: RGBImage = field(repr=False)
    heat: Heat = field(repr=False)


@dataclass(frozen=True, eq=False)
class ClipDetection:
    """What was found in a video."""

    report: ClipDetectReport
    seconds: float
    """Length of the video."""
    top: tuple[TopFrame, ...] = field(default=(), repr=False)
    exhibits: tuple[Exhibit, ...] = field(default=(), repr=False)

    def curve(self) -> RGBImage:
        """The score over time."""
        from pipelines.verify.detecting.curve import draw

        return draw(self.report, self.seconds)

    def dossier(self) -> Dossier:
        """All of it for people."""
        from pipelines.verify.detecting.telling import clip_dossier

        return clip_dossier(self)
