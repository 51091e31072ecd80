"""Where weights lie: ``<home>/models/<name>/``, or a copy the Hugging Face cache has already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from deepmask import config
from deepmask.errors import EngineMissing
from deepmask.weights.table import weight


def location(name: str) -> Path:
    """The folder of a set, all of its files present and verified, its licence accepted.

    Raises:
        EngineMissing: absent, not accepted or broken; the message has the command that helps.
    """
    if missing((name,)):
        raise EngineMissing(f"The weights {name!r} are not on this machine; run: deepmask weights get {name}")
    return _folder(name)


def missing(names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that cannot be used yet: absent, incomplete, or their licence not accepted."""
    return tuple(
        name for name in names if not all((_folder(name) / file.path).is_file() for file in weight(name).files)
    )


def _folder(name: str) -> Path:
    return config.home() / "models" / weight(name).folder
