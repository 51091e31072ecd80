"""Whole people that are a disc on a coat of one colour, and engines that know them.

``python -m tests.tiny.walkers VIDEO OUT [MESSAGE COUNT]`` covers everybody in a video from head to foot, and kills
itself without warning when the progress gives MESSAGE for the COUNT-th time.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepmask import engines
from deepmask.area import Area, Body
from tests.tiny.discs import PEOPLE, Discs
from tests.tiny.scenes import SIZE_WH

COATS = {"red": (170, 20, 130), "blue": (10, 150, 170), "yellow": (190, 160, 10)}
WIDTH, HEIGHT, RADIUS = 60, 120, 24
Walk = Callable[[int], tuple[float, float] | None]
"""Frame → the middle of a head; None where nobody is."""


def scene(
    people: dict[str, Walk], number: int, faceless: Collection[tuple[str, int]] = (), size_wh: tuple[int, int] = SIZE_WH
) -> np.ndarray:
    """Frame ``number``; who is ``faceless`` in it is turned away, with a head in the colour of the coat."""
    canvas = ground(size_wh)
    for name, walk in people.items():
        if (middle := walk(number)) is None:
            continue
        inside = person(middle, size_wh)
        pattern = np.random.default_rng(sum(map(ord, name))).integers(-14, 15, (2 * size_wh[1], 2 * size_wh[0], 1))
        x, y = (round(v) for v in middle)
        moved = np.roll(pattern, (y, x), (0, 1))[: size_wh[1], : size_wh[0]]
        coat = np.clip(np.array(COATS[name]) + cv2.blur(moved.astype(np.float32), (3, 3))[..., None] * 2, 0, 255)
        canvas[inside] = coat.astype(np.uint8)[inside]
        if (name, number) not in faceless:
            cv2.circle(canvas, (x, y), RADIUS, PEOPLE[name], -1)
            cv2.circle(canvas, (x, y), RADIUS // 3, tuple(v // 2 for v in PEOPLE[name]), -1)
    return canvas


def ground(size_wh: tuple[int, int] = SIZE_WH) -> np.ndarray:
    """(H, W, 3) grey with a texture that moves nowhere."""
    noise = np.random.default_rng(3).integers(70, 140, (size_wh[1] // 4, size_wh[0] // 4), np.uint8)
    return np.repeat(cv2.resize(noise, size_wh, interpolation=cv2.INTER_CUBIC)[..., None], 3, axis=2)


def person(middle: tuple[float, float], size_wh: tuple[int, int] = SIZE_WH) -> np.ndarray:
    """(H, W) where somebody is."""
    x, y = (round(v) for v in middle)
    canvas = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    cv2.circle(canvas, (x, y), RADIUS, 1, -1)
    cv2.rectangle(canvas, (x - WIDTH // 2, y + RADIUS - 6), (x + WIDTH // 2, y + HEIGHT), 1, -1)
    return canvas > 0


class Segmenter:
    """Sees people by the colours of their coats.

    Args:
        blind_at: numbers of its looks, from 0, in which it sees nobody.
    """

    def __init__(self, blind_at: Collection[int] = ()) -> None:
        self.looks, self._blind_at = 0, blind_at

    def segment(self, image, faces=(), *, thorough=True, progress=None):
        self.looks += 1
        if self.looks - 1 in self._blind_at:
            return []
        found = []
        for name, coat in COATS.items():
            near = np.abs(image.astype(int) - coat).max(2) < 55
            near |= np.abs(image.astype(int) - PEOPLE[name]).max(2) < 45
            near = cv2.morphologyEx(near.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
            _, labels, stats, _ = cv2.connectedComponentsWithStats(near)
            for label in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] > 800) + 1:
                area = Area.of(labels == label)
                theirs = [f.box_xyxy for f in faces if area.contains(*_chin(f.box_xyxy))]
                found.append(Body(area, 0.9, theirs[0] if theirs else None))
        return found


def _chin(box):
    return (box[0] + box[2]) / 2, 0.2 * box[1] + 0.8 * box[3]


class Walkers(Discs):
    """The engines: those of faces are fakes, and the segmenter is."""

    def __init__(self, segmenter: Any = None, maskers: dict[str, Any] | None = None, **swappers: Any) -> None:
        super().__init__(**swappers)
        self.segmenter, self._maskers = segmenter or Segmenter(), maskers or {}

    def load(self, kind: str, name: str = "auto") -> Any:
        """In the place of ``engines.load``."""
        if kind == "person_segmenter":
            return self.segmenter
        if kind == "body_masker" and name in self._maskers:
            return self._maskers[name]
        return super().load(kind, name)


def main(arguments: Sequence[str]) -> None:
    """As the module says."""
    from deepmask.media.clip import Clip
    from deepmask.roster import Roster
    from deepmask.vault import Vault
    from pipelines import video
    from pipelines.video import VideoOptions, sharing

    source, out, *end = arguments
    walkers = Walkers()
    engines.load = walkers.load
    sharing.MOST_FRAMES = 8
    told: Counter[str] = Counter()

    def progress(fraction: float, message: str) -> None:
        told[message] += 1
        if end and message == end[0] and told[message] == int(end[1]):
            os.kill(os.getpid(), signal.SIGKILL)

    options = VideoOptions(bodies="silhouette")
    result = video.mask(Clip.open(Path(source)), Vault(), Roster(), Path(out), options, progress=progress)
    print(walkers.segmenter.looks, result.report.safe)


if __name__ == "__main__":
    main(sys.argv[1:])
