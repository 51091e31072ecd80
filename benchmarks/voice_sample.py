"""``python -m benchmarks.voice_sample``: make the sentence on which personas' voices are heard."""

from __future__ import annotations

import numpy as np

from deepmask import engines
from deepmask.media.resampling import resampled
from deepmask.media.sound_writing import SoundWriter
from deepmask.resources import ASSETS
from deepmask.voice import Voice

TEXT = "Hello, nice to meet you. This is how I sound when I tell you about my day."
RATE_HZ = 16000
PEAK = 0.5


def main() -> None:
    """Write ``assets/voices/sample.flac``."""
    voice = Voice(pitch_hz=150.0, liveliness=0.14, seed=4)
    samples, rate_hz = engines.load("speech_synthesizer", "espeak").speak(TEXT, voice)
    samples = np.concatenate(list(resampled([samples], rate_hz, RATE_HZ)))
    path = ASSETS / "voices" / "sample.flac"
    path.parent.mkdir(exist_ok=True)
    with SoundWriter(path, RATE_HZ, 1) as writer:
        writer.write((PEAK / np.abs(samples).max() * samples)[:, None].astype(np.float32))


if __name__ == "__main__":
    main()
