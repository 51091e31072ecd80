"""How the pictures of a clip are coded: encoders, what their qualities mean, and settings that give the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from deepmask.errors import MediaError
from deepmask.media.clip_formats import ANIMATION_SUFFIXES, CONTAINERS, WRITTEN_NAMES

QUALITIES = ("better", "good", "small")
HARDWARE = ("nvenc", "qsv", "videotoolbox")
CODECS = ("h264", "hevc", "vp9", "av1")
_KEY_EVERY_S = 4
"""Seconds between pictures at which a player can begin."""
_MBTREE_FROM_PX = 512
"""Narrower pictures are coded by x264 without its macroblock tree, which for them reads memory that nobody wrote, so
that the bits would differ from run to run (seen at 64 and 320 to 480 pixels, never in 100 runs at 512 to 640)."""


@dataclass(frozen=True)
class Encoder:
    """A row of the table of encoders."""

    name: str
    """In FFmpeg's name."""
    crf: tuple[int, int, int]
    """Its number for 'better', 'good' and 'small'; less is better."""
    worst: int
    options: tuple[tuple[str, str], ...]
    """Fixed numbers of threads among them: the bits would depend on the machine's otherwise."""
    number: str = "crf"
    """Name of the option that takes the quality."""
    pixel_format: str = "yuv420p"
    threads: int = 4
    even: bool = True
    """Whether width and height have to be even."""
    drops: str = ""
    """Units of the stream with the encoder's name and settings, which are left out of the file."""


_X265 = "log-level=none:info=0:open-gop=0:frame-threads=2:pools=4"
_NVENC = (("preset", "p5"), ("rc", "vbr"), ("b", "0"), ("forced-idr", "1"))

_SOFTWARE = {
    "h264": Encoder("libx264", (17, 20, 26), 51, (("preset", "medium"), ("profile", "high")), drops="6"),
    "hevc": Encoder("libx265", (19, 22, 28), 51, (("preset", "fast"), ("x265-params", _X265)), drops="39-40"),
    "vp9": Encoder(
        "libvpx-vp9",
        (24, 31, 38),
        63,
        (("b", "0"), ("deadline", "good"), ("cpu-used", "5"), ("tile-columns", "2"), ("row-mt", "0")),
        even=False,
    ),
    "av1": Encoder("libsvtav1", (24, 30, 40), 63, (("preset", "8"), ("svtav1-params", "lp=4")), even=False),
    "lossless": Encoder("ffv1", (0, 0, 0), 0, (), number="", pixel_format="bgr0", even=False),
}
_HARDWARE = {
    ("nvenc", "h264"): Encoder("h264_nvenc", (19, 23, 29), 51, _NVENC, "cq", drops="6"),
    ("nvenc", "hevc"): Encoder("hevc_nvenc", (21, 25, 31), 51, _NVENC, "cq", drops="39-40"),
    ("nvenc", "av1"): Encoder("av1_nvenc", (25, 31, 38), 51, _NVENC, "cq"),
    ("qsv", "h264"): Encoder("h264_qsv", (19, 23, 29), 51, (), "global_quality", "nv12", drops="6"),
    ("qsv", "hevc"): Encoder("hevc_qsv", (21, 25, 31), 51, (), "global_quality", "nv12", drops="39-40"),
    ("qsv", "av1"): Encoder("av1_qsv", (25, 31, 38), 51, (), "global_quality", "nv12"),
    ("videotoolbox", "h264"): Encoder("h264_videotoolbox", (35, 45, 60), 99, (), "q", drops="6"),
    ("videotoolbox", "hevc"): Encoder("hevc_videotoolbox", (35, 45, 60), 99, (), "q", drops="39-40"),
}


@dataclass(frozen=True)
class Encoding:
    """What kind of file the pictures are for, and how they are coded.

    Raises:
        MediaError: a kind of file, codec, quality or hardware that does not exist or do not go together.
    """

    suffix: str = ".mp4"
    """Of the file that is made in the end."""
    codec: str = "auto"
    """'h264', 'hevc', 'vp9' or 'av1'; 'auto' takes what plays everywhere in this kind of file."""
    quality: str | int = "good"
    """'better', 'good', 'small', or the encoder's own number (H.264: 0..51, less is better)."""
    hardware: str = "none"
    """'nvenc', 'qsv' or 'videotoolbox' for an encoder in the graphics processor: faster, less good a bit, and its bits
    depend on the machine."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "suffix", self.suffix.lower())
        if self.suffix in ANIMATION_SUFFIXES:
            if self.codec != "auto":
                raise MediaError(f"A {self.suffix} file knows no codec '{self.codec}'; leave the codec at 'auto'.")
            return
        container = CONTAINERS.get(self.suffix)
        if container is None:
            raise MediaError(f"A clip cannot be saved as '{self.suffix}'; use a name that ends in {WRITTEN_NAMES}.")
        if self.codec != "auto" and self.codec not in container.codecs:
            known = " or ".join(container.codecs)
            raise MediaError(
                f"A {self.suffix} file is written with {known}, not with '{self.codec}'; choose one of them."
            )
        if self.hardware != "none" and (self.hardware, self._resolved_codec) not in _HARDWARE:
            raise MediaError(
                f"There is no {self._resolved_codec} encoder by '{self.hardware}'; choose one of "
                f"{', '.join(HARDWARE)} with h264 or hevc, or leave hardware at 'none'."
            )
        if self.quality not in QUALITIES and not (
            isinstance(self.quality, int) and 0 <= self.quality <= self.encoder.worst
        ):
            raise MediaError(
                f"'{self.quality}' is no quality; use better, good, small or a number from 0 to {self.encoder.worst}."
            )

    @property
    def _resolved_codec(self) -> str:
        if self.suffix in ANIMATION_SUFFIXES:
            return "lossless"
        return CONTAINERS[self.suffix].codecs[0] if self.codec == "auto" else self.codec

    @property
    def encoder(self) -> Encoder:
        """What codes the pictures."""
        if self.hardware != "none" and self.suffix not in ANIMATION_SUFFIXES:
            return _HARDWARE[self.hardware, self._resolved_codec]
        return _SOFTWARE[self._resolved_codec]

    def options(self, fps: float, width: int) -> dict[str, str]:
        """The encoder's options for pictures of a width in pixels."""
        encoder = self.encoder
        options = dict(encoder.options)
        if encoder.number:
            is_word = isinstance(self.quality, str)
            options[encoder.number] = str(encoder.crf[QUALITIES.index(self.quality)] if is_word else self.quality)
            if encoder.name == "libx264" and width < _MBTREE_FROM_PX:
                options["mbtree"] = "0"
            options["g"] = str(max(round(fps * _KEY_EVERY_S), 1))
        return options


def rate_of(fps: float) -> Fraction:
    """Pictures a second as codecs state it: 30000/1001 for 29.97."""
    return max(Fraction(fps).limit_denominator(1001), Fraction(1, 1001))
