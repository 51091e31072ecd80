"""Colour profiles without what they tell of the device (ICC.1:2022).

A screenshot carries the profile of its monitor, in which calibration software and operating systems leave serial
numbers, computer names and dates. A profile of the usual colour spaces has nothing of that kind and stays as it is.
"""

from __future__ import annotations

import struct
from typing import Literal

_MOST_BYTES = 4_000_000
_MOST_TAGS = 100
_HEADER_BYTES = 128
_CREATED, _DEVICE, _CREATOR, _CHECKSUM = slice(24, 36), slice(48, 56), slice(80, 84), slice(84, 100)

_COLOUR = (
    "wtpt bkpt chad rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 D2B0 D2B1 D2B2 D2B3 B2D0 B2D1 "
    "B2D2 B2D3 gamt pre0 pre1 pre2 cicp"
)
"""What the colours are computed from."""
_HARMLESS = f"{_COLOUR} desc cprt dmnd dmdd dscm lumi meas tech view vued chrm rig0 rig2 ciis"
"""Tags of profiles that describe a colour space; others are a device's."""

Tags = dict[str, bytes]


def usable_profile(icc_profile: bytes | None, space: Literal["RGB ", "GRAY"]) -> bytes | None:
    """The profile, less what it tells of a device, if it is whole and for this colour space; else None."""
    if not icc_profile or not _HEADER_BYTES + 4 <= len(icc_profile) <= _MOST_BYTES:
        return None
    sound = int.from_bytes(icc_profile[:4], "big") == len(icc_profile) and icc_profile[36:40] == b"acsp"
    if not sound or icc_profile[16:20] != space.encode():
        return None
    tags = _tags(icc_profile)
    if tags is None:
        return None
    return (
        icc_profile
        if set(tags) <= set(_HARMLESS.split()) and not _has_gaps(icc_profile)
        else _rebuilt(icc_profile, tags)
    )


def _table(profile: bytes) -> list[tuple[str, int, int]]:
    """Signature, offset and size of each tag; empty where the table is longer than the file."""
    count = int.from_bytes(profile[128:132], "big")
    if count > _MOST_TAGS or len(profile) < 132 + 12 * count:
        return []
    rows = (struct.unpack_from(">4sII", profile, 132 + 12 * n) for n in range(count))
    return [(name.decode("latin-1"), offset, size) for name, offset, size in rows]


def _tags(profile: bytes) -> Tags | None:
    """Data of all tags; None where one lies outside the file, or there are none."""
    table = _table(profile)
    inside = all(offset > _HEADER_BYTES and offset + size <= len(profile) for _, offset, size in table)
    return {name: profile[offset : offset + size] for name, offset, size in table} if table and inside else None


def _has_gaps(profile: bytes) -> bool:
    """Whether something lies in the file that no tag points at, but for filling up to whole words."""
    table = _table(profile)
    end = 132 + 12 * len(table)
    for offset, size in sorted({(offset, size) for _, offset, size in table}):
        if offset > end + 3:
            return True
        end = max(end, offset + size)
    return len(profile) > end + 3


def _rebuilt(profile: bytes, tags: Tags) -> bytes:
    """A profile of the same colours that says nothing else."""
    kept = {name: data for name, data in tags.items() if name in _COLOUR.split()}
    write = _localized if profile[8] >= 4 else None
    kept["desc"] = (write or _description)("Colour profile")
    kept["cprt"] = (write or _text)("None")
    header = bytearray(profile[:_HEADER_BYTES])
    header[_CREATED] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    for part in (_DEVICE, _CREATOR, _CHECKSUM):
        header[part] = bytes(part.stop - part.start)
    header[100:] = bytes(_HEADER_BYTES - 100)
    offset = 132 + 12 * len(kept)
    table, body = struct.pack(">I", len(kept)), b""
    for name, data in kept.items():
        table += struct.pack(">4sII", name.encode("latin-1"), offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header[:4] = struct.pack(">I", offset + len(body))
    return bytes(header) + table + body


def _text(words: str) -> bytes:
    return b"text\0\0\0\0" + words.encode() + b"\0"


def _description(words: str) -> bytes:
    """textDescriptionType of ICC.1:2001, 6.5.17, without translations."""
    return b"desc\0\0\0\0" + struct.pack(">I", len(words) + 1) + words.encode() + b"\0" + bytes(4 + 4 + 2 + 1 + 67)


def _localized(words: str) -> bytes:
    """multiLocalizedUnicodeType in one language."""
    text = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(text), 28) + text
