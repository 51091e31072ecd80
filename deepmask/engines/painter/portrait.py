"""Portraits: the engine 'painter' of the table of engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepmask import __version__
from deepmask.engines.painter import raster, shading, strand_kernels
from deepmask.engines.painter.avatar import Avatar, avatar_for
from deepmask.engines.painter.backdrop import backdrop, light_of, place_of
from deepmask.engines.painter.colours import to_srgb
from deepmask.engines.painter.geometry import Array32
from deepmask.engines.painter.render import render
from deepmask.faces import RGBImage
from deepmask.persona import Attributes
from deepmask.progress import Progress, part, silent
from deepmask.wishes import Preview, Wishes, unseen

PX_PER_CM = 15.2 / 512
"""Scale of a portrait as a share of its size: the face fills a little less than half of the height."""
PREPARING = "Preparing the painter (once)…"
_KERNELS = (raster.draw_triangles, raster.draw_depth, raster.occlude, raster.draw_strands, shading.shade, shading.march,
            shading.shade_hair, strand_kernels.interpolate, strand_kernels.finish)  # fmt: skip


def _is_compiled(kernel: Any) -> bool:
    """Whether a kernel was used in this process, or its machine code is in numba's cache on disk."""
    if kernel.signatures:
        return True
    source = Path(kernel.py_func.__code__.co_filename)
    cached = Path(kernel.stats.cache_path).glob(f"{source.stem}.{kernel.__name__}-*.nbi")
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in cached)


def is_ready() -> bool:
    """Whether painting starts at once, without compiling first."""
    return all(_is_compiled(kernel) for kernel in _KERNELS)


def warm_up(progress: Progress = silent) -> None:
    """Compile all kernels, some ten seconds the first time; later processes read them from numba's cache.

    ``progress`` is called all the while, so that it can show signs of life and stop the wait.
    """
    if is_ready():
        return
    pool = ThreadPoolExecutor(1, "painter-warm-up")
    try:
        work = pool.submit(_use_every_kernel)
        while not work.done():
            progress(sum(bool(kernel.signatures) for kernel in _KERNELS) / len(_KERNELS), PREPARING)
            wait([work], 0.25)
        work.result()
    finally:
        pool.shutdown(wait=False)
    progress(1.0, PREPARING)


def _use_every_kernel() -> None:
    avatar = avatar_for(Attributes(gender="male", beard="stubble", hair_style="buzz", glasses="round"), 0)
    render(avatar, 32, 1, px_per_cm=1.0, shadow_size=32)


class Painter:
    """Fulfils :class:`deepmask.engines.protocols.PortraitPainter`."""

    def paint(
        self,
        attributes: Attributes,
        seed: int,
        size_px: int = 512,
        *,
        wishes: Wishes | None = None,
        progress: Progress = silent,
        preview: Preview = unseen,
    ) -> RGBImage:
        """A (size_px, size_px, 3) portrait; the same arguments give the same bits in every process."""
        warm_up(part(progress, 0, 0.6))
        progress(0.6, "Painting…")
        avatar = avatar_for(attributes, seed)
        progress(0.8, "Painting…")
        picture = portrait(avatar, size_px, place_of(attributes, seed))
        progress(1.0, "Painted.")
        return picture

    def recipe(self, wishes: Wishes | None = None) -> dict[str, str]:
        """Attributes and seed say all, but for the version of the code."""
        return {"deepmask": __version__}


def portrait(avatar: Avatar, size: int, place: str = "studio") -> RGBImage:
    """The persona in its own pose and expression before a background (see :func:`backdrop.backdrop`)."""
    light = light_of(place)
    image, alpha = render(avatar, size, px_per_cm=PX_PER_CM * size, centre=(0.0, -0.7, 0.0), light=light)
    x = image + backdrop(place, size) * (1 - alpha[..., None])
    return develop(x)


def shoulder(x: Array32) -> Array32:
    """Soft compression of highlights: linear up to .62, then never above 1."""
    over = np.maximum(x, 0.62) - 0.62
    return np.where(x < 0.62, x, 0.62 + 0.38 * (1 - np.exp(-over / 0.38))).astype(np.float32)


def develop(x: Array32) -> RGBImage:
    """Linear light (h, w, 3) to a picture, with a little bloom and vignette."""
    h, w = x.shape[:2]
    v, u = np.mgrid[0:h, 0:w].astype(np.float32)
    r2 = (u / w - 0.5) ** 2 + (v / h - 0.5) ** 2
    x = x * (1 - 0.18 * np.clip(r2 * 2.2, 0, 1))[..., None]
    x = x + cv2.GaussianBlur(np.clip(x - 0.75, 0, 2), (0, 0), max(0.5, w / 60)) * np.float32(0.25)
    return (np.clip(to_srgb(shoulder(x)), 0, 1) * 255 + 0.5).astype(np.uint8)
