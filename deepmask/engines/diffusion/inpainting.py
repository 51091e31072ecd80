"""Holes filled by Stable Diffusion: with the background, or with somebody else in the same place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from deepmask.area import Area
from deepmask.config import Settings
from deepmask.engines.device import device, free_memory
from deepmask.engines.diffusion import checkpoint, sampling
from deepmask.engines.diffusion.body_pose import BodyPose
from deepmask.engines.diffusion.checkpoint import Checkpoint
from deepmask.engines.diffusion.encoding import encode
from deepmask.engines.diffusion.hole import Scene, View, matched, patch, scene, view
from deepmask.engines.diffusion.latents import assert_finite, decoded, encoded
from deepmask.engines.diffusion.loading import Networks, Wanted, pose_fits, quiet
from deepmask.engines.diffusion.overrides import Overrides
from deepmask.engines.diffusion.safety import PictureCheck, folder_of_checker
from deepmask.engines.diffusion.sampling import Sampling
from deepmask.engines.diffusion.sparing import Rung, keep_track_of, release_others, within_memory
from deepmask.engines.diffusion.unfit import refuse_unfit
from deepmask.engines.diffusion.watch import Watch
from deepmask.engines.diffusion.words import scene_words
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import Patch, RGBImage
from deepmask.persona import Attributes
from deepmask.progress import Progress, part, silent
from deepmask.weights import location, missing, read_new
from deepmask.wishes import Wishes, unseen

POSE_NET, HOLE_NET = "controlnet_openpose", "controlnet_inpaint"
"""Sets of weights of the ControlNets: for the pose of the body, and for models that see no holes by themselves."""


@dataclass(frozen=True)
class _Job:
    """One hole to fill."""

    image: RGBImage
    hole: Area
    avoid: Area | None
    """What is not shown to the network."""
    prompt: str
    negative: str
    seed: int
    sampling: Sampling
    pose: BodyPose | None
    controls: tuple[str, ...]
    """Sets of weights of the ControlNets."""


class DiffusionInpaint:
    """A model made for inpainting, and the ControlNet for poses where its weights are."""

    heeds_prompt = True
    hole_nets: tuple[str, ...] = ()
    """ControlNets without which the model sees no hole."""

    def __init__(self) -> None:
        self._networks: Networks | None = None
        self._check: PictureCheck | None = None
        self._frugal = False
        """Memory did not suffice before."""
        keep_track_of(self)

    def fill(
        self,
        image: RGBImage,
        hole: Area,
        *,
        avoid: Area | None = None,
        prompt: str = "",
        seed: int = 0,
        progress: Progress = silent,
    ) -> Patch:
        """What is to be seen instead; the same arguments give the same on the same machine.

        Of what is in the hole the network learns nothing, except with a prompt the pose of a body found there, where
        the ControlNet for poses goes with the model and its weights are on this machine.

        Args:
            avoid: is not shown to the network either, unless a prompt says what is wanted.
            prompt: who is to be seen, such as :func:`deepmask.engines.diffusion.words.person_words`; empty: the
                background.

        Raises:
            EngineMissing: weights are absent; the message has the command.
            EngineFailed: the words ask for a minor, for sexual content, or are too many; memory does not suffice, a
                file is broken, or the safety checker refused the picture.
        """
        try:
            return self._fill(image, hole, avoid, prompt, seed, progress)
        except InputError as error:  # what words and settings ask for cannot be done: a plainer engine takes over
            raise EngineFailed(str(error)) from error

    def _fill(
        self, image: RGBImage, hole: Area, avoid: Area | None, prompt: str, seed: int, progress: Progress
    ) -> Patch:
        refuse_unfit(Attributes(), prompt)
        quiet()
        settings = Settings.load()
        poses = (POSE_NET,) if prompt.strip() else ()
        read_new((self._model_name(settings), *self.hole_nets, *poses, "lcm_lora", "taesd"), part(progress, 0.0, 0.0))
        model, place, overrides = self._model(settings), device(settings), Overrides.of(settings)
        words, negative = scene_words(prompt)
        way = sampling.choose(model, place, Wishes(negative=negative), overrides.decoder)
        self._prepare_check(settings)
        progress(0.0, "Looking at the surroundings")
        pose = BodyPose.read(image, hole) if prompt.strip() and _heeds_poses(model) else None
        controls = (*self.hole_nets, *((POSE_NET,) if pose is not None else ()))
        wanted = Wanted(model, place, way.way == "lcm", overrides=overrides)
        job = _Job(image, hole, None if prompt.strip() else avoid, words, negative, seed, way, pose, controls)
        seen, painted = self._within_memory(wanted, job, part(progress, 0.0, 0.96))
        progress(0.96, "Looking at what was painted")
        if self._check is not None:
            self._check.refuse_unfit(painted, "picture")
        progress(1.0, "Filled")
        return patch(image, hole, seen, painted, avoid, seed)

    def release(self) -> None:
        """Give back the memory of the networks; the next hole loads them again."""
        kind = self._networks.wanted.device.kind if self._networks else "cpu"
        self._networks = self._check = None
        free_memory(kind)

    def _model_name(self, settings: Settings) -> str:
        return settings.inpaint_model

    def _model(self, settings: Settings) -> Checkpoint:
        return checkpoint.find(self._model_name(settings), inpaints=not self.hole_nets)

    def _prepare_check(self, settings: Settings) -> None:
        folder = folder_of_checker() if settings.safety_checker else None
        if folder is None:
            self._check = None
        elif self._check is None or self._check.folder != folder:
            self._check = PictureCheck(folder)

    def _within_memory(self, wanted: Wanted, job: _Job, progress: Progress) -> tuple[View, RGBImage]:
        """Which part of the picture was shown, and what was painted on its canvas."""

        def attempt(rung: Rung) -> tuple[View, RGBImage]:
            seen = view(job.hole, wanted.checkpoint.native_px, rung.share)
            shown = scene(job.image, job.hole, seen, job.avoid)
            painted = self._attempt(replace(wanted, frugal=rung.frugal), job, seen, shown, progress)
            return seen, matched(painted, shown)

        remedy = "close other programs, or set device to cpu"
        rung, made = within_memory(wanted.checkpoint.name, self._frugal, attempt, self._drop_networks, progress, remedy)
        self._frugal = rung.frugal
        return made

    def _attempt(self, wanted: Wanted, job: _Job, seen: View, shown: Scene, progress: Progress) -> RGBImage:
        """What is painted on the canvas, (h, w, 3)."""
        if self._networks is None or self._networks.wanted != wanted:
            self._drop_networks()
            progress(0.0, f"Loading {wanted.checkpoint.name}")
            self._networks = Networks(wanted, controls=job.controls, make_room=lambda: release_others(self))
        networks = self._networks
        pipe = networks.inpainting(job.controls)
        pipe.scheduler = job.sampling.scheduler(networks.own_scheduler)
        coder = (networks.small_decoder if job.sampling.small_decoder else None) or pipe.vae
        # Instead of the pipeline's own, which draws from the encoder's distribution and forgets the coder's precision.
        pipe._encode_vae_image = lambda image, generator: encoded(coder, image, wanted.device).to(image.dtype)
        try:
            latents = self._denoise(pipe, wanted, job, seen, shown, part(progress, 0.05, 0.92))
            progress(0.92, "Developing the picture")
            return decoded(coder, latents, wanted.device)
        finally:
            pipe.maybe_free_model_hooks()

    def _drop_networks(self) -> None:
        """As :meth:`release`, but the safety checker stays."""
        check = self._check
        self.release()
        self._check = check

    def _denoise(self, pipe: Any, wanted: Wanted, job: _Job, seen: View, shown: Scene, progress: Progress) -> Any:
        """Latents (1, 4, h / 8, w / 8) of the canvas."""
        import torch

        way, (w, h) = job.sampling, seen.canvas_wh
        generator = torch.Generator("cpu").manual_seed(job.seed)  # the same noise on every device
        noise = torch.randn((1, 4, h // 8, w // 8), generator=generator)
        arguments = encode(pipe, job.prompt, job.negative if way.guided else None) | _controls(job, seen, shown)
        with Watch(progress, unseen, wanted.checkpoint.family).over(pipe, way.steps) as step_ended:
            latents = pipe(
                **arguments,
                image=_pil(shown.picture),
                mask_image=_pil(shown.hole.astype(np.uint8) * 255),
                height=h,
                width=w,
                latents=noise.to(wanted.device.dtype),
                strength=1.0,
                num_inference_steps=way.steps,
                guidance_scale=way.guidance,
                generator=generator,
                output_type="latent",
                callback_on_step_end=step_ended,
            ).images
        assert_finite(latents, wanted.device)
        return latents


class ControlNetInpaint(DiffusionInpaint):
    """The model that paints portraits, led by the ControlNet for inpainting (Zhang et al., 2023)."""

    hole_nets = (HOLE_NET,)

    def _model_name(self, settings: Settings) -> str:
        return settings.diffusion_model


def _heeds_poses(model: Checkpoint) -> bool:
    """Whether the ControlNet for poses is on this machine and made for the model."""
    return not missing((POSE_NET,)) and pose_fits(model, location(POSE_NET))


def _controls(job: _Job, seen: View, shown: Scene) -> dict[str, Any]:
    """The arguments ``control_image`` and so on; empty without ControlNets."""
    if not job.controls:
        return {}
    pictures = []
    if HOLE_NET in job.controls:
        pictures.append(_with_marked_hole(shown))
    if job.pose is not None:
        pictures.append(_as_condition(job.pose.draw(seen)))
    scales = [1.0] * len(pictures)
    if len(pictures) == 1:
        return {"control_image": pictures[0], "controlnet_conditioning_scale": scales[0]}
    return {"control_image": pictures, "controlnet_conditioning_scale": scales}


def _with_marked_hole(shown: Scene) -> Any:
    """(1, 3, h, w) in 0..1, and -1 in the hole: as the ControlNet for inpainting was trained."""
    condition = _as_condition(shown.picture)
    condition[:, :, shown.hole] = -1.0
    return condition


def _as_condition(picture: RGBImage) -> Any:
    """(1, 3, h, w) in 0..1."""
    import torch

    return torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]


def _pil(picture: np.ndarray[Any, Any]) -> Any:
    from PIL import Image

    return Image.fromarray(picture)
