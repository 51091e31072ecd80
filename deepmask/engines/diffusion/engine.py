"""Portraits by Stable Diffusion: words and a seed become a picture, in the pose that is wished."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from deepmask.config import Settings
from deepmask.engines.device import Device, device, free_memory
from deepmask.engines.diffusion import checkpoint, sampling
from deepmask.engines.diffusion.checkpoint import Checkpoint
from deepmask.engines.diffusion.encoding import encode
from deepmask.engines.diffusion.latents import as_tensor, assert_finite, decoded, encoded
from deepmask.engines.diffusion.loading import Networks, Wanted, quiet
from deepmask.engines.diffusion.overrides import Overrides
from deepmask.engines.diffusion.preview import veiled
from deepmask.engines.diffusion.safety import PictureCheck, folder_of_checker
from deepmask.engines.diffusion.sampling import Sampling
from deepmask.engines.diffusion.sparing import Rung, keep_track_of, release_others, within_memory
from deepmask.engines.diffusion.unfit import refuse_unfit
from deepmask.engines.diffusion.watch import Watch
from deepmask.engines.diffusion.words import negative_words, portrait_words
from deepmask.errors import InputError
from deepmask.faces import RGBImage
from deepmask.persona import Attributes
from deepmask.progress import Progress, part, silent
from deepmask.weights import location, missing, read_new
from deepmask.wishes import Preview, Wishes, unseen

LARGEST_CANVAS = 1.5
"""Sides beyond this many times the model's own grow second heads; larger portraits are enlarged instead."""
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
        keep_track_of(self)

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
        recipe |= Overrides.of(settings).made()
        return recipe | {package: version(package) for package in ("torch", "diffusers", "transformers")}

    def release(self) -> None:
        """Give back the memory of the networks; the next portrait loads them again."""
        kind = self._networks.wanted.device.kind if self._networks else "cpu"
        self._networks = self._check = None
        free_memory(kind)

    # -- one portrait ------------------------------------------------------------------------------------------------

    def _plan(self, wishes: Wishes, progress: Progress = silent) -> tuple[Settings, Checkpoint, Device, Sampling]:
        settings = Settings.load()
        poses = () if wishes.pose is None else ("controlnet_openpose",)
        read_new((settings.diffusion_model, "lcm_lora", "taesd", *poses), progress)
        place, model = device(settings), checkpoint.find(settings.diffusion_model)
        return settings, model, place, sampling.choose(model, place, wishes, settings.diffusion_decoder)

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
        settings, model, place, way = self._plan(wishes, part(progress, 0.0, 0.05))
        self._prepare_check(settings)
        prompt, negative = portrait_words(attributes, wishes.prompt), negative_words(wishes.negative)
        job = _Job(prompt, negative, seed, _canvas(model, size_px), wishes, way, start, strength)
        shown = preview if preview is unseen or self._check is None else lambda image: preview(veiled(image))
        wanted = Wanted(model, place, way.way == "lcm", overrides=Overrides.of(settings))
        picture = self._within_memory(wanted, job, part(progress, 0.05, 0.96), shown)
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

        def attempt(rung: Rung) -> RGBImage:
            canvas_px = round(job.canvas_px * rung.share / 8) * 8
            self._reduced = "" if not rung.frugal else "slices and tiles to save memory"
            if canvas_px < job.canvas_px:
                self._reduced += f"; painted at {canvas_px} px"
            smaller = replace(job, canvas_px=canvas_px)
            return self._attempt(replace(wanted, frugal=rung.frugal), smaller, progress, preview)

        remedy = "close other programs, ask for a smaller portrait, or set device to cpu"
        rung, picture = within_memory(wanted.checkpoint.name, self._frugal, attempt, self.release, progress, remedy)
        self._frugal = rung.frugal
        return picture

    def _attempt(self, wanted: Wanted, job: _Job, progress: Progress, preview: Preview) -> RGBImage:
        if self._networks is None or self._networks.wanted != wanted:
            self._drop_networks()
            progress(0.0, f"Loading {wanted.checkpoint.name}")
            controls = () if job.wishes.pose is None else ("controlnet_openpose",)
            self._networks = Networks(wanted, controls=controls, make_room=lambda: release_others(self))
        networks = self._networks
        pipe = networks.pipe(pose=job.wishes.pose is not None, picture=job.start is not None)
        pipe.scheduler = job.sampling.scheduler(networks.own_scheduler)
        decoder = (networks.small_decoder if job.sampling.small_decoder else None) or pipe.vae
        try:
            latents = self._denoise(pipe, decoder, wanted, job, part(progress, 0.05, 0.92), preview)
            progress(0.92, "Developing the portrait")
            return decoded(decoder, latents, wanted.device)
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
            start = as_tensor(_resized(job.start, size))
            start = encoded(decoder, start, wanted.device).to(wanted.device.dtype)
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
        assert_finite(latents, wanted.device)
        return latents


def _canvas(model: Checkpoint, size_px: int) -> int:
    """Side that is painted: near the size wished, as far as the model can, and in steps it likes."""
    step = max(8, model.native_px // 8)
    side = min(max(size_px, model.native_px), LARGEST_CANVAS * model.native_px)
    return int(-(-side // step) * step)


def _resized(picture: RGBImage, side_px: int) -> RGBImage:
    if picture.shape[:2] == (side_px, side_px):
        return picture
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((side_px, side_px), Image.Resampling.LANCZOS))


def _pil(picture: RGBImage) -> Any:
    from PIL import Image

    return Image.fromarray(picture)
