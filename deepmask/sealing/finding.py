"""What a picture says of itself, whatever was done to it: tampered, cropped, turned, put together from several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from deepmask.faces import RGBImage
from deepmask.progress import Progress, part, silent
from deepmask.sealing import erasure, expansion
from deepmask.sealing.laying import laid_in, shares, would_choose
from deepmask.sealing.layout import CELL_PX, LEAST_PX, MOST_PARTS, Layout, Rectangle, quarters
from deepmask.sealing.message import Opened, Statement, block_digest, opened
from deepmask.sealing.shares import Kind, Share, plausible

State = Literal["intact", "bare", "changed", "moved", "foreign", "cut"]
"""intact: as sealed; bare: the original's pixels, but without the seal as it was laid; changed: other pixels; moved:
sealed elsewhere in this picture; foreign: from another sealed picture; cut: not in the picture any more."""

TURNS = ("", "turned left", "upside down", "turned right", "mirrored", "mirrored and turned left",
         "mirrored and upside down", "mirrored and turned right")  # fmt: skip
"""What may have been done to a picture as a whole, by number."""

_SPOTS = 6
"""Places a side at which a lost grid is looked for."""
_ANCHORS = 3
_KINDS = 3
"""Messages that are tried, of several whose parts are found."""
_MENDINGS = 3
"""How often, at most, parts that contradict each other are looked for in one picture: it can take seconds."""


@dataclass(frozen=True, eq=False)
class Found:
    """A message that was found in a picture, and how the picture compares with it."""

    statement: Statement
    signature_holds: bool
    turn: int
    """Number of what was done to it, in :data:`TURNS`; all else is told of the picture with that undone."""
    offset_xy: tuple[int, int]
    """Where the sealed picture's upper left corner lies now."""
    size_wh: tuple[int, int]
    """Of the picture now, with the turn undone."""
    states: tuple[State, ...]
    """One of each block."""
    overlaid: float
    """0..1 of the area: changed blocks whose share is whole. Painting over a block destroys its share, laying a copied
    seal does not."""
    restored: RGBImage = field(repr=False)
    """The picture with the seal taken out of all blocks in which it was found."""

    @property
    def in_place(self) -> bool:
        """Whether it has the size and place it was sealed in."""
        return self.turn == 0 and self.offset_xy == (0, 0) and self.size_wh == self.statement.layout.size_wh

    def boxes(self, *states: State) -> list[Rectangle]:
        """Where blocks of these states lie in the picture with the turn undone."""
        dx, dy = self.offset_xy
        blocks = zip(self.statement.layout.blocks, self.states, strict=True)
        return [(b.box[0] + dx, b.box[1] + dy, b.box[2], b.box[3]) for b, state in blocks if state in states]

    def boxes_in_file(self, *states: State) -> list[Rectangle]:
        """Where they lie in the picture as it was given to :func:`find`."""
        return [turned_back(box, self.turn, self.size_wh) for box in self.boxes(*states)]


@dataclass(frozen=True)
class Remains:
    """Too little of a seal to tell what it said."""

    parts: int
    needed: int

    @property
    def contradictory(self) -> bool:
        """Whether there are parts enough, but not of one message."""
        return self.parts >= self.needed


def find(
    rgb: RGBImage, alpha: NDArray[np.uint8] | None = None, *, progress: Progress = silent
) -> Found | Remains | None:
    """The message of a picture; None where there is none."""
    if min(rgb.shape[:2]) < LEAST_PX:
        return None
    remains: Remains | None = None
    mendings = iter(range(_MENDINGS))
    for turn in range(len(TURNS)):
        step = part(progress, turn / len(TURNS), (turn + 1) / len(TURNS))
        step(0.0, "Looking for a seal")
        upright = turned(rgb, turn)
        for cells in _grids(upright, whole=turn == 0):
            look = _Look(upright)
            look.read(cells, step)
            found = look.message(mendings)
            if isinstance(found, Remains):
                remains = max(remains or found, found, key=lambda r: r.parts)
            elif found is not None:
                upright_alpha = None if alpha is None else turned(alpha, turn)
                return look.compared(*found, upright_alpha, turn)
    return remains


def is_sealed(rgb: RGBImage) -> bool:
    """Whether a picture that was not cropped since holds a seal; :func:`find` tells what it says."""
    return min(rgb.shape[:2]) >= LEAST_PX and any(_read_any(rgb, cell) for cell in _few(_cells(rgb)))


def turned(samples: NDArray[Any], turn: int) -> NDArray[Any]:
    """A view of (H, W, ...) samples with one of ``TURNS`` undone."""
    undone = samples[:, ::-1] if turn >= 4 else samples
    return np.rot90(undone, -turn % 4)


def turned_back(box: Rectangle, turn: int, size_wh: tuple[int, int]) -> Rectangle:
    """Where a box in a picture of ``size_wh`` with one of ``TURNS`` undone lies in the picture without that."""
    x, y, w, h = box
    width, height = size_wh
    for _ in range(turn % 4):  # a quarter to the left
        x, y, w, h, width, height = y, width - x - w, h, w, height, width
    return (width - x - w if turn >= 4 else x), y, w, h


class _Look:
    """One way of laying a grid over a picture, and what is read in its blocks."""

    def __init__(self, rgb: RGBImage) -> None:
        self.rgb = rgb
        self.restored = np.array(rgb, order="C")
        self.shares: dict[Rectangle, Share] = {}

    def read(self, cells: list[Rectangle], progress: Progress = silent) -> None:
        """Look into cells: each as one block, or else as four."""
        for n, cell in enumerate(cells):
            if n % 64 == 0:
                progress(n / len(cells), "Looking for a seal")
            if not self.read_block(cell):
                for box in quarters(cell):
                    self.read_block(box)

    def read_block(self, box: Rectangle) -> bool:
        """Whether there is a share in this block; if so, it is taken out."""
        found = read_share(self.rgb, box)
        if found is None:
            return False
        x, y, w, h = box
        self.shares[box], self.restored[y : y + h, x : x + w] = found
        return True

    def message(self, mendings: Iterator[int]) -> tuple[Opened, Kind] | Remains | None:
        """The message with the most parts, one with a signature that holds before all others.

        Args:
            mendings: one is taken for each time that contradicting parts are looked for; none left: no more.
        """
        kinds: Counter[Kind] = Counter()
        for share in self.shares.values():
            kinds[share.kind] += len(share.parts)
        remains: Remains | None = None
        forged: tuple[Opened, Kind] | None = None
        for kind, _count in kinds.most_common(_KINDS):
            parts = self._parts(kind)
            remains = remains or Remains(len(parts), kind[1])
            read = _read_message(parts, kind[1], mendings)
            if read is not None and read.signature_holds:
                return read, kind
            if read is not None:
                forged = forged or (read, kind)
        return forged or remains

    def _parts(self, kind: Kind) -> dict[int, bytes]:
        """Parts by their numbers, without those of which two blocks say different things."""
        parts: dict[int, bytes] = {}
        doubtful: set[int] = set()
        for share in self.shares.values():
            for n, one in enumerate(share.parts if share.kind == kind else (), share.first):
                if parts.setdefault(n, one) != one:
                    doubtful.add(n)
        return {n: one for n, one in parts.items() if n not in doubtful and n < MOST_PARTS}

    def compared(self, read: Opened, kind: Kind, alpha: NDArray[np.uint8] | None, turn: int) -> Found:
        """Block by block, with what the statement says."""
        statement, name = read.statement, kind[0]
        blocks = statement.layout.blocks
        places = dict(zip(statement.layout.firsts, blocks, strict=True))
        votes = Counter(
            (box[0] - places[share.first].box[0], box[1] - places[share.first].box[1])
            for box, share in self.shares.items()
            if share.message == name and share.first in places
        )
        offset = votes.most_common(1)[0][0] if votes else (0, 0)
        states: tuple[State, ...] = tuple(self._state(statement, n, name, offset, alpha) for n in range(len(blocks)))
        size = self.rgb.shape[1], self.rgb.shape[0]
        found = Found(statement, read.signature_holds, turn, offset, size, states, 0, self.restored)
        found = replace(found, states=self._relaid(found, read.message, kind[2]))
        overlaid = sum(box[2] * box[3] for box in found.boxes("changed") if box in self.shares)
        width, height = statement.layout.size_wh
        return replace(found, overlaid=overlaid / (width * height))

    def _state(
        self, statement: Statement, number: int, name: bytes, offset: tuple[int, int], alpha: NDArray[np.uint8] | None
    ) -> State:
        block = statement.layout.blocks[number]
        x, y, w, h = block.box[0] + offset[0], block.box[1] + offset[1], block.box[2], block.box[3]
        if x < 0 or y < 0 or x + w > self.rgb.shape[1] or y + h > self.rgb.shape[0]:
            return "cut"
        if (x, y, w, h) not in self.shares:
            self.read_block((x, y, w, h))
        here = np.s_[y : y + h, x : x + w]
        opacity = None if alpha is None else alpha[here]
        if statement.has_opacity and opacity is None:
            opacity = np.full((h, w), 255, np.uint8)
        elif not statement.has_opacity and opacity is not None:
            if (opacity < 255).any():
                return "changed"
            opacity = None
        if block_digest(self.restored[here], opacity, block) == statement.digests[number]:
            return "intact"
        share = self.shares.get((x, y, w, h))
        if share is None:
            return "changed"
        if share.message != name:
            return "foreign"
        return "changed" if share.first == statement.layout.firsts[number] else "moved"

    def _relaid(self, found: Found, message: bytes, part_bytes: int) -> tuple[State, ...]:
        """The states, with blocks told that hold the original's pixels, but not what was laid into these.

        What is laid follows from picture and message, so it is laid again and compared: the digests in the message are
        those of the original, and anybody can take a seal out of some blocks, or lay something else into them.
        """
        layout, (dx, dy) = found.statement.layout, found.offset_xy
        grey = self._is_grey(found.boxes("intact"))

        def relaid(n: int) -> State:
            x, y, w, h = layout.blocks[n].box
            here = np.s_[y + dy : y + dy + h, x + dx : x + dx + w]
            same = np.array_equal(laid_in(self.restored[here], laid[n], grey=grey), self.rgb[here])
            return "intact" if same else "bare"

        states: list[State] = list(found.states)
        kept = [n for n, state in enumerate(states) if state == "intact"]
        laid: list[Share] = []
        try:
            laid = list(shares(layout, message, part_bytes))
            usual = len(kept) < len(states) or self._is_usual(found, message, part_bytes, grey)
        except ValueError:  # parts of which this layout has not, or cannot have, as many as are needed
            usual = False
        if not usual:
            return tuple("bare" if state == "intact" else state for state in states)
        with ThreadPoolExecutor() as pool:  # the kernels need no lock of the interpreter
            for n, state in zip(kept, pool.map(relaid, kept), strict=True):
                states[n] = state
        return tuple(states)

    def _is_usual(self, found: Found, message: bytes, part_bytes: int, grey: bool) -> bool:
        """Whether a picture that gave the whole original back was sealed the one way in which that is done."""
        layout, (dx, dy) = found.statement.layout, found.offset_xy
        width, height = layout.size_wh
        original = self.restored[dy : dy + height, dx : dx + width]
        is_grey = bool((original == original[..., :1]).all())
        return grey == is_grey and would_choose(original, layout, message, part_bytes, grey=grey)

    def _is_grey(self, boxes: list[Rectangle]) -> bool:
        """Whether most shares in these blocks were laid into a picture of greys."""
        lowest = (expansion.lowest_bits(self.rgb[y, x : x + expansion.HEADER, 1]) for x, y, _, _ in boxes)
        said = [header[2] for header in map(expansion.parse_header, lowest) if header is not None]
        return 2 * sum(said) > len(said)


def _read_message(parts: dict[int, bytes], needed: int, mendings: Iterator[int]) -> Opened | None:
    """The message of these parts. If it cannot be read, or its signature does not hold, once more without those parts
    that contradict the others: anybody can lay a false part into a block."""
    read = _opened(parts, needed)
    if (read is not None and read.signature_holds) or len(parts) < needed or next(mendings, None) is None:
        return read
    false = erasure.misfits(parts, needed)
    return (_opened({n: one for n, one in parts.items() if n not in false}, needed) or read) if false else read


def _opened(parts: dict[int, bytes], needed: int) -> Opened | None:
    data = erasure.gather(parts, needed)
    try:
        return None if data is None else opened(data)
    except ValueError:  # parts that do not belong together
        return None


def read_share(rgb: RGBImage, box: Rectangle) -> tuple[Share, RGBImage] | None:
    """The share in a block, and the block's pixels without it."""
    x, y, _, _ = box
    lengths = expansion.parse_header(expansion.lowest_bits(rgb[y, x : x + expansion.HEADER, 1]))
    if lengths is None or not plausible(lengths[0] + lengths[1] - expansion.HEADER):
        return None
    found = expansion.read(rgb, box)
    if found is None:
        return None
    share = Share.from_bits(found[0])
    return None if share is None else (share, found[1])


# ------------------------------------------------------------------------------------------------------- the lost grid
def _grids(rgb: RGBImage, *, whole: bool) -> Iterator[list[Rectangle]]:
    """Cells to look into: those of a picture that was not cropped, then those of grids of which a block was found."""
    cells = _cells(rgb)
    if whole or any(_read_any(rgb, cell) for cell in _few(cells)):
        yield cells
    for x, y in _anchors(rgb):
        yield _regular(rgb, x, y)


def _cells(rgb: RGBImage) -> list[Rectangle]:
    return Layout.plain((rgb.shape[1], rgb.shape[0])).cells


def _few(cells: list[Rectangle]) -> list[Rectangle]:
    return cells[:: max(1, len(cells) // 64)]


def _read_any(rgb: RGBImage, cell: Rectangle) -> bool:
    return any(read_share(rgb, box) is not None for box in (cell, *quarters(cell)))


def _regular(rgb: RGBImage, x0: int, y0: int) -> list[Rectangle]:
    h, w = rgb.shape[:2]
    ys, xs = range(y0, h - CELL_PX + 1, CELL_PX), range(x0, w - CELL_PX + 1, CELL_PX)
    return [(x, y, CELL_PX, CELL_PX) for y in ys for x in xs]


def _anchors(rgb: RGBImage) -> list[tuple[int, int]]:
    """Where grids may begin (0 .. 63 each), the ones most spots agree upon first."""
    votes: Counter[tuple[int, int]] = Counter()
    for x, y in _corners(rgb):
        votes.update(_beginnings(rgb, x, y))
    return [anchor for anchor, _ in votes.most_common(_ANCHORS)]


def _beginnings(rgb: RGBImage, x: int, y: int) -> Iterable[tuple[int, int]]:
    """Beginnings of grids with a block that begins at x, y."""
    h, w = rgb.shape[:2]
    half = CELL_PX // 2
    for side in (CELL_PX, half):
        if x + side <= w and y + side <= h and read_share(rgb, (x, y, side, side)) is not None:
            steps = (0,) if side == CELL_PX else (0, half)
            return [((x - a) % CELL_PX, (y - b) % CELL_PX) for a in steps for b in steps]
    return ()


def _corners(rgb: RGBImage) -> Iterator[tuple[int, int]]:
    """Places at a few spots of the picture where a block could begin."""
    h, w = rgb.shape[:2]
    half = CELL_PX // 2
    for y0 in sorted({int(v) for v in np.linspace(0, max(0, h - 2 * CELL_PX), _SPOTS)}):
        for x0 in sorted({int(v) for v in np.linspace(0, max(0, w - 2 * CELL_PX), _SPOTS)}):
            window = rgb[y0 : y0 + CELL_PX, x0 : x0 + CELL_PX + half - 1, 1]
            for y, x in expansion.headers(expansion.lowest_bits(window)):
                yield x0 + int(x), y0 + int(y)
