"""A video with another sound: the picture's packets as they are, one new sound track, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from deepmask.errors import MediaError
from deepmask.files import replacing
from deepmask.media.sound import Samples, Sound
from deepmask.media.sound_formats import MUXED, SoundFormat
from deepmask.media.sound_reading import is_cover, opened, video_track
from deepmask.media.sound_writing import Track, silence_about_us
from deepmask.progress import Progress, silent

_BLOCK_S = 1.0
_MOST_WAITING = 32
"""Packets before the first decoding time; H.264 and HEVC hold back at most 16 pictures."""


def mux(video: Sound, sound: Path, out: Path, progress: Progress = silent) -> tuple[str, ...]:
    """Write ``out``: the moving picture of ``video`` with ``sound`` in place of all its sound tracks.

    The picture is copied packet by packet, so it is the same to the bit, with its turn and its times; sample 0 of
    ``sound`` is heard when the video begins, as in the samples of :class:`Sound`. Metadata, chapters, subtitles (they
    repeat what is said), cover pictures and data tracks are left out.

    Returns:
        What was left out that the user may miss, each a short clause.

    Raises:
        MediaError: not a video, a container that cannot hold this picture, a damaged file.
        DeepmaskError: the place cannot be written.
    """
    if video.path is None or not video.has_video:
        raise MediaError(f"{video.name} is not a video; save its sound as .wav, .flac, .mp3, .m4a or .ogg.")
    form = MUXED.get(out.suffix.lower())
    if form is None:
        raise MediaError(
            f"A video cannot be saved as '{out.suffix}'; use a name that ends in .mp4, .mov, .mkv or .webm."
        )
    voice = Sound.open(sound)
    with opened(video.path) as source, replacing(out) as file:
        try:
            with av.open(file, "w", format=form.container) as target:
                _write(source, target, form, voice, progress)
        except OSError:
            raise  # the disk's, made a sentence by ``replacing``
        except (FFmpegError, ValueError) as error:
            raise _failure(video.path, source, out) from error
        return _left_out(source)


def _write(
    source: InputContainer, target: OutputContainer, form: SoundFormat, voice: Sound, progress: Progress
) -> None:
    picture = video_track(source)
    assert picture is not None
    silence_about_us(target)
    copy = target.add_stream_from_template(picture)
    copy.metadata.clear()
    start = Fraction(source.start_time or 0, av.time_base)
    track = Track(target, form, voice.rate_hz, voice.channels, start)
    packets = _sound_packets(track, voice.blocks(_BLOCK_S))
    ahead = next(packets, None)
    for packet in _picture_packets(source, picture):
        now = (packet.dts if packet.dts is not None else packet.pts) * packet.time_base
        while ahead is not None and (ahead.dts is None or ahead.dts * ahead.time_base <= now):
            target.mux(ahead)
            ahead = next(packets, None)
        if source.duration:
            done = float((now - start) * av.time_base / source.duration)
            progress(min(max(done, 0.0), 1.0), "Putting the sound to the picture")
        packet.stream = copy
        target.mux(packet)
    while ahead is not None:
        target.mux(ahead)
        ahead = next(packets, None)
    progress(1.0, "Putting the sound to the picture")


def _picture_packets(source: InputContainer, picture: Any) -> Iterator[Any]:
    """Packets that hold something, each with a decoding time: the first ones of Matroska files come without."""
    waiting: list[Any] = []
    for packet in source.demux(picture):
        if packet.size == 0:  # the end
            continue
        if packet.dts is None and len(waiting) < _MOST_WAITING:
            waiting.append(packet)
            continue
        later = packet.dts if packet.dts is not None else packet.pts
        for earlier in reversed(waiting):
            later -= max(earlier.duration or 1, 1)
            earlier.dts = later
        yield from waiting
        waiting = []
        yield packet
    yield from waiting


def _sound_packets(track: Track, blocks: Iterator[Samples]) -> Iterator[Any]:
    for block in blocks:
        yield from track.encode(block)
    yield from track.encode(None)


def _left_out(source: InputContainer) -> tuple[str, ...]:
    notes = []
    if source.streams.subtitles:
        notes.append("subtitles were left out, since they repeat what is said")
    if source.chapters():
        notes.append("chapters were left out")
    pictures = [stream for stream in source.streams.video if not is_cover(stream)]
    if len(pictures) > 1:
        notes.append(f"only the first of {len(pictures)} video tracks was kept")
    if len(source.streams.audio) > 1:
        notes.append(f"{len(source.streams.audio)} sound tracks became one")
    return tuple(notes)


def _failure(path: Path, source: InputContainer, out: Path) -> MediaError:
    picture = video_track(source)
    codec = picture.codec_context.name if picture is not None and picture.codec_context else "its"
    return MediaError(
        f"A {out.suffix} file cannot hold the {codec} video of {path.name}, or the video is damaged; "
        f"save it as {path.suffix if path.suffix.lower() in MUXED and path.suffix != out.suffix else '.mkv'}."
    )
