"""A painter that needs no downloads: a parametric 3-D head, rendered by code.

``identity`` turns attributes and a seed into numbers, ``shape`` and ``expression`` move the landmarks of a mean face,
``cage`` makes a smooth head of them, ``avatar`` gathers everything of one persona, ``render`` draws it in any pose and
light. Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepmask.engines.painter.avatar import avatar_for
    from deepmask.engines.painter.mask import PainterMask
    from deepmask.engines.painter.portrait import Painter, warm_up

__all__ = ["Painter", "PainterMask", "avatar_for", "warm_up"]

_HOME = {"Painter": "portrait", "PainterMask": "mask", "avatar_for": "avatar", "warm_up": "portrait"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
