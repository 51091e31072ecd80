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
from deepmask.sealing.erasure import SYMBOL_BYTES
from deepmask.sealing.layout import Layout
from deepmask.sealing.message import Statement, block_digest, signed
from deepmask.sealing.shares import OVERHEAD_BYTES, Share, message_id
from deepmask.signing import Signer

_SURE_OF_ROOM = 0.7
"""Bits that certainly find room, in pixels that could carry one."""
_LOSS_WANTED = 0.45
"""Share of the parts that may be lost without losing the message, if there is room enough."""
_RATES = (0.97, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.22, 0.15, 0.1)
"""Parts that give the message back, of all: what is tried."""
_TRIES = 4


@dataclass(frozen=True, eq=False)
class Laid:
    """A picture with a message in it."""

    rgb: RGBImage
    bits: int
    """Laid into the picture, everything included."""
    spare_blocks: int
    """How many ordinary blocks may be lost without losing the message."""


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
    layout = statement.layout
    for part_bytes in _sizes(rgb, layout, len(message), grey):
        laid = _laid(rgb, layout, message, part_bytes, grey, progress)
        if laid is not None:
            return laid
    raise EngineFailed(
        "It is too small for its noise to hold a seal; seal a larger version of it, or protect nothing more than the "
        "rest, so that less has to be held."
    )


def would_choose(rgb: RGBImage, layout: Layout, message: bytes, part_bytes: int, *, grey: bool) -> bool:
    """Whether :func:`lay` makes parts of this size of a message about a picture that had no seal."""
    for size in _sizes(rgb, layout, len(message), grey):
        if size == part_bytes:
            return True
        if _laid(rgb, layout, message, size, grey, silent) is not None:
            return False
    return False


def shares(layout: Layout, message: bytes, part_bytes: int) -> Iterator[Share]:
    """What each block holds of a message."""
    parts = erasure.spread(message, part_bytes, sum(layout.weights))
    needed, name = erasure.count_needed(len(message), part_bytes), message_id(message)
    for first, weight in zip(layout.firsts, layout.weights, strict=True):
        yield Share(name, needed, first, tuple(parts[first : first + weight]))


def laid_in(block: RGBImage, share: Share, *, grey: bool) -> RGBImage:
    """A block's pixels (h, w, 3) with its share; as they are where they have no room for it."""
    laid = block.copy()
    expansion.write(laid, (0, 0, laid.shape[1], laid.shape[0]), share.to_bits(), grey=grey)
    return laid


def _sizes(rgb: RGBImage, layout: Layout, message_bytes: int, grey: bool) -> Iterator[int]:
    """Bytes of a part to try: first the smallest with which nearly half may be lost, then by how much may be.

    They follow from picture and message alone and may never change: what is laid otherwise is no seal any more.
    """
    room = np.array([expansion.room(rgb, block.box, grey=grey) for block in layout.blocks]) * _SURE_OF_ROOM
    weights = np.array(layout.weights)
    total = int(weights.sum())
    sizes: dict[int, float] = {}
    for rate in _RATES:
        size = SYMBOL_BYTES * -(-message_bytes // (SYMBOL_BYTES * max(1, int(total * rate))))
        held = int(weights[room >= 8 * (size * weights + OVERHEAD_BYTES)].sum())
        sizes[size] = (held - erasure.count_needed(message_bytes, size)) / total
    ample = [size for size, loss in sizes.items() if loss >= _LOSS_WANTED]
    ranked = sorted(sizes, key=lambda size: -sizes[size])
    yield from ([min(ample)] if ample else [])
    yield from [size for size in ranked if not ample or size != min(ample)][:_TRIES]


def _laid(
    rgb: RGBImage, layout: Layout, message: bytes, part_bytes: int, grey: bool, progress: Progress
) -> Laid | None:
    needed, total = erasure.count_needed(len(message), part_bytes), sum(layout.weights)
    if needed > total:
        return None
    progress(0.0, "Laying the seal")
    sealed = rgb.copy()
    held = laid = 0
    for n, (block, share) in enumerate(zip(layout.blocks, shares(layout, message, part_bytes), strict=True)):
        if n % 64 == 0:
            progress(n / len(layout.blocks), "Laying the seal")
        bits = share.to_bits()
        if expansion.write(sealed, block.box, bits, grey=grey):
            held += len(share.parts)
            laid += len(bits) + expansion.HEADER
    return Laid(sealed, laid, (held - needed) // max(layout.weights)) if held >= needed else None
