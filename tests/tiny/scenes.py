"""Made videos of people whose places are known: a photographed face and a painted one, moved over a background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from skimage import data

from deepmask import engines
from deepmask.faces import Box
from deepmask.persona import Attributes
from tests.tiny.clips import make_clip

FPS = 12
TICKS = 90_000 // FPS
SIZE_WH = (320, 240)
FINE = {"crf": "12", "g": "12", "bf": "2"}
"""Coding that faces survive."""

At = Callable[[int], tuple[float, float] | None]
"""Frame → where the middle of a face is; None where nobody is."""


@dataclass(frozen=True)
class Cast:
    """Somebody in a scene."""

    head: str
    """'astronaut' or 'painted'."""
    at: At
    side_px: int = 110

    def box_at(self, frame: int) -> Box | None:
        """Where the face is, without hair and neck."""
        middle = self.at(frame)
        if middle is None:
            return None
        (x, y), half = middle, self.side_px / 4
        return x - half, y - half, x + half, y + half


@cache
def head(name: str, side_px: int) -> tuple[np.ndarray, np.ndarray]:
    """(side, side, 3) picture of a head with the face in its middle, and how opaque it is."""
    if name == "astronaut":
        rgb = data.astronaut()[15:215, 125:325]
    else:
        rgb = engines.load("portrait_painter", "painter").paint(Attributes(gender="male", age=55), 11)[40:400, 76:436]
    small = cv2.resize(np.ascontiguousarray(rgb), (side_px, side_px), interpolation=cv2.INTER_AREA)
    ys, xs = np.mgrid[:side_px, :side_px] / (side_px - 1) * 2 - 1
    return small, np.clip((1.0 - np.hypot(xs, ys)) * 8, 0, 1)[..., None]


@cache
def background(size_wh: tuple[int, int] = SIZE_WH, seed: int = 5) -> np.ndarray:
    """(H, W, 3) soft colours without anybody."""
    small = np.random.default_rng(seed).integers(60, 200, (6, 8, 3), np.uint8)
    return cv2.resize(small, size_wh, interpolation=cv2.INTER_CUBIC)


def picture(people: Sequence[Cast], number: int, size_wh: tuple[int, int] = SIZE_WH) -> np.ndarray:
    """Frame ``number`` of a scene; later people stand before earlier ones."""
    canvas = background(size_wh).astype(np.float32)
    for one in people:
        middle = one.at(number)
        if middle is None:
            continue
        rgb, alpha = head(one.head, one.side_px)
        x, y = round(middle[0] - one.side_px / 2), round(middle[1] - one.side_px / 2)
        left, top = max(-x, 0), max(-y, 0)
        right, bottom = min(one.side_px, size_wh[0] - x), min(one.side_px, size_wh[1] - y)
        if right <= left or bottom <= top:
            continue
        place = canvas[y + top : y + bottom, x + left : x + right]
        share = alpha[top:bottom, left:right]
        place[:] = share * rgb[top:bottom, left:right] + (1 - share) * place
    return canvas.round().astype(np.uint8)


def scene(
    path: Path, people: Sequence[Cast], frames: int, *, size_wh: tuple[int, int] = SIZE_WH, **making: Any
) -> Path:
    """A video of a scene; ``making`` as for :func:`tests.tiny.clips.make_clip`."""
    stamps = making.pop("stamps", [TICKS * n for n in range(frames)])
    options = making.pop("options", FINE)
    return make_clip(
        path, stamps, size_wh=size_wh, picture=lambda n: picture(people, n, size_wh), options=options, **making
    )
