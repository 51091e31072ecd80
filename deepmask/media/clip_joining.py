"""Segments to one file: coded pictures are copied, sound and subtitles come from the clip, and nothing else does.

The file says nothing about its maker: no metadata, place, date, name of a program, cover picture or attachment.
Languages of tracks and titles of chapters stay.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError, InvalidDataError
from numpy.typing import NDArray

from deepmask.errors import MediaError
from deepmask.files import placing
from deepmask.media.clip import Clip
from deepmask.media.clip_animating import write_animation
from deepmask.media.clip_formats import ANIMATION_SUFFIXES, CONTAINERS, WRITTEN_NAMES, Container
from deepmask.media.clip_reading import BROKEN_OFF, opened
from deepmask.media.clip_sound import SoundTracks
from deepmask.media.clip_subtitles import SubtitleTracks
from deepmask.media.sound_writing import silence_about_us
from deepmask.progress import Progress, silent

_MOST_EXACT_HZ = 1_000_000
"""Finer ticks than these are not used for the times of a whole file, which must fit 32 bits in some players."""
Timed = tuple[Fraction, Any]
"""When a packet is to be decoded, in seconds, and the packet."""


def join(
    segments: Sequence[Path],
    source: Clip,
    out: Path,
    *,
    sound: Path | None = None,
    progress: Progress = silent,
) -> tuple[str, ...]:
    """Write ``out``: the pictures of ``segments``, at their times in ``source``, with all its sound and subtitles.

    Coded pictures are copied, so that the file is the same to the bit whenever the segments are. Sound is copied where
    the kind of file holds it and it plays everywhere, else coded anew; subtitles in words are converted where needed.

    Args:
        segments: files of :class:`deepmask.media.clip_writing.SegmentWriter`, in order, without overlap.
        sound: a sound file to be heard instead of all sound tracks; its sample 0 belongs to the clip's start.

    Returns:
        What was left out or changed that the user may miss, each a short clause.

    Raises:
        MediaError: a container that cannot hold the pictures, a segment that is missing or broken, another source.
        DeepmaskError: the place cannot be written.
    """
    suffix = out.suffix.lower()
    if suffix not in CONTAINERS and suffix not in ANIMATION_SUFFIXES:
        raise MediaError(f"A clip cannot be saved as '{out.suffix}'; use a name that ends in {WRITTEN_NAMES}.")
    film = _Film.of(segments, source)
    if suffix in ANIMATION_SUFFIXES:
        with placing(out) as beside:
            form = ANIMATION_SUFFIXES[suffix]
            left_out = write_animation(film.pictures(), film.last_ms, len(film.shown), form, beside, progress)
        return (*film.notes(), *left_out, *(["its sound was left out"] if source.has_sound or sound else []))
    with placing(out) as beside:
        try:
            notes = _write(film, beside, CONTAINERS[suffix], sound, progress)
        except OSError:
            raise  # the disk's, made a sentence by ``placing``
        except (FFmpegError, ValueError) as error:
            raise MediaError(
                f"A {out.suffix} file cannot hold the {film.codec} pictures, sound or subtitles of {source.name}; "
                "save it as .mkv."
            ) from error
    return (*film.notes(), *notes)


def _write(film: _Film, beside: Path, kind: Container, sound: Path | None, progress: Progress) -> list[str]:
    with ExitStack() as stack:
        options = dict(kind.options)
        if kind.muxer in ("mp4", "mov"):
            options["video_track_timescale"] = str(film.time_base.denominator)
            options["movie_timescale"] = str(min(film.time_base.denominator, _MOST_EXACT_HZ))
        target = stack.enter_context(av.open(str(beside), "w", format=kind.muxer, container_options=options))
        silence_about_us(target)
        pictures = film.add_to(target, kind)
        container = None if film.source.is_animation else stack.enter_context(opened(film.source.path))
        sounds = SoundTracks(film.source, container, target, kind, sound)
        subtitles = SubtitleTracks(container, target, kind)
        if container is not None:
            target.set_chapters(_chapters(container))
        broken = 0
        packets = [pictures, *sounds.made(), _copied(container, sounds, subtitles)]
        for now, packet in heapq.merge(*packets, key=lambda timed: timed[0]):
            progress(min(max(float(now / film.seconds), 0.0), 1.0), "Joining the pictures and the sound")
            try:
                target.mux(packet)
            except InvalidDataError:
                if packet.stream.type != "audio":
                    raise
                broken += 1
        progress(1.0, "Joining the pictures and the sound")
        damage = [f"damaged pieces of sound that were left out: {broken}"] if broken else []
        return [*sounds.notes, *subtitles.notes, *damage]


def _copied(container: InputContainer | None, sounds: SoundTracks, subtitles: SubtitleTracks) -> Iterator[Timed]:
    """Packets of the source that are taken over, or made of one of its packets, from its start on."""
    wanted = [*sounds.copied, *subtitles.taken]
    if container is None or not wanted:
        return
    start = Fraction(container.start_time or 0, av.time_base)
    packets = container.demux(wanted)
    while True:
        try:
            packet: Any = next(packets)
        except (StopIteration, *BROKEN_OFF):
            break  # a damaged end: what comes before it was taken
        if not packet.size or packet.pts is None:
            continue
        shift = round(start / packet.time_base)
        packet.pts -= shift
        packet.dts = packet.dts - shift if packet.dts is not None else packet.pts
        yield from map(_timed, sounds.take(packet) if packet.stream.type == "audio" else subtitles.take(packet))
    yield from map(_timed, subtitles.rest())


def _timed(packet: Any) -> Timed:
    return packet.dts * packet.time_base, packet


def _chapters(container: InputContainer) -> Any:
    start = Fraction(container.start_time or 0, av.time_base)
    chapters = []
    for chapter in container.chapters():
        time_base = chapter["time_base"] or Fraction(1, 1000)
        shift = round(start / time_base)
        title = chapter["metadata"].get("title")
        chapters.append(
            {
                "id": len(chapters) + 1,
                "start": max(chapter["start"] - shift, 0),
                "end": max(chapter["end"] - shift, 0),
                "time_base": time_base,
                "metadata": {"title": title} if title else {},
            }
        )
    return chapters


# -- pictures ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Film:
    """The pictures of all segments, in the order in which they were coded and that in which they are shown."""

    segments: tuple[Path, ...]
    source: Clip
    codec: str
    size_wh: tuple[int, int]
    """In the file."""
    shown: NDArray[np.int64]
    """(n,) times of all pictures in ticks, ascending."""
    delay: int
    """By how many pictures decoding has to be ahead of showing."""

    @classmethod
    def of(cls, segments: Sequence[Path], source: Clip) -> _Film:
        """Looks through the segments.

        Raises:
            MediaError: one is missing or broken, does not belong to the clip, or was coded otherwise.
        """
        times, delay, made = [], 0, None
        last = -1
        for segment in segments:
            ticks, how = _look_through(segment, source)
            if made is not None and how != made:
                raise MediaError(f"The piece {segment} was coded with other settings; delete it and render it again.")
            made = how
            shown = np.sort(ticks)
            if shown[0] <= last or not np.isin(shown, source.timeline.pts).all():
                raise MediaError(
                    f"The piece {segment} does not belong there in {source.name}; delete it and render it again."
                )
            last = int(shown[-1])
            delay = max(delay, int((np.arange(len(ticks)) - np.searchsorted(shown, ticks)).max()))
            times.append(shown)
        if made is None:
            raise MediaError(f"There are no rendered pieces of {source.name}; render it first.")
        return cls(tuple(segments), source, made[0], made[1], np.concatenate(times), delay)

    @property
    def time_base(self) -> Fraction:
        """Seconds of a tick."""
        return self.source.time_base

    @property
    def seconds(self) -> Fraction:
        """When the last picture goes."""
        return max(self.source.timeline.end, 1) * self.time_base

    def notes(self) -> list[str]:
        """Pictures that are not there, or of another size."""
        notes = []
        if missing := len(self.source.timeline) - len(self.shown):
            notes.append(f"pictures that cannot be decoded and were left out: {missing}")
        if self.size_wh != self.source.size_wh:
            notes.append(f"made {self.size_wh[0]} x {self.size_wh[1]} pixels, since {self.codec} knows only even sizes")
        return notes

    def add_to(self, target: OutputContainer, kind: Container) -> Iterator[Timed]:
        """A track for the pictures, and its packets."""
        if self.codec not in kind.codecs:
            raise MediaError(
                f"A {kind.muxer} file is written with {' or '.join(kind.codecs)}, and these pictures are {self.codec}; "
                "render them for this kind of file."
            )
        with av.open(str(self.segments[0])) as first:
            track: Any = target.add_stream_from_template(first.streams.video[0], opaque=True)
        track.metadata.clear()
        track.time_base = self.time_base
        if self.codec == "hevc" and kind.muxer in ("mp4", "mov"):
            track.codec_tag = "hvc1"  # what Apple's players ask for
        return self._packets(track)

    def _packets(self, track: Any) -> Iterator[Timed]:
        number = 0
        for segment in self.segments:
            with av.open(str(segment)) as container:
                for packet in container.demux(container.streams.video[0]):
                    if not packet.size:
                        continue
                    assert packet.pts is not None
                    packet.pts = round(packet.pts * packet.time_base / self.time_base)
                    packet.dts = self._decoded_at(number)
                    packet.duration = self._duration(packet.pts)
                    packet.time_base, packet.stream = self.time_base, track
                    number += 1
                    yield packet.dts * self.time_base, packet

    def _decoded_at(self, number: int) -> int:
        """Decoding time of the n-th coded picture, from the whole film, so that joints need no care."""
        if number >= self.delay:
            return int(self.shown[number - self.delay])
        step = int(self.shown[1] - self.shown[0]) if len(self.shown) > 1 else 1
        return int(self.shown[0]) - (self.delay - number) * step

    def _duration(self, pts: int) -> int:
        after = int(np.searchsorted(self.shown, pts, "right"))
        return int(self.shown[after] if after < len(self.shown) else self.source.timeline.end) - pts

    @property
    def last_ms(self) -> int:
        """Milliseconds for which the last picture is shown."""
        return max(round(1000 * self._duration(int(self.shown[-1])) * self.time_base), 1)

    def pictures(self) -> Iterator[tuple[int, Any]]:
        """(milliseconds at which it appears, (H, W, 3) uint8 picture) of lossless segments."""
        for segment in self.segments:
            with av.open(str(segment)) as container:
                for frame in container.decode(video=0):
                    assert frame.pts is not None
                    assert frame.time_base is not None
                    yield round(1000 * frame.pts * frame.time_base), frame.to_ndarray(format="rgb24")


def _look_through(segment: Path, source: Clip) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Times of a segment's pictures, in the order of coding, and how they are coded."""
    try:
        with av.open(str(segment)) as container:
            track = container.streams.video[0]
            ticks = [
                round(packet.pts * packet.time_base / source.time_base)
                for packet in container.demux(track)
                if packet.size and packet.pts is not None
            ]
            context = track.codec_context
            how = (context.codec.canonical_name, (track.width, track.height), context.extradata)
    except (FFmpegError, OSError, IndexError) as error:
        raise MediaError(f"The piece {segment} is missing or broken; render it again.") from error
    if not ticks:
        raise MediaError(f"The piece {segment} is missing or broken; render it again.")
    return np.array(ticks, np.int64), how
