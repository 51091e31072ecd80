"""Fundamental frequency by autocorrelation and dynamic programming.

Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled
sound" (1993): each frame's autocorrelation is divided by that of its window, its peaks are candidates, and the cheapest
path through them decides on pitch and voicing together. Chosen over WORLD's own estimators since DIO loses half of the
voiced frames of noisy speech and Harvest alone takes longer than all the rest of the conversion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import butter, resample_poly, sosfiltfilt

HOP_S = 0.005
LOWEST_HZ = 60.0
HIGHEST_HZ = 500.0

_HUM_CUT_HZ = 100.0
_DULL_ABOVE_HZ = 800.0
_CANDIDATES = 4
_VOICING = 0.45
_OCTAVE_COST = 0.01
_JUMP_COST = 0.35
_SWITCH_COST = 0.14
_COST_STEP_S = 0.01
"""The costs above are per 10 ms."""
_QUIETEST = 10 ** (-45 / 20)
"""Frames this far below the loud ones are unvoiced."""


def track(
    signal: NDArray[np.float64],
    rate_hz: int,
    *,
    lowest_hz: float = LOWEST_HZ,
    highest_hz: float = HIGHEST_HZ,
    loud: float | None = None,
) -> NDArray[np.float64]:
    """F0 in Hz for each 5 ms of a mono signal, 0 where unvoiced: ``1 + len // hop`` frames, the first centred at 0.

    Args:
        loud: peak amplitude of loud frames; by default taken from the signal itself.
    """
    count = 1 + int(len(signal) / (rate_hz * HOP_S))
    halved = rate_hz // 2
    small = _heard(resample_poly(signal, 1, 2), halved)
    frames = _frames(small, halved, count, lowest_hz)
    peaks = np.abs(frames).max(axis=1)
    loud = float(np.percentile(peaks, 98)) if loud is None else loud
    if loud <= 0:
        return np.zeros(count)
    hz, strength = _candidates(frames, halved, lowest_hz, highest_hz)
    quiet = np.maximum(0.0, 2.0 - peaks / loud / (_QUIETEST / (1 + _VOICING)))
    return _cheapest_path(hz, strength, _VOICING + quiet)


def _heard(signal: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Without mains hum, which would be taken for a very low voice (that of a real one shows in its harmonics as well),
    and duller: the upper harmonics of a moving pitch do not repeat, and thin voices have hardly any others."""
    hum_cut = np.asarray(butter(4, _HUM_CUT_HZ, "highpass", fs=rate_hz, output="sos"))
    dulled = np.asarray(butter(1, _DULL_ABOVE_HZ, fs=rate_hz, output="sos"))
    reach = min(len(signal) - 1, rate_hz // 10)
    return np.asarray(sosfiltfilt(np.concatenate([hum_cut, dulled]), signal, padlen=reach))


def _frames(signal: NDArray[np.float64], rate_hz: int, count: int, lowest_hz: float) -> NDArray[np.float64]:
    """(count, three longest periods), each without its mean."""
    width = int(3 * rate_hz / lowest_hz) // 2 * 2
    hop = round(rate_hz * HOP_S)
    needed = (count - 1) * hop + width
    padded = np.pad(signal, (width // 2, max(0, needed - len(signal) - width // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)[: (count - 1) * hop + 1 : hop]
    return frames - frames.mean(axis=1, keepdims=True)


def _candidates(
    frames: NDArray[np.float64], rate_hz: int, lowest_hz: float, highest_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies and strengths of the best peaks, (frames, candidates); strength −1 where there is none."""
    width = frames.shape[1]
    longest = int(np.ceil(rate_hz / lowest_hz)) + 2
    size = next_fast_len(width + longest, real=True)
    window = np.hanning(width + 2)[1:-1]

    def correlate(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        spectrum = np.asarray(rfft(rows, size, axis=-1))
        return np.asarray(irfft(np.abs(spectrum) ** 2, size, axis=-1))[..., :longest]

    own = correlate(window)
    rows = correlate(frames * window)
    rows = rows / np.maximum(rows[:, :1], 1e-12) / (own / own[0])
    left, middle, right = rows[:, :-2], rows[:, 1:-1], rows[:, 2:]
    bend = np.minimum(left - 2 * middle + right, -1e-9)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    height = middle - 0.25 * (left - right) * shift
    hz = rate_hz / (np.arange(1, longest - 1) + shift)
    is_peak = (middle > left) & (middle >= right) & (hz >= lowest_hz) & (hz <= highest_hz)
    strength = np.where(is_peak, np.minimum(height, 1.0) - _OCTAVE_COST * np.log2(highest_hz / hz), -1.0)
    best = np.argpartition(-strength, _CANDIDATES, axis=1)[:, :_CANDIDATES]
    return np.take_along_axis(hz, best, axis=1), np.take_along_axis(strength, best, axis=1)


def _cheapest_path(
    hz: NDArray[np.float64], strength: NDArray[np.float64], unvoiced: NDArray[np.float64]
) -> NDArray[np.float64]:
    """F0 along the best path through the candidates and the unvoiced state (the last column)."""
    step = _COST_STEP_S / HOP_S
    count, states = hz.shape[0], hz.shape[1] + 1
    gain = np.column_stack([strength, unvoiced])
    octaves = np.log2(hz)
    cost = np.full((count - 1, states, states), step * _SWITCH_COST)
    cost[:, :-1, :-1] = step * _JUMP_COST * np.abs(octaves[:-1, :, None] - octaves[1:, None, :])
    cost[:, -1, -1] = 0.0
    came_from = np.zeros((count, states), np.int64)
    total = gain[0]
    for i in range(1, count):
        ways = total[:, None] - cost[i - 1]
        came_from[i] = ways.argmax(axis=0)
        total = ways.max(axis=0) + gain[i]
    out = np.zeros(count)
    state = int(total.argmax())
    for i in range(count - 1, -1, -1):
        if state < states - 1:
            out[i] = hz[i, state]
        state = came_from[i, state]
    return out
