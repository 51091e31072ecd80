"""Read tags of photos (and videos: :mod:`pipelines.verify.reading_clips`): which id, whose, and where it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.dossier import Dossier
from deepmask.engines.protocols import TagFound
from deepmask.faces import RGBImage
from deepmask.media import Photo
from deepmask.progress import Progress, silent
from deepmask.records import Ledger
from deepmask.signing import PublicKey, Signer
from deepmask.tag_report import TagReading
from pipelines.verify.reading_clips import SEEN_SHARE, ClipReading, read_clip_tag
from pipelines.verify.tag_dossier import MISSING_BELOW, dossier_of
from pipelines.verify.tag_records import Asked

__all__ = ["MISSING_BELOW", "SEEN_SHARE", "ClipReading", "Reading", "read_clip_tag", "read_tag"]


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read in one photo."""

    report: TagReading
    image: RGBImage
    found: TagFound | None = None
    key: bytes = b""
    """The key it was read with; empty if nothing was."""
    intact: NDArray[np.float32] | None = None
    """(H, W) about 1 where the tag is as it was laid, near 0 where pixels were replaced since."""

    def dossier(self) -> Dossier:
        """For people."""
        return dossier_of(self.report, self.image, self.intact)


def read_tag(
    source: Photo,
    *,
    signer: Signer | None = None,
    keys: Sequence[PublicKey] = (),
    ledger: Ledger | None = None,
    tagger: str = "auto",
    thorough: bool = True,
    progress: Progress = silent,
) -> Reading:
    """Look for a tag in a photo, and for what its record says.

    Args:
        signer: the user's key, for private tags; None: only public ones are found.
        keys: by which the signers of records are recognised.
        ledger: the user's records.
        thorough: look for cropped and turned pictures, too.

    Raises:
        EngineMissing: the tagger cannot be used.
    """
    asked = Asked(signer, keys, ledger)
    spec = engines.choose("tagger", tagger)
    engine = engines.load("tagger", spec.name)
    patterns = asked.patterns()
    for n, (kind, key) in enumerate(patterns):
        progress(n / len(patterns), "Looking for a tag")
        with engines.turn(progress):
            found = engine.read(source.rgb, key, thorough=thorough)
            intact = None if found is None else engine.intact(source.rgb, found, key)
        if found is not None and intact is not None:
            report = TagReading(
                source.name, f"{found.tag_id:016x}", kind, spec.name, found.confidence,
                angle_degrees=found.angle_degrees, mirrored=found.mirrored, stretched=found.aspect,
                intact_share=float((intact >= MISSING_BELOW).mean()), notes=source.notes_on_looking,
            )  # fmt: skip
            progress(1.0, "Read")
            return Reading(asked.recorded(report, [source.rgb], found), source.rgb, found, key, intact)
    progress(1.0, "No tag")
    return Reading(TagReading(source.name, engine=spec.name, notes=source.notes_on_looking), source.rgb)
