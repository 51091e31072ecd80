"""The networks of one model on one device, loaded once and shared by all that is done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from deepmask.engines.diffusion.overrides import Overrides
from deepmask.errors import EngineFailed, InputError
from deepmask.weights import location, missing, variant

PIPELINES: dict[Family, str] = {"sd": "StableDiffusion", "sdxl": "StableDiffusionXL"}
"""How diffusers names the pipelines of each family."""
WORKING_BYTES = {"sd": 3 << 30, "sdxl": 4 << 30}
"""Taken besides the weights while a portrait is painted and looked at; the safety checker is 1.1 GiB of it."""


@dataclass(frozen=True)
class Wanted:
    """What has to be loaded; another value means loading anew."""

    checkpoint: Checkpoint
    device: Device
    lcm: bool
    """With the LoRA of latent consistency merged into the network."""
    frugal: bool = False
    """Offload, slice and tile wherever the user does not forbid it."""
    overrides: Overrides = Overrides()
    """What the user decided."""

    @property
    def offloads(self) -> bool:
        """Whether networks lie in main memory and visit the graphics card one by one.

        Raises:
            InputError: the user wants that of a processor.
        """
        return self.overrides.offloads(self.device, self.checkpoint.family, self.frugal)

    @property
    def slices_attention(self) -> bool:
        """Whether attention is computed in slices."""
        return self.overrides.slices_attention(self.device, self.frugal)

    @property
    def tiles(self) -> bool:
        """Whether large pictures are decoded in tiles."""
        return self.overrides.tiles(self.frugal)


class Networks:
    """A loaded model. Parts that only some portraits need are added on first use."""

    def __init__(
        self, wanted: Wanted, *, controls: tuple[str, ...] = (), make_room: Callable[[], None] = lambda: None
    ) -> None:
        """Load.

        Args:
            controls: sets of weights of the ControlNets that will be asked for: there must be room for them.
            make_room: called where memory does not suffice, before giving up.

        Raises:
            EngineFailed: a file is broken, which the message names, or memory does not suffice.
            InputError: a ControlNet does not go with the model.
            EngineMissing: a ControlNet is not on this machine.
        """
        self.wanted = wanted
        self._controlnets: dict[str, Any] = {}
        self._small_decoder: Any = None
        self._assert_room([path for name in controls for path in control_files(wanted.checkpoint, name)], make_room)
        use_all_cores()
        with readable_failures(wanted.checkpoint.name):
            self._pipes: dict[tuple[str, tuple[str, ...]], Any] = {("", ()): self._load()}
        self.own_scheduler = self.base.scheduler
        """As the checkpoint has it; pipelines get others."""

    @property
    def base(self) -> Any:
        """The text-to-image pipeline, or that of inpainting for a model made for it."""
        return self._pipes["", ()]

    def pipe(self, *, pose: bool, picture: bool) -> Any:
        """The pipeline that heeds a pose or starts from a picture; its networks are those of :attr:`base`.

        Raises:
            InputError: a pose is wished of a model there is no ControlNet for.
            EngineMissing: the ControlNet is not on this machine.
        """
        return self._ready("Img2Img" if picture else "", ("controlnet_openpose",) if pose else ())

    def inpainting(self, controls: tuple[str, ...] = ()) -> Any:
        """The pipeline that fills holes, with the ControlNets of these sets; a model made for it needs none.

        Raises:
            InputError, EngineMissing: as :meth:`pipe`.
        """
        return self._ready("Inpaint" if controls or not self.wanted.checkpoint.inpaints else "", controls)

    def _ready(self, job: str, controls: tuple[str, ...]) -> Any:
        if (job, controls) not in self._pipes:
            with readable_failures(controls[-1] if controls else self.wanted.checkpoint.name):
                self._pipes[job, controls] = self._variant(job, controls)
        pipe = self._pipes[job, controls]
        if self.wanted.offloads:
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
                if self.wanted.tiles:
                    self._small_decoder.enable_tiling()
        return self._small_decoder

    def _load(self) -> Any:
        checkpoint, device = self.wanted.checkpoint, self.wanted.device
        assert_whole(checkpoint.files())
        kind = getattr(_diffusers(), f"{PIPELINES[checkpoint.family]}{'Inpaint' * checkpoint.inpaints}Pipeline")
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
        if not self.wanted.offloads:
            pipe.to(device.kind)
        if self.wanted.slices_attention:
            pipe.enable_attention_slicing()
        if self.wanted.tiles:
            pipe.vae.enable_tiling()
        return pipe

    def _assert_room(self, more: list[Path], make_room: Callable[[], None]) -> None:
        """Weights and work fit into the machine: a system that runs out of memory ends the program without a word."""
        checkpoint, device = self.wanted.checkpoint, self.wanted.device
        decoder = weight_files(checkpoint.folder / "vae")
        others = [path for path in checkpoint.files() if path not in decoder] + more
        needed = numbers_in(others) * device.dtype.itemsize + numbers_in(decoder) * self._decoder_dtype().itemsize
        needed += WORKING_BYTES[checkpoint.family]
        where = "cuda" if device.kind == "cuda" else "cpu"
        if needed > free_bytes(where):
            make_room()
        free = free_bytes(where)
        if device.kind != "cuda" and needed > free:
            raise EngineFailed(
                f"The model {checkpoint.name} needs about {needed / 2**30:.1f} GiB of memory and "
                f"{free / 2**30:.1f} GiB are free; close other programs, or set "
                f"{'inpaint_model' if checkpoint.inpaints else 'diffusion_model'} to a smaller one."
            )

    def _decoder_dtype(self) -> Any:
        """Decoders show the rounding of halves: they get float32 where that is cheap or where theirs overflows."""
        import torch

        overflows = bool(read_json(self.wanted.checkpoint.folder / "vae" / "config.json").get("force_upcast"))
        xl_or_cpu = self.wanted.device.kind == "cpu" or (overflows and self.wanted.checkpoint.family == "sdxl")
        return torch.float32 if xl_or_cpu else self.wanted.device.dtype

    def _variant(self, job: str, controls: tuple[str, ...]) -> Any:
        sd = self.wanted.checkpoint.family == "sd"
        name = PIPELINES[self.wanted.checkpoint.family] + "ControlNet" * bool(controls) + job
        extra: dict[str, Any] = {"requires_safety_checker": False} if sd else {"add_watermarker": False}
        if controls:
            nets = [self._control_net(name) for name in controls]
            extra["controlnet"] = nets[0] if len(nets) == 1 else nets
        pipe = getattr(_diffusers(), f"{name}Pipeline")(**self.base.components, **extra)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def _control_net(self, name: str) -> Any:
        if name not in self._controlnets:
            assert_whole(control_files(self.wanted.checkpoint, name))
            folder = location(name)
            device = self.wanted.device
            net = _diffusers().ControlNetModel.from_pretrained(
                folder, dtype=device.dtype, variant=variant(folder), use_safetensors=True, local_files_only=True
            )
            self._controlnets[name] = net if self.wanted.offloads else net.to(device.kind)
        return self._controlnets[name]


def control_files(checkpoint: Checkpoint, name: str) -> list[Path]:
    """The weights of the ControlNet ``name`` for a model.

    Raises:
        InputError: it was made for other models.
        EngineMissing: it is not on this machine.
    """
    folder = location(name)
    if not pose_fits(checkpoint, folder):
        what = "Face poses are" if name == "controlnet_openpose" else f"The ControlNet {name} is"
        raise InputError(
            f"{what} for Stable Diffusion 1.5; paint without one, or set diffusion_model to sd15 "
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
