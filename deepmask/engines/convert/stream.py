"""Second pass: sound in blocks through analysis, turning and synthesis, and out again without seams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.convert import pitch
from deepmask.engines.convert.disguise import Disguise
from deepmask.engines.convert.frames import BINS, HOP, RATE_HZ, analyse, k_weighting
from deepmask.engines.convert.profile import PITCH_RANGE, Profile
from deepmask.engines.convert.synthesis import Synthesiser
from deepmask.engines.convert.turning import CONTEXT_S, Turning

Mono = NDArray[np.float32]

CHUNK_S = 8.0
_CONTEXT = round(CONTEXT_S / pitch.HOP_S)
_MEMORY = 0.8
"""Weight of the levels of earlier chunks."""
_MOST_GAIN = 4.0
_RAMP = RATE_HZ
"""Samples over which a gain changes into the next."""
_SILENT_POWER = 1e-9
_SILENT = 1e-6
"""Samples below −120 dB become zero, so that silence stays silence."""


def converted(pieces: Iterable[Mono], profile: Profile, disguise: Disguise, top_hz: float) -> Iterator[Mono]:
    """The converted voice, mono at ``RATE_HZ``, as long as ``pieces`` together."""
    turning = Turning(profile, disguise, top_hz)
    synthesiser = Synthesiser(np.random.default_rng(disguise.noise_seed))
    middle = profile.pitch_hz
    lowest = max(pitch.LOWEST_HZ, middle / PITCH_RANGE) if middle else pitch.LOWEST_HZ
    highest = min(pitch.HIGHEST_HZ, middle * PITCH_RANGE) if middle else pitch.HIGHEST_HZ
    level = Level()
    taken = given = 0
    for first, before, count, window in windows(pieces):
        frames = analyse(window.astype(np.float64), lowest_hz=lowest, highest_hz=highest, loud=profile.loud)
        turned = turning.frames(frames, first - before)[before : before + count]
        samples = synthesiser.push(turned)
        taken = max(taken, (first - before) * HOP + len(window))
        given += len(samples)
        yield _cleaned(level.matched(samples, window[before * HOP : (before + count) * HOP]))
    yield _cleaned(level.matched(synthesiser.finish(taken - given)))


class Level:
    """Keeps the converted voice as loud as the original: what a vocoder gets wrong on noisy speech is made up for."""

    def __init__(self) -> None:
        self._original = self._converted = 0.0
        self._gain: float | None = None

    def matched(self, samples: Mono, original: Mono | None = None) -> Mono:
        """``samples`` at the level of ``original`` and of what came before; without one, at the last level."""
        if original is not None:
            self._original = _MEMORY * self._original + _power(original)
            self._converted = _MEMORY * self._converted + _power(samples)
        ratio = self._original / self._converted if self._converted > _SILENT_POWER else 1.0
        gain = float(np.clip(np.sqrt(ratio), 1 / _MOST_GAIN, _MOST_GAIN))
        before = gain if self._gain is None else self._gain
        self._gain = gain
        ramp = np.minimum(np.arange(len(samples), dtype=np.float32) / _RAMP, 1.0)
        return samples * (before + (gain - before) * ramp).astype(np.float32)


def _power(samples: Mono) -> float:
    """Weighted as loudness is (ITU-R BS.1770-5)."""
    if not len(samples):
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    at = np.linspace(0, BINS - 1, len(spectrum))
    return float(spectrum @ np.interp(at, np.arange(BINS), k_weighting())) / len(samples)


def windows(pieces: Iterable[Mono]) -> Iterator[tuple[int, int, int, Mono]]:
    """Overlapping windows: number of the first new frame, frames of context before it, new frames, samples.

    Each frame is new once; those near the end of the last window are centred at or after the last sample.
    """
    step = round(CHUNK_S / pitch.HOP_S)
    held, start = np.zeros(0, np.float32), 0
    first = 0
    for piece in pieces:
        held = np.concatenate([held, piece])
        while len(held) + start >= (first + step + _CONTEXT) * HOP:
            before = first - start // HOP
            yield first, before, step, held[: (before + step + _CONTEXT) * HOP]
            first += step
            drop = max(0, (first - _CONTEXT) * HOP - start)
            held, start = held[drop:], start + drop
    if len(held):
        before = first - start // HOP
        yield first, before, 1 + len(held) // HOP - before, held


def _cleaned(samples: Mono) -> Mono:
    samples[np.abs(samples) < _SILENT] = 0.0
    return samples
