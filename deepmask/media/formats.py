"""The picture formats we read and write, and how to tell what another file is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PictureFormat:
    """One row of the table."""

    name: str
    """As Pillow calls it."""
    suffixes: tuple[str, ...]
    """Lower case with the dot; the first is the one we give to files."""
    max_side_px: int
    """Longest side the format can hold."""


FORMATS: tuple[PictureFormat, ...] = (
    PictureFormat("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), 65_500),
    PictureFormat("PNG", (".png", ".apng"), 2**31 - 1),
    PictureFormat("WEBP", (".webp",), 16_383),
    PictureFormat("TIFF", (".tif", ".tiff"), 2**31 - 1),
    PictureFormat("HEIF", (".heic", ".heif", ".hif"), 16_384),
    PictureFormat("AVIF", (".avif",), 65_536),
    PictureFormat("BMP", (".bmp", ".dib"), 2**31 - 1),
    PictureFormat("GIF", (".gif",), 65_535),
)
SUFFIXES = frozenset(suffix for row in FORMATS for suffix in row.suffixes)
NAMES = "JPEG, PNG, WebP, TIFF, HEIC, AVIF, BMP or GIF"

# fmt: off
_RAW_SUFFIXES = frozenset({
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".kdc", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw",
    ".rw2", ".srw", ".x3f",
})
# fmt: on
_VIDEO_MAGIC = (b"\x1aE\xdf\xa3", b"FLV\x01", b"\x30\x26\xb2\x75\x8e\x66", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
_SOUND_MAGIC = (b"ID3", b"fLaC", b"OggS", b"\xff\xfb", b"\xff\xf1", b"\xff\xf3")
_PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})


def by_name(name: str) -> PictureFormat:
    """The row of a format."""
    return next(row for row in FORMATS if row.name == name)


def by_suffix(suffix: str) -> PictureFormat | None:
    """The row a file suffix stands for, in upper or lower case; None if it is not one of ours."""
    return next((row for row in FORMATS if suffix.lower() in row.suffixes), None)


def other_than_picture(path: Path, head: bytes) -> str | None:
    """What a file is, as a sentence with the remedy, if it is something well known that is not a picture we read.

    Args:
        head: the first 4096 bytes of the file.
    """
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head[4:8] == b"ftyp" and head[8:12] not in _PICTURE_BRANDS:
        kind = "sound" if head[8:11] == b"M4A" else "video"
    elif head.startswith(_VIDEO_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"AVI ") or head[4:8] == b"moov":
        kind = "video"
    elif head.startswith(_SOUND_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WAVE"):
        kind = "sound"
    elif text.startswith(b"%pdf"):
        return f"{path.name} is a PDF document; export its pages as PNG or JPEG first."
    elif text.startswith((b"<svg", b"<?xml", b"<!doctype svg")) and b"<svg" in text:
        return f"{path.name} is an SVG drawing; export it as PNG first."
    elif path.suffix.lower() in _RAW_SUFFIXES or head[8:10] == b"CR" or head.startswith((b"FUJIFILMCCD-RAW", b"IIRO")):
        return f"{path.name} is a camera raw file; export it as JPEG, PNG or TIFF first."
    else:
        return None
    return f"{path.name} is a {kind}, not a photo; give a picture file ({NAMES})."
