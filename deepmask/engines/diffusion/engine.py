"""Portraits by Stable Diffusion: words and a seed become a picture, in the pose that is wished."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from deepmask.config import Settings
from deepmask.engines.device import Device, device, free_memory, out_of_memory
from deepmask.engines.diffusion import checkpoint, sampling
from deepmask.engines.diffusion.checkpoint import Checkpoint
from deepmask.engines.diffusion.encoding import encode
from deepmask.engines.diffusion.loading import Networks, Wanted, quiet
from deepmask.engines.diffusion.preview import veiled
from deepmask.engines.diffusion.safety import PictureCheck, folder_of_checker
from deepmask.engines.diffusion.sampling import Sampling
from deepmask.engines.diffusion.unfit import refuse_unfit
from deepmask.engines.diffusion.watch import Watch
from deepmask.engines.diffusion.words import negative_words, portrait_words
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import RGBImage
from deepmask.persona import Attributes
from deepmask.progress import Progress, part, silent
from deepmask.weights import location, missing
from deepmask.wishes import Preview, Wishes, unseen

LARGEST_CANVAS = 1.5
"""Sides beyond this many times the model's own grow second heads; larger portraits are enlarged instead."""
SMALLER_CANVASES = (0.75, 0.5)
"""Tried where memory does not suffice."""
LEAST_STRENGTH = 0.1


@dataclass(frozen=True)
class _Job:
    """One portrait to paint."""

    prompt: str
    negative: str
    seed: int
    canvas_px: int
    wishes: Wishes
    sampling: Sampling
    start: RGBImage | None = None
    """The portrait that is changed; None: from noise."""
    strength: float = 1.0
    """How far it is changed."""


class Diffusion:
    """Stable Diffusion 1.5 with ControlNet and LCM-LoRA, or any other model of its family or of SDXL's."""

    def __init__(self) -> None:
        self._networks: Networks | None = None
        self._check: PictureCheck | None = None
        self._frugal = False
        """Memory did not suffice before."""
        self._reduced = ""

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
        """A (size_px, size_px, 3) portrait; the same arguments give the same picture on the same machine.

        Raises:
            InputError: the words ask for a minor, for sexual content or are too many; or the model cannot do this.
            EngineMissing: weights are absent; the message has the command.
            EngineFailed: memory does not suffice, a file is broken, or the safety checker refused the picture.
        """
        return self._make(attributes, seed, size_px, wishes or Wishes(), progress, preview)

    def vary(
        self,
        portrait: RGBImage,
        attributes: Attributes,
        seed: int,
        *,
        wishes: Wishes | None = None,
        strength: float = 0.5,
        progress: Progress = silent,
        preview: Preview = unseen,
    ) -> RGBImage:
        """The portrait (n, n, 3) changed towards the words by ``strength``, 0.1..1 (SDEdit, Meng et al., 2022).

        Raises:
            As :meth:`paint`.
        """
        if not LEAST_STRENGTH <= strength <= 1:
            raise InputError(f"The strength of a variation must lie between {LEAST_STRENGTH} and 1, got {strength}.")
        return self._make(
            attributes, seed, portrait.shape[0], wishes or Wishes(), progress, preview, portrait, strength
        )

    def recipe(self, wishes: Wishes | None = None) -> dict[str, str]:
        """What a portrait depends on besides the arguments; and what the last one had to do without."""
        wishes = wishes or Wishes()
        settings, model, place, way = self._plan(wishes)
        recipe = {
            "model": model.title,
            "model_digest": checkpoint.digest(model.name, model.files()),
            "scheduler": way.scheduler_name,
            "steps": str(way.steps),
            "guidance": f"{way.guidance:g}",
            "decoder": "taesd" if way.small_decoder and not missing(("taesd",)) else "vae",
            "device": place.kind,
            "precision": place.precision,
            "safety_checker": "on" if settings.safety_checker else "off",
        }
        for name, used in (("lcm_lora", way.way == "lcm"), ("controlnet_openpose", wishes.pose is not None)):
            if used:
                recipe[f"{name}_digest"] = checkpoint.digest(name, checkpoint.weight_files(location(name)))
        if not way.guided:
            recipe["negative_words"] = "idle without guidance"
        if self._reduced:
            recipe["reduced"] = self._reduced
        return recipe | {package: version(package) for package in ("torch", "diffusers", "transformers")}

    def release(self) -> None:
        """Give back the memory of the networks; the next portrait loads them again."""
        kind = self._networks.wanted.device.kind if self._networks else "cpu"
        self._networks = self._check = None
        free_memory(kind)

    # -- one portrait ------------------------------------------------------------------------------------------------

    def _plan(self, wishes: Wishes) -> tuple[Settings, Checkpoint, Device, Sampling]:
        settings = Settings.load()
        place, model = device(settings), checkpoint.find(settings.diffusion_model)
        return settings, model, place, sampling.choose(model, place, wishes)

    def _make(
        self,
        attributes: Attributes,
        seed: int,
        size_px: int,
        wishes: Wishes,
        progress: Progress,
        preview: Preview,
        start: RGBImage | None = None,
        strength: float = 1.0,
    ) -> RGBImage:
        refuse_unfit(attributes, wishes.prompt, wishes.negative)
        quiet()
        settings, model, place, way = self._plan(wishes)
        self._prepare_check(settings)
        prompt, negative = portrait_words(attributes, wishes.prompt), negative_words(wishes.negative)
        job = _Job(prompt, negative, seed, _canvas(model, size_px), wishes, way, start, strength)
        shown = preview if preview is unseen or self._check is None else lambda image: preview(veiled(image))
        picture = self._within_memory(Wanted(model, place, way.way == "lcm"), job, part(progress, 0.0, 0.96), shown)
        progress(0.96, "Looking at the portrait")
        if self._check is not None:
            self._check.refuse_unfit(picture)
        progress(1.0, "Painted")
        return _resized(picture, size_px)

    def _prepare_check(self, settings: Settings) -> None:
        folder = folder_of_checker() if settings.safety_checker else None
        if folder is None:
            self._check = None
        elif self._check is None or self._check.folder != folder:
            self._check = PictureCheck(folder)

    def _within_memory(self, wanted: Wanted, job: _Job, progress: Progress, preview: Preview) -> RGBImage:
        """The picture, made smaller and smaller as long as memory does not suffice."""
        for frugal, canvas_px in self._ladder(job.canvas_px):
            self._reduced = "" if not frugal else "slices and tiles to save memory"
            if canvas_px < job.canvas_px:
                self._reduced += f"; painted at {canvas_px} px"
            try:
                picture = self._attempt(
                    replace(wanted, frugal=frugal), replace(job, canvas_px=canvas_px), progress, preview
                )
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    reason = str(error).strip().split("\n")[0][:200]
                    raise EngineFailed(
                        f"The model {wanted.checkpoint.name} failed while painting ({reason})."
                    ) from error
            else:
                self._frugal = frugal
                return picture
            self.release()  # outside of the handler: a traceback holds on to tensors
            progress(0.0, "Memory did not suffice; again, more sparingly")
        raise EngineFailed(
            "Memory does not suffice for this model; close other programs, ask for a smaller portrait, "
            "or set device to cpu."
        )

    def _ladder(self, canvas_px: int) -> Iterator[tuple[bool, int]]:
        if not self._frugal:
            yield False, canvas_px
        yield True, canvas_px
        for share in SMALLER_CANVASES:
            yield True, round(canvas_px * share / 8) * 8

    def _attempt(self, wanted: Wanted, job: _Job, progress: Progress, preview: Preview) -> RGBImage:
        if self._networks is None or self._networks.wanted != wanted:
            self._drop_networks()
            progress(0.0, f"Loading {wanted.checkpoint.name}")
            self._networks = Networks(wanted, posed=job.wishes.pose is not None)
        networks = self._networks
        pipe = networks.pipe(pose=job.wishes.pose is not None, picture=job.start is not None)
        pipe.scheduler = job.sampling.scheduler(networks.own_scheduler)
        decoder = (networks.small_decoder if job.sampling.small_decoder else None) or pipe.vae
        try:
            latents = self._denoise(pipe, decoder, wanted, job, part(progress, 0.05, 0.92), preview)
            progress(0.92, "Developing the portrait")
            return _decoded(decoder, latents, wanted.device)
        finally:
            pipe.maybe_free_model_hooks()

    def _drop_networks(self) -> None:
        """As :meth:`release`, but the safety checker stays."""
        check = self._check
        self.release()
        self._check = check

    def _denoise(self, pipe: Any, decoder: Any, wanted: Wanted, job: _Job, progress: Progress, preview: Preview) -> Any:
        """Latents (1, 4, canvas / 8, canvas / 8)."""
        import torch

        way, size = job.sampling, job.canvas_px
        generator = torch.Generator("cpu").manual_seed(job.seed)  # the same noise on every device
        arguments = encode(pipe, job.prompt, job.negative if way.guided else None)
        steps = way.steps
        pose = None if job.wishes.pose is None else _pil(job.wishes.pose.draw(size))
        if job.start is None:
            noise = torch.randn((1, 4, size // 8, size // 8), generator=generator)
            arguments |= {"latents": noise.to(wanted.device.dtype), "height": size, "width": size}
            arguments |= {} if pose is None else {"image": pose}
        else:
            steps = way.steps_for(job.strength)
            start = _encoded(decoder, _resized(job.start, size), wanted.device).to(wanted.device.dtype)
            arguments |= {"image": start, "strength": job.strength}
            arguments |= {} if pose is None else {"control_image": pose}
        with Watch(progress, preview, wanted.checkpoint.family).over(pipe, way.steps) as step_ended:
            latents = pipe(
                **arguments,
                num_inference_steps=steps,
                guidance_scale=way.guidance,
                generator=generator,
                output_type="latent",
                callback_on_step_end=step_ended,
            ).images
        if not bool(torch.isfinite(latents).all()):
            raise _overflow("network", wanted.device)
        return latents


def _canvas(model: Checkpoint, size_px: int) -> int:
    """Side that is painted: near the size wished, as far as the model can, and in steps it likes."""
    step = max(8, model.native_px // 8)
    side = min(max(size_px, model.native_px), LARGEST_CANVAS * model.native_px)
    return int(-(-side // step) * step)


def _decoded(decoder: Any, latents: Any, place: Device) -> RGBImage:
    import torch

    with torch.no_grad():
        values = decoder.decode(latents.to(decoder.dtype) / decoder.config.scaling_factor, return_dict=False)[0][0]
    if not bool(torch.isfinite(values).all()):
        raise _overflow("decoder", place)
    values = (values.float() / 2 + 0.5).clamp(0, 1)
    return np.rint(values.permute(1, 2, 0).cpu().numpy() * 255).astype(np.uint8)


def _overflow(part: str, place: Device) -> EngineFailed:
    return EngineFailed(f"The numbers of the {part} overflowed in {place.precision}; set precision to float32.")


def _encoded(decoder: Any, picture: RGBImage, place: Device) -> Any:
    """Latents (1, 4, h / 8, w / 8) of a picture."""
    import torch

    values = torch.from_numpy(picture.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.no_grad():
        found = decoder.encode(values.to(place.kind, decoder.dtype))  # a decoder that is offloaded says "cpu"
    latents = found.latents if hasattr(found, "latents") else found.latent_dist.mode()
    return latents * decoder.config.scaling_factor


def _resized(picture: RGBImage, side_px: int) -> RGBImage:
    if picture.shape[:2] == (side_px, side_px):
        return picture
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((side_px, side_px), Image.Resampling.LANCZOS))


def _pil(picture: RGBImage) -> Any:
    from PIL import Image

    return Image.fromarray(picture)
