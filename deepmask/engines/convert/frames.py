"""What the vocoder sees: pitch, spectral envelope and noisiness of each 5 ms.

The analysis is WORLD's (Morise et al., 2016): CheapTrick for the envelope, D4C for the aperiodicity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyworld
from numpy.typing import NDArray

from deepmask.engines.convert import pitch

RATE_HZ = 16000
"""All conversion happens at this rate; what lies above 8 kHz is made anew (see ``deepmask.engines.convert.band``)."""
HOP = round(RATE_HZ * pitch.HOP_S)
FFT_SIZE = 1024
BINS = FFT_SIZE // 2 + 1

_FLOOR = 1e-12
"""Power below which nothing is heard: −120 dB."""


@dataclass(frozen=True)
class Frames:
    """Consecutive frames, one row each."""

    f0_hz: NDArray[np.float64]
    """(n,), 0 where unvoiced."""
    log_power: NDArray[np.float32]
    """(n, BINS) natural logarithm of the power envelope."""
    aperiodicity: NDArray[np.float32]
    """(n, BINS) share of noise in the amplitude, 0..1; 1 where unvoiced."""

    def __len__(self) -> int:
        return len(self.f0_hz)

    def __getitem__(self, rows: slice) -> Frames:
        return Frames(self.f0_hz[rows], self.log_power[rows], self.aperiodicity[rows])


def analyse(
    signal: NDArray[np.float64],
    *,
    lowest_hz: float = pitch.LOWEST_HZ,
    highest_hz: float = pitch.HIGHEST_HZ,
    loud: float | None = None,
) -> Frames:
    """Frames of a mono signal at ``RATE_HZ``: 1 + len // HOP of them, the first centred at its first sample."""
    signal = np.ascontiguousarray(signal, np.float64)
    f0, log_power = pitch_and_envelope(signal, lowest_hz=lowest_hz, highest_hz=highest_hz, loud=loud)
    aperiodicity = pyworld.d4c(signal, f0, _times(f0), RATE_HZ, fft_size=FFT_SIZE, threshold=0.0)
    aperiodicity[f0 <= 0] = 1.0
    return Frames(f0, log_power, aperiodicity.astype(np.float32))


def pitch_and_envelope(
    signal: NDArray[np.float64],
    *,
    lowest_hz: float = pitch.LOWEST_HZ,
    highest_hz: float = pitch.HIGHEST_HZ,
    loud: float | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """F0 in Hz and (n, BINS) log power as in :func:`analyse`, without the aperiodicity, which takes longest."""
    signal = np.ascontiguousarray(signal, np.float64)
    f0 = pitch.track(signal, RATE_HZ, lowest_hz=lowest_hz, highest_hz=highest_hz, loud=loud)
    refined = pyworld.stonemask(signal, f0, _times(f0), RATE_HZ)
    f0 = np.where((f0 > 0) & (np.abs(np.log(np.maximum(refined, 1.0) / np.maximum(f0, 1.0))) < 0.1), refined, f0)
    power = pyworld.cheaptrick(signal, f0, _times(f0), RATE_HZ, fft_size=FFT_SIZE)
    return f0, np.log(np.maximum(power, _FLOOR)).astype(np.float32)


def _times(f0_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.arange(len(f0_hz)) * pitch.HOP_S


@cache
def k_weighting() -> NDArray[np.float32]:
    """(BINS,) gain on power of the filters of ITU-R BS.1770-5: so that turned frames are as loud as they were."""
    hz = np.arange(BINS) * RATE_HZ / FFT_SIZE
    shelf = (hz / 1500.0) ** 4
    rise = (1 + 10**0.4 * shelf) / (1 + shelf)
    cut = (hz / 38.1) ** 4
    return (rise * cut / (1 + cut)).astype(np.float32)


def loudness(log_power: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) natural logarithm of the weighted power of each frame."""
    return np.log(np.exp(log_power) @ k_weighting())
