"""Pictures out: a clip is rendered in segments, files of their own that are whole or not there.

A run that was killed goes on with the segments it lacks, and several machines each make some: a segment has the same
bits whichever process codes it. :func:`deepmask.media.clip_joining.join` makes one file of them.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from deepmask.errors import MediaError
from deepmask.files import placing
from deepmask.media.clip import Clip, Colours, Picture
from deepmask.media.clip_encoding import Encoding, rate_of
from deepmask.media.priorities import kept_priority
from deepmask.media.sound_writing import silence_about_us

if TYPE_CHECKING:
    from deepmask.faces import RGBImage

_KEPT_PRIMARIES = frozenset({1, 2, 5, 6, 7, 11, 12})
_KEPT_MATRICES = frozenset({1, 5, 6})


class SegmentWriter:
    """A run of pictures of a clip, coded into a file of its own.

    ::

        with SegmentWriter(folder / "0003.mp4", clip, Encoding(".mp4")) as writer:
            for picture in clip.pictures(600, 800):
                writer.write(picture.edited(mask(picture.rgb)))

    The file appears when the block ends without an error. It is for :func:`deepmask.media.clip_joining.join` only.

    Raises:
        MediaError: no picture was written, or the encoder is not there or fails.
        DeepmaskError: the place cannot be written.
    """

    def __init__(self, path: Path, clip: Clip, encoding: Encoding = Encoding()) -> None:  # noqa: B008
        self._path, self._clip, self._encoding = path, clip, encoding
        self._stack = ExitStack()
        self._last = -1

    def __enter__(self) -> Self:
        import av

        from deepmask.media.clip_colours import FromRGB

        beside = self._stack.enter_context(placing(self._path))
        try:
            scale = str(self._clip.time_base.denominator)
            options = {"video_track_timescale": scale, "movie_timescale": scale}
            self._container = av.open(str(beside), "w", format="mp4", container_options=options)
            self._stack.callback(self._close_quietly)
            silence_about_us(self._container)
            self._colours = written_colours(self._clip)
            self._from_rgb = FromRGB(self._encoding.encoder.pixel_format, self._colours.matrix)
            self._stream = self._opened_stream()
            self._cleaner = self._opened_cleaner()
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def _opened_stream(self) -> Any:
        from av.error import FFmpegError

        encoder = self._encoding.encoder
        width, height = written_size(self._clip, self._encoding)
        os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder tells its settings on the terminal otherwise
        try:
            stream: Any = self._container.add_stream(encoder.name, rate=rate_of(self._clip.fps))
            context = stream.codec_context
            stream.width, stream.height, stream.pix_fmt = width, height, encoder.pixel_format
            context.time_base = self._clip.time_base
            context.options = self._encoding.options(self._clip.fps, width)
            context.thread_count = encoder.threads
            context.sample_aspect_ratio = self._clip.pixel_aspect
            if encoder.pixel_format != "bgr0":
                context.color_primaries, context.color_trc = self._colours.primaries, self._colours.transfer
                context.colorspace, context.color_range = self._colours.matrix, 1
            with kept_priority():
                context.open()
        except (FFmpegError, OSError, ValueError, RuntimeError) as error:
            raise self._no_encoder() from error
        return stream

    def _no_encoder(self) -> MediaError:
        if self._encoding.hardware != "none":
            return MediaError(
                f"This machine has no working '{self._encoding.hardware}' encoder; leave hardware at 'none'."
            )
        width, height = self._clip.size_wh
        return MediaError(
            f"A clip of {width} x {height} pixels cannot be coded by {self._encoding.encoder.name}; "
            "choose another codec or kind of file."
        )

    def _opened_cleaner(self) -> Any:
        from av.bitstream import BitStreamFilterContext

        drops = self._encoding.encoder.drops
        return BitStreamFilterContext(f"filter_units=remove_types={drops}", self._stream) if drops else None

    def write(self, picture: Picture) -> None:
        """Add one picture of the clip; pictures come in the order of their indices."""
        if picture.index <= self._last:
            raise ValueError(f"pictures come in order: {picture.index} after {self._last}")
        if picture.rgb.shape[1::-1] != self._clip.size_wh:
            raise ValueError(f"expected a picture of {self._clip.size_wh}, got {picture.rgb.shape[1::-1]}")
        self._last = picture.index
        width, height = written_size(self._clip, self._encoding)
        frame = self._from_rgb.convert(padded(picture.rgb, width, height))
        frame.pts, frame.time_base, frame.duration = picture.pts, self._clip.time_base, picture.duration
        self._encode(frame)

    def _encode(self, frame: Any) -> None:
        from av.error import FFmpegError

        try:
            packets = self._stream.encode(frame)
            if self._cleaner is not None:
                packets = [clean for packet in packets for clean in self._cleaner.filter(packet)]
            for packet in packets:
                packet.stream = self._stream
                self._container.mux(packet)
        except OSError:
            raise  # the disk's, made a sentence by ``placing``
        except (FFmpegError, ValueError) as error:
            raise MediaError(f"{self._encoding.encoder.name} failed ({error}); choose another codec.") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                if self._last < 0:
                    raise MediaError(f"There is no picture to write into {self._path.name}.")
                self._encode(None)
                self._container.close()
            except BaseException as failure:
                self._stack.__exit__(type(failure), failure, failure.__traceback__)
                raise
        self._stack.__exit__(kind, error, trace)

    def _close_quietly(self) -> None:
        with suppress(OSError, ValueError):  # the file is thrown away, or was closed already
            self._container.close()


def written_size(clip: Clip, encoding: Encoding) -> tuple[int, int]:
    """Width and height in the file: those of the clip, made even where the codec knows no odd ones."""
    width, height = clip.size_wh
    return (width + width % 2, height + height % 2) if encoding.encoder.even else (width, height)


def padded(rgb: RGBImage, width: int, height: int) -> RGBImage:
    """The picture with its last row and column repeated where it is too small; nothing is resampled."""
    down, right = height - rgb.shape[0], width - rgb.shape[1]
    if not (down or right):
        return rgb
    return np.pad(rgb, ((0, down), (0, right), (0, 0)), mode="edge")


def written_colours(clip: Clip) -> Colours:
    """How colours are coded in what we write: as in the clip's file where an ordinary screen shows that."""
    from deepmask.media.clip_colours import BT709, matrix_for

    if clip.is_animation or clip.hdr:
        return Colours(BT709, BT709, matrix_for(*clip.size_wh))
    stated = clip.colours
    return Colours(
        stated.primaries if stated.primaries in _KEPT_PRIMARIES else BT709,
        BT709,
        stated.matrix if stated.matrix in _KEPT_MATRICES else matrix_for(*clip.size_wh),
    )
