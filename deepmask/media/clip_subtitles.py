"""The subtitles of a clip in the file that is made of it: copied, or converted to what the kind of file holds."""

from __future__ import annotations

from typing import Any

from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.subtitles.subtitle import AssSubtitle, SubtitleSet

from deepmask.media.clip_formats import Container
from deepmask.media.clip_sound import name_only

_IN_WORDS = frozenset({"mov_text", "subrip", "ass", "ssa", "webvtt", "text"})
HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\nPlayResX: 384\r\nPlayResY: 288\r\n\r\n[V4+ Styles]\r\n"
    b"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    b"Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
    b"MarginV, Encoding\r\nStyle: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\r\n"
    b"\r\n[Events]\r\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)
"""What FFmpeg's encoders of subtitles want to know of their looks; nothing of it is shown."""


class SubtitleTracks:
    """Adds the subtitle tracks to an open file and makes their packets."""

    def __init__(self, container: InputContainer | None, target: OutputContainer, kind: Container) -> None:
        self.taken: list[Any] = []
        """Tracks of the source whose packets go through :meth:`take`."""
        self.notes: list[str] = []
        self._takers: dict[int, _Copier | _Converter] = {}
        for stream in container.streams.subtitles if container is not None else ():
            codec = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
            if codec in kind.copied_subtitles:
                self._copy(target, stream)
            elif codec in _IN_WORDS:
                self._convert(target, stream, codec, kind.text_subtitles)
            else:
                self.notes.append(f"its {codec} subtitles are pictures, which this kind of file cannot hold")

    def _copy(self, target: OutputContainer, stream: Any) -> None:
        track: Any = target.add_stream_from_template(stream)
        name_only(stream, track)
        self.taken.append(stream)
        self._takers[stream.index] = _Copier(track)

    def _convert(self, target: OutputContainer, stream: Any, codec: str, wanted: str) -> None:
        track: Any = target.add_stream("srt" if wanted == "subrip" else wanted)
        track.codec_context.subtitle_header = HEADER
        track.codec_context.time_base = stream.time_base
        name_only(stream, track)
        self.taken.append(stream)
        self._takers[stream.index] = _Converter(stream, track, one_at_a_time=wanted == "mov_text")
        if codec in ("ass", "ssa"):
            self.notes.append("its subtitles lost their looks, since this kind of file knows none")

    def take(self, packet: Any) -> list[Any]:
        """What is to be written when a packet comes."""
        return self._takers[packet.stream.index].take(packet)

    def rest(self) -> list[Any]:
        """What is to be written after the last packet."""
        return [packet for taker in self._takers.values() for packet in taker.rest()]


class _Copier:
    """Packets as they are."""

    def __init__(self, track: Any) -> None:
        self._track = track

    def take(self, packet: Any) -> list[Any]:
        packet.stream = self._track
        return [packet]

    def rest(self) -> list[Any]:
        return []


class _Converter:
    """Packets decoded and coded anew.

    Args:
        one_at_a_time: for containers in which a line begins only after the one before: lines that are shown at the
            same time become one, for as long as they are.
    """

    def __init__(self, stream: Any, track: Any, *, one_at_a_time: bool) -> None:
        self._stream, self._track, self._one_at_a_time = stream, track, one_at_a_time
        self._shown: list[tuple[int, bytes]] = []
        """When they end, and the lines that are shown."""
        self._now = 0

    def take(self, packet: Any) -> list[Any]:
        line = self._line(packet)
        if line is None:
            return []
        start, end = packet.pts, packet.pts + (packet.duration or 0)
        if not self._one_at_a_time:
            return self._coded(start, end, line)
        made = self._until(start)
        self._now = max(self._now, start)
        self._shown.append((end, line))
        return made

    def rest(self) -> list[Any]:
        return self._until(max((end for end, _ in self._shown), default=0))

    def _until(self, moment: int) -> list[Any]:
        """What is shown from the last change to a moment."""
        made = []
        while self._shown:
            change = min(moment, *(end for end, _ in self._shown))
            if change > self._now:
                made += self._coded(self._now, change, b"\\N".join(line for _, line in self._shown))
                self._now = change
            self._shown = [(end, line) for end, line in self._shown if end > change]
            if change == moment:
                break
        return made

    def _line(self, packet: Any) -> bytes | None:
        """The words of a packet with the marks of ASS; None for one that is empty or cannot be read."""
        try:
            shown = self._stream.codec_context.decode2(packet)
        except (FFmpegError, ValueError):
            return None
        fields = [rect.ass.split(b",", 8) for rect in shown or () if isinstance(rect, AssSubtitle)]
        lines = [parts[8] for parts in fields if len(parts) == 9 and parts[8].strip()]
        return b"\\N".join(lines) if lines else None

    def _coded(self, start: int, end: int, line: bytes) -> list[Any]:
        event = SubtitleSet.create(b"0,0,Default,,0,0,0,," + line, 0, end - start, start)
        packet = self._track.codec_context.encode_subtitle(event)
        packet.pts = packet.dts = start
        packet.duration, packet.time_base, packet.stream = end - start, self._stream.time_base, self._track
        return [packet]
