"""What a picture was before it is tagged: a new tag must not make a masked one look untouched.

The new record carries on what the records of tags that are already in the pixels, and the file's content credentials,
say. A tag of somebody else may be that of a masked picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deepmask.media import Photo
from deepmask.media.clip import Clip
from deepmask.progress import Progress, silent
from deepmask.records import MADE_UP, MASKED, RETAGGED, Ledger
from deepmask.signing import Keyring, Signer
from deepmask.tag_keys import in_words
from deepmask.tag_report import TagReading


@dataclass(frozen=True)
class Origin:
    """What is known of a picture or video before it is tagged."""

    what: str
    """For the record: 'a photo', 'a masked video', ..."""
    notes: tuple[str, ...] = ()
    """What the user should know of it, each a clause."""


def of_photo(
    source: Photo, path: Path | None, signer: Signer | None, ledger: Ledger | None, tagger: str, what: str = ""
) -> Origin:
    """That of a photo.

    Args:
        path: its file, in which content credentials are looked for.
        signer: the user's key: private tags of theirs are found, too.
        ledger: the user's records.
        tagger: engine.
        what: what the user calls it; empty: 'a photo'.
    """
    from pipelines.verify.reading import read_tag

    keys = Keyring().known()
    report = read_tag(source, signer=signer, keys=keys, ledger=ledger, tagger=tagger).report
    return _origin("photo", report, path, what)


def of_clip(
    source: Clip, signer: Signer | None, ledger: Ledger | None, tagger: str, what: str = "", progress: Progress = silent
) -> Origin:
    """That of a video; arguments as for photos."""
    from pipelines.verify.reading_clips import read_clip_tag

    keys = Keyring().known()
    read = read_clip_tag(source, signer=signer, keys=keys, ledger=ledger, tagger=tagger, progress=progress)
    return _origin("video", read.report, source.path, what)


def _origin(medium: Literal["photo", "video"], report: TagReading, path: Path | None, what: str) -> Origin:
    what = what or f"a {medium}"
    for kind, source in _said(report, path):
        told = {
            MASKED: f"a {MASKED} {medium}",
            MADE_UP: f"a {MADE_UP} {medium}",
            RETAGGED: f"{what} that was {RETAGGED}",
        }
        return Origin(told[kind], (*_had(report), f"the record calls it {told[kind]}, because {source}"))
    return Origin(what, tuple(_had(report)))


def _had(report: TagReading) -> Iterator[str]:
    if report.found:
        yield f"it had the tag {in_words(int(report.tag_id, 16))} already, which may no longer be read"


def _said(report: TagReading, path: Path | None) -> Iterator[tuple[str, str]]:
    """What speaks against an untouched picture, the weightiest first, and what says so, as a clause."""
    copied = report.fit == "other" or report.standing == "broken"
    if report.found and not copied and MASKED in report.what:
        yield MASKED, "the record of its earlier tag does"
    if path is not None:
        from deepmask.provenance import known_credentials

        found = known_credentials(path)
        if found is not None and found.made_up:
            yield MADE_UP, "its content credentials say that not all of it was seen by a camera"
    if report.found and not copied and MADE_UP in report.what:
        yield MADE_UP, "the record of its earlier tag does"
    if report.found and (copied or report.standing not in ("yours", "known", "unsigned") or report.retagged):
        yield RETAGGED, "nobody here knows what that tag was given to"
