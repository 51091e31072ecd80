"""Several channels as one voice and back: what is heard where stays, the rest of a room's sound is left behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, minimum_filter1d, uniform_filter1d

from deepmask.media.sound import Samples, Sound

Mono = NDArray[np.float32]

_STEP_S = 0.02
_SMOOTHING_STEPS = 3.0
_REACH = 12
"""Steps after which the smoothing has ended."""
_MOST_GAIN = 2.0
_QUIET = 1e-10

CEILING = 10 ** (-1 / 20)
"""−1 dBFS, as EBU R128 asks for."""
_LOOKAHEAD_S = 0.005


def polarity(sound: Sound) -> float:
    """1, or −1 where the second channel is the first upside down and their sum would be silence."""
    if sound.channels == 1:
        return 1.0
    product = sum(float(np.dot(block[:, 0], block[:, 1])) for block in sound.blocks())
    return -1.0 if product < 0 else 1.0


class Panorama:
    """Remembers how loud each channel was and makes the converted voice as loud there. Mono passes through."""

    def __init__(self, channels: int, rate_hz: int, sign: float) -> None:
        self._signs = np.array([1.0, sign][:channels], np.float32)
        self._step = max(1, round(rate_hz * _STEP_S))
        self._rest = np.zeros((0, channels), np.float32)
        self._power = np.zeros((0, channels + 1))
        self._at = 0
        self._dropped = 0

    def listen(self, blocks: Iterator[Samples]) -> Iterator[Mono]:
        """The mix of all channels; what the channels had is noted on the way."""
        for block in blocks:
            mix = (block @ self._signs) / len(self._signs)
            if len(self._signs) > 1:
                self._note(np.column_stack([block, mix]))
            yield mix.astype(np.float32)

    def place(self, mono: Mono) -> Samples:
        """(n, channels) of the next samples of the converted voice."""
        if len(self._signs) == 1:
            return mono[:, None]
        steps = (self._at + np.arange(len(mono))) / self._step - 0.5 - self._dropped
        self._at += len(mono)
        low = max(0, int(steps[0]) - _REACH) if len(mono) else 0
        part = self._power[low : int(steps[-1]) + _REACH + 2] if len(mono) else self._power[:1]
        if not len(part):
            return mono[:, None] * self._signs
        smooth = gaussian_filter1d(part, _SMOOTHING_STEPS, axis=0, truncate=4.0, mode="nearest")
        gains = np.sqrt((smooth[:, :-1] + _QUIET) / (smooth[:, -1:] + _QUIET)).clip(0.0, _MOST_GAIN)
        places = np.arange(len(part))
        curves = [np.interp(steps - low, places, gains[:, c]) * self._signs[c] for c in range(len(self._signs))]
        drop = max(0, low - 2 * _REACH)
        self._power, self._dropped = self._power[drop:], self._dropped + drop
        return (mono[:, None] * np.column_stack(curves)).astype(np.float32)

    def _note(self, rows: Samples) -> None:
        rows = np.concatenate([self._rest, rows]) if len(self._rest) else rows
        whole = len(rows) // self._step
        self._rest = rows[whole * self._step :]
        squares = np.square(rows[: whole * self._step], dtype=np.float64)
        self._power = np.concatenate([self._power, squares.reshape(whole, self._step, -1).mean(axis=1)])


def limited(blocks: Iterator[Samples], rate_hz: int) -> Iterator[Samples]:
    """No sample above ``CEILING``: the gain falls smoothly 5 ms ahead of a peak and rises again after it."""
    reach = max(1, round(rate_hz * _LOOKAHEAD_S))
    held: Samples | None = None
    margin = 0
    for block in blocks:
        held = block if held is None else np.concatenate([held, block])
        ready = len(held) - 3 * reach
        if ready <= margin:
            continue
        yield _turned_down(held, reach)[margin:ready]
        keep = max(0, ready - 3 * reach)
        held, margin = held[keep:], ready - keep
    if held is not None and len(held) > margin:
        yield _turned_down(held, reach)[margin:]


def _turned_down(samples: Samples, reach: int) -> Samples:
    peaks = np.abs(samples).max(axis=1)
    if peaks.max(initial=0.0) <= CEILING:
        return samples
    lowest = minimum_filter1d(np.minimum(1.0, CEILING / np.maximum(peaks, 1e-9)), 2 * reach + 1, mode="nearest")
    gain = uniform_filter1d(uniform_filter1d(lowest, reach, mode="nearest"), reach, mode="nearest")
    return (samples * gain[:, None]).astype(np.float32)
