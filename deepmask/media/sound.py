"""A sound: a recording or the sound track of a video, streamed in blocks so that hours need little memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import MediaError

if TYPE_CHECKING:
    from deepmask.media.sound_reading import Damage

Samples = NDArray[np.float32]
"""(n, channels) float32 in -1..1."""


@dataclass(frozen=True)
class Measured:
    """What only decoding to the end tells."""

    frames: int
    """Samples of one channel."""
    fingerprint: str
    damaged: str


@dataclass(frozen=True, eq=False)
class Sound:
    """One or two channels of sound. Made by :meth:`open` or :meth:`from_array`."""

    name: str
    """File name, for people."""
    path: Path | None
    """None if it never was a file."""
    rate_hz: int
    channels: int
    """1 or 2; more are mixed to two."""
    seconds: float
    """By the header of the file, which may be a little off; ``measured.frames / rate_hz`` is exact."""
    has_video: bool = False
    codec: str = "pcm_f32le"
    """In FFmpeg's name."""
    notes: tuple[str, ...] = ()
    """What the user should know, each a short clause."""
    array: Samples | None = field(default=None, repr=False)
    """The samples of a sound that never was a file."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the header of a sound or video file, whatever its suffix says, and decode its first frame.

        Raises:
            MediaError: one sentence: what is wrong with the file and what to do.
        """
        from deepmask.media.sound_reading import read_header

        header = read_header(path)
        notes = []
        if header.channels > 2:
            notes.append(f"{header.channels} channels are mixed to two")
        if header.tracks > 1:
            notes.append(f"only one of {header.tracks} sound tracks is used")
        channels = min(header.channels, 2)
        return cls(
            path.name, path, header.rate_hz, channels, header.seconds, header.has_video, header.codec, tuple(notes)
        )

    @classmethod
    def from_array(cls, samples: Samples, rate_hz: int, name: str = "sound") -> Self:
        """A sound that never was a file, of (n, 1) or (n, 2) samples; taken over, not copied."""
        if samples.ndim != 2 or samples.shape[1] not in (1, 2) or samples.dtype != np.float32:
            raise ValueError(f"a sound is (n, 1) or (n, 2) float32, got {samples.shape} {samples.dtype}")
        if not len(samples):
            raise MediaError(f"{name} lasts 0 seconds; record it again.")
        view = samples.view()
        view.flags.writeable = False
        return cls(name, None, rate_hz, samples.shape[1], len(samples) / rate_hz, array=view)

    @cached_property
    def measured(self) -> Measured:
        """Decodes everything once; remembered."""
        from deepmask.media.sound_reading import Damage

        damage, frames = Damage(), 0
        digest = hashlib.sha256(f"{self.rate_hz} Hz, {self.channels} channels".encode())
        for block in self._decoded(self.rate_hz, damage):
            frames += len(block)
            digest.update(block.tobytes())
        return Measured(frames, digest.hexdigest(), str(damage))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of rate, channels and decoded samples, as hex; the same in another lossless file."""
        return self.measured.fingerprint

    @property
    def damaged(self) -> str:
        """What could not be read, as a clause; empty for a sound file. What can be read is given all the same."""
        return self.measured.damaged

    def blocks(self, seconds: float = 10.0) -> Iterator[Samples]:
        """(n, channels) blocks of ``seconds``, the last one shorter; each call decodes anew from the start.

        Raises:
            MediaError: the file is gone or has become another one.
        """
        from deepmask.media.sound_reading import Damage

        return self._decoded(max(round(seconds * self.rate_hz), 1), Damage())

    def samples(self) -> Samples:
        """All of a short sound."""
        return np.concatenate(list(self.blocks()))

    def mono(self, rate_hz: int, seconds: float = 10.0) -> Iterator[Samples]:
        """The mean of the channels at another rate: (n,) blocks, for what listens."""
        from deepmask.media.resampling import resampled

        return resampled((block.mean(axis=1) for block in self.blocks(seconds)), self.rate_hz, rate_hz)

    def _decoded(self, frames: int, damage: Damage) -> Iterator[Samples]:
        if self.array is not None:
            array = self.array
            return (array[start : start + frames] for start in range(0, len(array), frames))
        from deepmask.media import sound_reading

        assert self.path is not None
        return sound_reading.blocks(self.path, self.rate_hz, self.channels, frames, damage)
