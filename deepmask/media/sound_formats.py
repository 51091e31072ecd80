"""The sound and video formats we read and write."""

from __future__ import annotations

from dataclasses import dataclass

SOUND_SUFFIXES = frozenset(
    {".wav", ".wave", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".caf", ".au", ".amr"}
)
# fmt: off
VIDEO_SUFFIXES = frozenset({
    ".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts",
    ".vob", ".webm", ".wmv",
})
# fmt: on
NAMES = "WAV, FLAC, MP3, M4A, OGG or Opus file, or an MP4, MOV, MKV or WebM video"

DEMUXERS = "wav,w64,aiff,caf,au,flac,mp3,aac,ogg,amr,mov,matroska,avi,mpegts,mpeg,flv,asf"
"""What strangers' files may be, in FFmpeg's names: no playlist, nothing that points at other files or addresses."""


@dataclass(frozen=True)
class SoundFormat:
    """How sound is written into a kind of file."""

    container: str
    """In FFmpeg's name, as are the next two."""
    codec: str
    sample_format: str
    kbit_per_channel: int = 0
    """Rate of a lossy codec; 0 = lossless."""
    rates_hz: tuple[int, ...] = ()
    """What the codec can do; empty = anything."""

    def rate_for(self, rate_hz: int) -> int:
        """The rate to write: the same if the codec can, else the next above, else its highest."""
        if not self.rates_hz or rate_hz in self.rates_hz:
            return rate_hz
        return min((rate for rate in self.rates_hz if rate > rate_hz), default=max(self.rates_hz))


_MP3_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AAC_HZ = (*_MP3_HZ, 64_000, 88_200, 96_000)
_OPUS_HZ = (48_000,)

_WAV = SoundFormat("wav", "pcm_s16le", "s16")
_FLAC = SoundFormat("flac", "flac", "s16")
_MP3 = SoundFormat("mp3", "libmp3lame", "fltp", 96, _MP3_HZ)
_M4A = SoundFormat("ipod", "aac", "fltp", 96, _AAC_HZ)
_OPUS = SoundFormat("ogg", "libopus", "flt", 64, _OPUS_HZ)

WRITTEN = {
    ".wav": _WAV,
    ".wave": _WAV,
    ".flac": _FLAC,
    ".mp3": _MP3,
    ".m4a": _M4A,
    ".ogg": _OPUS,
    ".oga": _OPUS,
    ".opus": _OPUS,
}
"""Sound files by suffix."""

MUXED = {
    ".mp4": SoundFormat("mp4", "aac", "fltp", 96, _AAC_HZ),
    ".m4v": SoundFormat("mp4", "aac", "fltp", 96, _AAC_HZ),
    ".mov": SoundFormat("mov", "aac", "fltp", 96, _AAC_HZ),
    ".mkv": SoundFormat("matroska", "libopus", "flt", 64, _OPUS_HZ),
    ".webm": SoundFormat("webm", "libopus", "flt", 64, _OPUS_HZ),
}
"""The sound track of video files by suffix."""
