"""What the ids of tags stand for: small signed files on the user's own machine, one for each id.

    <home>/records/<16 hex digits>.json

A record says when what was tagged and how the picture roughly looked (:mod:`deepmask.likeness`), so that a tag that was
copied onto another picture is told. It holds no name of a file and no picture. It is signed by the user's key
(:mod:`deepmask.signing`): who finds an id in the wild can show that the record was theirs from the start.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from deepmask import config
from deepmask.errors import DeepmaskError, InputError
from deepmask.files import write_text
from deepmask.likeness import Likeness
from deepmask.signing import OWN_NAME, PublicKey, Signer
from deepmask.tag_keys import KeyKind

_SCHEMA = 1
_PRIVATE = 0o600
_ID = re.compile(r"[0-9a-f]{16}")

MASKED, MADE_UP, RETAGGED = "masked", "made-up", "tagged before by somebody else"
"""In :attr:`Record.what`: a persona is shown; other things that no camera saw; either of them, perhaps."""

Standing = Literal["yours", "known", "stranger", "unsigned", "broken"]
"""Who signed a record: the user, somebody whose key they know, somebody else, nobody; broken: it was changed since."""


@dataclass(frozen=True)
class Record:
    """What is known about one id."""

    tag_id: int
    created_at: str
    """UTC, ISO 8601 to the second."""
    what: str
    """What the tag was given to: 'a photo', 'a masked video', ..."""
    medium: Literal["photo", "video"]
    size_wh: tuple[int, int]
    key: KeyKind
    """The pattern it was laid with."""
    likenesses: tuple[Likeness, ...]
    """Of the picture; of a video one for each of some of its pictures."""
    signer: str = ""
    """Public key as hex; empty: nobody signed."""
    signature: str = ""

    @classmethod
    def now(
        cls,
        tag_id: int,
        what: str,
        medium: Literal["photo", "video"],
        size_wh: tuple[int, int],
        key: KeyKind,
        likenesses: Sequence[Likeness],
    ) -> Self:
        """An unsigned record of this moment."""
        moment = datetime.now(UTC).replace(microsecond=0).isoformat()
        return cls(tag_id, moment, what, medium, size_wh, key, tuple(likenesses))

    def signed(self, signer: Signer) -> Self:
        """The same, signed."""
        ours = replace(self, signer=signer.public.raw.hex(), signature="")
        return replace(ours, signature=signer.sign(ours._message()).hex())

    def standing(self, keys: Sequence[PublicKey]) -> tuple[Standing, str]:
        """Who signed it, and how that person is called among ``keys``."""
        if not self.signer and not self.signature:
            return "unsigned", ""
        try:
            author, signature = PublicKey(bytes.fromhex(self.signer)), bytes.fromhex(self.signature)
            intact = author.verifies(self._message(), signature)
        except ValueError:
            return "broken", ""
        if not intact:
            return "broken", ""
        for key in keys:
            if key.raw == author.raw:
                return ("yours" if key.name == OWN_NAME else "known"), key.name
        return "stranger", author.key_id

    def _message(self) -> bytes:
        unsigned = {name: value for name, value in self._data().items() if name != "signature"}
        return b"deepmask record\n" + json.dumps(unsigned, sort_keys=True, separators=(",", ":")).encode()

    def _data(self) -> dict[str, Any]:
        return {
            "schema": _SCHEMA,
            "tag_id": f"{self.tag_id:016x}",
            "created_at": self.created_at,
            "what": self.what,
            "medium": self.medium,
            "size_wh": list(self.size_wh),
            "key": self.key,
            "likenesses": [likeness.to_json() for likeness in self.likenesses],
            "signer": self.signer,
            "signature": self.signature,
        }

    def to_json(self) -> str:
        """JSON text."""
        return json.dumps(self._data(), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises:
            InputError: it is something else, or of a newer Deepmask.
        """
        try:
            data = json.loads(text)
            if data["schema"] > _SCHEMA:
                raise InputError("The record was written by a newer Deepmask; update this one.")
            words = [data[name] for name in ("created_at", "what", "medium", "key", "signer", "signature")]
            if not all(isinstance(word, str) for word in words) or not _ID.fullmatch(data["tag_id"]):
                raise ValueError("a field is of another kind")
            width, height = (int(side) for side in data["size_wh"])
            likenesses = tuple(Likeness.from_json(one) for one in data["likenesses"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"This is no record of a tag ({error}).") from error
        moment, what, medium, key, signer, signature = words
        return cls(int(data["tag_id"], 16), moment, what, medium, (width, height), key, likenesses, signer, signature)


@dataclass(frozen=True)
class Ledger:
    """The records of one user. ``folder`` need not exist yet."""

    folder: Path = field(default_factory=lambda: config.home() / "records")

    def add(self, record: Record) -> None:
        """Keep a record; a different one of the same id is replaced.

        Raises:
            DeepmaskError: the place cannot be written.
        """
        write_text(self._path(record.tag_id), record.to_json(), mode=_PRIVATE)

    def find(self, tag_id: int) -> Record | None:
        """The record of an id; None if there is none.

        Raises:
            DeepmaskError: its file cannot be read, or is no record.
        """
        path = self._path(tag_id)
        return _read(path) if path.exists() else None

    def all(self) -> Iterator[Record]:
        """All records, by id; files that are none are passed over."""
        for path in sorted(self.folder.glob("*.json")):
            if _ID.fullmatch(path.stem):
                try:
                    yield _read(path)
                except DeepmaskError:
                    continue

    def remove(self, tag_id: int) -> None:
        """Forget an id.

        Raises:
            InputError: there is no such record.
        """
        path = self._path(tag_id)
        if not path.exists():
            raise InputError(f"There is no record of the tag {tag_id:016x}.")
        path.unlink()

    def _path(self, tag_id: int) -> Path:
        return self.folder / f"{tag_id:016x}.json"


def _read(path: Path) -> Record:
    try:
        record = Record.from_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, InputError) as error:
        raise DeepmaskError(f"The record {path} cannot be read ({error}); remove it.") from error
    if f"{record.tag_id:016x}" != path.stem:
        raise DeepmaskError(f"The record {path} is that of another tag; remove it.")
    return record
