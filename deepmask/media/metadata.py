"""What a picture file holds beside its samples and a colour profile: named to the user, then left behind.

Most of it tells of the maker. Some of it asks for other colours than the samples have, and what was sealed would look
otherwise without one sample being changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image

ORIENTATION = 0x0112
_GPS, _EXIF, _XMP, _IPTC, _PHOTOSHOP, _TIFF_C2PA = 0x8825, 0x8769, 0x02BC, 0x83BB, 0x8649, 0xCD41
_TRANSFER, _WHITE, _PRIMARIES = 301, 318, 319
CREDENTIALS = "content credentials"
_PERSONAL = {
    0x010E: "description",
    0x010F: "camera data",
    0x0110: "camera data",
    0x0131: "software",
    0x0132: "date",
    0x013B: "author",
    0x8298: "copyright",
    0x9C9D: "author",
    _GPS: "GPS position",
    _EXIF: "camera data",
    _XMP: "XMP data",
    _IPTC: "IPTC data",
    _PHOTOSHOP: "IPTC data",
    _TIFF_C2PA: CREDENTIALS,
}
_INFO = {
    "xmp": "XMP data",
    "XML:com.adobe.xmp": "XMP data",
    "photoshop": "IPTC data",
    "comment": "comment",
    "thumbnails": "thumbnail",
}
REMOVED = "removed from the copy: "
"""How the note begins that names them."""
RECOLOURING = ("gamma", "primaries", "colour space", "unfit colour profile")
"""Kinds that change how the samples are shown."""
UNIMPORTANT = ("print size", "other data", "unfit colour profile")
"""Kinds whose absence nobody notices in a copy."""

_SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
"""White, red, green, blue, x and y each, in units of 1/100 000."""
_SRGB_GAMMA = 45455
_SRGB_CODE = bytes((1, 13, 0, 1))
_NEAR = 500
_MOST_PARTS = 200_000
"""Chunks of a file that are looked at; nobody writes more of them."""


def kinds_beside(path: Path, image: Image.Image) -> list[str]:
    """Kinds of data beside samples and profile in a file, not yet loaded: 'GPS position' first, then as they come."""
    exif = image.getexif()
    kinds = [_PERSONAL[tag] for tag in exif if tag in _PERSONAL]
    kinds += [name for key, name in _INFO.items() if image.info.get(key)]
    if getattr(image, "text", None):
        kinds.append("text")
    if image.format == "MPO":
        kinds.append("further pictures")
    if image.format == "TIFF":
        kinds += _tiff_colours(image)
    elif set(exif) - set(_PERSONAL) - {ORIENTATION}:
        kinds.append("other data")
    if any(name == "APP11" and data.startswith(b"JP") for name, data in getattr(image, "applist", ())):
        kinds.append(CREDENTIALS)
    if (look := _CONTAINERS.get(image.format or "")) is not None:
        with path.open("rb") as file:
            kinds += look(file)
    return sorted(set(kinds), key=lambda kind: kind != "GPS position" and 1 + kinds.index(kind))


def _tiff_colours(image: Image.Image) -> Iterator[str]:
    tags = getattr(image, "tag_v2", {})
    if _TRANSFER in tags:
        yield "gamma"
    said = [*tags.get(_WHITE, ()), *tags.get(_PRIMARIES, ())]
    srgb = [*_SRGB[: len(tags.get(_WHITE, ()))], *(_SRGB[2:] if _PRIMARIES in tags else ())]
    if said and not _alike([float(value) * 100_000 for value in said], srgb):
        yield "primaries"


# ----------------------------------------------------------------------------------------------------------------- PNG
_PNG_START = 8
_PNG_KNOWN = frozenset(
    b"IHDR PLTE IDAT IEND tRNS iCCP sRGB gAMA cHRM cICP tEXt zTXt iTXt eXIf acTL fcTL fdAT tIME pHYs caBX".split()
)
_PNG_KINDS = {b"tIME": "date", b"pHYs": "print size", b"caBX": CREDENTIALS}
_PNG_BRIGHTNESS = (b"mDCV", b"mDCv", b"cLLI", b"cLLi")


def _in_png(file: BinaryIO) -> Iterator[str]:
    """https://www.w3.org/TR/png-3/"""
    found: dict[bytes, bytes] = {}
    after = False
    for name, size in _png_chunks(file):
        after = name != b"IEND"
        if name not in found:
            found[name] = file.read(min(size, 64)) if name in (b"gAMA", b"cHRM", b"cICP") else b""
    yield from (kind for name, kind in _PNG_KINDS.items() if name in found)
    yield from _png_colours(found)
    if after or not set(found) <= _PNG_KNOWN | set(_PNG_BRIGHTNESS):
        yield "other data"


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and size of each chunk; the file stands at its data. What lies behind the last one has no name."""
    at = _PNG_START
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if not head:
            return
        size, name = int.from_bytes(head[:4], "big"), head[4:]
        yield name, size
        if name == b"IEND":
            file.seek(at + 12 + size)
            if file.read(1):
                yield b"", 0
            return
        at += 12 + size
    yield b"", 0


def _png_colours(found: dict[bytes, bytes]) -> Iterator[str]:
    """What asks for other colours than those of sRGB, or than those of the profile."""
    numbers = {name: _numbers(data) for name, data in found.items()}
    if b"gAMA" in found and not _alike(numbers[b"gAMA"], [_SRGB_GAMMA]):
        yield "gamma"
    if b"cHRM" in found and not _alike(numbers[b"cHRM"], _SRGB):
        yield "primaries"
    coded = b"cICP" in found
    beside_profile = b"iCCP" in found and (coded or b"sRGB" in found)
    if beside_profile or (coded and found[b"cICP"] != _SRGB_CODE) or any(name in found for name in _PNG_BRIGHTNESS):
        yield "colour space"


def _numbers(data: bytes) -> list[float]:
    return [float(int.from_bytes(data[n : n + 4], "big")) for n in range(0, len(data), 4)]


def _alike(said: list[float], known: list[int] | tuple[int, ...]) -> bool:
    return len(said) == len(known) and all(abs(a - b) <= _NEAR for a, b in zip(said, known, strict=True))


# -------------------------------------------------------------------------------------------------------------- others
_RIFF_KNOWN = frozenset(b"VP8X|VP8 |VP8L|ALPH|ANIM|ANMF|ICCP|EXIF|XMP |C2PA".split(b"|"))


def _in_webp(file: BinaryIO) -> Iterator[str]:
    """https://developers.google.com/speed/webp/docs/riff_container"""
    names: set[bytes] = set()
    at = 12
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if not head:
            break
        names.add(head[:4])
        size = int.from_bytes(head[4:], "little")
        at += 8 + size + size % 2
    if b"C2PA" in names:
        yield CREDENTIALS
    if names - _RIFF_KNOWN:
        yield "other data"


_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def _in_boxes(file: BinaryIO) -> Iterator[str]:
    """HEIF and AVIF, ISO/IEC 14496-12."""
    at = 0
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(32)
        if len(head) < 8:
            return
        size, start = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, start = int.from_bytes(head[8:16], "big"), 16
        if head[4:8] == b"uuid" and head[start : start + 16] == _C2PA_BOX:
            yield CREDENTIALS
            return
        if size < start:  # 0: the last one, to the end of the file
            return
        at += size


_GIF_C2PA = b"!\xff\x0bC2PA_GIF"
_GIF_START = 1 << 16


def _in_gif(file: BinaryIO) -> Iterator[str]:
    """Application extensions stand before the first picture."""
    if _GIF_C2PA in file.read(_GIF_START):
        yield CREDENTIALS


_BMP_SPACES = (b"BGRs", b" niW")
"""sRGB, and whatever Windows has: what files without a word of it have."""


def _in_bmp(file: BinaryIO) -> Iterator[str]:
    """BITMAPV4HEADER and later; calibrated colours of which all numbers are zero are none."""
    head = file.read(14 + 108)
    if int.from_bytes(head[14:18], "little") >= 108:
        space, numbers = head[70:74], head[74:122]
        if space not in _BMP_SPACES and (any(space) or any(numbers)):
            yield "colour space"


_CONTAINERS: dict[str, Callable[[BinaryIO], Iterator[str]]] = {
    "PNG": _in_png, "WEBP": _in_webp, "HEIF": _in_boxes, "AVIF": _in_boxes, "GIF": _in_gif, "BMP": _in_bmp,
}  # fmt: skip
