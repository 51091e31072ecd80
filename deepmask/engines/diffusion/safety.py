"""Looks at a finished picture: what must not be shown is not shown.

The checker is Stable Diffusion's own (Rando et al., 2022, describe it): it compares CLIP's reading of the picture with
seventeen concepts. It is on unless ``Settings.safety_checker`` says otherwise, and without its weights nothing is
painted. A model cannot bring a checker of its own: it could bring one that sees nothing.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from deepmask import weights
from deepmask.engines.diffusion.checkpoint import assert_whole, weight_files
from deepmask.engines.diffusion.loading import readable_failures
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage


def folder_of_checker() -> Path:
    """Where the checker lies, verified.

    Raises:
        EngineMissing: it is not on this machine.
    """
    return weights.location("safety_checker") / "safety_checker"


class PictureCheck:
    """The safety checker, on the processor: a second a picture, and no graphics memory."""

    def __init__(self, folder: Path) -> None:
        """With the checker in ``folder``, as :func:`folder_of_checker` gives it."""
        self.folder = folder

    def refuse_unfit(self, picture: RGBImage, what: str = "portrait") -> None:
        """Raise if the picture (H, W, 3) may not be shown.

        Args:
            what: what it is, for the message.

        Raises:
            EngineFailed: it may not.
        """
        import torch

        pixels = self._eye(images=[picture], return_tensors="pt").pixel_values
        with torch.no_grad():
            _, flagged = self._checker(clip_input=pixels, images=[picture.copy()])
        if any(flagged):
            raise EngineFailed(f"The safety checker refused this {what}; try another seed or other words.")

    @cached_property
    def _checker(self) -> Any:
        from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

        with readable_failures("safety_checker"):
            assert_whole(weight_files(self.folder))
            loaded: Any = StableDiffusionSafetyChecker.from_pretrained(
                self.folder,
                variant=weights.variant(self.folder),
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
            )
        checker, told = loaded
        checker = checker.float()
        # Random numbers in the place of missing ones, or no numbers at all, and the checker would see nothing.
        if told["missing_keys"] or not all(bool(values.isfinite().all()) for values in checker.state_dict().values()):
            raise EngineFailed(f"The safety checker in {self.folder} is not complete; fetch its files again.")
        return checker

    @cached_property
    def _eye(self) -> Any:
        from transformers import CLIPImageProcessor

        return CLIPImageProcessor()  # its defaults are CLIP's own: 224 px, normalised
