"""Clips of whole people of which every pixel is known: outlines drawn by hand, moved before a background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from benchmarks.body_truth import Place, cutout
from benchmarks.video_truth import NOISE, write
from deepmask.area import Mask
from deepmask.faces import RGBImage

SIZE_WH = 640, 360

Way = Callable[[float], tuple[float, float, float]]
"""Share of the clip, 0..1 → left, top and height of somebody's picture in parts of the frame's height."""


@dataclass(frozen=True)
class Walker:
    """Somebody and their way."""

    who: str
    way: Way
    first: float = 0.0
    last: float = 1.0
    """Shares of the clip between which they are there."""
    away: tuple[float, float] = (2.0, 2.0)
    """Shares of the clip between which they are turned away."""
    mirrored: bool = False


@dataclass(frozen=True)
class Walk:
    """A made clip; the last walker is nearest."""

    name: str
    frames: int
    walkers: tuple[Walker, ...]
    backdrop: str = "gravel"


@dataclass
class Walked:
    """The frames of a clip, and who is where."""

    frames: list[RGBImage] = field(default_factory=list)
    people: list[dict[str, Mask]] = field(default_factory=list)
    """(H, W) each, what is visible of them."""


def line(start: tuple[float, float, float], stop: tuple[float, float, float]) -> Way:
    """A straight way."""
    return lambda t: tuple(a + (b - a) * t for a, b in zip(start, stop, strict=True))  # type: ignore[return-value]


def walks() -> list[Walk]:
    """All of them."""
    return [
        Walk("standing", 50, (Walker("astronaut", line((0.4, 0.1, 0.9), (0.45, 0.1, 0.9))),)),
        Walk("walking", 60, (Walker("astronaut", line((0.0, 0.12, 0.88), (0.85, 0.1, 0.9))),)),
        Walk(
            "passing each other",
            60,
            (
                Walker("hopper", line((-0.1, 0.15, 0.85), (1.1, 0.15, 0.85))),
                Walker("astronaut", line((1.1, 0.1, 0.9), (-0.1, 0.1, 0.9))),
            ),
            "grass",
        ),
        Walk("turning away", 60, (Walker("astronaut", line((0.3, 0.1, 0.9), (0.6, 0.1, 0.9)), away=(0.4, 1.0)),)),
        Walk(
            "entering and leaving",
            70,
            (Walker("hopper", line((-0.9, 0.15, 0.85), (1.6, 0.15, 0.85)), 0.05, 0.95),),
            "brick",
        ),
        Walk("coming nearer", 60, (Walker("hopper", line((0.6, 0.5, 0.5), (0.3, 0.05, 1.3))),)),
    ]


def walked(walk: Walk, size_wh: tuple[int, int] = SIZE_WH) -> Walked:
    """Draw a clip."""
    noise = np.random.default_rng(7)
    result = Walked()
    ground = _backdrop(walk.backdrop, size_wh)
    for number in range(walk.frames):
        t = number / max(1, walk.frames - 1)
        canvas, people = ground.copy(), {}
        for walker in walk.walkers:
            if walker.first <= t <= walker.last:
                mask = _put(canvas, walker, t)
                people = {who: seen & ~mask for who, seen in people.items()} | {walker.who: mask}
        frame = canvas + noise.normal(0, NOISE, canvas.shape)
        result.frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
        result.people.append(people)
    return result


def written(walk: Walk, path: Path, size_wh: tuple[int, int] = SIZE_WH) -> Walked:
    """Draw a clip into a file."""
    result = walked(walk, size_wh)
    write(result.frames, path)
    return result


def _backdrop(name: str, size_wh: tuple[int, int]) -> np.ndarray:
    picture = np.asarray(getattr(data, name)())
    picture = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture[..., :3]
    large = cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(large, (0, 0), 1.0).astype(np.float32)


def _put(canvas: np.ndarray, walker: Walker, t: float) -> Mask:
    """Draw somebody; what of the frame they fill."""
    h, w = canvas.shape[:2]
    left, top, height = (value * h for value in walker.way(t))
    away = walker.away[0] <= t <= walker.away[1]
    rgb, inside = cutout(Place(walker.who, max(8, round(height)), 0, 0, walker.mirrored, away))
    shift = np.array([[1, 0, left], [0, 1, top]])
    alpha = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.7)
    layer = cv2.warpAffine(np.dstack([rgb * alpha[..., None], alpha]), shift, (w, h), flags=cv2.INTER_LINEAR)
    canvas *= 1 - layer[..., 3:]
    canvas += layer[..., :3]
    return np.asarray(layer[..., 3]) > 0.5
