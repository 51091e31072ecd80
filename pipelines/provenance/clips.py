"""Masked videos get their tag while their pieces are drawn, and their content credentials when they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepmask import engines, tag_keys
from deepmask.config import Settings
from deepmask.content_credentials import Step
from deepmask.errors import DeepmaskError, EngineError
from deepmask.faces import RGBImage
from deepmask.files import move
from deepmask.likeness import Likeness
from deepmask.media.clip import Clip
from deepmask.provenance import Mark, PixelTag, write_signed
from deepmask.video_plan import VideoPlan
from pipelines.provenance.recording import remember, told

STRENGTH = 1.5
"""Amplitude of the tag in videos, in grey levels on medium texture: it is the same in all frames, so that many of them
together are read where one is not."""
_LOOKS = 12
"""Frames that are looked at to see whether the tag outlasted the coding."""


@dataclass(frozen=True)
class ClipMark:
    """What a masked video is marked with; known before it is drawn."""

    mark: Mark | None = None
    """None: it gets neither tag nor content credentials."""
    tag: PixelTag | None = None
    untagged: str = ""
    """Why it has no tag, as a clause."""

    def write(self, finished: Path, out: Path, masked: Clip, steps: tuple[Step, ...]) -> tuple[str, ...]:
        """Make a finished file ``out``, with content credentials where it holds them, and add the record of its tag.

        Args:
            masked: the finished file.
            steps: what was done (:mod:`pipelines.provenance.steps`); without any nothing is signed.

        Returns:
            What the user should know of its provenance, each a short clause.

        Raises:
            DeepmaskError: the place cannot be written.
        """
        if self.mark is None or not steps:
            move(finished, out)
            failed = self.mark is None and self.untagged
            return (f"neither tagged nor signed, because {self.untagged}",) if failed else ()
        pictures = list(_spread(masked, _LOOKS)) if self.tag is not None else []
        read = self.tag is not None and _carry(pictures, self.tag)
        likenesses = _likenesses(masked) if read else []
        unsigned = write_signed(finished, out, steps, self.mark, tagged=read)
        untagged = self.untagged or "its coding leaves too little of the tag"
        notes = (told("a masked video", "" if read else untagged, unsigned),)
        if read:
            notes += remember(self.mark, "video", likenesses, masked.size_wh)
        return notes


def mark_clip(source: Clip, plan: VideoPlan, suffix: str, *, wanted: bool | None = None) -> ClipMark:
    """How a video will be marked.

    All edits of its plan have the same tag, so that an edit draws anew only what it changes.

    Args:
        suffix: of the file it will become.
        wanted: whether it is to be marked; None: as the settings say.
    """
    if not (Settings.load().provenance if wanted is None else wanted):
        return ClipMark()
    try:
        mark = Mark.of("video", source.fingerprint)
    except DeepmaskError as error:
        return ClipMark(untagged=str(error).rstrip("."))
    if plan.bodies is None and all(track.decision.action == "keep" and not track.body for track in plan.tracks):
        return ClipMark(mark, untagged="its pictures are as they were")
    if suffix.lower() == ".gif":
        return ClipMark(mark, untagged="a table of colours holds none")
    tag = PixelTag(mark.number, STRENGTH)
    try:
        tag.laid(np.zeros((source.size_wh[1], source.size_wh[0], 3), np.uint8))
    except EngineError as error:
        return ClipMark(mark, untagged=str(error).rstrip("."))
    return ClipMark(mark, tag)


def _spread(clip: Clip, count: int) -> Iterator[RGBImage]:
    """Some pictures from beginning to end."""
    total = len(clip.timeline)
    for index in dict.fromkeys(np.linspace(0, total - 1, min(count, total)).round().astype(int).tolist()):
        yield from (picture.rgb for picture in clip.pictures(index, index + 1))


def _likenesses(clip: Clip) -> list[Likeness]:
    """By which all its frames will be recognised."""
    from pipelines.tag_likeness import Memory

    memory = Memory()
    for picture in clip.pictures():
        memory.see(picture.rgb)
    return memory.likenesses


def _carry(pictures: Sequence[RGBImage], tag: PixelTag) -> bool:
    """Whether the tag is read from all of them together."""
    with engines.exclusive:
        found = engines.load("tagger").read_all(pictures, tag_keys.PUBLIC, thorough=False)
    return found is not None and found.tag_id == tag.number
