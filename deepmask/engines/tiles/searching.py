"""Where a pattern might lie in a picture that was cropped, turned, stretched or mirrored: lines in its spectrum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from deepmask.engines.tiles.geometry import Lay
from deepmask.engines.tiles.pattern import SHORT_PX, Keyed

_LONGEST_PX = 1024
_FINER = 2
"""The picture is padded by this, so that lines are seen between the places of its own spectrum, too."""
_SURROUNDINGS = 31
_LOUDEST_LINE = 12.0
"""In mean powers around it: no single line may decide."""
_SCALES = np.geomspace(0.38, 1.6, 290)
_ANGLES = np.linspace(-4.0, 4.0, 33)
_ASPECTS = np.geomspace(0.8, 1.25, 46)
_NEAR_SCALE, _NEAR_DEGREES = 0.02, 0.8
TURNS = ((0.0, False), (0.0, True), (90.0, False), (90.0, True))
"""Quarter turns and mirroring a spectrum can tell apart; a half turn leaves it as it is."""


@dataclass(frozen=True)
class Guess:
    """A way the pattern may lie, and how much speaks for it."""

    lay: Lay
    score: float


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Power of what remains of a picture, in mean powers around; pictures of the same size can be added."""

    power: NDArray[np.float32]
    """(h, w / 2 + 1)."""
    scale: float
    """Pixels of the seen picture in one of the whole one."""

    @classmethod
    def of(cls, grey: NDArray[np.uint8]) -> Spectrum:
        """That of a picture, or of its middle if it is long."""
        height, width = grey.shape
        scale = SHORT_PX / min(height, width)
        longest = round(_LONGEST_PX / scale)
        top, left = max(0, (height - longest) // 2), max(0, (width - longest) // 2)
        middle = grey[top : top + longest, left : left + longest]
        size = (round(middle.shape[1] * scale), round(middle.shape[0] * scale))
        small = cv2.resize(middle, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        seen = small.astype(np.float32)
        seen -= cv2.GaussianBlur(seen, (0, 0), 4.0)
        seen /= np.sqrt(cv2.GaussianBlur(seen * seen, (0, 0), 8.0)) + 1.0
        np.clip(seen, -2.5, 2.5, out=seen)
        shape = (fft.next_fast_len(_FINER * seen.shape[0], True), fft.next_fast_len(_FINER * seen.shape[1], True))
        waves = fft.rfft2(seen, shape)
        return cls((waves.real**2 + waves.imag**2).astype(np.float32), scale)

    def flat(self) -> NDArray[np.float32]:
        """The power divided by the mean around."""
        around = cv2.blur(self.power, (_SURROUNDINGS, _SURROUNDINGS))
        return np.minimum(self.power / (around + 1e-9), _LOUDEST_LINE)


def guesses(spectrum: Spectrum, pattern: Keyed, count: int, *, stretched: bool) -> list[Guess]:
    """The most likely ways the pattern lies, best first.

    Args:
        stretched: look for pictures whose width was changed more than their height, too.
    """
    power = spectrum.flat()
    height = power.shape[0]
    width = 2 * (power.shape[1] - 1)
    found: list[Guess] = []
    for turned, mirrored in TURNS:
        lays, matrices = _grid(turned, mirrored, stretched)
        score = _score(power, height, width, pattern.lines, matrices)
        for n in _peaks(score, lays, count):
            scale, degrees, aspect = lays[n]
            lay = Lay(scale * spectrum.scale, degrees, aspect, mirrored)
            found.append(Guess(lay, float(score[n])))
    return sorted(found, key=lambda guess: -guess.score)[:count]


@cache
def _grid(turned: float, mirrored: bool, stretched: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n, 3) scale, degrees and aspect, and their (n, 2, 2) matrices."""
    aspects = _ASPECTS if stretched else np.ones(1)
    axes = np.meshgrid(_SCALES, turned + _ANGLES, aspects, indexing="ij")
    lays = np.stack([axis.ravel() for axis in axes], 1)
    angle, root = np.radians(lays[:, 1]), np.sqrt(lays[:, 2])
    flip = -1.0 if mirrored else 1.0
    matrices = np.empty((len(lays), 2, 2))
    across, down = lays[:, 0] / root, lays[:, 0] * root
    matrices[:, 0, 0], matrices[:, 0, 1] = across * np.cos(angle) * flip, -across * np.sin(angle)
    matrices[:, 1, 0], matrices[:, 1, 1] = down * np.sin(angle) * flip, down * np.cos(angle)
    return lays, matrices


def _score(
    power: NDArray[np.float32], height: int, width: int, lines: NDArray[np.float64], matrices: NDArray[np.float64]
) -> NDArray[np.float32]:
    """(n,) power of all lines, for each matrix."""
    total = np.zeros(len(matrices), np.float32)
    for line in lines:
        x = matrices[:, 0, 0] * line[0] + matrices[:, 1, 0] * line[1]
        y = matrices[:, 0, 1] * line[0] + matrices[:, 1, 1] * line[1]
        sign = np.where(x < 0, -1.0, 1.0)
        column = np.minimum(np.rint(x * sign * width).astype(np.int32), power.shape[1] - 1)
        row = np.rint(y * sign * height).astype(np.int32) % height
        total += power[row, column]
    return total


def _peaks(score: NDArray[np.float32], lays: NDArray[np.float64], count: int) -> Iterator[int]:
    """Indices of the highest scores that are not neighbours of a higher one."""
    few = np.argpartition(score, -min(len(score), 60 * count))[-60 * count :]
    taken: list[NDArray[np.float64]] = []
    for n in few[np.argsort(-score[few])]:
        if len(taken) == count:
            return
        if not any(_near(lays[n], other) for other in taken):
            taken.append(lays[n])
            yield int(n)


def _near(one: Sequence[float] | NDArray[np.float64], other: Sequence[float] | NDArray[np.float64]) -> bool:
    return abs(one[0] / other[0] - 1.0) < _NEAR_SCALE and abs(one[1] - other[1]) < _NEAR_DEGREES
