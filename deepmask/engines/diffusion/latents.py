"""Between pictures and latents: the numbers that the denoising network works on."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepmask.engines.device import Device
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage


def decoded(decoder: Any, latents: Any, place: Device) -> RGBImage:
    """(H, W, 3) of latents (1, 4, H / 8, W / 8).

    Raises:
        EngineFailed: numbers overflowed.
    """
    import torch

    with torch.no_grad():
        values = decoder.decode(latents.to(decoder.dtype) / decoder.config.scaling_factor, return_dict=False)[0][0]
    if not bool(torch.isfinite(values).all()):
        raise overflow("decoder", place)
    values = (values.float() / 2 + 0.5).clamp(0, 1)
    return np.rint(values.permute(1, 2, 0).cpu().numpy() * 255).astype(np.uint8)


def encoded(decoder: Any, values: Any, place: Device) -> Any:
    """Latents (1, 4, h / 8, w / 8) of a picture (1, 3, h, w) in -1..1: the most likely ones, nothing is drawn."""
    import torch

    with torch.no_grad():
        found = decoder.encode(values.to(place.kind, decoder.dtype))  # a decoder that is offloaded says "cpu"
    latents = found.latents if hasattr(found, "latents") else found.latent_dist.mode()
    return latents * decoder.config.scaling_factor


def as_tensor(picture: RGBImage) -> Any:
    """(1, 3, h, w) in -1..1 of a picture."""
    import torch

    return torch.from_numpy(picture.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]


def assert_finite(latents: Any, place: Device) -> None:
    """Raise ``EngineFailed`` if the network's numbers overflowed."""
    import torch

    if not bool(torch.isfinite(latents).all()):
        raise overflow("network", place)


def overflow(part: str, place: Device) -> EngineFailed:
    """The error when numbers do not fit into their format."""
    return EngineFailed(f"The numbers of the {part} overflowed in {place.precision}; set precision to float32.")
