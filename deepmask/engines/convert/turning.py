"""Frames of one voice turned into frames of another, by a :class:`Disguise`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from deepmask.engines.convert.disguise import Disguise
from deepmask.engines.convert.frames import BINS, FFT_SIZE, RATE_HZ, Frames, loudness
from deepmask.engines.convert.pitch import HIGHEST_HZ, HOP_S, LOWEST_HZ
from deepmask.engines.convert.profile import Profile, mel_points
from deepmask.engines.convert.timbre import (
    DB,
    GRID_HZ,
    TO_BINS,
    TO_COEFFICIENTS,
    Floats,
    bent_axis,
    bent_bins,
    interpolation,
    voicing_difference,
)

CONTEXT_S = 0.8
"""How much before and after a frame its new pitch depends on."""

_SLOW_FRAMES = 40.0
"""Width of the smoothing that tells the melody of a phrase from the movements within words: 0.2 s."""
_FADE_FRAMES = 2.0
_WIDEST = 2.5
"""Pitch farther from the median than so many times its spread is an error of the tracker."""
_MOST_GAIN_DB = 30.0
_LEVEL_FRAMES = 60.0
"""Width over which loudness is kept, 0.3 s: colours change the balance of vowels and consonants as a filter does, and
listeners and recognisers allow for a filter."""
_SILENT_DB = -100.0
_VOICED_SHARE = 0.35
"""Of the difference between voiced and unvoiced speech, what voiced speech lies above the average of both."""
_MOST_LIFT_DB = 12.0
"""A band in which a recording has next to nothing is not lifted to what is average: that would be noise."""
_ABOVE, _CUT, _CUT_HZ = 1.05, 14.0, 400.0
"""What cannot be heard at the recording's own rate shall not count for its loudness: a cut of 60 dB within 400 Hz."""
_NOTHING = -60.0
"""Log power of frames that are silent."""


class Turning:
    """Bound to one recording and its disguise; frames may come in pieces."""

    def __init__(self, profile: Profile, disguise: Disguise, top_hz: float) -> None:
        """``top_hz``: where the recording has nothing more to say, below half of its rate."""
        self._profile, self._disguise = profile, disguise
        axis = bent_axis(disguise.size, disguise.power, disguise.knots, top_hz)
        coded = TO_COEFFICIENTS @ interpolation(axis, GRID_HZ)
        self._coded = coded.T.astype(np.float32)
        voiced, unvoiced = coded @ profile.voiced_mean, coded @ profile.unvoiced_mean
        whole = (1 - _VOICED_SHARE) * voiced + _VOICED_SHARE * unvoiced
        self._voiced = disguise.apart * voiced + (1 - disguise.apart) * whole
        self._unvoiced = disguise.apart * unvoiced + (1 - disguise.apart) * whole
        difference = disguise.apart * voicing_difference()
        self._to_voiced = _lifted(self._voiced, disguise.target + _VOICED_SHARE * difference)
        self._to_unvoiced = _lifted(self._unvoiced, disguise.target - (1 - _VOICED_SHARE) * difference)
        self._blend = disguise.blend.astype(np.float32)
        self._bent = bent_bins(axis).T
        bins_hz = np.arange(BINS) * RATE_HZ / FFT_SIZE
        self._absent = (_CUT * np.clip((bins_hz - _ABOVE * top_hz) / _CUT_HZ, 0, 1)).astype(np.float32)
        self._offset = 0.0
        contours = [self._pitch(f0_hz, first) for first, f0_hz in profile.contours]
        if profile.pitch_hz is not None and any(np.any(f0 > 0) for f0 in contours):
            reached = np.median(np.concatenate([f0[f0 > 0] for f0 in contours]))
            self._offset = float(np.log(disguise.pitch_hz / reached))

    def frames(self, frames: Frames, first: int) -> Frames:
        """Turned frames; ``first`` is the number of the first of them in the recording."""
        voiced = frames.f0_hz > 0
        noise = np.clip(frames.aperiodicity @ self._bent, 1e-4, 1.0) ** self._disguise.breath
        noise[~voiced] = 1.0
        return Frames(self._pitch(frames.f0_hz, first), self._envelope(frames, voiced), noise)

    def _pitch(self, f0_hz: NDArray[np.float64], first: int) -> NDArray[np.float64]:
        voiced = f0_hz > 0
        if not voiced.any() or self._profile.pitch_hz is None:
            return np.zeros_like(f0_hz)
        widest = _WIDEST * self._profile.spread
        moves = np.zeros(len(f0_hz))
        moves[voiced] = np.clip(np.log(f0_hz[voiced] / self._profile.pitch_hz), -widest, widest)
        weight = gaussian_filter1d(voiced.astype(float), _SLOW_FRAMES, truncate=3.5)
        slow = gaussian_filter1d(moves, _SLOW_FRAMES, truncate=3.5) / np.maximum(weight, 1e-3)
        seconds = (first + np.arange(len(f0_hz))) * HOP_S
        height, hz, phase = self._disguise.wander
        wander = np.sin(2 * np.pi * seconds[:, None] * hz + phase) @ height
        new = self._disguise.slow * slow + self._disguise.fast * (moves - slow) + wander + self._offset
        return np.where(voiced, np.clip(self._disguise.pitch_hz * np.exp(new), LOWEST_HZ, HIGHEST_HZ), 0.0)

    def _envelope(self, frames: Frames, voiced: NDArray[np.bool_]) -> NDArray[np.float32]:
        coded = mel_points(frames.log_power) @ self._coded
        share = gaussian_filter1d(voiced.astype(np.float32), _FADE_FRAMES)[:, None]
        moved = coded - (share * self._voiced + (1 - share) * self._unvoiced).astype(np.float32)
        moved = moved @ self._blend + (share * self._to_voiced + (1 - share) * self._to_unvoiced).astype(np.float32)
        moved[:, 0] = coded[:, 0]
        log_power = moved @ TO_BINS.T.astype(np.float32)
        log_power -= self._absent
        before, after = loudness(frames.log_power), loudness(log_power)
        most = _MOST_GAIN_DB / DB
        kept = _spoken_level(before) - _spoken_level(after)
        log_power += np.clip(kept, -most, most)[:, None]
        log_power[before < _SILENT_DB / DB + np.log(BINS)] = _NOTHING
        return log_power


def _spoken_level(loudness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithm of the mean power around each frame."""
    return np.log(gaussian_filter1d(np.exp(loudness), _LEVEL_FRAMES, truncate=2.6) + 1e-12)


def _lifted(mean: Floats, target: Floats) -> Floats:
    """(COEFFICIENTS,) the target, no more than so far above the mean anywhere; levels are left out of account."""
    change = target - TO_COEFFICIENTS.T @ mean
    change = np.minimum(change - np.median(change), _MOST_LIFT_DB / DB)
    return mean + TO_COEFFICIENTS @ change
