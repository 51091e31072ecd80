"""What a picture file says about its maker: named to the user, then left behind. Only the colour profile stays."""

from __future__ import annotations

from PIL import Image

ORIENTATION = 0x0112
_GPS, _EXIF, _XMP, _IPTC, _PHOTOSHOP = 0x8825, 0x8769, 0x02BC, 0x83BB, 0x8649
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
}
_INFO = {
    "xmp": "XMP data",
    "XML:com.adobe.xmp": "XMP data",
    "photoshop": "IPTC data",
    "comment": "comment",
    "thumbnails": "thumbnail",
}


def removed_metadata(image: Image.Image) -> list[str]:
    """Kinds of metadata in a file, not yet loaded: 'GPS position' first, then as they come."""
    exif = image.getexif()
    kinds = [_PERSONAL[tag] for tag in exif if tag in _PERSONAL]
    kinds += [name for key, name in _INFO.items() if image.info.get(key)]
    if getattr(image, "text", None):
        kinds.append("text")
    if image.format == "MPO":
        kinds.append("further pictures")
    return sorted(set(kinds), key=lambda kind: kind != "GPS position" and 1 + kinds.index(kind))
