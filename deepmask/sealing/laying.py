"""A statement into the pixels it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage
from deepmask.progress import Progress, silent
from deepmask.sealing import erasure, expansion
from deepmask.sealing.layout import Layout
from deepmask.sealing.message import Statement, block_digest, signed
from deepmask.sealing.shares import OVERHEAD_BYTES, Share, message_id
from deepmask.signing import Signer

_SHARES_OF_ROOM = 0.7
"""Bits that certainly find room, in pixels that could carry one."""
_LOSS_WANTED = 0.45
"""Share of the blocks that may be lost without losing the message, if there is room enough."""
_RATES = (0.5, 0.4, 0.3, 0.22, 0.15, 0.1, 0.6, 0.7, 0.8, 0.9, 0.97)
"""Shares that are needed, in blocks; the ones to be preferred first."""
_TRIES = 4


@dataclass(frozen=True, eq=False)
class Laid:
    """A picture with a message in it."""

    rgb: RGBImage
    bits: int
    """Laid into the picture, everything included."""
    carriers: int
    """Blocks with a share of the message."""
    needed: int
    """Shares that give it back."""


def digests(layout: Layout, rgb: RGBImage, alpha: NDArray[np.uint8] | None) -> tuple[bytes, ...]:
    """The digest of each block."""
    found: list[bytes] = []
    for block in layout.blocks:
        x, y, w, h = block.box
        part = np.s_[y : y + h, x : x + w]
        found.append(block_digest(rgb[part], None if alpha is None else alpha[part], block))
    return tuple(found)


def lay(rgb: RGBImage, statement: Statement, signer: Signer, *, grey: bool, progress: Progress = silent) -> Laid:
    """Sign a statement and spread it over the blocks of a copy of the picture.

    Raises:
        EngineFailed: the picture has not enough room.
    """
    message = signed(statement, signer)
    boxes = [block.box for block in statement.layout.blocks]
    room = np.array([expansion.room(rgb, box, grey=grey) for box in boxes]) * _SHARES_OF_ROOM
    for share_bytes in _sizes(room, len(message)):
        laid = _laid(rgb, boxes, message, share_bytes, grey, progress)
        if laid is not None:
            return laid
    raise EngineFailed(
        "This picture is too small for its noise to hold a seal; seal a larger version of it, or leave out "
        "--protect so that less has to be held."
    )


def _sizes(room: NDArray[np.float64], message_bytes: int) -> Iterator[int]:
    """Payloads of shares in bytes to try: first the smallest with which nearly half may be lost, then by loss."""
    blocks = len(room)
    sizes: dict[int, float] = {}
    for rate in _RATES:
        needed = max(1, int(blocks * rate))
        size = 2 * -(-message_bytes // (2 * needed))
        carriers = int((room >= 8 * (size + OVERHEAD_BYTES)).sum())
        sizes[size] = (carriers - erasure.count_needed(message_bytes, size)) / blocks
    ample = [size for size, loss in sizes.items() if loss >= _LOSS_WANTED]
    ranked = sorted(sizes, key=lambda size: -sizes[size])
    yield from ([min(ample)] if ample else [])
    yield from [size for size in ranked if not ample or size != min(ample)][:_TRIES]


def _laid(
    rgb: RGBImage,
    boxes: list[tuple[int, int, int, int]],
    message: bytes,
    share_bytes: int,
    grey: bool,
    progress: Progress,
) -> Laid | None:
    needed = erasure.count_needed(len(message), share_bytes)
    if needed > len(boxes):
        return None
    progress(0.0, "Laying the seal")
    parts = erasure.spread(message, share_bytes, len(boxes))
    name = message_id(message)
    sealed = rgb.copy()
    carriers = bits = 0
    for n, (box, part) in enumerate(zip(boxes, parts, strict=True)):
        if n % 64 == 0:
            progress(n / len(boxes), "Laying the seal")
        share = Share(name, needed, n, part).to_bits()
        if expansion.write(sealed, box, share, grey=grey):
            carriers += 1
            bits += len(share) + expansion.HEADER
    return Laid(sealed, bits, carriers, needed) if carriers >= needed else None
