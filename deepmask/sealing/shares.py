"""One share of a message, as it lies in one block."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from deepmask.sealing.expansion import Bits

_HEAD = struct.Struct(">4sHH")
_CHECK_BYTES = 4
OVERHEAD_BYTES = _HEAD.size + _CHECK_BYTES
_CONTEXT = b"deepmask seal 1"
"""Checks begin with it, so that no other program's bits are taken for a share."""


def message_id(message: bytes) -> bytes:
    """(4,) bytes by which shares of one message know each other."""
    return hashlib.sha256(message).digest()[:4]


@dataclass(frozen=True)
class Share:
    """A numbered part of a message."""

    message: bytes
    """(4,) :func:`message_id`."""
    needed: int
    """How many shares give the message back."""
    number: int
    payload: bytes = field(repr=False)

    @property
    def kind(self) -> tuple[bytes, int, int]:
        """Shares that are alike in this belong to one message."""
        return self.message, self.needed, len(self.payload)

    def to_bits(self) -> Bits:
        """As it is laid into a block: a multiple of 16 bits."""
        data = _HEAD.pack(self.message, self.needed - 1, self.number) + self.payload
        check = zlib.crc32(data, zlib.crc32(_CONTEXT)).to_bytes(_CHECK_BYTES, "big")
        return np.unpackbits(np.frombuffer(data + check, np.uint8))

    @classmethod
    def from_bits(cls, bits: Bits) -> Self | None:
        """Inverse of :meth:`to_bits`; None if these are no share."""
        if not plausible(len(bits)):
            return None
        data = np.packbits(bits).tobytes()
        body, check = data[:-_CHECK_BYTES], data[-_CHECK_BYTES:]
        if zlib.crc32(body, zlib.crc32(_CONTEXT)).to_bytes(_CHECK_BYTES, "big") != check:
            return None
        message, needed, number = _HEAD.unpack_from(body)
        return cls(message, needed + 1, number, body[_HEAD.size :])


def plausible(bits: int) -> bool:
    """Whether a share can have so many bits."""
    return bits > 8 * OVERHEAD_BYTES and bits % 16 == 0
