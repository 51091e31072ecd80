"""Settings from the environment (``DEEPMASK_*``) and one TOML file; one variable moves all user state.

DEEPMASK_HOME         folder of everything that is kept: vault, roster, config.toml (default: the platform's place)
DEEPMASK_<SETTING>    overrides a setting of config.toml, e.g. DEEPMASK_MAX_UPLOAD_MB=400
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from deepmask.errors import InputError


def home() -> Path:
    """The folder that holds all user state."""
    if moved := os.environ.get("DEEPMASK_HOME"):
        return Path(moved).expanduser()
    from platformdirs import user_data_path

    return user_data_path("deepmask", appauthor=False)


@dataclass(frozen=True)
class Settings:
    """What a user may set once and for all."""

    host: str = "127.0.0.1"
    port: int = 7860
    max_upload_mb: int = 200
    """Largest file the app accepts."""
    max_megapixels: int = 200
    """Larger pictures are refused as possible decompression bombs."""
    offline: bool = False
    """Never download weights, whatever is asked for."""
    mirror: str = ""
    """Where weights come from instead of the Hugging Face hub: an address with the hub's paths below it."""
    diffusion_model: str = "sd15"
    """Set of weights, folder, or hub id in the local cache, that the diffusion engine paints with."""
    inpaint_model: str = "sd15_inpaint"
    """The same, of a model made for inpainting, that puts backgrounds or new people into pictures."""
    diffusion_decoder: str = "auto"
    """What makes the picture of what was painted: auto, vae or taesd."""
    diffusion_decoding: str = "auto"
    """How: auto, whole or tiled."""
    diffusion_attention: str = "auto"
    """How the network attends: auto, whole or sliced."""
    diffusion_offload: str = "auto"
    """Whether networks lie on the graphics card only while they work: auto, always or never."""
    sam_model: str = "sam_base"
    """Set of weights, folder, or hub id, that Segment Anything outlines with: sam_base, sam_large or sam_huge."""
    segment_anything_model: str = "sam_vit_b"
    """Checkpoint for the package segment-anything: sam_vit_b, sam_vit_l, sam_vit_h or mobile_sam."""
    device: str = "auto"
    """Where neural engines compute: auto, cpu, cuda or mps."""
    precision: str = "auto"
    """Number format of neural engines: auto, float32, bfloat16 or float16."""
    provenance: bool = True
    """Whether masked outputs carry a tag and content credentials that say that they are masked."""
    signed_as: str = ""
    """How you are called in content credentials, for everybody to read; empty: by a number, another in each output."""
    safety_checker: bool = True
    """Whether a generated portrait is looked at before it is shown. Who turns it off answers for what is shown."""

    whisper_model: str = "whisper_small"
    """Set of weights, or folder, that WhisperX listens with: whisper_small, whisper_medium or whisper_large_v3."""
    tortoise_preset: str = "auto"
    """How much work Tortoise does: ultra_fast, fast, standard, high_quality; auto: by the device."""

    @classmethod
    def load(cls) -> Self:
        """Defaults, then config.toml, then the environment.

        Raises:
            InputError: an unknown key or a value of the wrong kind.
        """
        path = home() / "config.toml"
        values: dict[str, Any] = {}
        try:
            if path.is_file():
                values = tomllib.loads(path.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"The settings file {path} cannot be read ({error}).") from error
        known = {f.name: f for f in fields(cls)}
        if extra := set(values) - set(known):
            raise InputError(f"{path} has unknown settings {', '.join(sorted(extra))}; known: {', '.join(known)}.")
        for name in known:
            if (text := os.environ.get(f"DEEPMASK_{name.upper()}")) is not None:
                values[name] = text
        return cls(**{name: _cast(name, value, type(known[name].default)) for name, value in values.items()})


def _cast(name: str, value: Any, kind: type) -> Any:
    if kind is bool and isinstance(value, str):
        value = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(value.lower())
    if kind is bool and not isinstance(value, bool):
        raise InputError(f"The setting {name} must be true or false.")
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"The setting {name} must be a {kind.__name__}, got {value!r}.") from error
