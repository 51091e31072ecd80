"""Read tags of videos: pictures from all over them are looked at together, which reads what no single one gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.dossier import Dossier
from deepmask.engines.protocols import TagFound
from deepmask.faces import RGBImage
from deepmask.media.clip import Clip, Picture
from deepmask.progress import Progress, silent
from deepmask.records import Ledger
from deepmask.signing import PublicKey, Signer
from deepmask.tag_report import TagReading
from pipelines.clip_samples import samples
from pipelines.verify.tag_dossier import MISSING_BELOW, dossier_of
from pipelines.verify.tag_records import Asked

FRAMES = 12
"""Pictures of a video that are looked at."""
_SEEN_PX = 1080
"""Larger pictures are looked at with this shorter side."""
SEEN_SHARE = 0.2
"""Pictures that have less of the tag are not asked where it is missing."""


@dataclass(frozen=True)
class FramePresence:
    """The tag in one picture of a video."""

    index: int
    seconds: float
    intact_share: float
    """Share of the picture in which the tag is as it was laid, 0..1; 0 where nothing of it is left."""


@dataclass(frozen=True, eq=False)
class ClipReading:
    """What was read in one video."""

    report: TagReading
    found: TagFound | None = None
    """How the tag lies in pictures of :meth:`seen`."""
    key: bytes = b""
    """The key it was read with; empty if nothing was."""
    frames: tuple[FramePresence, ...] = ()
    """Those that were looked at."""
    worst: tuple[RGBImage, NDArray[np.float32]] | None = None
    """Of the pictures with a tag the one with the least of it, and its map: as :meth:`intact` gives it."""
    tagger: str = "auto"

    def intact(self, rgb: RGBImage) -> NDArray[np.float32] | None:
        """(H, W) about 1 where a picture of the video has the tag, near 0 where not; None if no tag was read."""
        if self.found is None:
            return None
        small = seen(rgb)
        with engines.exclusive:
            there = engines.load("tagger", self.tagger).intact(small, self.found, self.key)
        height, width = rgb.shape[:2]
        return there if small is rgb else np.asarray(cv2.resize(there, (width, height)), np.float32)

    def dossier(self) -> Dossier:
        """For people."""
        image, intact = self.worst or (None, None)
        return dossier_of(self.report, image, intact, [(one.seconds, one.intact_share) for one in self.frames])


def seen(rgb: RGBImage) -> RGBImage:
    """The picture as it is looked at."""
    height, width = rgb.shape[:2]
    if (short := min(height, width)) <= _SEEN_PX:
        return rgb
    size = (round(width * _SEEN_PX / short), round(height * _SEEN_PX / short))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def read_clip_tag(
    source: Clip,
    *,
    signer: Signer | None = None,
    keys: Sequence[PublicKey] = (),
    ledger: Ledger | None = None,
    tagger: str = "auto",
    thorough: bool = True,
    frames: int = FRAMES,
    progress: Progress = silent,
) -> ClipReading:
    """Look for a tag in a video, and for what its record says; arguments as for photos.

    Args:
        frames: pictures that are looked at, from all over the video.

    Raises:
        EngineMissing: the tagger cannot be used.
        MediaError: the video cannot be decoded.
    """
    asked = Asked(signer, keys, ledger)
    spec = engines.choose("tagger", tagger)
    engine = engines.load("tagger", spec.name)
    pictures: list[Picture] = []
    for picture in samples(source, frames):
        progress(0.5 * len(pictures) / frames, "Looking at the pictures")
        pictures.append(replace(picture, rgb=seen(picture.rgb)))
    images = [picture.rgb for picture in pictures]
    for kind, key in asked.patterns():
        progress(0.6, "Looking for a tag")
        with engines.turn(progress):
            found = engine.read_all(images, key, thorough=thorough)
        if found is not None:
            report = TagReading(
                source.name, f"{found.tag_id:016x}", kind, spec.name, found.confidence,
                angle_degrees=found.angle_degrees, mirrored=found.mirrored, stretched=found.aspect, notes=source.notes,
            )  # fmt: skip
            reading = ClipReading(asked.recorded(report, images, found), found, key, tagger=spec.name)
            progress(0.8, "Looking where the tag is missing")
            return _with_frames(reading, pictures)
    progress(1.0, "No tag")
    return ClipReading(TagReading(source.name, engine=spec.name, notes=source.notes))


def _with_frames(reading: ClipReading, pictures: Sequence[Picture]) -> ClipReading:
    frames: list[FramePresence] = []
    maps: list[tuple[float, RGBImage, NDArray[np.float32]]] = []
    for picture in pictures:
        there = reading.intact(picture.rgb)
        assert there is not None
        share = float((there >= MISSING_BELOW).mean())
        frames.append(FramePresence(picture.index, float(picture.time), share))
        if share >= SEEN_SHARE:
            maps.append((share, picture.rgb, there))
    without, report = len(frames) - len(maps), reading.report
    if without:
        note = f"in {without} of {len(frames)} pictures the tag is not seen: compressed too much, or not of this video"
        report = replace(report, notes=(*report.notes, note))
    if maps:
        report = replace(report, intact_share=float(np.mean([one[0] for one in maps])))
    worst = min(maps, key=lambda one: one[0])[1:] if maps else None
    return replace(reading, report=report, frames=tuple(frames), worst=worst)
