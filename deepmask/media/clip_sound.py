"""The sound of a clip in the file that is made of it: every track copied, or coded anew where it would not play."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.container import InputContainer, OutputContainer

from deepmask.media.clip import Clip
from deepmask.media.clip_formats import Container
from deepmask.media.sound import Samples, Sound
from deepmask.media.sound_formats import MUXED, SoundFormat
from deepmask.media.sound_reading import Damage, blocks
from deepmask.media.sound_writing import Track

_BLOCK_S = 1.0
_SUFFIX_OF = {"mp4": ".mp4", "mov": ".mov", "matroska": ".mkv", "webm": ".webm"}


class SoundTracks:
    """Adds the sound tracks to an open file and makes their packets."""

    def __init__(
        self,
        source: Clip,
        container: InputContainer | None,
        target: OutputContainer,
        kind: Container,
        sound: Path | None,
    ) -> None:
        self.copied: list[Any] = []
        """Tracks of the source whose packets go through :meth:`take`."""
        self.notes: list[str] = []
        self._targets: dict[int, Any] = {}
        self._latest: dict[int, int] = {}
        self._made: list[tuple[Track, Iterator[Samples]]] = []
        form = MUXED[_SUFFIX_OF[kind.muxer]]
        streams = [track for track in container.streams.audio if track.codec_context] if container is not None else []
        if container is not None and len(streams) < len(container.streams.audio):
            self.notes.append("a sound track that cannot be decoded was left out")
        if sound is not None:
            voice = Sound.open(sound)
            self._make(target, form, voice.rate_hz, voice.channels, voice.blocks(_BLOCK_S))
            if len(streams) > 1:
                self.notes.append(f"{len(streams)} sound tracks became one")
            return
        for stream in streams:
            if kind.copied_sound is None or stream.codec_context.codec.canonical_name in kind.copied_sound:
                self._copy(target, stream)
            else:
                self._code_anew(source, target, form, stream)

    def _copy(self, target: OutputContainer, stream: Any) -> None:
        track: Any = target.add_stream_from_template(stream)
        name_only(stream, track)
        self.copied.append(stream)
        self._targets[stream.index] = track

    def _code_anew(self, source: Clip, target: OutputContainer, form: SoundFormat, stream: Any) -> None:
        rate_hz, channels = stream.rate, stream.channels
        self.notes.append(f"its {stream.codec_context.codec.canonical_name} sound was coded anew as {form.codec}")
        if channels > 2:
            self.notes.append(f"{channels} channels were mixed to two")
        count = min(channels, 2)
        samples = blocks(source.path, rate_hz, count, round(_BLOCK_S * rate_hz), Damage(), track=stream.index)
        name_only(stream, self._make(target, form, rate_hz, count, samples))

    def _make(
        self, target: OutputContainer, form: SoundFormat, rate_hz: int, channels: int, samples: Iterator[Samples]
    ) -> Any:
        track = Track(target, form, rate_hz, channels)
        self._made.append((track, samples))
        return track.stream

    def take(self, packet: Any) -> list[Any]:
        """The packet for the track that it is copied to; nothing for one that comes after a later one."""
        index = packet.stream.index
        if packet.dts <= self._latest.get(index, packet.dts - 1):
            return []
        self._latest[index] = packet.dts
        packet.stream = self._targets[index]
        return [packet]

    def made(self) -> list[Iterator[tuple[Fraction, Any]]]:
        """Packets of each track that is coded anew."""
        return [_packets(track, samples) for track, samples in self._made]


def _packets(track: Track, samples: Iterator[Samples]) -> Iterator[tuple[Fraction, Any]]:
    for block in samples:
        yield from _timed(track, block)
    yield from _timed(track, None)


def _timed(track: Track, block: Samples | None) -> Iterator[tuple[Fraction, Any]]:
    for packet in track.encode(block):
        yield (packet.dts if packet.dts is not None else packet.pts or 0) * packet.time_base, packet


def name_only(source: Any, target: Any) -> None:
    """Of what a track says about itself, only its language and whether it is on from the start."""
    language = source.metadata.get("language")
    target.metadata.clear()
    if language:
        target.metadata["language"] = language
    target.disposition = int(source.disposition)
