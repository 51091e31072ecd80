"""How a portrait is sampled: which scheduler, how many steps, how much guidance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from math import ceil
from typing import Any, Literal

from deepmask.engines.device import Device
from deepmask.engines.diffusion.checkpoint import Checkpoint, lora_file
from deepmask.errors import InputError
from deepmask.weights import location, missing
from deepmask.wishes import Wishes

Way = Literal["plain", "lcm", "turbo"]

MOST_LCM_STEPS = 50
"""Steps of the solver that latent consistency models are distilled from."""
FEW_STEPS = 8
"""Up to here the distilled LoRA is better than the plain model, beyond it the reverse."""


@dataclass(frozen=True)
class Sampling:
    """One way to go from noise to a picture."""

    way: Way
    """plain: DPM-Solver++ (Lu et al., 2022) with the noise levels of Karras et al. (2022); lcm: latent consistency
    with its LoRA (Luo et al., 2023); turbo: the scheduler of the checkpoint (Sauer et al., 2023)."""
    steps: int
    guidance: float
    """Classifier-free guidance scale; up to 1 the network is asked once a step and the negative prompt is idle."""
    decoder: str = "auto"
    """auto, vae or taesd (:class:`deepmask.engines.diffusion.overrides.Overrides`)."""

    @property
    def guided(self) -> bool:
        """Whether the network is asked twice a step."""
        return self.guidance > 1

    @property
    def small_decoder(self) -> bool:
        """Whether the decoder is TAESD where it is there: its softer detail is all that few steps leave anyway."""
        return self.way == "lcm" if self.decoder == "auto" else self.decoder == "taesd"

    @property
    def scheduler_name(self) -> str:
        """For recipes."""
        return {
            "plain": "DPMSolverMultistepScheduler (Karras)",
            "lcm": "LCMScheduler",
            "turbo": "the checkpoint's own",
        }[self.way]

    def scheduler(self, own: Any) -> Any:
        """A new scheduler with the noise levels of the checkpoint's ``own``."""
        diffusers: Any = import_module("diffusers")
        if self.way == "lcm":
            return diffusers.LCMScheduler.from_config(own.config)
        if self.way == "plain":
            return diffusers.DPMSolverMultistepScheduler.from_config(
                own.config, algorithm_type="dpmsolver++", use_karras_sigmas=True
            )
        return type(own).from_config(own.config)

    def steps_for(self, strength: float) -> int:
        """Steps to ask for when a picture is changed, so that ``steps`` are taken of the share ``strength``."""
        steps = ceil(self.steps / strength)
        return min(steps, MOST_LCM_STEPS) if self.way == "lcm" else steps


DEFAULTS: dict[Way, Sampling] = {
    "plain": Sampling("plain", 25, 7.0),
    "lcm": Sampling("lcm", 4, 1.0),
    "turbo": Sampling("turbo", 4, 0.0),
}
HEEDFUL_LCM_GUIDANCE = 1.6
"""Just enough for a negative prompt to matter; more burns the colours of a latent consistency model."""


def choose(checkpoint: Checkpoint, device: Device, wishes: Wishes, decoder: str = "auto") -> Sampling:
    """The way the wishes ask for.

    Args:
        decoder: what the settings say of it.

    Raises:
        InputError: fast mode is wished, or TAESD set, and there is none for this model.
        EngineMissing: fast mode is wished, or TAESD set, and its weights are not on this machine.
    """
    if decoder == "taesd":
        if checkpoint.family != "sd":
            raise InputError(
                f"TAESD is for Stable Diffusion 1 and 2, not {checkpoint.name}; set diffusion_decoder to vae."
            )
        location("taesd")
    chosen = replace(DEFAULTS[_way(checkpoint, device, wishes)], decoder=decoder)
    if chosen.way == "lcm" and wishes.negative.strip():
        chosen = replace(chosen, guidance=HEEDFUL_LCM_GUIDANCE)
    steps = chosen.steps if wishes.steps is None else wishes.steps
    if chosen.way == "lcm" and steps > MOST_LCM_STEPS:
        raise InputError(f"Fast mode takes at most {MOST_LCM_STEPS} steps; take fewer, or turn fast mode off.")
    return replace(chosen, steps=steps, guidance=chosen.guidance if wishes.guidance is None else float(wishes.guidance))


def _way(checkpoint: Checkpoint, device: Device, wishes: Wishes) -> Way:
    if checkpoint.turbo:
        return "turbo"
    if wishes.fast:
        if not lcm_fits(checkpoint):
            raise InputError(f"Fast mode is for Stable Diffusion 1.5; {checkpoint.name} cannot take its LoRA.")
        return "lcm"
    worthwhile = device.kind == "cpu" and (wishes.steps is None or wishes.steps <= FEW_STEPS)
    if wishes.fast is None and worthwhile and not missing(("lcm_lora",)) and lcm_fits(checkpoint):
        return "lcm"
    return "plain"


def lcm_fits(checkpoint: Checkpoint) -> bool:
    """Whether the LoRA was made for a model with the text width of this one."""
    if checkpoint.family != "sd":
        return False
    from safetensors import safe_open

    with safe_open(lora_file(), framework="pt") as file:
        keys = [key for key in file.keys() if key.endswith("attn2_to_k.lora_down.weight")]  # noqa: SIM118
        widths = {file.get_slice(key).get_shape()[1] for key in keys}
    return checkpoint.text_width in widths
