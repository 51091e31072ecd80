"""How a voice sounds, on a sentence that no user has recorded."""

from __future__ import annotations

from pathlib import Path

from deepmask import engines
from deepmask.media.sound import Samples, Sound
from deepmask.media.sound_writing import SoundWriter
from deepmask.progress import Progress, part, silent
from deepmask.voice import Voice
from deepmask.voice_plan import Method

SENTENCE = "Hello, this is how I sound. Nobody has this voice, so you may have it."
_SPEAKER = Voice(pitch_hz=150.0, seed=1)
"""Whose recording is converted: nobody in particular."""
_SECRET = b"the sample sentence"
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
    """Write :data:`SENTENCE` in ``voice`` to ``out``: as a converted recording sounds, or as words spoken anew do.

    Raises:
        EngineMissing: an engine that was asked for is not ready; the message has the command.
        EngineFailed: it gave up.
        MediaError: ``out`` has a suffix that cannot be written.
    """
    speaker = voice if method == "respeak" else _SPEAKER
    with engines.turn(progress, engines.voices):
        speech = engines.load("speech_synthesizer", synthesizer)
        samples, rate_hz = speech.speak(SENTENCE, speaker, progress=part(progress, 0.0, 0.5))
        spoken = Sound.from_array(samples[:, None], rate_hz)
        blocks = spoken.blocks()
        if method == "convert":
            engine = engines.load("voice_converter", converter)
            blocks = engine.convert(spoken, voice, secret=_SECRET, progress=part(progress, 0.5, 1.0))
        made: list[Samples] = list(blocks)
    with SoundWriter(out, rate_hz, 1) as writer:
        for block in made:
            writer.write(block)
