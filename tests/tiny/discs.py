"""Faces that are discs of one colour, and engines that know them: what is asked is what the pipeline does with them.

``python -m tests.tiny.discs VIDEO OUT [MESSAGE COUNT]`` masks a video, and kills itself without warning when the
progress gives MESSAGE for the COUNT-th time.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepmask import engines
from deepmask.faces import Face, Patch
from tests.tiny.scenes import SIZE_WH, background

PEOPLE = {"red": (210, 40, 40), "blue": (40, 40, 210), "yellow": (220, 210, 30)}
MASKS = {
    "inswapper": (20, 120, 20),
    "meshwarp": (30, 140, 30),
    "painter": (40, 160, 40),
    "vector": (60, 180, 60),
    "pixelate": (150, 150, 150),
    "solid": (90, 90, 90),
}
Walk = Callable[[int], tuple[float, float] | None]


def drawn(people: dict[str, Walk], number: int, size_wh: tuple[int, int] = SIZE_WH, radius_px: int = 24) -> np.ndarray:
    """Frame ``number`` with a disc for everybody."""
    canvas = background(size_wh) // 3 + np.uint8(80)
    for name, walk in people.items():
        if (middle := walk(number)) is not None:
            cv2.circle(canvas, tuple(round(v) for v in middle), radius_px, PEOPLE[name], -1)
            cv2.circle(canvas, tuple(round(v) for v in middle), radius_px // 3, tuple(v // 2 for v in PEOPLE[name]), -1)
    return canvas


class Finder:
    """Sees discs, but none that is covered."""

    def __init__(self) -> None:
        self.looks = 0

    def find(self, image, *, progress=None):
        self.looks += 1
        found = []
        for colour in PEOPLE.values():
            near = (np.abs(image.astype(int) - colour).max(2) < 45).astype(np.uint8)
            count, _, stats, _ = cv2.connectedComponentsWithStats(near)
            for x, y, w, h, area in stats[1:count]:
                if area > 250:
                    found.append(Face((float(x), float(y), float(x + w), float(y + h)), 0.9))
        return found


class Landmarker:
    def fit(self, image, box):
        return None

    def yaw_degrees(self, landmarks):
        return 0.0


class Recognizer:
    """People are their colours."""

    match_below, match_margin, hidden_above = 0.4, 0.07, 0.3

    def embed(self, image, face):
        x1, y1, x2, y2 = (round(v) for v in face.box_xyxy)
        return (image[max(y1, 0) : y2, max(x1, 0) : x2].reshape(-1, 3).mean(0) / 255).astype(np.float32)


class Swapper:
    """Covers the box with the colour of its name."""

    needs_persona, needs_landmarks, min_size_px, max_yaw_degrees = False, False, 0.0, 180.0

    def __init__(self, name: str) -> None:
        self.name, self.calls = name, 0

    def swap(self, image, face, persona, *, strength=0.8, look=None):
        self.calls += 1
        x1, y1, x2, y2 = (round(v) for v in face.box_xyxy)
        alpha = np.ones((y2 - y1 + 8, x2 - x1 + 8), np.float32)
        return Patch(np.full((*alpha.shape, 3), MASKS[self.name], np.uint8), alpha, (x1 - 4, y1 - 4))


_real: Any = engines.load


class Discs:
    """The engines; those that know nothing of people are the real ones."""

    def __init__(self, **swappers: Any) -> None:
        self.swappers = {name: Swapper(name) for name in MASKS} | swappers
        self.finder, self.landmarker, self.recognizer = Finder(), Landmarker(), Recognizer()

    def load(self, kind: str, name: str = "auto") -> Any:
        """In the place of ``engines.load``."""
        fakes = {
            "face_finder": self.finder,
            "face_landmarker": self.landmarker,
            "face_recognizer": self.recognizer,
        }
        if kind == "face_swapper":
            return self.swappers[name]
        return fakes.get(kind) or _real(kind, name)


def main(arguments: Sequence[str]) -> None:
    """As the module says."""
    from deepmask.media.clip import Clip
    from deepmask.roster import Roster
    from deepmask.vault import Vault
    from pipelines import video
    from pipelines.video import sharing

    source, out, *end = arguments
    discs = Discs()
    engines.load = discs.load
    sharing.MOST_FRAMES = 8
    told: Counter[str] = Counter()

    def progress(fraction: float, message: str) -> None:
        told[message] += 1
        if end and message == end[0] and told[message] == int(end[1]):
            os.kill(os.getpid(), signal.SIGKILL)

    result = video.mask(Clip.open(Path(source)), Vault(), Roster(), Path(out), progress=progress)
    print(discs.finder.looks, sum(swapper.calls for swapper in discs.swappers.values()), result.report.safe)


if __name__ == "__main__":
    main(sys.argv[1:])
