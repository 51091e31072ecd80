"""What is behind the persona."""

from __future__ import annotations

import numpy as np

from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.geometry import Array32, smoothstep

PLACES = {
    "studio": ("#d5dde4", "#7d8fa0"), "office": ("#dfe3e4", "#8b9aa3"), "home": ("#ead9c4", "#a08468"),
    "beach": ("#bfe6ee", "#5fa9b8"), "forest": ("#c3d6b4", "#53704f"), "sunset": ("#ffc27a", "#c6537a"),
    "night": ("#3a4a72", "#10162a"), "party": ("#b15fd0", "#3a1f6a"), "dark": ("#3c4046", "#15171a"),
    "white": ("#ffffff", "#dfe3e6"),
}  # fmt: skip


def backdrop(place: str, size: int) -> Array32:
    """(size, size, 3) linear; ``place`` is a word of ``persona.CHOICES['background']`` or '#rrggbb'."""
    inner, outer = PLACES.get(place, (place, place))
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    t = smoothstep(np.sqrt((x - 0.5) ** 2 + (y - 0.42) ** 2), 0, 0.75)[..., None].astype(np.float32)
    edge = colour(outer) * (0.55 if inner == outer else 1.0)
    return colour(inner) * (1 - t) + edge * t
