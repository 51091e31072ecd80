"""What is measured of a voice before and after: who it sounds like, and whether anything is as it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.engines.protocols import Mono
from deepmask.media.sound import Sound
from pipelines.voice.timeline import Turn

RATE_HZ = 16_000
LONGEST_S = 60.0
"""How much of each speaker is compared: more changes the figures little."""
SAME_WAVE = 0.9
"""Correlation of the waves of one stretch from which on it was not changed; converted speech was seen below .5."""
_STRETCH_S = 0.5
_PIECE_S = 10.0


def judge_name() -> str | None:
    """The speaker encoder that measures; None when none is installed."""
    return next((row.name for row in engines.rows("speaker_recognizer") if not row.missing()), None)


def excerpt(sound: Sound, own: Sequence[Turn]) -> Mono:
    """Up to :data:`LONGEST_S` of a speaker's turns, (n,) at :data:`RATE_HZ`, taken from all over the recording."""
    total = sum(turn.end_s - turn.start_s for turn in own)
    share = min(1.0, LONGEST_S / total) if total else 0.0
    starts = [(start, min(start + _PIECE_S, turn.end_s)) for turn in own for start in _steps(turn)]
    wanted = [(start, start + share * (end - start)) for start, end in starts]
    pieces: list[Mono] = [np.zeros(0, np.float32)]
    at = 0
    for block in sound.mono(RATE_HZ):
        for start, end in wanted:
            low, high = max(round(start * RATE_HZ) - at, 0), min(round(end * RATE_HZ) - at, len(block))
            if low < high:
                pieces.append(block[low:high])
        at += len(block)
    return np.concatenate(pieces)


def _steps(turn: Turn) -> NDArray[np.float64]:
    return np.arange(turn.start_s, turn.end_s, _PIECE_S)


def similarity_of(judge: str, before: Mono, after: Mono) -> float | None:
    """Cosine of the judge's embeddings; None where there is too little speech."""
    with engines.voices:
        engine = engines.load("speaker_recognizer", judge)
        vectors = [engine.embed([samples], RATE_HZ) for samples in (before, after)]
    first, second = vectors
    return None if first is None or second is None else float(first @ second)


def untouched(before: Mono, after: Mono) -> float:
    """Share of the stretches with sound in which the output's wave is the original's."""
    step = round(_STRETCH_S * RATE_HZ)
    count = min(len(before), len(after)) // step
    if not count:
        return 0.0
    x, y = (v[: count * step].reshape(count, step).astype(np.float64) for v in (before, after))
    x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    power = np.sqrt((x**2).mean(1))
    loud = power > max(0.1 * power.max(), 1e-4)
    if not loud.any():
        return 0.0
    same = (x * y).sum(1) / (np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1) + 1e-9)
    return float((same[loud] > SAME_WAVE).mean())
