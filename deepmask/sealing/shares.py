"""What of a message lies in one block."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from deepmask.sealing.erasure import SYMBOL_BYTES
from deepmask.sealing.expansion import Bits
from deepmask.sealing.layout import MOST_PARTS_OF_BLOCK

_HEAD = struct.Struct(">BB4sHH")
_FORMAT = 1
_CHECK_BYTES = 4
OVERHEAD_BYTES = _HEAD.size + _CHECK_BYTES
_CONTEXT = b"deepmask seal"
"""Checks begin with it, so that no other program's bits are taken for a share."""

Kind = tuple[bytes, int, int]
"""Id of a message, how many parts give it back, and bytes of a part."""


def message_id(message: bytes) -> bytes:
    """(4,) bytes by which shares of one message know each other."""
    return hashlib.sha256(message).digest()[:4]


@dataclass(frozen=True)
class Share:
    """Successive numbered parts of a message."""

    message: bytes
    """(4,) :func:`message_id`."""
    needed: int
    """How many parts give the message back."""
    first: int
    """Number of the first part."""
    parts: tuple[bytes, ...] = field(repr=False)
    """Of one length."""

    @property
    def kind(self) -> Kind:
        """Shares that are alike in this belong to one message."""
        return self.message, self.needed, len(self.parts[0])

    def to_bits(self) -> Bits:
        """As it is laid into a block: a multiple of 16 bits."""
        head = _HEAD.pack(_FORMAT, len(self.parts), self.message, self.needed - 1, self.first)
        data = head + b"".join(self.parts)
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
        form, count, message, needed, first = _HEAD.unpack_from(body)
        payload = body[_HEAD.size :]
        size, rest = divmod(len(payload), max(1, count))
        if form != _FORMAT or not 0 < count <= MOST_PARTS_OF_BLOCK or rest or size % SYMBOL_BYTES:
            return None
        parts = tuple(payload[at : at + size] for at in range(0, len(payload), size))
        return cls(message, needed + 1, first, parts)


def plausible(bits: int) -> bool:
    """Whether a share can have so many bits."""
    return bits > 8 * OVERHEAD_BYTES and bits % 16 == 0
