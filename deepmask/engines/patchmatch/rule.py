"""Whether a background can be rebuilt from what surrounds a hole."""

from __future__ import annotations

from deepmask.area import Area
from deepmask.faces import RGBImage

MOST_OF_PICTURE = 0.25
"""Share of the picture a hole may take."""


def can_rebuild(image: RGBImage, hole: Area, avoid: Area | None = None) -> str | None:
    """None if it can, else a clause that says why not."""
    if hole.share > MOST_OF_PICTURE:
        return f"it takes {hole.share:.0%} of the picture"
    return None
