"""Whose pattern a tag has: the one of everybody, or the user's own."""

from __future__ import annotations

from typing import Literal

from deepmask.signing import Signer

KeyKind = Literal["public", "private"]
"""public: anybody with Deepmask reads the tag; private: only who has the signing key it was laid with."""

PUBLIC = b"deepmask public tag"
"""The key of everybody. Who has a key reads, removes and copies its tags: with this one everybody can."""


def private(signer: Signer) -> bytes:
    """The key of a user's private tags."""
    return signer.secret("tag")


def in_words(tag_id: int) -> str:
    """An id as 16 hex digits in groups of four: '1f3a-09c2-77b0-e4d1'."""
    digits = f"{tag_id:016x}"
    return "-".join(digits[n : n + 4] for n in range(0, 16, 4))
