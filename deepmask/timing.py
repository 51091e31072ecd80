"""Phrases out of words, and new speech fitted into the time of the old: pure arithmetic, no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmask.transcript import Phrase, Word

GAP_S = 0.25
"""A pause this long ends a phrase."""
LONGEST_S = 4.0
"""Longer phrases are cut, so that errors of timing do not add up."""
SLOWEST, FASTEST = 0.8, 1.25
"""Changes of tempo that still sound like speech."""
_BREATH_S = 0.08
"""Silence left before the next phrase when a phrase runs into the pause behind it."""

Mono = NDArray[np.float32]


# -- phrases ----------------------------------------------------------------------------------------------------------


def phrases_of(
    words: Sequence[Word],
    *,
    speaker: str = "speaker-1",
    confidences: Sequence[float] | None = None,
    gap_s: float = GAP_S,
    longest_s: float = LONGEST_S,
) -> list[Phrase]:
    """The words of one speaker, in the order of time, as phrases that end at pauses.

    Args:
        confidences: 0..1 for each word; a phrase gets their mean.
    """
    if not words:
        return []
    pauses = [k for k in range(1, len(words)) if words[k].start_s - words[k - 1].end_s >= gap_s]
    phrases = []
    for first, last in zip([0, *pauses], [*pauses, len(words)], strict=True):
        for low, high in _cut(words, first, last, longest_s):
            part = tuple(words[low:high])
            confidence = float(np.mean(confidences[low:high])) if confidences is not None else None
            text = " ".join(word.text for word in part)
            phrases.append(Phrase(text, part[0].start_s, part[-1].end_s, speaker, part, confidence))
    return phrases


def _cut(words: Sequence[Word], first: int, last: int, longest_s: float) -> list[tuple[int, int]]:
    """Ranges of words of at most ``longest_s`` each (or one word), cut at pauses and near the middle."""
    length = words[last - 1].end_s - words[first].start_s
    if length <= longest_s or last - first < 2:
        return [(first, last)]
    middle = words[first].start_s + length / 2

    def badness(k: int) -> float:
        pause = words[k].start_s - words[k - 1].end_s
        return abs((words[k].start_s + words[k - 1].end_s) / 2 - middle) / length - 2 * pause

    cut = min(range(first + 1, last), key=badness)
    return _cut(words, first, cut, longest_s) + _cut(words, cut, last, longest_s)


# -- fitting ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """How a spoken phrase is laid into the time of the original one."""

    tempo: float
    """To play it at; above 1 faster."""
    seconds: float
    """How long it then is."""
    too_long_s: float = 0.0
    """By how much it runs over all the time there is; the user is told."""


def tempo_for(spoken_s: float, wanted_s: float, *, slowest: float = SLOWEST, fastest: float = FASTEST) -> float:
    """The tempo that brings ``spoken_s`` nearest to ``wanted_s`` within the bounds."""
    return min(max(spoken_s / max(wanted_s, 1e-3), slowest), fastest)


def fit(
    spoken_s: float, wanted_s: float, spare_s: float = 0.0, *, slowest: float = SLOWEST, fastest: float = FASTEST
) -> Fit:
    """Fit a phrase into its time, borrowing from the silence behind it where the tempo alone does not do.

    Args:
        spoken_s: length of the new speech.
        wanted_s: length of the original phrase.
        spare_s: silence behind it that may be used, see :func:`spare_times`.
    """
    tempo = tempo_for(spoken_s, wanted_s, slowest=slowest, fastest=fastest)
    seconds = spoken_s / tempo
    return Fit(tempo, seconds, max(seconds - wanted_s - max(spare_s, 0.0), 0.0))


def spare_times(phrases: Sequence[Phrase], total_s: float) -> list[float]:
    """For each phrase the seconds of silence behind it until anybody speaks again, less a breath."""
    spare = []
    for phrase in phrases:
        others = [other for other in phrases if other is not phrase and other.end_s > phrase.end_s]
        next_s = min((other.start_s for other in others), default=total_s)
        spare.append(max(next_s - phrase.end_s - _BREATH_S, 0.0))
    return spare


def nearest(lengths_s: Sequence[float], wanted_s: float) -> int:
    """Which of several attempts needs the smallest change of tempo."""
    return min(range(len(lengths_s)), key=lambda k: abs(np.log(max(lengths_s[k], 1e-3) / max(wanted_s, 1e-3))))


def trimmed(samples: Mono, rate_hz: int, *, floor_db: float = -50.0, margin_s: float = 0.005) -> Mono:
    """(n,) samples without the silence at both ends; what is ``floor_db`` below the peak is silence."""
    loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max(initial=0.0) * 10 ** (floor_db / 20))
    if not len(loud):
        return samples[:0]
    margin = round(margin_s * rate_hz)
    return samples[max(loud[0] - margin, 0) : loud[-1] + 1 + margin]
