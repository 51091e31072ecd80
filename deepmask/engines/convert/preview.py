"""How a persona sounds, on a sentence that ships with the product."""

from __future__ import annotations

import numpy as np

from deepmask.engines.convert import World
from deepmask.media.sound import Sound
from deepmask.resources import ASSETS
from deepmask.voice import Voice

SAMPLE = ASSETS / "voices" / "sample.flac"
"""Spoken by espeak-ng, see ``benchmarks/voice_sample.py``."""


def preview(voice: Voice) -> Sound:
    """The sample sentence in a voice; the same voice gives the same sound."""
    sample = Sound.open(SAMPLE)
    blocks = list(World().convert(sample, voice, secret=b"preview"))
    return Sound.from_array(np.concatenate(blocks), sample.rate_hz, "preview")
