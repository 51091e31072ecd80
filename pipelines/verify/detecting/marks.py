"""What marks say: a tag in the pixels, a seal, content credentials in the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deepmask.content_credentials import Credentials
from deepmask.dossier import Exhibit
from deepmask.errors import EngineError, InputError
from deepmask.media import Clip, Photo
from deepmask.progress import Progress, part, silent
from deepmask.provenance import known_credentials
from deepmask.records import Ledger
from deepmask.signing import Keyring, PublicKey, Signer
from deepmask.tag_report import TagReading
from pipelines.verify.detecting.drawing import overlay
from pipelines.verify.detecting.model import Evidence
from pipelines.verify.reading import MISSING_BELOW, Reading, read_tag

HOLE_SHARE = 0.004
"""Of the picture: smaller gaps of a tag are chance."""


def photo_marks(source: Photo, path: Path | None = None, *, progress: Progress = silent) -> list[Evidence]:
    """All marks of a photo.

    Args:
        path: its file, for what lies in the file and not in the pixels.
    """
    found = [of_tag(source, progress=part(progress, 0.0, 0.9))]
    if path is not None:
        found.append(of_credentials(known_credentials(path)))
    return [one for one in found if one is not None]


def clip_marks(clip: Clip, *, progress: Progress = silent) -> list[Evidence]:
    """All marks of a video."""
    progress(0.0, "Looking for content credentials")
    found = of_credentials(known_credentials(clip.path))
    return [] if found is None else [found]


def unlocked() -> tuple[Signer | None, list[PublicKey]]:
    """The user's key if it exists and needs no passphrase, and all keys they know; none is made."""
    keyring = Keyring()
    try:
        return (keyring.signer() if keyring.exists else None), keyring.known()
    except InputError:
        return None, keyring.known()


def of_tag(source: Photo, *, progress: Progress = silent) -> Evidence | None:
    """A tag's map is evidence: where it is missing, pixels were replaced since."""
    signer, keys = unlocked()
    try:
        reading = read_tag(source, signer=signer, keys=keys, ledger=Ledger(), progress=progress)
    except EngineError:
        return None
    if not reading.report.found or reading.intact is None:
        return None
    return judged_tag(reading)


def judged_tag(reading: Reading) -> Evidence:
    """What a tag that was read says."""
    report, hole = reading.report, hole_of(reading)
    share, name = float(hole.mean()), _named(report)
    if report.fit == "other":
        words = f"{name} belongs to another picture: it was copied onto this one."
        return Evidence("tag", "fake", words)
    if share >= HOLE_SHARE:
        words = f"{name} is missing in {100 * share:.0f} % of the picture: it was changed there after it was tagged."
        shown = Exhibit("Where the tag is missing", overlay(reading.image, hole), "Coloured pixels came after the tag.")
        return Evidence("tag", "fake", words, hole, (shown,))
    if report.what.startswith("masked"):
        words = f"{name} is unbroken, and its record says that the picture shows personas: {report.what}."
        return Evidence("tag", "fake", words)
    return Evidence("tag", "likely real", f"{name} is unbroken: nothing was replaced since it was tagged.")


def hole_of(reading: Reading) -> np.ndarray:
    """(H, W) float32: 1 within every compact region in which the tag is missing."""
    import cv2

    assert reading.intact is not None
    h, w = reading.intact.shape
    scale = min(1.0, _HOLE_PX / max(h, w))
    small = cv2.resize(
        reading.intact, (max(1, round(w * scale)), max(1, round(h * scale))), interpolation=cv2.INTER_AREA
    )
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_COMPACT_PX, _COMPACT_PX))
    missing = cv2.morphologyEx((small < MISSING_BELOW).astype(np.uint8), cv2.MORPH_OPEN, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(missing)
    large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= HOLE_SHARE * small.size]
    hole = np.isin(labels, large).astype(np.float32)
    return np.asarray(cv2.resize(hole, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)


_HOLE_PX = 512
_COMPACT_PX = 15
"""Width below which a gap of the tag is chance, at ``_HOLE_PX``."""


def _named(report: TagReading) -> str:
    return {"yours": "Your tag", "known": f"The tag of {report.signer}"}.get(report.standing, "The tag")


def of_credentials(found: Credentials | None) -> Evidence | None:
    """Content credentials are a statement, signed by somebody who may call themselves anything."""
    if found is None:
        return None
    told = found.summary()
    if found.state == "changed":
        return Evidence("credentials", "unsure", told)
    if found.state == "intact" and found.by_machine:
        return Evidence("credentials", "fake", told)
    return Evidence("credentials", None, told)
