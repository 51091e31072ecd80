"""Spectral envelopes on a mel axis: what a voice's average looks like, how the axis is bent, and random curves.

Everything here is linear in the logarithm of the power, so that one small matrix does all of it to a frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from deepmask.engines.convert.frames import BINS, FFT_SIZE, RATE_HZ

Floats = NDArray[np.float64]

POINTS = 80
"""Points of the mel axis."""
COEFFICIENTS = 40
"""Of the cosine transform along it; finer detail is the recording's and is left out."""
DB = 10 / np.log(10)
"""Decibels of one unit of log power."""
PIVOT_HZ = 2500.0
"""About one radian at 16 kHz: where the McAdams power law leaves frequencies as they are."""
KNOTS_HZ = np.array([700.0, 1500.0, 2700.0, 4200.0])
"""Where the axis gets its own random factors: about the first four formants."""

_TOP_HZ = RATE_HZ / 2
_BINS_HZ = np.arange(BINS) * RATE_HZ / FFT_SIZE

_LTASS_HZ = (63, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000,
             6300, 8000)  # fmt: skip
_LTASS_DB = (38.6, 54.4, 57.7, 56.8, 60.2, 60.3, 59.0, 62.1, 62.1, 60.5, 56.8, 53.7, 53.0, 52.0, 48.7, 48.1, 46.8,
             45.6, 44.5, 44.3, 43.7)  # fmt: skip
"""Levels of speech in third octaves, all languages and both sexes (Byrne et al., J. Acoust. Soc. Am. 96, 1994)."""

_VOICING_HZ = (100, 250, 500, 1000, 1500, 2000, 3000, 4000, 5500, 7500)
_VOICING_DB = (21, 19, 17, 12, 7, 4, 1, -3, -8, -6)
"""Mean log spectrum of voiced less that of unvoiced speech, eighty readers of English books."""


GRID_HZ = 700 * np.expm1(np.linspace(0, 1127 * np.log1p(_TOP_HZ / 700), POINTS) / 1127)


def interpolation(targets: Floats, grid: Floats) -> Floats:
    """(targets, grid) matrix that reads a curve given on ``grid`` at ``targets``, linearly."""
    at = np.interp(targets, grid, np.arange(len(grid)))
    left = np.minimum(at.astype(int), len(grid) - 2)
    rows, share = np.arange(len(targets)), at - left
    matrix = np.zeros((len(targets), len(grid)))
    matrix[rows, left], matrix[rows, left + 1] = 1 - share, share
    return matrix


def _to_mel() -> Floats:
    """(POINTS, BINS): each point is the mean of the bins around it, weighted by a triangle."""
    half = np.maximum(np.gradient(GRID_HZ), RATE_HZ / FFT_SIZE)
    weights = np.maximum(0.0, 1 - np.abs(_BINS_HZ[None] - GRID_HZ[:, None]) / half[:, None])
    return weights / weights.sum(axis=1, keepdims=True)


TO_MEL = _to_mel()
TO_COEFFICIENTS: Floats = np.asarray(dct(np.eye(POINTS), axis=0, norm="ortho"))[:COEFFICIENTS]
TO_BINS = interpolation(_BINS_HZ, GRID_HZ) @ TO_COEFFICIENTS.T
"""(BINS, COEFFICIENTS): back to the bins of the spectrum."""


def average_speech() -> Floats:
    """(POINTS,) log power of an average voice, without its level."""
    hz = np.array(_LTASS_HZ, float)
    density = np.array(_LTASS_DB) - 10 * np.log10(0.2316 * hz)
    curve = gaussian_filter1d(np.interp(GRID_HZ, hz, density), 2.0) / DB
    return curve - curve.mean()


def voicing_difference() -> Floats:
    """(POINTS,) by how much voiced speech is above unvoiced speech in log power, without its level."""
    curve = gaussian_filter1d(np.interp(GRID_HZ, _VOICING_HZ, _VOICING_DB), 2.0) / DB
    return curve - curve.mean()


def random_curve(rng: np.random.Generator, width: float) -> Floats:
    """(POINTS,) smooth curve of unit variance; ``width`` is the extent of its hills in points."""
    margin = int(4 * width)
    white = rng.standard_normal(POINTS + 2 * margin)
    smooth = gaussian_filter1d(white, width)[margin : margin + POINTS]
    return smooth * np.sqrt(2 * np.sqrt(np.pi) * width)


def bent_axis(size: float, power: float, knots: Floats, top_hz: float) -> Floats:
    """(POINTS,) for each point the frequency of the original it reads.

    Args:
        size: factor on all formants.
        power: exponent of a power law around ``PIVOT_HZ``, as McAdams' on the angles of poles.
        knots: four factors near 1 at ``KNOTS_HZ``.
        top_hz: where the original ends.
    """
    hz = PIVOT_HZ * (np.maximum(GRID_HZ / size, 1e-3) / PIVOT_HZ) ** (1 / power)
    ends = max(_TOP_HZ, float((KNOTS_HZ * knots)[-1]) + 200)
    bend = PchipInterpolator(np.r_[0, KNOTS_HZ, _TOP_HZ], np.r_[0, KNOTS_HZ * knots, ends])
    return np.minimum(bend(np.minimum(hz, _TOP_HZ)), top_hz)


def bent_bins(axis_hz: Floats) -> NDArray[np.float32]:
    """(BINS, BINS) matrix that bends a row of bins as ``axis_hz`` bends the mel axis."""
    return interpolation(np.interp(_BINS_HZ, GRID_HZ, axis_hz), _BINS_HZ).astype(np.float32)
