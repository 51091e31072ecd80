"""Read tags: which id, whose record, whether the record is that of this picture, and where the tag is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.dossier import Dossier, Exhibit, Table, Tone
from deepmask.engines.protocols import TagFound, Tagger
from deepmask.errors import DeepmaskError
from deepmask.faces import RGBImage
from deepmask.media import Photo
from deepmask.progress import Progress, silent
from deepmask.records import Ledger, Record
from deepmask.signing import PublicKey, Signer
from deepmask.tag_keys import PUBLIC, KeyKind, in_words, private
from deepmask.tag_report import TagReading

MISSING_BELOW = 0.4
"""Of the intact map: below it pixels were replaced since the tag was laid."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read in one picture."""

    report: TagReading
    image: RGBImage
    found: TagFound | None = None
    key: bytes = b""
    """The key it was read with; empty if nothing was."""
    intact: NDArray[np.float32] | None = None
    """(H, W) about 1 where the tag is as it was laid, near 0 where pixels were replaced since."""

    def dossier(self) -> Dossier:
        """For people."""
        return _dossier(self)


def keys_to_try(signer: Signer | None) -> list[tuple[KeyKind, bytes]]:
    """The user's own key, if it is at hand, and everybody's."""
    own: list[tuple[KeyKind, bytes]] = [] if signer is None else [("private", private(signer))]
    return [("public", PUBLIC), *own]


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
    spec = engines.choose("tagger", tagger)
    engine = engines.load("tagger", spec.name)
    tried = keys_to_try(signer)
    for n, (kind, key) in enumerate(tried):
        progress(n / len(tried), "Looking for a tag")
        with engines.turn(progress):
            found = engine.read(source.rgb, key, thorough=thorough)
        if found is not None:
            return _told(source, engine, spec.name, kind, key, found, keys, ledger)
    progress(1.0, "No tag")
    return Reading(TagReading(source.name, engine=spec.name), source.rgb)


def _told(
    source: Photo,
    engine: Tagger,
    name: str,
    kind: KeyKind,
    key: bytes,
    found: TagFound,
    keys: Sequence[PublicKey],
    ledger: Ledger | None,
) -> Reading:
    intact = engine.intact(source.rgb, found, key)
    report = TagReading(
        source.name,
        f"{found.tag_id:016x}",
        kind,
        name,
        found.confidence,
        found.scale,
        found.angle_degrees,
        found.mirrored,
        found.aspect,
        float((intact >= MISSING_BELOW).mean()),
    )
    record, notes = record_of(ledger, found.tag_id)
    if record is not None:
        report = with_record(report, record, keys, *_fit(source.rgb, found, record))
    return Reading(replace(report, notes=(*source.notes, *notes)), source.rgb, found, key, intact)


def record_of(ledger: Ledger | None, tag_id: int) -> tuple[Record | None, tuple[str, ...]]:
    """The record of an id, and what is wrong with it if it cannot be read."""
    if ledger is None:
        return None, ()
    try:
        return ledger.find(tag_id), ()
    except DeepmaskError as error:
        return None, (str(error).rstrip("."),)


def with_record(report: TagReading, record: Record, keys: Sequence[PublicKey], fit, agreement) -> TagReading:
    """The reading with what its record says."""
    standing, signer = record.standing(keys)
    return replace(
        report, what=record.what, created_at=record.created_at, standing=standing, signer=signer, fit=fit,
        agreement=agreement,
    )  # fmt: skip


def _fit(image: RGBImage, found: TagFound, record: Record):
    from pipelines.tag_likeness import fit

    return fit(image, found, record)


def _dossier(reading: Reading) -> Dossier:
    report = reading.report
    tone: Tone = "info" if not report.found else "good" if report.safe else "bad"
    return Dossier(
        f"The tag of {report.source_name}", report.verdict(), tone, report.summary(), tuple(_reasons(report)),
        tuple(_tables(report)), tuple(_exhibits(reading)), tuple(_notes(report)),
    )  # fmt: skip


def _reasons(report: TagReading) -> Iterator[str]:
    if report.intact_share is not None and report.intact_share < 0.995:
        yield f"In {1 - report.intact_share:.0%} of the picture the tag is missing: these pixels are not those tagged."


def _tables(report: TagReading) -> Iterator[Table]:
    if report.found:
        rows = (("Id", in_words(int(report.tag_id, 16))), ("Key", report.key))
        yield Table("The tag", ("", ""), rows)


def _exhibits(reading: Reading) -> Iterator[Exhibit]:
    if reading.intact is not None:
        yield Exhibit("Where the tag is", reading.image)


def _notes(report: TagReading) -> Iterator[str]:
    yield from report.notes
