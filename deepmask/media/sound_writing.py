"""Sound out: streamed, whole or not at all, and nothing in the file but the samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from deepmask.errors import MediaError
from deepmask.files import replacing
from deepmask.media.sound_formats import WRITTEN, SoundFormat

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

    from deepmask.media.sound import Samples

_CHUNK = 65_536
"""Frames handed to the encoder at a time."""


class SoundWriter:
    """A sound file in the format of its suffix, written block by block.

    ::

        with SoundWriter(path, rate_hz=48_000, channels=1) as writer:
            for block in blocks:
                writer.write(block)

    The file appears when the block ends without an error. Lossless files have 16 bits; a rate that the codec does not
    know is changed to the next above.

    Raises:
        MediaError: a suffix we cannot write, or the encoder fails.
        DeepmaskError: the place cannot be written.
    """

    def __init__(self, path: Path, rate_hz: int, channels: int) -> None:
        form = WRITTEN.get(path.suffix.lower())
        if form is None:
            raise MediaError(
                f"Sound cannot be saved as '{path.suffix}'; use a name that ends in .wav, .flac, .mp3, .m4a or .ogg."
            )
        if channels not in (1, 2):
            raise ValueError(f"a sound has 1 or 2 channels, got {channels}")
        self._path, self._form, self._rate_hz, self._channels = path, form, rate_hz, channels
        self._stack = ExitStack()
        self._frames = 0

    def __enter__(self) -> Self:
        import av

        file = self._stack.enter_context(replacing(self._path))
        try:
            options = {"rf64": "auto"} if self._form.container == "wav" else {}
            self._container = av.open(file, "w", format=self._form.container, options=options)
            self._stack.callback(self._close_quietly)
            silence_about_us(self._container)
            self._track = Track(self._container, self._form, self._rate_hz, self._channels)
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def write(self, samples: Samples) -> None:
        """(n, channels) float32; what exceeds -1..1 is clipped."""
        if samples.ndim != 2 or samples.shape[1] != self._channels:
            raise ValueError(f"expected (n, {self._channels}) samples, got {samples.shape}")
        self._frames += len(samples)
        self._encode(samples)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                self._finish()
            except BaseException as failure:
                self._stack.__exit__(type(failure), failure, failure.__traceback__)
                raise
        self._stack.__exit__(kind, error, trace)

    def _finish(self) -> None:
        if not self._frames:
            raise MediaError(f"There is no sound to write into {self._path.name}.")
        self._encode(None)
        self._container.close()

    def _encode(self, samples: Samples | None) -> None:
        from av.error import FFmpegError

        try:
            for packet in self._track.encode(samples):
                self._container.mux(packet)
        except OSError:
            raise  # the disk's, made a sentence by ``replacing``
        except (FFmpegError, ValueError) as error:
            raise MediaError(
                f"The sound cannot be written as {self._path.suffix} ({error}); save it as .wav."
            ) from error

    def _close_quietly(self) -> None:
        with suppress(OSError, ValueError):  # the file is thrown away, or was closed already
            self._container.close()


class Track:
    """One encoded sound track of an open container."""

    def __init__(
        self, container: OutputContainer, form: SoundFormat, rate_hz: int, channels: int, start_s: Fraction | int = 0
    ) -> None:
        import av

        self._rate_hz = form.rate_for(rate_hz)
        self._given_hz, self._channels = rate_hz, channels
        layout = "mono" if channels == 1 else "stereo"
        self.stream = cast("AudioStream", container.add_stream(form.codec, rate=self._rate_hz))
        context = self.stream.codec_context
        context.layout, context.format = layout, form.sample_format
        context.options = {"flags": "+bitexact"}
        context.time_base = Fraction(1, self._rate_hz)
        if form.kbit_per_channel:
            context.bit_rate = 1000 * form.kbit_per_channel * channels
        context.open()
        self._resampler = av.AudioResampler(form.sample_format, layout, self._rate_hz, context.frame_size or None)
        self._layout = layout
        self._pts = round(start_s * self._rate_hz)

    @property
    def seconds(self) -> Fraction:
        """Time stamp up to which sound has been taken."""
        return Fraction(self._pts, self._rate_hz)

    def encode(self, samples: Samples | None) -> Iterator[Any]:
        """Packets of (n, channels) samples, or of all that is still inside for None."""
        for start in range(0, len(samples) if samples is not None else 0, _CHUNK):
            yield from self._packets(self._frame(samples[start : start + _CHUNK]))  # type: ignore[index]
        if samples is None:
            yield from self._packets(None)
            yield from self.stream.encode(None)

    def _frame(self, samples: Samples) -> Any:
        import av

        packed = np.ascontiguousarray(np.clip(samples, -1.0, 1.0), np.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, "flt", self._layout)
        frame.sample_rate = self._given_hz
        return frame

    def _packets(self, frame: Any) -> Iterator[Any]:
        for ready in self._resampler.resample(frame):
            ready.pts, ready.time_base = self._pts, Fraction(1, self._rate_hz)
            self._pts += ready.samples
            yield from self.stream.encode(ready)


def silence_about_us(container: OutputContainer) -> None:
    """No date, no name and version of the encoder in the file."""
    from av.container import Flags

    container.flags |= Flags.bitexact.value
    container.metadata.clear()
