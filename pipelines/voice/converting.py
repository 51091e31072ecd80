"""The recording itself with other voices: each speaker's turns are converted by themselves and laid together again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepmask import engines
from deepmask.errors import Cancelled, EngineError
from deepmask.media.sound import Samples, Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.progress import Progress, part
from deepmask.voice import Voice
from deepmask.voice_plan import Strength
from pipelines.voice.measuring import excerpt, judge_name, similarity_of
from pipelines.voice.timeline import Turn, gate, mixed

BLOCK_S = 5.0


@dataclass(frozen=True)
class Converted:
    """A track on disk and what went wrong."""

    path: Path
    engines: dict[str, str]
    """Speaker → engine: the converter, 'none' when kept, 'silence' when it failed."""
    notes: dict[str, str]
    """Speaker → why it is silent."""


def convert(
    source: Sound,
    parts: list[Turn],
    voices: dict[str, Voice | None],
    converter: str,
    strength: Strength,
    folder: Path,
    *,
    progress: Progress,
) -> Converted:
    """Write the masked track into ``folder``.

    Fails closed: the turns of a speaker who cannot be converted are silent.

    Args:
        voices: speaker → the voice to get; None: left as it is.
    """
    used: dict[str, str] = {}
    notes: dict[str, str] = {}
    tracks: list[Path] = []
    names = [name for name in voices if any(turn.speaker == name for turn in parts)]
    for n, name in enumerate(names):
        voice, track = voices[name], folder / f"track-{n}.wav"
        step = part(progress, n / len(names), (n + 1) / len(names))
        if voice is None:
            _write(track, source, gate(source.blocks(BLOCK_S), source.rate_hz, parts, name))
            used[name] = "none"
        else:
            sound = source if len(names) == 1 else _alone(source, parts, name, folder / f"alone-{n}.wav")
            own = [turn for turn in parts if turn.speaker == name]
            used[name], notes[name] = _converted(sound, own, voice, converter, strength, track, step)
            if len(names) > 1 and used[name] != "silence":
                track = _gated(track, parts, name, folder / f"gated-{n}.wav")
        tracks.append(track)
    whole = tracks[0]
    if len(tracks) > 1:
        whole = folder / "converted.wav"
        frames = round(BLOCK_S * source.rate_hz)
        _write(whole, source, mixed([Sound.open(track).blocks(BLOCK_S) for track in tracks], frames))
    return Converted(whole, used, {name: note for name, note in notes.items() if note})


def _converted(
    sound: Sound, own: list[Turn], voice: Voice, converter: str, strength: Strength, track: Path, progress: Progress
) -> tuple[str, str]:
    """Write one speaker's converted turns; returns the engine, and why it is another strength or silence.

    Where a judge is installed, a voice that still resembles the original is converted again, strongly.
    """
    steps: list[Strength] = ["natural", "strong"] if strength == "natural" else ["strong"]
    note = ""
    try:
        engine = engines.load("voice_converter", converter)
        for n, step in enumerate(steps):
            ahead = part(progress, n / len(steps), (n + 1) / len(steps))
            secret = secrets.token_bytes(16)
            blocks = engine.convert(sound, voice, strength=step, secret=secret, progress=ahead)
            _write(track, sound, _in_turns(blocks, ahead))
            if n + 1 == len(steps) or not _resembles(sound, Sound.open(track), own):
                break
            note = "Converted strongly, because the natural conversion still resembled the original."
        return converter, note
    except Cancelled:
        raise
    except Exception as error:  # fail closed: whatever goes wrong in an engine, the original is not heard
        reason = str(error).rstrip(".") if isinstance(error, EngineError) else f"it failed ({type(error).__name__})"
        _write(track, sound, _silence(sound))
        return "silence", f"Silence instead of {converter}, because {reason}."


def _resembles(before: Sound, after: Sound, own: list[Turn]) -> bool:
    judge = judge_name()
    if judge is None:
        return False
    similarity = similarity_of(judge, excerpt(before, own), excerpt(after, own))
    return similarity is not None and similarity >= engines.load("speaker_recognizer", judge).hidden_below


def _in_turns(blocks: Iterator[Samples], progress: Progress) -> Iterator[Samples]:
    """``blocks``, the lock held for one at a time: a sample can be played while an hour is being converted."""
    while True:
        with engines.turn(lambda _, __: progress(0.0, "Waiting for other work to end"), engines.voices):
            block = next(blocks, None)
        if block is None:
            return
        yield block


def _silence(sound: Sound) -> Iterator[Samples]:
    return (np.zeros_like(block) for block in sound.blocks(BLOCK_S))


def _alone(source: Sound, parts: list[Turn], name: str, path: Path) -> Sound:
    """A recording in which only one speaker's turns are heard."""
    _write(path, source, gate(source.blocks(BLOCK_S), source.rate_hz, parts, name))
    return Sound.open(path)


def _gated(track: Path, parts: list[Turn], name: str, path: Path) -> Path:
    """What a converter let ring beyond the speaker's turns is cut off."""
    sound = Sound.open(track)
    _write(path, sound, gate(sound.blocks(BLOCK_S), sound.rate_hz, parts, name))
    return path


def _write(path: Path, like: Sound, blocks: Iterator[Samples]) -> None:
    with SoundWriter(path, like.rate_hz, like.channels) as writer:
        for block in blocks:
            writer.write(block)
