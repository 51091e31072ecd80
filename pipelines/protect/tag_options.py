"""What tagging is asked for, and what photos and videos have in common in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from deepmask.errors import InputError
from deepmask.likeness import Likeness
from deepmask.records import Ledger, Record
from deepmask.signing import Signer
from deepmask.tag_keys import PUBLIC, private

_STEP = 1.4
_WEAKEST, _STRONGEST = 0.5, 10.0


@dataclass(frozen=True)
class TagOptions:
    """How pictures and videos are tagged."""

    strength: float = 2.0
    """Grey levels on medium texture to begin with."""
    strongest: float = 4.0
    """Where raising it ends, for pictures that hold a tag badly."""
    private: bool = False
    """Readable with the user's own key only, instead of by everybody with Deepmask."""
    tag_id: int | None = None
    """64 bits; None: drawn at random."""
    what: str = ""
    """Kept in the record: what the tag is given to; empty: 'a photo' or 'a video'. Masked ones are called so."""
    tagger: str = "auto"
    """Engine."""

    def __post_init__(self) -> None:
        if not _WEAKEST <= self.strength <= _STRONGEST:
            raise InputError(
                f"A tag's strength is between {_WEAKEST:g} and {_STRONGEST:g} grey levels, not {self.strength:g}."
            )
        if self.tag_id is not None and not 0 <= self.tag_id < 1 << 64:
            raise InputError("A tag's id has 64 bits: 16 hex digits.")


def stronger(strength: float, options: TagOptions) -> float:
    """The strength to try next."""
    return min(strength * _STEP, max(options.strongest, options.strength))


def key_of(options: TagOptions, signer: Signer | None) -> bytes:
    """What the pattern is drawn from.

    Raises:
        InputError: a private tag without a key.
    """
    if not options.private:
        return PUBLIC
    if signer is None:
        raise InputError("A private tag needs your signing key; unlock it, or make a public tag.")
    return private(signer)


def keep(
    ledger: Ledger | None,
    signer: Signer | None,
    options: TagOptions,
    what: str,
    tag_id: int,
    medium: Literal["photo", "video"],
    size_wh: tuple[int, int],
    likenesses: Sequence[Likeness],
) -> tuple[bool, tuple[str, ...]]:
    """Keep the record of a new tag, signed where there is a key; whether it was kept, and what to say of it.

    Args:
        what: what the tag was given to (:mod:`pipelines.protect.tag_origins`).
    """
    if ledger is None:
        return False, ()
    kind = "private" if options.private else "public"
    record = Record.now(tag_id, what, medium, size_wh, kind, likenesses)
    ledger.add(record if signer is None else record.signed(signer))
    unsigned = "the record of the tag is not signed, because the signing key is locked or there is none"
    return True, (unsigned,) if signer is None else ()
