"""Where a pattern might lie in a picture that was cropped, turned, stretched or mirrored: lines in its spectrum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from deepmask.engines.tiles.geometry import Lay, Sheet
from deepmask.engines.tiles.pattern import SHORT_PX, Keyed
from deepmask.engines.tiles.residual import residual

_LONGEST_PX = 1024
_FINER = 2
"""The picture is padded by this, so that lines are seen between the places of its own spectrum, too."""
_SURROUNDINGS = 31
_LOUDEST_LINE = 12.0
"""In mean powers around it: no single line may decide."""
_SCALES = np.geomspace(0.38, 1.6, 290)
_ANGLES = np.linspace(-4.0, 4.0, 33)
_ASPECTS = np.geomspace(0.8, 1.25, 23)
_FINE_SCALES, _FINE_ANGLES = np.linspace(0.995, 1.005, 11), np.linspace(-0.25, 0.25, 11)
_NEAR_SCALE, _NEAR_DEGREES = 0.02, 0.8
_GUESSES, _CANDIDATES = 4, 200
_STANDS_OUT, _STANDS_OUT_STRETCHED = 6.0, 8.0
"""Deviations of all scores above their mean."""
TURNS = ((0.0, False), (0.0, True), (90.0, False), (90.0, True))
"""Quarter turns and mirroring a spectrum can tell apart; a half turn leaves it as it is."""


@dataclass(frozen=True)
class Guess:
    """A way the pattern may lie, and how much speaks for it."""

    lay: Lay
    score: float


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Power of what remains of a picture, of one or more of the same size."""

    power: NDArray[np.float32]
    """(h, w / 2 + 1)."""
    scale: float
    """Pixels of the seen picture in one of the whole one."""

    @classmethod
    def of(cls, greys: Sequence[NDArray[np.uint8]]) -> Spectrum:
        """That of pictures of one size, or of their middles if they are long."""
        parts = [cls._one(grey) for grey in greys]
        return cls(np.sum([part.power for part in parts], 0, dtype=np.float32), parts[0].scale)

    @classmethod
    def _one(cls, grey: NDArray[np.uint8]) -> Spectrum:
        height, width = grey.shape
        scale = SHORT_PX / min(height, width)
        longest = round(_LONGEST_PX / scale)
        top, left = max(0, (height - longest) // 2), max(0, (width - longest) // 2)
        middle = grey[top : top + longest, left : left + longest]
        size = (round(middle.shape[1] * scale), round(middle.shape[0] * scale))
        small = cv2.resize(middle, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        seen = residual(Sheet(np.asarray(small, np.float32), None, (0.0, 0.0)))
        shape = (fft.next_fast_len(_FINER * seen.shape[0], True), fft.next_fast_len(_FINER * seen.shape[1], True))
        waves = np.asarray(fft.rfft2(seen, shape))
        return cls((waves.real**2 + waves.imag**2).astype(np.float32), scale)

    def flat(self) -> NDArray[np.float32]:
        """The power divided by the mean around."""
        around = cv2.blur(self.power, (_SURROUNDINGS, _SURROUNDINGS))
        return np.minimum(self.power / (around + 1e-9), _LOUDEST_LINE)


def guesses(spectrum: Spectrum, pattern: Keyed, *, stretched: bool) -> Iterator[Guess]:
    """Likely ways the pattern lies, best first; none where nothing stands out.

    Args:
        stretched: look for pictures whose width was changed more than their height, instead.
    """
    power = spectrum.flat()
    found: list[Guess] = []
    for turned, mirrored in TURNS[:2] if stretched else TURNS:
        lays, matrices = _grid(turned, mirrored, stretched)
        score = _score(power, pattern.lines, matrices)
        bar = score.mean() + (_STANDS_OUT_STRETCHED if stretched else _STANDS_OUT) * score.std()
        for n in _peaks(score, lays):
            if score[n] >= bar:
                scale, degrees, aspect = lays[n]
                found.append(_sharpened(power, pattern, Lay(scale, degrees, aspect, mirrored)))
    for guess in sorted(found, key=lambda guess: -guess.score)[:_GUESSES]:
        yield Guess(guess.lay.changed(spectrum.scale), guess.score)


def _sharpened(power: NDArray[np.float32], pattern: Keyed, lay: Lay) -> Guess:
    """The best neighbour of a point of the grid."""
    near = [lay.changed(scale, degrees) for scale in _FINE_SCALES for degrees in _FINE_ANGLES]
    score = _score(power, pattern.lines, np.stack([one.matrix for one in near]))
    return Guess(near[int(score.argmax())], float(score.max()))


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
    power: NDArray[np.float32], lines: NDArray[np.float64], matrices: NDArray[np.float64]
) -> NDArray[np.float32]:
    """(n,) power of all lines, for each matrix."""
    height, width = power.shape[0], 2 * (power.shape[1] - 1)
    total = np.zeros(len(matrices), np.float32)
    for line in lines:
        x = matrices[:, 0, 0] * line[0] + matrices[:, 1, 0] * line[1]
        y = matrices[:, 0, 1] * line[0] + matrices[:, 1, 1] * line[1]
        sign = np.where(x < 0, -1.0, 1.0)
        column = np.minimum(np.rint(x * sign * width).astype(np.int32), power.shape[1] - 1)
        row = np.rint(y * sign * height).astype(np.int32) % height
        total += power[row, column]
    return total


def _peaks(score: NDArray[np.float32], lays: NDArray[np.float64]) -> Iterator[int]:
    """Indices of the highest scores that are not neighbours of a higher one."""
    few = np.argpartition(score, -_CANDIDATES)[-_CANDIDATES:]
    taken: list[NDArray[np.float64]] = []
    for n in few[np.argsort(-score[few])]:
        if len(taken) == _GUESSES:
            return
        if not any(_near(lays[n], other) for other in taken):
            taken.append(lays[n])
            yield int(n)


def _near(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return abs(one[0] / other[0] - 1.0) < _NEAR_SCALE and abs(one[1] - other[1]) < _NEAR_DEGREES
