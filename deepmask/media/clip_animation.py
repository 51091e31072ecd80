"""GIF, animated WebP and animated PNG as clips, read by Pillow, one picture in memory at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from deepmask.errors import MediaError
from deepmask.media.clip_formats import ANIMATIONS

if TYPE_CHECKING:
    from deepmask.faces import RGBImage
    from deepmask.media.clip import Clip, Picture
    from deepmask.media.clip_timeline import Timeline

TIME_BASE = Fraction(1, 1000)
_FORMATS = [kind for kind, _ in ANIMATIONS]
_TOO_SHORT_MS, _INSTEAD_MS = 10, 100
"""Browsers show what asks for 10 ms or less for 100 ms; so do we."""
_MOST_MEGAPIXELS = 100


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The animation, at its first picture.

    Raises:
        MediaError: a still picture, or none that can be read.
    """
    try:
        image = Image.open(path, formats=_FORMATS)
        pixels, count = image.width * image.height, getattr(image, "n_frames", 1) - _first(image)
    except Exception as error:  # decoders fed with broken bytes raise anything from struct.error to IndexError
        raise MediaError(f"{path.name} is damaged or incomplete; export or download it again.") from error
    with image:
        if pixels > _MOST_MEGAPIXELS * 1_000_000:
            raise MediaError(
                f"{path.name} has {pixels / 1e6:.0f} megapixels and at most {_MOST_MEGAPIXELS} are read; "
                "make it smaller first."
            )
        if count < 2:
            raise MediaError(f"{path.name} is a still picture; mask it as a photo.")
        yield image


def _first(image: Any) -> int:
    """Number of the first moving picture: animated PNG files may hold a still one before it."""
    return int(bool(image.info.get("default_image") or getattr(image, "default_image", False)))


def read_animation_header(path: Path) -> dict[str, Any]:
    """The fields of :class:`deepmask.media.clip.Clip`.

    Raises:
        MediaError: a still picture, or a damaged file.
    """
    with _opened(path) as image:
        durations, see_through = [], False
        for _, duration, frame in _frames(image, _first(image)):
            durations.append(duration)
            see_through |= frame.has_transparency_data
        if not durations:
            raise MediaError(f"{path.name} is damaged or incomplete; export or download it again.")
        notes = []
        if see_through:
            notes.append("see-through parts are shown white")
        seconds = sum(durations) / 1000
        return {
            "name": path.name,
            "path": path,
            "size_wh": image.size,
            "fps": len(durations) / seconds,
            "variable": len(set(durations)) > 1,
            "seconds": seconds,
            "frames": len(durations),
            "codec": (image.format or "gif").lower(),
            "has_sound": False,
            "time_base": TIME_BASE,
            "is_animation": True,
            "notes": tuple(notes),
        }


def _frames(image: Any, first: int) -> Iterator[tuple[int, int, Any]]:
    """(number, milliseconds, picture) up to the end or what cannot be decoded."""
    for number in range(first, image.n_frames):
        try:
            image.seek(number)
            image.load()
        except Exception:  # as above; how many are missing is told
            return
        stated = round(float(image.info.get("duration", 0) or 0))
        yield number - first, stated if stated > _TOO_SHORT_MS else _INSTEAD_MS, image


def measure_animation(clip: Clip) -> Timeline:
    """Times of all pictures; decodes the file once."""
    from deepmask.media.clip_timeline import Timeline

    with _opened(clip.path) as image:
        count = image.n_frames - _first(image)
        durations = [duration for _, duration, _ in _frames(image, _first(image))]
    ends = np.cumsum(np.array(durations, np.int64))
    digest = hashlib.sha256(f"{clip.size_wh[0]}x{clip.size_wh[1]}".encode())
    digest.update(clip.path.read_bytes())
    damaged = f"only {len(ends)} of {count} pictures can be read" if len(ends) < count else ""
    pts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    return Timeline(pts, int(ends[-1]), pts, pts, 0, True, False, digest.hexdigest(), damaged)


def animation_pictures(clip: Clip, start: int, stop: int | None) -> Iterator[Picture]:
    """See :meth:`deepmask.media.clip.Clip.pictures`."""
    from deepmask.media.clip import Picture

    ms = 0
    with _opened(clip.path) as image:
        for index, duration, frame in _frames(image, _first(image)):
            if stop is not None and index >= stop:
                return
            if index >= start:
                yield Picture(index, ms * TIME_BASE, ms, duration, _on_white(frame, clip.size_wh))
            ms += duration


def _on_white(image: Any, size_wh: tuple[int, int]) -> RGBImage:
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture).convert("RGB")
    else:
        picture = image.convert("RGB")
    if picture.size != size_wh:
        picture = picture.resize(size_wh)
    return np.array(picture, np.uint8)
