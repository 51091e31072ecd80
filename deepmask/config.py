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
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"The setting {name} must be a {kind.__name__}, got {value!r}.") from error
