"""``python -m benchmarks.inpaint``: what filling a hole costs with networks of full size and random weights.

As in :mod:`benchmarks.diffusion`, nothing is downloaded, each part is measured by itself, and on a processor the unit
is the processor time of one thread. Plain is what Deepmask does on a graphics card, fast what it does on a processor:
both are guided, as without guidance nothing keeps people out of a background.
"""

from __future__ import annotations

import gc
import time
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks.diffusion import DECODER, UNET, device_name, noise, seconds, short_name, step
from benchmarks.tables import Measure, print_table
from deepmask.area import Area
from deepmask.config import Settings
from deepmask.engines.device import Device, device
from deepmask.engines.diffusion.body_pose import BodyPose
from deepmask.engines.diffusion.hole import matched, patch, scene, view
from deepmask.engines.diffusion.loading import quiet
from deepmask.engines.diffusion.sampling import DEFAULTS

PLAIN_STEPS, FAST_STEPS = DEFAULTS["plain"].steps, DEFAULTS["lcm"].steps
RATIO_BAR = 8.0
SIDE_PX = 512
PHOTO_WH = (4000, 3000)


def main() -> None:
    """Measure and print the tables."""
    quiet()
    place = device(Settings.load())
    if place.kind == "cpu":
        torch.set_num_threads(1)
    print(f"torch {torch.__version__} on {device_name(place)}, {place.precision}", flush=True)
    diffusers = import_module("diffusers")
    plain_dtype = torch.float32 if place.kind == "cpu" else torch.float16
    unet = diffusers.UNet2DConditionModel(**UNET, in_channels=9).eval()
    plain_step = step(unet, place, plain_dtype, batch=2, channels=9)
    fast_step = step(unet, place, place.dtype, batch=2, channels=9)
    del unet
    gc.collect()
    net = diffusers.ControlNetModel.from_unet(diffusers.UNet2DConditionModel(**UNET)).eval()
    pose_step = step(net, place, place.dtype, batch=2, controlnet_cond=noise(place, place.dtype, 2, 3, SIDE_PX))
    del net
    gc.collect()
    coders = [_coding(diffusers.AutoencoderKL(**DECODER), place, plain_dtype)]
    coders.append(_coding(diffusers.AutoencoderTiny(), place, torch.float32))
    plain, fast = PLAIN_STEPS * plain_step + coders[0], FAST_STEPS * fast_step + coders[1]
    print_table(
        "Parts",
        [
            Measure(f"network with nine channels, guided step, {short_name(plain_dtype)}", plain_step, "s"),
            Measure(f"the same, {place.precision}", fast_step, "s"),
            Measure(f"ControlNet, a guided step, {place.precision}", pose_step, "s"),
            Measure(f"encoding and decoding, {short_name(plain_dtype)}", coders[0], "s"),
            Measure("the same by TAESD, float32", coders[1], "s"),
        ],
    )
    print_table(
        f"A hole, on a canvas of {SIDE_PX} px",
        [
            Measure(f"plain: {PLAIN_STEPS} guided steps", plain, "s"),
            Measure(f"fast: {FAST_STEPS} guided steps, small coder", fast, "s"),
            Measure("fast, with the pose of a body", fast + FAST_STEPS * pose_step, "s"),
            Measure("plain : fast", plain / fast, "", RATIO_BAR, at_least=True),
        ],
    )
    print_table("Around the network, at 12 megapixels", _around())


def _coding(coder: Any, place: Device, dtype: torch.dtype) -> float:
    """Seconds for encoding and decoding one picture."""
    coder = coder.eval().to(place.kind, dtype)
    picture, latents = noise(place, dtype, 1, 3, SIDE_PX), noise(place, dtype, 1, 4, SIDE_PX // 8)
    return seconds(lambda: (coder.encode(picture), coder.decode(latents)), place)


def _around() -> list[Measure]:
    """Seconds by the clock of all that is done to the picture."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (PHOTO_WH[1], PHOTO_WH[0], 3), dtype=np.uint8)
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.ellipse(mask, (1800, 1600), (600, 1300), 0, 0, 360, (1,), -1)
    hole = Area.of(mask.astype(bool))
    BodyPose.read(image, hole)
    start = time.perf_counter()
    BodyPose.read(image, hole)
    posed = time.perf_counter()
    seen = view(hole, SIDE_PX)
    shown = scene(image, hole, seen)
    cut = time.perf_counter()
    patch(image, hole, seen, matched(shown.picture, shown)).paste(image)
    put_back = time.perf_counter()
    return [
        Measure("reading the pose", posed - start, "s"),
        Measure("cutting out and filling before", cut - posed, "s"),
        Measure("matching colours and putting back", put_back - cut, "s"),
    ]


if __name__ == "__main__":
    main()
