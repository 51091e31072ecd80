"""The words of a recording spoken anew: of the original only words, timing and loudness remain."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from deepmask import config, engines
from deepmask.errors import EngineFailed
from deepmask.media.sound import Samples, Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.progress import Progress, part
from deepmask.transcript import Phrase
from deepmask.voice import Voice
from deepmask.voice_plan import VoicePlan

BLOCK_S = 5.0
SPEECH_RMS = 0.08
"""Level of respoken phrases, about −22 dBFS: the loudness of the speaker is theirs and is not copied."""
DUCKED = 0.25
"""Amplitude of what is heard behind the phrases when the background is ducked."""
FADE_S = 0.05
"""Length of the fades of the background around a phrase."""
TRIES = 2
_HEARD_S = 0.05
"""A shorter overlap is not heard as one."""


@dataclass(frozen=True)
class Spoken:
    """One phrase as it was spoken anew."""

    start_s: float
    speaker: str
    seconds: float
    path: Path


def unfinished(plan: VoicePlan) -> Path:
    """Where phrases wait that were spoken before a rendering was stopped; made of words, not of the recording."""
    return config.home() / "unfinished" / plan.fingerprint[:32]


def speak_all(plan: VoicePlan, voices: dict[str, Voice | None], *, progress: Progress) -> list[Spoken]:
    """Speak every phrase whose speaker gets a voice; what an earlier, stopped run has spoken is taken over.

    Raises:
        EngineFailed: a phrase could not be spoken, tried twice.
    """
    folder, name = unfinished(plan), plan.engines["speech_synthesizer"]
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [(p, voice) for p in plan.phrases if p.text.strip() and (voice := voices[p.speaker]) is not None]
    spoken = []
    for n, (phrase, voice) in enumerate(wanted):
        step = part(progress, n / len(wanted), (n + 1) / len(wanted))
        path = folder / f"{_key(phrase, voice, name, plan.language)}.wav"
        if not path.is_file():
            step(0.0, f"Speaking phrase {n + 1} of {len(wanted)}")
            _speak(phrase, voice, name, plan.language, path, step)
        spoken.append(Spoken(phrase.start_s, phrase.speaker, Sound.open(path).seconds, path))
    return spoken


def too_long(plan: VoicePlan, spoken: Sequence[Spoken]) -> list[Spoken]:
    """Those that are still being said when the next phrase begins, or the recording ends."""
    starts = sorted([*(phrase.start_s for phrase in plan.phrases if phrase.text.strip()), plan.seconds])
    found = []
    for one in spoken:
        next_s = next((start for start in starts if start > one.start_s), plan.seconds)
        if one.start_s + one.seconds > next_s + _HEARD_S:
            found.append(one)
    return found


def forget(plan: VoicePlan) -> None:
    """Remove the phrases that were kept for a resumption."""
    shutil.rmtree(unfinished(plan), ignore_errors=True)


def laid_out(source: Sound, spoken: list[Spoken], behind: Iterator[Samples]) -> Iterator[Samples]:
    """The phrases at their times over ``behind``, a track as long as ``source`` that pauses while somebody speaks."""
    waiting, playing, at = sorted(spoken, key=lambda s: s.start_s), [], 0
    for block in behind:
        end = at + len(block)
        while waiting and round((waiting[0].start_s - FADE_S) * source.rate_hz) < end:
            one = waiting.pop(0)
            playing.append((round(one.start_s * source.rate_hz), _levelled(one.path, source.rate_hz)))
        mixed = block * _between([(start, len(s)) for start, s in playing], at, len(block), source.rate_hz)
        for start, samples in playing:
            low, high = max(start, at), min(start + len(samples), end)
            if low < high:
                mixed[low - at : high - at] += samples[low - start : high - start, None]
        yield np.clip(mixed, -1.0, 1.0).astype(np.float32)
        playing = [(start, samples) for start, samples in playing if start + len(samples) > end]
        at = end


def _between(phrases: list[tuple[int, int]], at: int, count: int, rate_hz: int) -> Samples:
    """(count, 1) weights: 0 while a phrase is spoken, 1 elsewhere, with fades outside the phrases."""
    weight, fade = np.ones(count, np.float32), max(round(FADE_S * rate_hz), 1)
    time = np.arange(at, at + count)
    for start, length in phrases:
        outside = np.maximum(start - time, time - (start + length)) / fade
        weight = np.minimum(weight, np.clip(outside, 0.0, 1.0).astype(np.float32))
    return weight[:, None]


def _speak(phrase: Phrase, voice: Voice, name: str, language: str, path: Path, progress: Progress) -> None:
    seconds = phrase.end_s - phrase.start_s
    for attempt in range(TRIES):
        try:
            with engines.turn(progress, engines.voices):
                synthesizer = engines.load("speech_synthesizer", name)
                samples, rate_hz = synthesizer.speak(
                    phrase.text, voice, language=language, seconds=seconds, progress=progress
                )
            break
        except EngineFailed:
            if attempt + 1 == TRIES:
                raise
    with SoundWriter(path, rate_hz, 1) as writer:
        writer.write(samples[:, None])


def _levelled(path: Path, rate_hz: int) -> Samples:
    """(n,) samples of a phrase at another rate and at the level of speech."""
    from deepmask.media.resampling import resampled

    sound = Sound.open(path)
    samples = np.concatenate(list(resampled((b[:, 0] for b in sound.blocks()), sound.rate_hz, rate_hz)))
    loud = samples[np.abs(samples) > 0.1 * np.abs(samples).max(initial=0.0)]
    rms = float(np.sqrt(np.mean(np.square(loud)))) if loud.size else 0.0
    return samples * (SPEECH_RMS / rms) if rms > 0 else samples


def _key(phrase: Phrase, voice: Voice, name: str, language: str) -> str:
    said = [phrase.text, round(phrase.end_s - phrase.start_s, 3), asdict(voice), name, language]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
