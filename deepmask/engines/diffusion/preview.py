"""What a portrait looks like while it is still noise: a linear guess, as good as free."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepmask.engines.diffusion.checkpoint import Family
from deepmask.faces import RGBImage

PREVIEW_SCALE = 4
"""Pixels of the preview for one of the latent: half the size of the portrait."""
VEIL_PX = 24
"""Of a veiled preview: light, colours and the place of the head are seen, and no more."""

_TO_RGB: dict[Family, list[list[float]]] = {
    "sd": [[0.351, 0.230, 0.323], [0.325, 0.497, 0.235], [-0.283, 0.176, 0.272], [-0.212, -0.262, -0.718]],
    "sdxl": [[0.365, 0.423, 0.434], [-0.253, -0.004, 0.107], [0.108, 0.111, -0.036], [-0.317, -0.249, -0.219]],
}
"""Least-squares maps of latent channels to colours in -1..1, as they are commonly used for the two families."""


def preview(scheduler: Any, latents: Any, family: Family) -> RGBImage:
    """(h, w, 3) of the first latent (n, 4, h / 4, w / 4); of its noiseless prediction where the scheduler keeps it."""
    predictions = [p for p in getattr(scheduler, "model_outputs", []) if p is not None]
    clean = predictions[-1] if predictions else latents
    values = clean[0].detach().float().cpu().numpy()
    spread = values.std()
    if not predictions and spread > 1:  # some schedulers keep latents at the scale of their noise
        values = values / spread
    colours = np.einsum("chw,cr->hwr", values, np.array(_TO_RGB[family], np.float32))
    small = np.clip((np.nan_to_num(colours) + 1) * 127.5, 0, 255).astype(np.uint8)
    return small.repeat(PREVIEW_SCALE, 0).repeat(PREVIEW_SCALE, 1)


def veiled(image: RGBImage) -> RGBImage:
    """The preview (h, w, 3) blurred: the safety checker looks at the finished picture only."""
    from PIL import Image

    small = Image.fromarray(image).resize((VEIL_PX, VEIL_PX), Image.Resampling.BOX)
    return np.asarray(small.resize((image.shape[1], image.shape[0]), Image.Resampling.BICUBIC))
