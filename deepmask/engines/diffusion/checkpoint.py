"""Which diffusion model is meant, where it lies, and what it is: read from its configuration, nothing is loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Literal

from deepmask import weights
from deepmask.errors import EngineFailed
from deepmask.weights import layout, places

Family = Literal["sd", "sdxl"]
FAMILIES: dict[str, Family] = {"StableDiffusionPipeline": "sd", "StableDiffusionXLPipeline": "sdxl"}
"""Pipelines of diffusers, as ``model_index.json`` names them."""

INPAINTERS = ("StableDiffusionInpaintPipeline",)
"""Those of models whose network sees a picture with a hole, of the family 'sd'."""

COMPONENTS = ("unet", "vae", "text_encoder", "text_encoder_2")
"""Those that have weights and are loaded with the pipeline."""

_LONGEST_HEADER = 100 << 20
"""Of a safetensors file, as its format has it; bytes."""


@dataclass(frozen=True)
class Checkpoint:
    """A model in the folder layout of diffusers."""

    name: str
    """As the settings name it."""
    title: str
    """What it is called in a recipe: as the settings name it, but of a path only the end."""
    folder: Path
    family: Family
    turbo: bool
    """Distilled for one to four steps without guidance (Sauer et al., 2023)."""
    native_px: int
    """Side of the pictures it was trained on."""
    text_width: int
    """Channels of the text it attends to; what goes with it (ControlNet, LoRA) must have the same."""
    inpaints: bool = False
    """Whether the network also sees a picture with a hole in it (9 channels instead of 4)."""

    def files(self) -> list[Path]:
        """The weight files that are loaded."""
        return [path for part in COMPONENTS for path in weight_files(self.folder / part)]


def find(name: str, *, inpaints: bool = False) -> Checkpoint:
    """The model that ``Settings.diffusion_model`` names: a set of weights, a folder, or an id in the hub's cache.

    Args:
        inpaints: whether one is wanted that fills holes, as ``Settings.inpaint_model`` names it.

    Raises:
        EngineMissing: it is not on this machine.
        EngineFailed: it is broken or of a family we cannot paint with.
        UnknownName: the name is none of the three.
    """
    found = read(name, weights.location(name))
    if found.inpaints and not inpaints:
        raise EngineFailed(f"The model {name} is made for inpainting; choose one that paints from words.")
    if inpaints and not (found.inpaints and found.family == "sd"):
        raise EngineFailed(
            f"The model {name} is not Stable Diffusion made for inpainting; set inpaint_model to one that is, "
            "or take the engine 'controlnet_inpaint'."
        )
    return found


def read(name: str, folder: Path) -> Checkpoint:
    """What lies in ``folder``."""
    index = read_json(folder / "model_index.json")
    kind = str(index.get("_class_name"))
    family = "sd" if kind in INPAINTERS else FAMILIES.get(kind)
    if family is None:
        raise EngineFailed(f"The model {name} is a {kind}; Deepmask paints with {' and '.join(FAMILIES)}.")
    unet, vae = read_json(folder / "unet" / "config.json"), read_json(folder / "vae" / "config.json")
    row = places.find(name).row
    try:
        factor = 2 ** (len(vae["block_out_channels"]) - 1)
        native_px, text_width = int(unet["sample_size"]) * factor, int(unet["cross_attention_dim"])
        inpaints = {4: False, 9: True}[int(unet["in_channels"])]
    except (KeyError, TypeError, ValueError) as error:
        raise EngineFailed(f"The configuration of the model {name} is broken ({folder}); fetch it again.") from error
    title = row.name if row.name in [known.name for known in weights.rows()] else row.title
    turbo = _is_turbo(row, folder, index)
    return Checkpoint(name, title, folder, family, turbo, native_px, text_width, inpaints)


def _is_turbo(row: weights.Weight, folder: Path, index: dict[str, Any]) -> bool:
    """Whether a model is a distilled one: its names say so, else its scheduler.

    Of these families only turbo models are published with an Euler scheduler that starts at the last step.
    """
    names = (row.repo, row.title, str(index.get("_name_or_path", "")))
    if any("turbo" in name.lower() for name in names) or row in weights.rows():
        return any("turbo" in name.lower() for name in names)
    scheduler = read_json(folder / "scheduler" / "scheduler_config.json")
    return scheduler.get("timestep_spacing") == "trailing" and "Euler" in str(scheduler.get("_class_name"))


def read_json(path: Path) -> dict[str, Any]:
    """A configuration file of a model."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EngineFailed(f"The model file {path} is missing or broken; fetch the model again.") from error


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that are loaded from the folder of one network: halves where there are some."""
    names = layout.needed(path.name for path in folder.glob("*"))
    return [folder / name for name in names if name.endswith(layout.WEIGHTS)]


def lora_file() -> Path:
    """The LoRA of fast mode, verified.

    Raises:
        EngineMissing: it is not on this machine.
    """
    return weights.location("lcm_lora") / weights.weight("lcm_lora").files[0].path


def assert_whole(files: list[Path]) -> None:
    """Every file has a sound header and the length that it states.

    Raises:
        EngineFailed: one has not; the message names it.
    """
    from safetensors import SafetensorError, safe_open

    for path in files:
        try:
            with safe_open(path, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise EngineFailed(f"The weight file {path} is broken ({error}); delete it and fetch it again.") from error


def numbers_in(files: list[Path]) -> int:
    """How many numbers safetensors files hold, by their headers: 8 bytes of length, then JSON.

    Raises:
        EngineFailed: a header is broken.
    """
    count = 0
    for path in files:
        try:
            with path.open("rb") as file:
                header = json.loads(file.read(min(int.from_bytes(file.read(8), "little"), _LONGEST_HEADER)))
            count += sum(prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EngineFailed(f"The weight file {path} is broken ({error}); delete it and fetch it again.") from error
    return count


def digest(name: str, files: list[Path]) -> str:
    """One SHA-256 over those of ``files`` of the set ``name``: what a recipe names a model by."""
    folder, known = weights.location(name), weights.digests(name)
    names = (path.relative_to(folder).as_posix() for path in files)
    sums = [known[name] for name in names if name in known]  # what lies beside the files of a set is not loaded
    return "sha256:" + hashlib.sha256("".join(sums).encode()).hexdigest()
