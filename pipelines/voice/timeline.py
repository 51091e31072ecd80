"""Who has which part of a recording, and sounds that are laid over each other block by block."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepmask.media.sound import Samples
from deepmask.transcript import Phrase

FADE_S = 0.01
"""Length of the fades between two speakers."""


@dataclass(frozen=True)
class Turn:
    """A stretch of time that belongs to one speaker."""

    start_s: float
    end_s: float
    speaker: str


def turns(phrases: Sequence[Phrase], seconds: float, kept: frozenset[str], alone: str) -> list[Turn]:
    """Every moment of the recording given to one speaker.

    A pause is split between the neighbours, where one of them is masked it is all theirs; where two speak at once the
    masked one has it: nobody who shall be hidden is heard in somebody else's time.

    Args:
        kept: speakers who stay as they are.
        alone: who has everything when there are no phrases.
    """
    if not phrases:
        return [Turn(0.0, seconds, alone)]
    found: list[Turn] = []
    for start, end, owner in _owners(phrases, seconds, kept):
        if found and found[-1].speaker == owner:
            found[-1] = Turn(found[-1].start_s, end, owner)
        else:
            found.append(Turn(start, end, owner))
    return found


def _owners(phrases: Sequence[Phrase], seconds: float, kept: frozenset[str]) -> Iterator[tuple[float, float, str]]:
    """Stretches without a change, in the order of time; masked speakers go first."""
    waiting = sorted(phrases, key=lambda p: p.start_s, reverse=True)
    bounds = {0.0, seconds, *(min(t, seconds) for p in phrases for t in (p.start_s, p.end_s))}
    active: list[Phrase] = []
    last: Phrase | None = None
    for start, end in itertools.pairwise(sorted(bounds)):
        while waiting and waiting[-1].start_s <= start:
            active.append(waiting.pop())
        ended = [p for p in active if p.end_s <= start]
        last = max(ended, key=lambda p: p.end_s, default=last)
        active = [p for p in active if p.end_s > start]
        if active:
            yield start, end, _first([p.speaker for p in active], kept)
            continue
        yield from _pause(start, end, last, waiting[-1] if waiting else None, kept)


def _pause(
    start: float, end: float, before: Phrase | None, after: Phrase | None, kept: frozenset[str]
) -> Iterator[tuple[float, float, str]]:
    """A pause between two phrases: half and half between two of a kind, else the masked speaker's."""
    neighbours = [p.speaker for p in (before, after) if p is not None]
    masked = [speaker in kept for speaker in neighbours]
    if len(neighbours) == 2 and masked[0] == masked[1]:
        middle = (start + end) / 2
        yield start, middle, neighbours[0]
        yield middle, end, neighbours[1]
    else:
        yield start, end, _first(neighbours, kept)


def _first(speakers: list[str], kept: frozenset[str]) -> str:
    return next((speaker for speaker in speakers if speaker not in kept), speakers[0])


def gate(blocks: Iterable[Samples], rate_hz: int, parts: Sequence[Turn], speaker: str) -> Iterator[Samples]:
    """``blocks`` with silence wherever it is not the speaker's turn; short fades inside the turn."""
    own = [turn for turn in parts if turn.speaker == speaker]
    ends = [turn.end_s for turn in own]
    at = 0
    for block in blocks:
        weight = np.zeros(len(block), np.float32)
        for turn in own[bisect_left(ends, at / rate_hz) :]:
            if turn.start_s * rate_hz > at + len(block):
                break
            _raise(weight, at, rate_hz, turn)
        yield block * weight[:, None]
        at += len(block)


def _raise(weight: NDArray[np.float32], at: int, rate_hz: int, turn: Turn) -> None:
    first, last = round(turn.start_s * rate_hz) - at, round(turn.end_s * rate_hz) - at
    low, high = max(first, 0), min(last, len(weight))
    if low >= high:
        return
    time = np.arange(low, high)
    fade = max(FADE_S * rate_hz, 1.0)
    rise = 1.0 if turn.start_s <= 0 else np.clip((time - first) / fade, 0, 1)
    weight[low:high] = np.maximum(weight[low:high], np.minimum(rise, np.clip((last - time) / fade, 0, 1)))


def mixed(streams: Sequence[Iterator[Samples]], frames: int) -> Iterator[Samples]:
    """The sum of streams of equal length, whatever their blocks, in blocks of ``frames``."""
    readers = [_blocks_of(stream, frames) for stream in streams]
    for blocks in zip(*readers, strict=False):
        yield np.clip(np.sum(blocks, axis=0), -1.0, 1.0).astype(np.float32)


def _blocks_of(stream: Iterator[Samples], frames: int) -> Iterator[Samples]:
    waiting: list[Samples] = []
    held = 0
    for block in stream:
        waiting.append(block)
        held += len(block)
        while held >= frames:
            whole = np.concatenate(waiting)
            yield whole[:frames]
            waiting, held = [whole[frames:]], held - frames
    if held:
        yield np.concatenate(waiting)
