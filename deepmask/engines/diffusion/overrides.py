"""What the user decides instead of the device: the settings ``diffusion_*`` but for the model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

from deepmask.config import Settings
from deepmask.engines.device import Device
from deepmask.engines.diffusion.checkpoint import Family
from deepmask.errors import InputError

OFFLOAD_BELOW: dict[Family, int] = {"sd": 6 << 30, "sdxl": 12 << 30}
"""With less memory on a graphics card, networks lie in main memory and visit the card one by one; bytes."""
SLICE_BELOW = 24 << 30
"""With less memory shared with the system (MPS), attention is computed in slices; bytes."""
CHOICES = {
    "decoder": ("auto", "vae", "taesd"),
    "decoding": ("auto", "whole", "tiled"),
    "attention": ("auto", "whole", "sliced"),
    "offload": ("auto", "always", "never"),
}
"""For each field of :class:`Overrides` the values of the setting 'diffusion_<field>'."""


@dataclass(frozen=True)
class Overrides:
    """One choice for each; 'auto' leaves it to device, memory and mode."""

    decoder: str = "auto"
    """vae: the model's own; taesd: the small one (Ollin Boer Bohan, 2023)."""
    decoding: str = "auto"
    """whole: a picture at once; tiled: large ones in overlapping tiles, with less memory."""
    attention: str = "auto"
    """whole: torch's fused attention; sliced: a few heads at a time, slower and with less memory."""
    offload: str = "auto"
    """always: of the networks only the one that works lies on the graphics card; never: all stay there."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The choices of the settings.

        Raises:
            InputError: a setting has no such value; the sentence lists those it has.
        """
        chosen = {name: getattr(settings, f"diffusion_{name}") for name in CHOICES}
        for name, value in chosen.items():
            if value not in CHOICES[name]:
                known = f"{', '.join(CHOICES[name][:-1])} or {CHOICES[name][-1]}"
                raise InputError(f"The setting diffusion_{name} must be {known}; got {value!r}.")
        return cls(**chosen)

    def offloads(self, device: Device, family: Family, frugal: bool = False) -> bool:
        """Whether networks lie in main memory and visit the graphics card one by one.

        Raises:
            InputError: the user wants that of a processor.
        """
        if self.offload == "always" and device.kind == "cpu":
            raise InputError("Only from a graphics card can networks be moved away; set diffusion_offload to auto.")
        tight = device.memory_bytes < OFFLOAD_BELOW[family]
        return _decided(self.offload, "always", device.kind == "cuda" and (tight or frugal))

    def slices_attention(self, device: Device, frugal: bool = False) -> bool:
        """Whether attention is computed in slices."""
        shared_memory_is_little = device.kind == "mps" and device.memory_bytes < SLICE_BELOW
        return _decided(self.attention, "sliced", frugal or shared_memory_is_little)

    def tiles(self, frugal: bool = False) -> bool:
        """Whether large pictures are decoded in tiles."""
        return _decided(self.decoding, "tiled", frugal)

    def made(self) -> dict[str, str]:
        """Those that are not left to the device, by the names of their settings."""
        chosen = {f"diffusion_{field.name}": getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in chosen.items() if value != "auto"}


def _decided(override: str, yes: str, automatic: bool) -> bool:
    return automatic if override == "auto" else override == yes
