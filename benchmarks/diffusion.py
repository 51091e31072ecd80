"""``python -m benchmarks.diffusion``: what a portrait of 512 px costs with networks of full size and random weights.

Speed does not depend on what a network has learned, so nothing is downloaded. Each part is measured by itself and the
portrait is the sum of its parts: plain as diffusers comes (20 guided steps, full decoder), and as Deepmask paints by
default. On a processor the unit is the processor time of one thread, in which other work on the machine is not counted;
on a graphics card it is time by the clock.
"""

from __future__ import annotations

import gc
import platform
import statistics
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch

from benchmarks.tables import Measure, print_table
from deepmask.config import Settings
from deepmask.engines.device import Device, device
from deepmask.engines.diffusion.loading import quiet
from deepmask.engines.diffusion.sampling import DEFAULTS

PLAIN_STEPS, OUR_STEPS = 20, DEFAULTS["lcm"].steps
LATENT_PX, TEXT_TOKENS, TEXT_WIDTH = 64, 77, 768
REPEATS = 2
RATIO_BAR = 8.0

UNET: dict[str, Any] = {
    "sample_size": LATENT_PX, "cross_attention_dim": TEXT_WIDTH, "attention_head_dim": 8, "layers_per_block": 2,
    "block_out_channels": (320, 640, 1280, 1280),
}  # fmt: skip
"""As in the ``config.json`` of Stable Diffusion 1.5; the rest are the defaults of diffusers."""
DECODER: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4, "sample_size": 512,
    "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
}  # fmt: skip


def main() -> None:
    """Measure and print the tables."""
    quiet()
    place = device(Settings.load())
    if place.kind == "cpu":
        torch.set_num_threads(1)
    print(f"torch {torch.__version__} on {device_name(place)}, {place.precision}", flush=True)
    diffusers = import_module("diffusers")
    plain_dtype = torch.float32 if place.kind == "cpu" else torch.float16
    unet = diffusers.UNet2DConditionModel(**UNET).eval()
    plain_step = step(unet, place, plain_dtype, batch=2)
    our_step = step(unet, place, place.dtype, batch=1)
    last = step(unet, place, place.dtype, batch=1, channels_last=True)
    net = diffusers.ControlNetModel.from_unet(unet).eval()
    del unet
    gc.collect()
    pose_step = step(net, place, place.dtype, batch=1, controlnet_cond=noise(place, place.dtype, 1, 3, 512))
    del net
    gc.collect()
    plain_decode = decode(diffusers.AutoencoderKL(**DECODER).eval(), place, plain_dtype)
    our_decode = decode(diffusers.AutoencoderTiny().eval(), place, torch.float32)
    plain, ours = PLAIN_STEPS * plain_step + plain_decode, OUR_STEPS * our_step + our_decode
    print_table(
        "Parts",
        [
            Measure(f"network, guided step (two pictures), {short_name(plain_dtype)}", plain_step, "s"),
            Measure(f"network, unguided step, {place.precision}", our_step, "s"),
            Measure(f"the same, channels last, {place.precision}", last, "s"),
            Measure(f"ControlNet, a step, {place.precision}", pose_step, "s"),
            Measure(f"full decoder, {short_name(plain_dtype)}", plain_decode, "s"),
            Measure("small decoder (TAESD), float32", our_decode, "s"),
        ],
    )
    print_table(
        "A portrait of 512 px",
        [
            Measure(f"plain: {PLAIN_STEPS} guided steps, full decoder", plain, "s"),
            Measure(f"fast: {OUR_STEPS} steps without guidance, small decoder", ours, "s"),
            Measure("fast, with a face pose", ours + OUR_STEPS * pose_step, "s"),
            Measure("plain : fast", plain / ours, "", RATIO_BAR, at_least=True),
        ],
    )


def step(
    network: Any,
    place: Device,
    dtype: torch.dtype,
    batch: int,
    *,
    channels: int = 4,
    channels_last: bool = False,
    **more: Any,
) -> float:
    """Seconds of one pass of the denoising network or the ControlNet."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = network.to(place.kind, dtype, memory_format=layout)
    latents = noise(place, dtype, batch, channels, LATENT_PX)
    text = torch.randn(batch, TEXT_TOKENS, TEXT_WIDTH).to(place.kind, dtype)
    return seconds(lambda: network(latents, 500, encoder_hidden_states=text, return_dict=False, **more), place)


def decode(decoder: Any, place: Device, dtype: torch.dtype) -> float:
    """Seconds for one picture."""
    decoder = decoder.to(place.kind, dtype)
    latents = noise(place, dtype, 1, 4, LATENT_PX)
    return seconds(lambda: decoder.decode(latents), place)


def noise(place: Device, dtype: torch.dtype, batch: int, channels: int, side: int) -> torch.Tensor:
    """(batch, channels, side, side)."""
    return torch.randn(batch, channels, side, side).to(place.kind, dtype)


def seconds(work: Callable[[], object], place: Device) -> float:
    """Median time of ``work`` after a first run."""
    clock = time.process_time if place.kind == "cpu" else time.perf_counter
    times = []
    with torch.no_grad():
        for _ in range(1 + REPEATS):
            _finish(place)
            start = clock()
            work()
            _finish(place)
            times.append(clock() - start)
    return statistics.median(times[1:])


def _finish(place: Device) -> None:
    """Wait for what a graphics card still computes."""
    if place.kind == "cuda":
        torch.cuda.synchronize()
    elif place.kind == "mps":
        torch.mps.synchronize()


def device_name(place: Device) -> str:
    """Of the graphics card or the processor."""
    return torch.cuda.get_device_name() if place.kind == "cuda" else platform.processor() or platform.machine()


def short_name(dtype: torch.dtype) -> str:
    """'float16'."""
    return str(dtype).removeprefix("torch.")


if __name__ == "__main__":
    main()
