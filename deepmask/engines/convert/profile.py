"""First pass: what is typical of the voice in a recording, from at most a few minutes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.convert.frames import RATE_HZ, loudness, pitch_and_envelope
from deepmask.engines.convert.timbre import DB, TO_MEL, Floats

MOST_BLOCKS = 24
"""Blocks looked at, spread evenly over the recording: more of them would change the averages by little."""
BLOCK_S = 10.0

PITCH_RANGE = 2.2
"""Pitch farther above or below the median is an error of the tracker, most often of an octave."""
_SPEECH_DB = 30.0
"""Frames no further below the loud ones are speech."""
_LEAST_FRAMES = 20
_VOICED_SHARE = 0.65
"""Of speech."""


@dataclass(frozen=True)
class Profile:
    """Averages of one recording."""

    loud: float
    """Peak amplitude of its loud moments."""
    pitch_hz: float | None
    """Median; None where nothing is voiced."""
    spread: float
    """Of the natural logarithm of the pitch, robust."""
    voiced_mean: Floats
    """(POINTS,) mean log power on the mel axis of voiced speech."""
    unvoiced_mean: Floats
    """The same of unvoiced speech."""
    contours: tuple[tuple[int, Floats], ...]
    """Number of the first frame, and F0 in Hz (0 where unvoiced), of each block looked at."""

    @property
    def mean(self) -> Floats:
        """(POINTS,) mean log power of speech, as much of it voiced as is usual."""
        return _VOICED_SHARE * self.voiced_mean + (1 - _VOICED_SHARE) * self.unvoiced_mean

    @classmethod
    def of(cls, pieces: Iterator[tuple[int, NDArray[np.float32]]]) -> Profile | None:
        """From the numbers of first frames and mono pieces at ``RATE_HZ``; None when all of them are silent."""
        peaks, levels, mel, contours = [], [], [], []
        for first, piece in pieces:
            if not np.any(np.abs(piece) > 1e-5):
                continue
            f0_hz, log_power = pitch_and_envelope(piece.astype(np.float64))
            peaks.append(loudness_peak(piece))
            levels.append(loudness(log_power))
            mel.append(mel_points(log_power))
            contours.append((first, f0_hz))
        if not peaks:
            return None
        level, points, hz = np.concatenate(levels), np.concatenate(mel), np.concatenate([f0 for _, f0 in contours])
        speech = level > np.percentile(level, 95) - _SPEECH_DB / DB
        voiced = speech & (hz > 0)
        pitch = float(np.median(hz[voiced])) if voiced.sum() >= _LEAST_FRAMES else None
        logs = np.log(hz[voiced] / pitch) if pitch else np.zeros(1)
        whole = points[speech].mean(axis=0)
        return cls(
            loud=float(np.max(peaks)),
            pitch_hz=pitch,
            spread=max(float(np.median(np.abs(logs))) * 1.4826, 0.06),
            voiced_mean=_mean(points[voiced], whole),
            unvoiced_mean=_mean(points[speech & ~voiced], whole),
            contours=_plausible(contours, speech, pitch),
        )


def _plausible(
    contours: list[tuple[int, Floats]], speech: NDArray[np.bool_], pitch_hz: float | None
) -> tuple[tuple[int, Floats], ...]:
    """Unvoiced wherever no speech is loud enough or the pitch is an octave away."""
    kept, at = [], 0
    for first, f0 in contours:
        far = np.abs(np.log(np.maximum(f0, 1.0) / (pitch_hz or 1.0))) > np.log(PITCH_RANGE)
        kept.append((first, np.where(speech[at : at + len(f0)] & ~far, f0, 0.0)))
        at += len(f0)
    return tuple(kept)


def mel_points(log_power: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, POINTS) log power on the mel axis of (n, BINS)."""
    return log_power @ TO_MEL.T.astype(np.float32)


def loudness_peak(piece: NDArray[np.float32]) -> float:
    """Peak amplitude of the loud moments of a piece: of its 20 ms, the 98th percentile."""
    width = RATE_HZ // 50
    whole = piece[: len(piece) // width * width] if len(piece) >= width else np.pad(piece, (0, width - len(piece)))
    return float(np.percentile(np.abs(whole).reshape(-1, width).max(axis=1), 98))


def _mean(rows: NDArray[np.float32], otherwise: NDArray[np.float32]) -> Floats:
    return np.asarray(rows.mean(axis=0) if len(rows) >= _LEAST_FRAMES else otherwise, np.float64)
