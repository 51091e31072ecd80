"""Outlines in the frames between two looks: carried along by the motion of the picture, from both sides.

The motion is dense optical flow (Kroeger et al., Fast optical flow using dense inverse search, 2016). What either side
says is covered, and a little more where much moves. Segmenters miss a limb once, and half of somebody who passes behind
somebody else: in a look also that is covered which the looks before and after it agree on, or, if much of what was
expected is missing, all of that which is nobody else's.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area, Mask
from deepmask.faces import RGBImage
from deepmask.media.clip import Clip
from deepmask.progress import Progress, silent
from pipelines.video.figures import Figure
from pipelines.video.outlining import grid_of

INSIDE = 0.4
"""Share of a cell that belongs to somebody after having been carried, for the cell to be theirs."""
SLACK = 0.25
"""Width by which an outline grows on its way, in parts of how far it has moved."""
MOST_SLACK = 0.08
"""The same at most, in parts of the person's size."""
MUCH = 0.15
"""Share of what was expected of somebody that may be missing; else they were not seen entirely."""

Soft = NDArray[np.float32]
"""(h, w) 0..1, on the grid."""


@dataclass(frozen=True)
class _Moving:
    """Somebody on the way from one look to the next."""

    soft: Soft
    """What is theirs."""
    seen: Soft
    """What of it was seen in the last look: only that is expected in the next, or guesses would never end."""
    moved: float = 0.0
    """How far, in pixels of the grid."""

    def along(self, flow: Soft) -> _Moving:
        """One frame on."""
        import cv2

        h, w = self.soft.shape
        y, x = np.mgrid[:h, :w].astype(np.float32)
        across, down = x + flow[..., 0], y + flow[..., 1]

        def carried(mask: Soft) -> Soft:
            return np.asarray(
                cv2.remap(mask, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
            )

        soft = carried(self.soft)
        inside = soft > INSIDE
        step = float(np.percentile(np.hypot(flow[..., 0], flow[..., 1])[inside], 90)) if inside.any() else 0.0
        return _Moving(soft, soft if self.seen is self.soft else carried(self.seen), self.moved + step)


class Carried:
    """Where everybody is in every frame of a stretch."""

    def __init__(self, size_wh: tuple[int, int]) -> None:
        self._grid_wh = grid_of(size_wh)
        self._kept: dict[tuple[int, int], tuple[bytes, float]] = {}
        """Number of the figure and frame → its mask, and by how much it is to grow."""
        self._expected: dict[tuple[int, int], bytes] = {}
        """The same for looks → the mask that the look before it leads to."""

    @classmethod
    def through(
        cls, clip: Clip, figures: Sequence[Figure], start: int, stop: int, progress: Progress = silent
    ) -> Carried:
        """Follow the figures, as :meth:`Figure.within` gives them, through the frames ``start`` to ``stop``."""
        carried = cls(clip.size_wh)
        if not figures:
            return carried
        low, high = reach(figures)
        greys: dict[int, NDArray[np.uint8]] = {}
        for picture in clip.pictures(low, high + 1):
            greys[picture.index] = _grey(picture.rgb, carried._grid_wh)
            progress((picture.index - low + 1) / (high - low + 1), "Following people")
        for order in (range(low, high + 1), range(high, low - 1, -1)):
            carried._one_way(figures, greys, order)
        return carried

    def area(self, number: int, frame: int) -> Area | None:
        """Where the figure of this number is, on the grid; None where it is not."""
        kept = self._kept.get((number, frame))
        if kept is None:
            return None
        mask = _unpacked(kept[0], self._grid_wh)
        return Area.of(mask).grown(kept[1]) if mask.any() else None

    def _one_way(self, figures: Sequence[Figure], greys: dict[int, NDArray[np.uint8]], order: range) -> None:
        """Carry all shapes in this order of the frames."""
        moving: dict[int, _Moving] = {}
        for frame in order:
            before = frame - order.step
            flow = _flow(greys, frame, before) if moving else None
            seen = {n: f.shapes[frame].area(self._grid_wh).full() for n, f in enumerate(figures) if frame in f.shapes}
            for number, figure in enumerate(figures):
                if number in moving and flow is not None:
                    moving[number] = moving[number].along(flow)
                if number in seen:
                    moving[number] = self._seen(number, frame, seen, moving.get(number))
                if number in moving and figure.first <= frame <= figure.last:
                    self._add(number, frame, moving[number])

    def _seen(self, number: int, frame: int, seen: dict[int, Mask], moving: _Moving | None) -> _Moving:
        """What is taken for somebody's in a look: what was seen, and of what was expected what was rather missed."""
        own = seen[number].astype(np.float32)
        if moving is None:
            return _Moving(own, own)
        expected = moving.seen > INSIDE
        more = self._agreed(number, frame, expected) & ~seen[number]
        missing = expected & ~np.any(list(seen.values()), axis=0)
        if np.count_nonzero(missing) > MUCH * np.count_nonzero(expected):
            more |= missing
        return _Moving(np.maximum(own, more), own) if more.any() else _Moving(own, own)

    def _agreed(self, number: int, frame: int, expected: Mask) -> Mask:
        """What the looks on both sides expect in a look; nothing as long as only one of them has been asked."""
        other = self._expected.pop((number, frame), None)
        if other is None:
            self._expected[number, frame] = _packed(expected)
            return np.zeros_like(expected)
        return expected & _unpacked(other, self._grid_wh)

    def _add(self, number: int, frame: int, moving: _Moving) -> None:
        inside = moving.soft > INSIDE
        slack = min(SLACK * moving.moved, MOST_SLACK * float(np.sqrt(np.count_nonzero(inside))))
        known = self._kept.get((number, frame))
        if known is not None:
            inside = inside | _unpacked(known[0], self._grid_wh)
            slack = min(slack, known[1])
        self._kept[number, frame] = _packed(inside), slack


def reach(figures: Sequence[Figure]) -> tuple[int, int]:
    """First and last frame that are needed to follow the figures."""
    firsts = [min(figure.first, *figure.shapes) for figure in figures]
    lasts = [max(figure.last, *figure.shapes) for figure in figures]
    return min(firsts), max(lasts)


def _grey(rgb: RGBImage, grid_wh: tuple[int, int]) -> NDArray[np.uint8]:
    import cv2

    small = cv2.resize(rgb, grid_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def _flow(greys: dict[int, NDArray[np.uint8]], frame: int, before: int) -> Soft | None:
    """(h, w, 2) where each pixel of ``frame`` comes from; None where one of both cannot be decoded."""
    import cv2

    if frame not in greys or before not in greys:
        return None
    flow = np.zeros((*greys[frame].shape, 2), np.float32)
    if min(greys[frame].shape) < 32:
        return flow  # too small for the patches that are compared
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    return np.asarray(engine.calc(greys[frame], greys[before], flow), np.float32)


def _packed(mask: Mask) -> bytes:
    return zlib.compress(np.packbits(mask).tobytes(), 1)


def _unpacked(bits: bytes, grid_wh: tuple[int, int]) -> Mask:
    w, h = grid_wh
    flat = np.unpackbits(np.frombuffer(zlib.decompress(bits), np.uint8), count=w * h)
    return flat.reshape(h, w) > 0


def enlarged(area: Area, size_wh: tuple[int, int]) -> Iterator[Area]:
    """An area of the grid on the pixels of a frame, with smooth edges; nothing if it is too small for one."""
    import cv2

    (w, h), (grid_w, grid_h) = size_wh, area.size_wh
    across, down = w / grid_w, h / grid_h
    x1, y1, x2, y2 = area.box_xyxy
    left, top = max(0, int((x1 - 1) * across)), max(0, int((y1 - 1) * down))
    right, bottom = min(w, int(np.ceil((x2 + 1) * across))), min(h, int(np.ceil((y2 + 1) * down)))
    to_grid = np.array([[1 / across, 0, (left + 0.5) / across - 0.5], [0, 1 / down, (top + 0.5) / down - 0.5]])
    soft = cv2.warpAffine(
        area.full().astype(np.float32),
        to_grid,
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    inside = np.zeros((h, w), bool)
    inside[top:bottom, left:right] = np.asarray(soft) >= 0.5
    if inside.any():
        yield Area.of(inside)
