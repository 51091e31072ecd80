"""Frames back to sound, in pieces of any length with nothing to hear where they meet.

A pulse a period and filtered noise, as in WORLD, but the phase of the voice, the noise and the ringing of the last
pulses are carried from one piece to the next; WORLD's own synthesiser starts anew with each call, and two overlapping
pieces of it would beat against each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from deepmask.engines.convert.frames import BINS, FFT_SIZE, HOP, RATE_HZ, Frames

_LEAD = 128
"""Samples by which all is rendered late, and then cut off: responses have a part before their instant, too."""
_LOW_CUT_HZ = 40.0
_FOLD = np.r_[1.0, np.full(FFT_SIZE // 2 - 1, 2.0), 1.0, np.zeros(FFT_SIZE // 2 - 1)].astype(np.float32)


class Synthesiser:
    """One voice; give it frames in order with :meth:`push` and end with :meth:`finish`."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._last: Frames | None = None
        self._last_filters = np.zeros((0, BINS), np.complex64)
        self._phase = 0.0
        self._noise = np.zeros(0, np.float32)
        self._ringing = np.zeros(FFT_SIZE + HOP, np.float32)
        self._to_drop = _LEAD
        bins = np.arange(BINS) * RATE_HZ / FFT_SIZE
        self._low_cut = (1 - np.exp(-((bins / _LOW_CUT_HZ) ** 2))).astype(np.float32)
        self._window = np.hanning(2 * HOP + 1)[:-1].astype(np.float32)

    def push(self, frames: Frames) -> NDArray[np.float32]:
        """The next samples, HOP for each frame; the first call gives a little less, what it lacks comes in the end."""
        if not len(frames):
            return np.zeros(0, np.float32)
        filters = minimum_phase(frames.log_power)
        first = self._last is None
        if self._last is not None:
            frames = _join(self._last, frames)
            filters = np.concatenate([self._last_filters, filters])
        count = (len(frames) - 1) * HOP
        out = np.zeros(count + len(self._ringing), np.float32)
        out[: len(self._ringing)] = self._ringing
        self._add_noise(out, frames if first else frames[1:], filters if first else filters[1:], 0 if first else HOP)
        self._add_pulses(out, frames, filters)
        self._last, self._last_filters = frames[-1:], filters[-1:]
        self._ringing = out[count:]
        drop, self._to_drop = self._to_drop, max(0, self._to_drop - count)
        return out[drop:count]

    def finish(self, count: int) -> NDArray[np.float32]:
        """``count`` more samples: what still rings after the last frame."""
        rest = self._ringing[self._to_drop :]
        return np.pad(rest, (0, max(0, count - len(rest))))[:count]

    def _add_noise(self, out: NDArray[np.float32], frames: Frames, filters: NDArray[np.complex64], start: int) -> None:
        """Noise of each frame, fading in from the one before and out to the next; ``start`` is the first's centre."""
        fresh = self._rng.standard_normal((len(frames) + (len(self._noise) == 0)) * HOP, dtype=np.float32)
        noise = np.concatenate([self._noise, fresh])
        segments = np.lib.stride_tricks.sliding_window_view(noise, 2 * HOP)[::HOP] * self._window
        self._noise = noise[-HOP:]
        spectra = (
            np.asarray(rfft(np.pad(segments, ((0, 0), (_LEAD, 0))), FFT_SIZE, axis=1))
            * filters
            * (frames.aperiodicity * self._low_cut)
        )
        rows = np.asarray(irfft(spectra, FFT_SIZE, axis=1))
        for i, row in enumerate(rows):
            at = start + (i - 1) * HOP
            if at < 0:
                out[: FFT_SIZE + at] += row[-at:]
            else:
                out[at : at + FFT_SIZE] += row

    def _add_pulses(self, out: NDArray[np.float32], frames: Frames, filters: NDArray[np.complex64]) -> None:
        f0 = _f0_of_samples(frames.f0_hz)
        phase = self._phase + np.cumsum(f0) / RATE_HZ
        turns = np.floor(np.r_[self._phase, phase])
        at = np.flatnonzero(np.diff(turns) > 0)
        self._phase = float(phase[-1] % 1.0) if len(phase) else self._phase
        if not len(at):
            return
        period = RATE_HZ / f0[at]
        delay = 1.0 - (phase[at] - turns[at + 1]) * period
        frame, within = np.divmod(at / HOP, 1.0)
        frame, within = frame.astype(int), within[:, None].astype(np.float32)
        voice = np.sqrt(np.maximum(1.0 - frames.aperiodicity**2, 0.0)) * self._low_cut
        spectra = (filters[frame] * voice[frame]) * (1 - within) + (filters[frame + 1] * voice[frame + 1]) * within
        angle = (-2j * np.pi / FFT_SIZE) * (delay[:, None] + _LEAD) * np.arange(BINS)
        spectra = spectra * np.exp(angle).astype(np.complex64) * np.sqrt(period)[:, None].astype(np.float32)
        for start, row in zip(at, np.asarray(irfft(spectra, FFT_SIZE, axis=1), np.float32), strict=True):
            out[start : start + FFT_SIZE] += row


def minimum_phase(log_power: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Spectra of the minimum-phase filters with these power envelopes (Oppenheim and Schafer: the folded cepstrum)."""
    cepstrum = np.asarray(irfft(0.5 * log_power, FFT_SIZE, axis=1)) * _FOLD
    return np.exp(np.asarray(rfft(cepstrum, axis=1))).astype(np.complex64)


def _f0_of_samples(f0_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """(HOP · (n − 1),) between the frames; half-way into unvoiced frames the pitch of the voiced neighbour stays."""
    left, right = f0_hz[:-1, None], f0_hz[1:, None]
    share = (np.arange(HOP) + 0.5) / HOP
    between = left * (1 - share) + right * share
    between = np.where(right <= 0, np.where(share < 0.5, left, 0.0), between)
    between = np.where(left <= 0, np.where(share >= 0.5, right, 0.0), between)
    return between.ravel()


def _join(a: Frames, b: Frames) -> Frames:
    return Frames(
        np.concatenate([a.f0_hz, b.f0_hz]),
        np.concatenate([a.log_power, b.log_power]),
        np.concatenate([a.aperiodicity, b.aperiodicity]),
    )
