"""Photos out: samples only, the way the source had them, and the colour profile. Nothing else is ever written."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from deepmask.errors import MediaError
from deepmask.files import replacing
from deepmask.media import png16
from deepmask.media.original import STRIP_PX, Palette, Samples
from deepmask.media.photo import Photo

pillow_heif.register_heif_opener()
_QUALITY = 92
"""For lossy formats whose source does not tell its own."""


def write(photo: Photo, path: Path, form: str) -> None:
    """Write ``photo`` as ``form``, whole or not at all.

    Raises:
        MediaError: the encoder cannot do it.
        DeepmaskError: the place cannot be written.
    """
    with replacing(path) as file:
        try:
            _WRITERS[form](photo, file)
        except (ValueError, RuntimeError) as error:
            raise _failure(form, error) from error
        except OSError as error:
            if error.errno is None:  # an encoder's error, not the disk's
                raise _failure(form, error) from error
            raise


def _failure(form: str, error: Exception) -> MediaError:
    return MediaError(f"The picture cannot be written as {form} ({error}); save it as .png.")


# -- what is written ------------------------------------------------------------------------------------------------


def _is_grey(photo: Photo) -> bool:
    return photo.original.grey and photo.is_grey


def _shallow(photo: Photo, *, alpha: bool = True) -> Image.Image:
    """The photo with 8 bits a channel: '1', 'L', 'LA', 'RGB' or 'RGBA'."""
    opacity = photo.original.alpha
    grey = _is_grey(photo)
    if opacity is None or not alpha:
        image = Image.fromarray(np.ascontiguousarray(photo.rgb[..., 0]) if grey else photo.rgb)
        if opacity is not None:
            ground = Image.new(image.mode, image.size, "white")
            ground.paste(image, mask=Image.fromarray(_eight_bits(opacity)))
            return ground
        return image.convert("1") if photo.original.bilevel and photo.is_bilevel else image
    samples = np.empty((*photo.rgb.shape[:2], 2 if grey else 4), np.uint8)
    samples[..., :-1] = photo.rgb[..., :1] if grey else photo.rgb
    samples[..., -1] = _eight_bits(opacity)
    return Image.fromarray(samples)


def _eight_bits(samples: Samples) -> NDArray[np.uint8]:
    return samples if samples.dtype == np.uint8 else (samples >> 8).astype(np.uint8)  # type: ignore[return-value]


def _deep_strips(photo: Photo, *, grey: bool) -> Iterator[NDArray[np.uint16]]:
    """(rows, W, C) 16-bit samples from top to bottom; edited pixels get no bit of what was there before."""
    original = photo.original
    assert original.deep is not None
    for rows in photo.strips():
        rgb, before = photo.rgb[rows], original.rgb[rows]
        edited = rgb if photo.unmarked is None else photo.unmarked[rows]
        deep = original.deep[rows]
        if deep.ndim == 2:
            deep = np.repeat(deep[..., None], 3, axis=2)
        changed = (edited != before).any(-1, keepdims=True)
        strip = np.where(changed, edited * np.uint16(257), deep).astype(np.uint16)
        if photo.unmarked is not None:
            strip = (strip + (rgb.astype(np.int32) - edited) * 256).astype(np.uint16)
        strip = strip[..., :1] if grey else strip
        if original.alpha is not None:
            alpha = original.alpha[rows]
            wide = alpha.astype(np.uint16) * np.uint16(1 if alpha.dtype == np.uint16 else 257)
            strip = np.concatenate((strip, wide[..., None]), axis=2)
        yield strip


def _indexed(photo: Photo) -> Image.Image | None:
    """The photo in the table of colours it came in, with new colours for the edit; None if it never had one."""
    palette = photo.original.palette
    if palette is None:
        return None
    indices, rgba = palette.indices, palette.rgba
    if photo.is_edited:
        indices, rgba = _with_new_colours(palette, photo)
    image = Image.fromarray(indices)
    image.putpalette(rgba[:, :3].tobytes())
    if (rgba[:, 3] < 255).any():
        image.info["transparency"] = rgba[:, 3].tobytes()
    return image


def _with_new_colours(palette: Palette, photo: Photo) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Indices and table in which edited pixels have the nearest of the old colours and as many new ones as fit."""
    changed = (photo.rgb != photo.original.rgb).any(-1)
    used = np.zeros(256, bool)
    used[np.unique(palette.indices)] = True
    free = np.flatnonzero(~used)
    rgba = palette.rgba.copy()
    if len(free):
        new = Image.fromarray(photo.rgb[changed][None]).quantize(len(free), dither=Image.Dither.NONE).getpalette() or []
        new = np.array(new, np.uint8).reshape(-1, 3)[: len(free)]
        rgba[free[: len(new)], :3] = new
        rgba[free[: len(new)], 3] = 255
    opaque = np.flatnonzero(rgba[:, 3] == 255)
    table = Image.new("P", (1, 1))
    table.putpalette(rgba[opaque, :3].tobytes())
    nearest = np.asarray(Image.fromarray(photo.rgb).quantize(palette=table))[changed]
    indices = palette.indices.copy()
    indices[changed] = opaque[np.minimum(nearest, len(opaque) - 1)]
    return indices, rgba


# -- how it is written ----------------------------------------------------------------------------------------------


def _profile(photo: Photo) -> bytes | None:
    """The colour profile, unless it is one for greys and the picture has colours now."""
    return photo.original.icc_profile if photo.original.grey == _is_grey(photo) else None


def _jpeg(photo: Photo, file: BinaryIO) -> None:
    settings = photo.original.jpeg
    options: dict[str, Any] = {"quality": _QUALITY, "subsampling": 0}
    if settings:
        tables = settings.quantization
        options = {"qtables": tables, "subsampling": settings.subsampling, "progressive": settings.progressive}
    _shallow(photo, alpha=False).save(file, "JPEG", icc_profile=_profile(photo), **options)


def _png(photo: Photo, file: BinaryIO) -> None:
    if photo.original.deep is not None:
        grey = _is_grey(photo)
        channels = (1 if grey else 3) + (photo.original.alpha is not None)
        png16.write(file, _deep_strips(photo, grey=grey), photo.size_wh, channels, _profile(photo))
        return
    palette = photo.original.palette is not None and not photo.is_edited
    image = (_indexed(photo) if palette else None) or _shallow(photo)
    image.save(file, "PNG", icc_profile=_profile(photo), compress_level=2, **_transparency(image))


def _tiff(photo: Photo, file: BinaryIO) -> None:
    if photo.original.deep is not None:
        _tiff16(photo, file)
        return
    _shallow(photo).save(file, "TIFF", compression="tiff_adobe_deflate", icc_profile=_profile(photo))


def _tiff16(photo: Photo, file: BinaryIO) -> None:
    import tifffile

    width, height = photo.size_wh
    transparent = photo.original.alpha is not None
    grey = _is_grey(photo) and not transparent  # few programs read greys with opacity from TIFF files
    channels = (1 if grey else 3) + transparent
    buffer = BytesIO()  # tifffile wants a file with a name or this
    tifffile.imwrite(
        buffer,
        (zlib.compress(strip.astype("<u2").tobytes(), 4) for strip in _deep_strips(photo, grey=grey)),
        shape=(height, width) if channels == 1 else (height, width, channels),
        dtype="<u2",
        rowsperstrip=STRIP_PX,
        photometric="minisblack" if grey else "rgb",
        byteorder="<",
        planarconfig=None if channels == 1 else "contig",
        extrasamples=["unassalpha"] if transparent else None,
        compression="zlib",
        metadata=None,
        software="",
        iccprofile=_profile(photo) if grey == photo.original.grey else None,
    )
    file.write(buffer.getbuffer())


def _bmp(photo: Photo, file: BinaryIO) -> None:
    _shallow(photo).save(file, "BMP")


def _gif(photo: Photo, file: BinaryIO) -> None:
    image = _indexed(photo) or _shallow(photo)
    image.save(file, "GIF", **_transparency(image))


def _webp(photo: Photo, file: BinaryIO) -> None:
    lossless = photo.original.lossless
    _shallow(photo).save(
        file, "WEBP", lossless=lossless, exact=lossless, quality=50 if lossless else _QUALITY,
        icc_profile=_profile(photo) or "",
    )  # fmt: skip


def _avif(photo: Photo, file: BinaryIO) -> None:
    _shallow(photo).save(file, "AVIF", quality=_QUALITY, icc_profile=_profile(photo) or b"")


def _heif(photo: Photo, file: BinaryIO) -> None:
    _shallow(photo).save(file, "HEIF", quality=_QUALITY, icc_profile=_profile(photo))


def _transparency(image: Image.Image) -> dict[str, Any]:
    return {"transparency": image.info["transparency"]} if "transparency" in image.info else {}


_WRITERS: dict[str, Callable[[Photo, BinaryIO], None]] = {
    "JPEG": _jpeg, "PNG": _png, "TIFF": _tiff, "BMP": _bmp, "GIF": _gif, "WEBP": _webp, "AVIF": _avif, "HEIF": _heif,
}  # fmt: skip
