"""What a seal says of a picture, and the signature over it.

A statement is plain bytes: version, flags, size, the signer's public key, the fingerprint of the original, the digest
of its colour profile, the segmentation maps, the cells with more protection, and a digest of each block. All numbers
are big-endian. Nothing in it depends on time or chance: the same picture and key give the same bytes.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deepmask.sealing.layout import CELL_PX, LEAST_PX, Block, Layout
from deepmask.sealing.regions import Regions, pack_maps, pack_runs, unpack_maps, unpack_runs
from deepmask.signing import KEY_BYTES, SIGNATURE_BYTES, PublicKey, Signer

VERSION = 1
DIGEST_BYTES, FINE_DIGEST_BYTES = 8, 16
"""Of a block, and of one with more protection. The whole picture is vouched for by 32 bytes."""
_CONTEXT = b"deepmask seal\0"
"""Before what is signed, so that no signature for another purpose does for this one."""
_HEAD = struct.Struct(f">BBII{KEY_BYTES}s32s8s")
_OPACITY = 1
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, eq=False)
class Statement:
    """Everything a seal says."""

    layout: Layout
    public_key: PublicKey
    fingerprint: bytes = field(repr=False)
    """(32,) of the pixels, as :func:`fingerprint_of`."""
    profile: bytes = field(repr=False)
    """(8,) of the colour profile, as :func:`profile_digest`."""
    has_opacity: bool
    before: Regions
    """The segmentation map of the original."""
    after: Regions
    """That of the sealed copy."""
    digests: tuple[bytes, ...] = field(repr=False)
    """One of each block, as :func:`block_digest`."""

    def to_bytes(self) -> bytes:
        """As it is signed."""
        head = _HEAD.pack(
            VERSION, _OPACITY * self.has_opacity, *self.layout.size_wh, self.public_key.raw, self.fingerprint,
            self.profile,
        )  # fmt: skip
        parts = (pack_runs(self.layout.fine), pack_maps(self.before, self.after))
        return head + b"".join(_LENGTH.pack(len(part)) + part for part in parts) + b"".join(self.digests)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Inverse of :meth:`to_bytes`.

        Raises:
            ValueError: these bytes are no statement of a version we know.
        """
        if len(data) < _HEAD.size or data[0] != VERSION:
            raise ValueError("no statement")
        _, flags, width, height, key, fingerprint, profile = _HEAD.unpack_from(data)
        cells = (width // CELL_PX) * (height // CELL_PX)
        if not 0 < cells * DIGEST_BYTES <= len(data) or min(width, height) < LEAST_PX:
            raise ValueError("no statement about a picture of this size")
        at = _HEAD.size
        parts: list[bytes] = []
        for _ in range(2):
            (length,) = _LENGTH.unpack(data[at : at + _LENGTH.size].rjust(_LENGTH.size, b"\xff"))
            at += _LENGTH.size + length
            if at > len(data):
                raise ValueError("a statement that ends too early")
            parts.append(data[at - length : at])
        plain = Layout.plain((width, height))
        layout = Layout((width, height), unpack_runs(parts[0], plain.fine.shape).astype(bool))
        before, after = unpack_maps(parts[1])
        digests: list[bytes] = []
        for block in layout.blocks:
            digests.append(data[at : at + digest_bytes(block)])
            at += digest_bytes(block)
        if at != len(data):
            raise ValueError("a statement of another length")
        opacity = bool(flags & _OPACITY)
        return cls(layout, PublicKey(key), fingerprint, profile, opacity, before, after, tuple(digests))

    @cached_property
    def authentication(self) -> str:
        """The string that is printed: 80 bits of the maps before and after, the picture and the key."""
        maps = self.before.digest() + self.after.digest()
        digest = hashlib.sha256(_CONTEXT + maps + self.fingerprint + self.public_key.raw).digest()
        number = int.from_bytes(digest[:10], "big")
        letters = "".join(_LETTERS[number >> 5 * n & 31] for n in reversed(range(16)))
        return "-".join(["DM", *(letters[n : n + 4] for n in range(0, 16, 4))])


_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's, without those that are taken for others."""


def signed(statement: Statement, signer: Signer) -> bytes:
    """The message that is laid into the picture: length, statement, signature."""
    data = statement.to_bytes()
    return _LENGTH.pack(len(data)) + data + signer.sign(_CONTEXT + data)


@dataclass(frozen=True, eq=False)
class Opened:
    """A message that was read."""

    statement: Statement
    signature_holds: bool
    """Whether the signature is that of the key it names."""
    message: bytes = field(repr=False)
    """As :func:`signed` made it."""


def opened(message: bytes) -> Opened:
    """What a message says, of which padding may follow.

    Raises:
        ValueError: this is no message.
    """
    if len(message) < _LENGTH.size:
        raise ValueError("no message")
    (length,) = _LENGTH.unpack_from(message)
    end = _LENGTH.size + length
    if end + SIGNATURE_BYTES > len(message):
        raise ValueError("a message that ends too early")
    data, signature = message[_LENGTH.size : end], message[end : end + SIGNATURE_BYTES]
    statement = Statement.from_bytes(data)
    holds = statement.public_key.verifies(_CONTEXT + data, signature)
    return Opened(statement, holds, message[: end + SIGNATURE_BYTES])


def digest_bytes(block: Block) -> int:
    """How long the digest of a block is."""
    return FINE_DIGEST_BYTES if block.fine else DIGEST_BYTES


def block_digest(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, block: Block) -> bytes:
    """Of a block's pixels (h, w, 3) and opacities (h, w), as long as the block's protection asks for."""
    digest = hashlib.sha256(np.ascontiguousarray(rgb).data)
    if alpha is not None:
        digest.update(np.ascontiguousarray(alpha).data)
    return digest.digest()[: digest_bytes(block)]


def fingerprint_of(picture: str, alpha: NDArray[np.uint8] | None) -> bytes:
    """(32,) of the fingerprint of the pixels (:attr:`deepmask.media.Photo.fingerprint`) and of opacities, if any."""
    if alpha is None:
        return bytes.fromhex(picture)
    return hashlib.sha256(bytes.fromhex(picture) + np.ascontiguousarray(alpha).tobytes()).digest()


def profile_digest(profile: bytes | None) -> bytes:
    """(8,) of a colour profile; zeros for none."""
    return hashlib.sha256(profile).digest()[:8] if profile else bytes(8)
