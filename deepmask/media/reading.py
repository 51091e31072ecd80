"""Picture files in: decoded upright by Pillow, with exact 16-bit samples by OpenCV where Pillow has eight.

A file comes from strangers, so nothing is decoded before its size is known, only the formats of our table are tried,
and whatever a decoder stumbles over becomes one sentence.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms, JpegImagePlugin, UnidentifiedImageError

from deepmask.errors import MediaError
from deepmask.media import formats
from deepmask.media.deep import has_16_bits, is_grey_with_opacity, with_16_bits
from deepmask.media.metadata import ORIENTATION, REMOVED, UNIMPORTANT, kinds_beside
from deepmask.media.original import STRIP_PX, JpegSettings, Original, Palette
from deepmask.media.profile import usable_profile

pillow_heif.register_heif_opener()
_PLUGINS = [*(row.name for row in formats.FORMATS), "DIB"]
_OURS = {"MPO": "JPEG", "DIB": "BMP"}
_CAN_WRITE_HEIF = bool(pillow_heif.libheif_info()["HEIF"])
_pillow = threading.Lock()

_TURNS = {
    1: (),
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}


def read(path: Path, *, max_megapixels: int) -> tuple[Original, tuple[str, ...]]:
    """The decoded file and what the user should know about it.

    Raises:
        MediaError: one sentence: what is wrong with the file and what to do.
    """
    _refuse_what_is_no_picture(path)
    try:
        with _own_size_check(), Image.open(path, formats=_PLUGINS) as image:
            _refuse_what_is_too_large(path, image, max_megapixels)
            header = _header(path, image)
            original, converted = _decode(path, image, header)
        reduced = None
        if header.has_16_bits:
            del image  # large; OpenCV decodes the file once more
            original, reduced = with_16_bits(path, original, header.orientation)
        unfit = ["unfit colour profile"] if header.icc_profile and not (original.icc_profile or converted) else []
        original = replace(original, beside=(*header.beside, *unfit))
        return original, (*header.notes, *(note for note in (converted, reduced) if note))
    except MediaError:
        raise
    except UnidentifiedImageError as error:
        raise MediaError(f"{path.name} is not a picture we can read; give a {formats.NAMES} file.") from error
    except MemoryError as error:
        raise MediaError(f"{path.name} needs more memory than there is; make it smaller first.") from error
    except Exception as error:  # decoders fed with broken bytes raise anything from struct.error to IndexError
        raise MediaError(f"{path.name} is damaged or incomplete; export or download it again.") from error


def _refuse_what_is_no_picture(path: Path) -> None:
    if path.is_dir():
        raise MediaError(f"{path} is a folder; name a picture in it.")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist; check the spelling of the path.") from error
    except (OSError, ValueError) as error:
        raise MediaError(f"{path} cannot be read; check its permissions.") from error
    if not head:
        raise MediaError(f"{path.name} is empty; export or download it again.")
    if sentence := formats.other_than_picture(path, head):
        raise MediaError(sentence)


def _refuse_what_is_too_large(path: Path, image: Image.Image, max_megapixels: int) -> None:
    megapixels = image.width * image.height / 1e6
    if megapixels > max_megapixels:
        raise MediaError(
            f"{path.name} has {megapixels:.0f} megapixels and at most {max_megapixels} are read; "
            "make it smaller or raise DEEPMASK_MAX_MEGAPIXELS."
        )


@contextmanager
def _own_size_check() -> Iterator[None]:
    """Pillow's own limit lifted (ours is checked before decoding) and its warnings kept from the user."""
    with _pillow, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


@dataclass(frozen=True)
class _Header:
    """What is known of a file before its pixels are decoded."""

    form: str
    has_16_bits: bool
    is_grey_with_opacity: bool
    orientation: int
    jpeg: JpegSettings | None
    lossless: bool
    icc_profile: bytes | None
    beside: list[str]
    notes: list[str]


def _header(path: Path, image: Image.Image) -> _Header:
    form = _OURS.get(image.format or "", image.format or "")
    # these two first, since asking for the metadata of a PNG file decodes it
    deep, grey_with_opacity = has_16_bits(image), is_grey_with_opacity(image)
    jpeg = _jpeg_settings(image) if isinstance(image, JpegImagePlugin.JpegImageFile) else None
    orientation = image.getexif().get(ORIENTATION, 1)
    if jpeg and orientation in (5, 6, 7, 8):
        jpeg = _transposed(jpeg)
    lossless = form in ("PNG", "TIFF", "BMP", "GIF") or (form == "WEBP" and _is_lossless_webp(path))
    notes = []
    if form != "JPEG" and getattr(image, "n_frames", 1) > 1:
        what = "page" if form in ("TIFF", "HEIF") else "frame of the animation"
        notes.append(f"only the first {what} is used")
    if form == "HEIF" and not _CAN_WRITE_HEIF:
        form = "JPEG"
        notes.append("HEIC cannot be written on this machine, so the result is a JPEG")
    beside = kinds_beside(path, image)
    if removed := [kind for kind in beside if kind not in UNIMPORTANT]:
        notes.append(f"{REMOVED}{', '.join(removed)}")
    if image.info.get("bit_depth", 8) > 8:
        notes.append(f"reduced from {image.info['bit_depth']} to 8 bits a channel")
    profile = image.info.get("icc_profile")
    return _Header(form, deep, grey_with_opacity, orientation, jpeg, lossless, profile, beside, notes)


def _decode(path: Path, image: Image.Image, header: _Header) -> tuple[Original, str | None]:
    """The pixels, upright, and a note if their colours had to be converted."""
    image.load()
    # asked again after loading, because Pillow turns TIFF files by itself and then drops the tag
    upright = _turned(image, image.getexif().get(ORIENTATION, 1))
    upright, note = _in_rgb(path, upright, header.icc_profile)
    if header.is_grey_with_opacity:
        upright = upright.convert("LA")
    profile = None if note else header.icc_profile
    return _split(upright, header.form, header.jpeg, header.lossless, profile), note


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    for step in _TURNS.get(orientation, ()):
        image = image.transpose(step)
    return image


def _in_rgb(path: Path, image: Image.Image, icc_profile: bytes | None) -> tuple[Image.Image, str | None]:
    """The picture in one of the modes we keep, and a note if its colours had to be converted."""
    if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") or image.mode.startswith("I;16"):
        return image, None
    if image.mode in ("PA", "La", "RGBa"):
        return image.convert("RGBA"), None
    if image.mode == "RGBX":
        return image.convert("RGB"), None
    if image.mode in ("I", "F"):
        raise MediaError(f"{path.name} holds 32-bit measurements; export it with 8 or 16 bits a channel first.")
    if image.mode in ("CMYK", "LAB"):
        return _converted_by_profile(image, icc_profile), f"converted from {image.mode} to RGB"
    return image.convert("RGB"), f"converted from {image.mode} to RGB"


def _converted_by_profile(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """CMYK or Lab in sRGB, by the file's profile if it has a sound one."""
    srgb = ImageCms.createProfile("sRGB")
    try:
        if image.mode == "LAB":
            source: Any = ImageCms.createProfile("LAB")
        else:
            source = ImageCms.ImageCmsProfile(BytesIO(icc_profile)) if icc_profile else None
        if source is not None:
            converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
            if converted is not None:
                return converted
    except (ImageCms.PyCMSError, OSError):
        pass  # a broken profile: Pillow's plain conversion below
    return image.convert("RGB")


def _split(image: Image.Image, form: str, jpeg: JpegSettings | None, lossless: bool, icc: bytes | None) -> Original:
    """Arrays of a picture in one of the modes we keep."""
    palette = alpha = deep = None
    grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I;16")
    if image.mode == "P":
        palette = _palette(image)
        rgb = palette.rgba[:, :3][palette.indices]
        alpha = palette.rgba[:, 3][palette.indices] if (palette.rgba[:, 3] < 255).any() else None
    elif image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        rgb = np.repeat((deep >> 8).astype(np.uint8)[..., None], 3, axis=2)
    else:
        if "transparency" in image.info:
            image = image.convert("LA" if grey else "RGBA")
        samples = _samples(image.convert("L") if image.mode == "1" else image)
        if image.mode in ("LA", "RGBA"):
            samples, alpha = samples[..., :-1], np.ascontiguousarray(samples[..., -1])
        rgb = np.repeat(samples.reshape(*samples.shape[:2], 1), 3, axis=2) if grey else np.ascontiguousarray(samples)
    rgb.flags.writeable = False
    return Original(
        rgb, form, grey, image.mode == "1", alpha, deep, palette, jpeg, lossless,
        usable_profile(icc, "GRAY" if grey else "RGB "),
    )  # fmt: skip


def _samples(image: Image.Image) -> NDArray[np.uint8]:
    """(H, W) or (H, W, C) samples, copied in strips: Pillow's own conversion takes twice the memory."""
    bands = len(image.getbands())
    samples = np.empty((image.height, image.width, bands) if bands > 1 else (image.height, image.width), np.uint8)
    for top in range(0, image.height, STRIP_PX):
        bottom = min(image.height, top + STRIP_PX)
        samples[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return samples


def _palette(image: Image.Image) -> Palette:
    table = image.getpalette("RGBA") or []
    rgba = np.zeros((256, 4), np.uint8)
    rgba[:, 3] = 255
    rgba[: len(table) // 4] = np.array(table, np.uint8).reshape(-1, 4)
    transparency = image.info.get("transparency")
    if isinstance(transparency, bytes):
        rgba[: len(transparency), 3] = np.frombuffer(transparency, np.uint8)
    elif transparency is not None:
        rgba[transparency, 3] = 0
    return Palette(_samples(image), rgba)


def _jpeg_settings(image: JpegImagePlugin.JpegImageFile) -> JpegSettings | None:
    if image.mode not in ("L", "RGB"):
        return None
    sampling = JpegImagePlugin.get_sampling(image)
    return JpegSettings(
        {key: list(table) for key, table in image.quantization.items()},
        sampling if sampling in (0, 1, 2) else 0,
        bool(image.info.get("progressive")),
    )


def _transposed(settings: JpegSettings) -> JpegSettings:
    """The settings for the picture turned by 90 degrees: horizontal frequencies become vertical ones."""
    tables = {k: np.reshape(table, (8, 8)).T.ravel().tolist() for k, table in settings.quantization.items()}
    return JpegSettings(tables, 0 if settings.subsampling == 1 else settings.subsampling, settings.progressive)


def _is_lossless_webp(path: Path) -> bool:
    """Whether the first picture chunk is VP8L, https://developers.google.com/speed/webp/docs/riff_container."""
    with path.open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            tag, size = head[:4], int.from_bytes(head[4:], "little")
            if tag in (b"VP8L", b"VP8 "):
                return tag == b"VP8L"
            # an animation's frames lie inside ANMF after 16 bytes about the frame
            file.seek(16 if tag == b"ANMF" else size + size % 2, 1)
    return False
