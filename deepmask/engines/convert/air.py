"""What lies above 8 kHz, made anew.

The original's own upper band would give its speaker away, and people's voices are told apart there (s, sh, breath). But
without any a voice sounds like a telephone: noise follows the loudness of the converted voice just below.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

Mono = NDArray[np.float32]

_BELOW_HZ = (5500.0, 7600.0)
_FROM_HZ, _TO_HZ = 7800.0, 13000.0
_LOWER_DB = 8.0
"""By how much the new band is weaker than what it follows."""
_SMOOTHING_S = 0.004


class Air:
    """Keeps its filters' states from block to block; does nothing below 20 kHz of sample rate."""

    def __init__(self, rate_hz: int, rng: np.random.Generator) -> None:
        self._rng = rng
        self._needed = rate_hz >= 20000
        if not self._needed:
            return
        nyquist = rate_hz / 2
        self._below = np.asarray(butter(3, _BELOW_HZ, "bandpass", fs=rate_hz, output="sos"))
        self._above = np.asarray(
            butter(3, (_FROM_HZ, min(_TO_HZ, 0.97 * nyquist)), "bandpass", fs=rate_hz, output="sos")
        )
        self._states = [np.zeros((len(self._below), 2)), np.zeros((len(self._above), 2))]
        self._decay = float(np.exp(-1 / (_SMOOTHING_S * rate_hz)))
        self._level = np.zeros(1)
        self._scale = np.sqrt(nyquist / (_BELOW_HZ[1] - _BELOW_HZ[0])) * 10 ** (-_LOWER_DB / 20)

    def added(self, samples: Mono) -> Mono:
        """The next samples with air."""
        if not self._needed or not len(samples):
            return samples
        below, self._states[0] = sosfilt(self._below, samples, zi=self._states[0])
        power, self._level = lfilter([1 - self._decay], [1, -self._decay], np.square(below), zi=self._level)
        noise = self._rng.standard_normal(len(samples), dtype=np.float32)
        above, self._states[1] = sosfilt(self._above, noise, zi=self._states[1])
        return (samples + self._scale * np.sqrt(np.maximum(power, 0)) * above).astype(np.float32)
