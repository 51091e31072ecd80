"""The video formats we read and write."""

from __future__ import annotations

from dataclasses import dataclass

from deepmask.media.sound_formats import VIDEO_SUFFIXES

CLIP_SUFFIXES = VIDEO_SUFFIXES | {".gif", ".apng"}
"""What a folder is searched for. WebP and PNG files are as a rule still pictures; named one by one, they are tried."""
NAMES = "MP4, MOV, MKV, WebM, AVI, MPEG or GIF file"
DEMUXERS = "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg"
"""What strangers' files may be, in FFmpeg's names: no playlist, nothing that points at other files or addresses."""
ANIMATIONS = (("GIF", b"GIF8"), ("WEBP", b"RIFF"), ("PNG", b"\x89PNG"))
"""Moving pictures that Pillow reads, and how their files begin."""

ANIMATION_SUFFIXES = {".gif": "GIF", ".webp": "WEBP", ".apng": "PNG", ".png": "PNG"}
"""Moving pictures that Pillow writes."""


@dataclass(frozen=True)
class Container:
    """What a kind of video file holds when it has to play everywhere."""

    muxer: str
    """In FFmpeg's name, as are all codecs below."""
    codecs: tuple[str, ...]
    """Moving pictures; the first is ours unless another is asked for."""
    copied_sound: frozenset[str] | None
    """Sound that is taken over as it is; None = whatever the muxer takes."""
    copied_subtitles: frozenset[str]
    text_subtitles: str
    """What other subtitles in words become."""
    options: tuple[tuple[str, str], ...] = ()


_MP4 = Container(
    "mp4",
    ("h264", "hevc", "av1", "vp9"),
    frozenset({"aac"}),
    frozenset({"mov_text"}),
    "mov_text",
    (("movflags", "+faststart"),),
)
_MOV = Container(
    "mov", ("h264", "hevc"), frozenset({"aac"}), frozenset({"mov_text"}), "mov_text", (("movflags", "+faststart"),)
)
_MKV = Container(
    "matroska",
    ("h264", "hevc", "vp9", "av1"),
    None,
    frozenset({"subrip", "ass", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"}),
    "subrip",
    (("cues_to_front", "1"),),
)
_WEBM = Container(
    "webm", ("vp9", "av1"), frozenset({"opus", "vorbis"}), frozenset({"webvtt"}), "webvtt", (("cues_to_front", "1"),)
)
CONTAINERS = {".mp4": _MP4, ".m4v": _MP4, ".mov": _MOV, ".mkv": _MKV, ".webm": _WEBM}
"""Video files by suffix."""
WRITTEN_NAMES = ".mp4, .mov, .mkv, .webm, .gif, .webp or .apng"
