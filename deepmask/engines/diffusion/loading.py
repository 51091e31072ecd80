"""The networks of one model on one device, loaded once and shared by all that is done with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from deepmask.engines.device import Device, free_bytes, out_of_memory, use_all_cores
from deepmask.engines.diffusion.checkpoint import (
    Checkpoint,
    Family,
    assert_whole,
    lora_file,
    numbers_in,
    read_json,
    weight_files,
)
from deepmask.errors import EngineFailed, InputError
from deepmask.weights import location, missing, variant

PIPELINES: dict[Family, str] = {"sd": "StableDiffusion", "sdxl": "StableDiffusionXL"}
"""How diffusers names the pipelines of each family."""
OFFLOAD_BELOW = {"sd": 6 << 30, "sdxl": 12 << 30}
"""With less memory on a graphics card, networks lie in main memory and visit the card one by one; bytes."""
WORKING_BYTES = {"sd": 3 << 30, "sdxl": 4 << 30}
"""Taken besides the weights while a portrait is painted and looked at; the safety checker is 1.1 GiB of it."""
SLICE_BELOW = 24 << 30
"""With less memory shared with the system (MPS), attention is computed in slices; bytes."""


@dataclass(frozen=True)
class Wanted:
    """What has to be loaded; another value means loading anew."""

    checkpoint: Checkpoint
    device: Device
    lcm: bool
    """With the LoRA of latent consistency merged into the network."""
    frugal: bool = False
    """Offload and slice in any case."""


class Networks:
    """A loaded model. Parts that only some portraits need are added on first use."""

    def __init__(self, wanted: Wanted, *, posed: bool = False) -> None:
        """Load.

        Args:
            posed: whether a pose will be wished, so that there must be room for what heeds it.

        Raises:
            EngineFailed: a file is broken, which the message names, or memory does not suffice.
            InputError: a pose is wished of a model there is no ControlNet for.
            EngineMissing: the ControlNet is not on this machine.
        """
        self.wanted = wanted
        self._controlnet: Any = None
        self._small_decoder: Any = None
        self._assert_room(_pose_files(wanted.checkpoint) if posed else [])
        use_all_cores()
        with readable_failures(wanted.checkpoint.name):
            self._pipes = {(False, False): self._load()}
        self.own_scheduler = self.base.scheduler
        """As the checkpoint has it; pipelines get others."""

    @property
    def base(self) -> Any:
        """The text-to-image pipeline."""
        return self._pipes[False, False]

    def pipe(self, *, pose: bool, picture: bool) -> Any:
        """The pipeline that heeds a pose or starts from a picture; its networks are those of :attr:`base`.

        Raises:
            InputError: a pose is wished of a model there is no ControlNet for.
            EngineMissing: the ControlNet is not on this machine.
        """
        if (pose, picture) not in self._pipes:
            with readable_failures("controlnet_openpose" if pose else self.wanted.checkpoint.name):
                self._pipes[pose, picture] = self._variant(pose, picture)
        pipe = self._pipes[pose, picture]
        if self._offloads:
            pipe.enable_model_cpu_offload(device=self.wanted.device.kind)
        return pipe

    @property
    def small_decoder(self) -> Any | None:
        """TAESD, or None where its weights are absent or it was made for other models."""
        if self._small_decoder is None and self.wanted.checkpoint.family == "sd" and not missing(("taesd",)):
            folder = location("taesd")
            with readable_failures("taesd"):
                assert_whole(weight_files(folder))
                self._small_decoder = (
                    _diffusers()
                    .AutoencoderTiny.from_pretrained(folder, use_safetensors=True, local_files_only=True)
                    .to(self.wanted.device.kind)
                )
        return self._small_decoder

    @property
    def _offloads(self) -> bool:
        device = self.wanted.device
        tight = device.memory_bytes < OFFLOAD_BELOW[self.wanted.checkpoint.family]
        return device.kind == "cuda" and (tight or self.wanted.frugal)

    def _load(self) -> Any:
        checkpoint, device = self.wanted.checkpoint, self.wanted.device
        assert_whole(checkpoint.files())
        kind = getattr(_diffusers(), f"{PIPELINES[checkpoint.family]}Pipeline")
        no_checker = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        pipe = kind.from_pretrained(
            checkpoint.folder,
            dtype={"default": device.dtype, "vae": self._decoder_dtype()},
            variant=variant(checkpoint.folder),
            use_safetensors=True,
            local_files_only=True,
            **(no_checker if checkpoint.family == "sd" else {"add_watermarker": False}),
        )
        pipe.set_progress_bar_config(disable=True)
        if self.wanted.lcm:
            lora = lora_file()
            assert_whole([lora])
            pipe.load_lora_weights(lora.parent, weight_name=lora.name, local_files_only=True)
            pipe.fuse_lora()
            pipe.unload_lora_weights()
        if not self._offloads:
            pipe.to(device.kind)
        shared_memory_is_little = device.kind == "mps" and device.memory_bytes < SLICE_BELOW
        if self.wanted.frugal or shared_memory_is_little:
            pipe.enable_attention_slicing()
        if self.wanted.frugal:
            pipe.vae.enable_tiling()
        return pipe

    def _assert_room(self, more: list[Path]) -> None:
        """Weights and work fit into the machine: a system that runs out of memory ends the program without a word."""
        checkpoint, device = self.wanted.checkpoint, self.wanted.device
        decoder = weight_files(checkpoint.folder / "vae")
        others = [path for path in checkpoint.files() if path not in decoder] + more
        needed = numbers_in(others) * device.dtype.itemsize + numbers_in(decoder) * self._decoder_dtype().itemsize
        needed += WORKING_BYTES[checkpoint.family]
        free = free_bytes("cpu")
        if device.kind != "cuda" and needed > free:
            raise EngineFailed(
                f"The model {checkpoint.name} needs about {needed / 2**30:.1f} GiB of memory and "
                f"{free / 2**30:.1f} GiB are free; close other programs, or set diffusion_model to a smaller one."
            )

    def _decoder_dtype(self) -> Any:
        """Decoders show the rounding of halves: they get float32 where that is cheap or where theirs overflows."""
        import torch

        overflows = bool(read_json(self.wanted.checkpoint.folder / "vae" / "config.json").get("force_upcast"))
        xl_or_cpu = self.wanted.device.kind == "cpu" or (overflows and self.wanted.checkpoint.family == "sdxl")
        return torch.float32 if xl_or_cpu else self.wanted.device.dtype

    def _variant(self, pose: bool, picture: bool) -> Any:
        sd = self.wanted.checkpoint.family == "sd"
        name = PIPELINES[self.wanted.checkpoint.family] + "ControlNet" * pose + "Img2Img" * picture
        extra: dict[str, Any] = {"requires_safety_checker": False} if sd else {"add_watermarker": False}
        if pose:
            extra["controlnet"] = self._pose_net()
        pipe = getattr(_diffusers(), f"{name}Pipeline")(**self.base.components, **extra)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def _pose_net(self) -> Any:
        if self._controlnet is None:
            assert_whole(_pose_files(self.wanted.checkpoint))
            folder = location("controlnet_openpose")
            device = self.wanted.device
            net = _diffusers().ControlNetModel.from_pretrained(
                folder, dtype=device.dtype, variant=variant(folder), use_safetensors=True, local_files_only=True
            )
            self._controlnet = net if self._offloads else net.to(device.kind)
        return self._controlnet


def _pose_files(checkpoint: Checkpoint) -> list[Path]:
    """The weights of the ControlNet for a model."""
    folder = location("controlnet_openpose")
    if not pose_fits(checkpoint, folder):
        raise InputError(
            f"Face poses are for Stable Diffusion 1.5; paint without one, or set diffusion_model to sd15 "
            f"instead of {checkpoint.name}."
        )
    return weight_files(folder)


def pose_fits(checkpoint: Checkpoint, folder: Path) -> bool:
    """Whether the ControlNet was made for a model with the text width of this one."""
    width = read_json(folder / "config.json").get("cross_attention_dim")
    return checkpoint.family == "sd" and checkpoint.text_width == width


@contextmanager
def readable_failures(name: str) -> Iterator[None]:
    """What libraries say of files they cannot load, as one sentence; want of memory stays what it is."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, RuntimeError, MemoryError, SafetensorError) as error:
        if out_of_memory(error):
            raise
        reason = str(error).strip().split("\n")[0][:200]
        raise EngineFailed(f"The model {name} cannot be loaded ({reason}); fetch its files again.") from error


def _diffusers() -> Any:
    """The library, which declares none of its names to type checkers."""
    return import_module("diffusers")


def quiet() -> None:
    """Libraries tell nothing on stderr: what a user has to know comes as an exception."""
    import diffusers.utils.logging
    import transformers.utils.logging

    for log in (diffusers.utils.logging, transformers.utils.logging):
        log.set_verbosity_error()
        log.disable_progress_bar()
