"""How a voice sounds, on a sentence that no user has recorded."""

from __future__ import annotations

from pathlib import Path

from deepmask import engines
from deepmask.media.sound import Samples, Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.progress import Progress, silent
from deepmask.resources import ASSETS
from deepmask.voice import Voice
from deepmask.voice_plan import Method

RECORDED = ASSETS / "voices" / "sample.flac"
"""A sentence by nobody in particular, to be converted."""
SENTENCE = "Hello, this is how I sound. Nobody else has this voice, and you may have it."
_SECRET = b"preview"
"""Recordings deviate from the voice at random; samples always do so in the same way, to be compared with each other."""


def sample(
    voice: Voice,
    out: Path,
    *,
    method: Method = "convert",
    converter: str = "auto",
    synthesizer: str = "auto",
    progress: Progress = silent,
) -> None:
    """Write a sentence in ``voice`` to ``out``: as a converted recording sounds, or as words spoken anew do.

    Raises:
        EngineMissing: an engine that was asked for is not ready; the message has the command.
        EngineFailed: it gave up.
        MediaError: ``out`` has a suffix that cannot be written.
    """
    with engines.turn(progress, engines.voices):
        made, rate_hz = (
            _converted(voice, converter, progress) if method == "convert" else _spoken(voice, synthesizer, progress)
        )
    with SoundWriter(out, rate_hz, made[0].shape[1]) as writer:
        for block in made:
            writer.write(block)


def _converted(voice: Voice, name: str, progress: Progress) -> tuple[list[Samples], int]:
    recorded = Sound.open(RECORDED)
    engine = engines.load("voice_converter", name)
    return list(engine.convert(recorded, voice, secret=_SECRET, progress=progress)), recorded.rate_hz


def _spoken(voice: Voice, name: str, progress: Progress) -> tuple[list[Samples], int]:
    samples, rate_hz = engines.load("speech_synthesizer", name).speak(SENTENCE, voice, progress=progress)
    return [samples[:, None]], rate_hz
