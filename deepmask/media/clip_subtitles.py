"""The subtitles of a clip in the file that is made of it: copied, or converted to what the kind of file holds."""

from __future__ import annotations

from collections.abc import Callable
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
        self._takers: dict[int, Callable[[Any], Any]] = {}
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
        self._takers[stream.index] = lambda packet: _onto(track, packet)

    def _convert(self, target: OutputContainer, stream: Any, codec: str, wanted: str) -> None:
        track: Any = target.add_stream("srt" if wanted == "subrip" else wanted)
        track.codec_context.subtitle_header = HEADER
        track.codec_context.time_base = stream.time_base
        name_only(stream, track)
        self.taken.append(stream)
        self._takers[stream.index] = lambda packet: _converted(stream, track, packet)
        if codec in ("ass", "ssa"):
            self.notes.append("its subtitles lost their looks, since this kind of file knows none")

    def take(self, packet: Any) -> Any:
        """The packet as it goes into the file; None for one that cannot be read."""
        return self._takers[packet.stream.index](packet)


def _onto(track: Any, packet: Any) -> Any:
    packet.stream = track
    return packet


def _converted(stream: Any, track: Any, packet: Any) -> Any:
    try:
        shown = stream.codec_context.decode2(packet)
        lines = [rect.ass for rect in shown or () if isinstance(rect, AssSubtitle)]
        if not lines:
            return None
        made = track.codec_context.encode_subtitle(SubtitleSet.create(lines[0], 0, packet.duration or 0, packet.pts))
    except (FFmpegError, ValueError):
        return None  # one broken line: the others are shown
    made.pts = made.dts = packet.pts
    made.duration, made.time_base, made.stream = packet.duration, packet.time_base, track
    return made
