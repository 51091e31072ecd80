"""What the record of a tag says of a picture in which the tag was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deepmask.engines.protocols import TagFound
from deepmask.errors import DeepmaskError
from deepmask.faces import RGBImage
from deepmask.records import Ledger, Record
from deepmask.signing import PublicKey, Signer
from deepmask.tag_keys import PUBLIC, KeyKind, private
from deepmask.tag_report import TagReading


@dataclass(frozen=True)
class Asked:
    """With which keys tags are looked for, and where their records are."""

    signer: Signer | None = None
    """The user's key, for private tags; None: only public ones are found."""
    keys: Sequence[PublicKey] = ()
    """By which the signers of records are recognised."""
    ledger: Ledger | None = None

    def patterns(self) -> list[tuple[KeyKind, bytes]]:
        """Everybody's key, and the user's own if it is at hand."""
        own: list[tuple[KeyKind, bytes]] = [] if self.signer is None else [("private", private(self.signer))]
        return [("public", PUBLIC), *own]

    def record(self, tag_id: int) -> tuple[Record | None, tuple[str, ...]]:
        """The record of an id, and what is wrong with it if it cannot be read."""
        if self.ledger is None:
            return None, ()
        try:
            return self.ledger.find(tag_id), ()
        except DeepmaskError as error:
            return None, (str(error).rstrip("."),)

    def recorded(self, report: TagReading, pictures: Sequence[RGBImage], found: TagFound) -> TagReading:
        """The reading with what the record says of one or more pictures."""
        from pipelines.tag_likeness import fit, placed

        record, wrong = self.record(found.tag_id)
        report = replace(report, notes=(*report.notes, *wrong))
        if record is None:
            return report
        standing, signer = record.standing(self.keys)
        fits, agreement = fit(pictures, found, record)
        height, width = pictures[0].shape[:2]
        resized, shown = placed((width, height), found, record)
        return replace(
            report, what=record.what, created_at=record.created_at, standing=standing, signer=signer, fit=fits,
            agreement=agreement, resized=resized, shown_share=shown,
        )  # fmt: skip
