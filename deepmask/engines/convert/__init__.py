"""The embedded voice converter: another pitch, another throat, the same words at the same time.

A vocoder takes speech apart into pitch, envelope and noise (``frames``, ``pitch``), a first pass learns what is typical
of the speaker (``profile``), what is typical is exchanged for a persona's (``disguise``, ``turning``) and sound is made
again (``synthesis``, ``air``, ``channels``). Everything is streamed (``stream``): hours need no more memory than
minutes. What it withstands is measured in ``docs/voice.md``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.convert.air import Air
from deepmask.engines.convert.channels import Panorama, limited, polarity
from deepmask.engines.convert.disguise import Disguise
from deepmask.engines.convert.frames import RATE_HZ
from deepmask.engines.convert.pitch import HOP_S
from deepmask.engines.convert.profile import BLOCK_S, MOST_BLOCKS, Profile
from deepmask.engines.convert.stream import converted
from deepmask.media.resampling import resampled
from deepmask.media.sound import Samples, Sound
from deepmask.progress import Progress, part, silent
from deepmask.voice import Voice
from deepmask.voice_plan import Strength

Mono = NDArray[np.float32]

_FIRST_PASS = 0.15
"""Share of the work that goes into measuring."""
_TOP = 0.475
"""Share of the sample rate up to which a recording has something to say."""


class World:
    """Fulfils :class:`deepmask.engines.protocols.VoiceConverter`."""

    def convert(
        self, sound: Sound, voice: Voice, *, strength: Strength = "natural", secret: bytes, progress: Progress = silent
    ) -> Iterator[Samples]:
        """Blocks of the converted sound; a recording in which nothing is heard stays silent."""
        sign = polarity(sound)
        profile = measured(sound, sign, part(progress, 0.0, _FIRST_PASS))
        if profile is None:
            return (np.zeros_like(block) for block in sound.blocks())
        disguise = Disguise.drawn(voice, profile, strength, secret)
        return _exactly(sound, sign, profile, disguise, part(progress, _FIRST_PASS, 1.0))

    def pitch_hz(self, sound: Sound) -> float | None:
        """Median fundamental frequency; None where nothing is voiced."""
        profile = measured(sound, polarity(sound), silent)
        return None if profile is None else profile.pitch_hz


def measured(sound: Sound, sign: float, progress: Progress) -> Profile | None:
    """Profile of blocks spread over the whole recording; None when it is silent."""
    many = max(1, int(np.ceil(sound.seconds / BLOCK_S)))
    stride = int(np.ceil(many / MOST_BLOCKS))

    def pieces() -> Iterator[tuple[int, Mono]]:
        panorama = Panorama(sound.channels, sound.rate_hz, sign)
        for n, block in enumerate(sound.blocks(BLOCK_S)):
            if n % stride == 0:
                progress(min(n / many, 1.0), "Listening to the voice")
                mono = panorama.listen(iter([block]))
                yield n * round(BLOCK_S / HOP_S), np.concatenate(list(resampled(mono, sound.rate_hz, RATE_HZ)))

    return Profile.of(pieces())


def _exactly(sound: Sound, sign: float, profile: Profile, disguise: Disguise, progress: Progress) -> Iterator[Samples]:
    """The converted sound, neither a sample longer nor shorter than the original."""
    read = given = 0

    def counted() -> Iterator[Samples]:
        nonlocal read
        for block in sound.blocks(BLOCK_S / 2):
            read += len(block)
            progress(min(read / max(sound.seconds * sound.rate_hz, 1), 1.0), "Converting the voice")
            yield block

    for block in limited(_voiced(counted(), sound, sign, profile, disguise), sound.rate_hz):
        block = block[: read - given]
        given += len(block)
        yield block
    if given < read:
        yield np.zeros((read - given, sound.channels), np.float32)


def _voiced(
    blocks: Iterator[Samples], sound: Sound, sign: float, profile: Profile, disguise: Disguise
) -> Iterator[Samples]:
    panorama = Panorama(sound.channels, sound.rate_hz, sign)
    air = Air(sound.rate_hz, np.random.default_rng([disguise.noise_seed, *b"air"]))
    pieces = resampled(panorama.listen(blocks), sound.rate_hz, RATE_HZ)
    top_hz = min(_TOP * sound.rate_hz, _TOP * RATE_HZ)
    for piece in resampled(converted(pieces, profile, disguise, top_hz), RATE_HZ, sound.rate_hz):
        yield panorama.place(air.added(piece))
