"""Put the background in the place of people."""

from __future__ import annotations

import zlib

from deepmask import engines
from deepmask.errors import EngineFailed
from deepmask.progress import Progress
from pipelines.body.canvas import Canvas
from pipelines.body.outlines import Outline, allowed_around, union

MOST_OF_PICTURE = 0.8
"""Of a picture whose larger part is to go, nothing is left that could be continued."""


def fill(canvas: Canvas, group: list[Outline], engine: str, progress: Progress) -> str:
    """Draw what may be behind a group of people, who touch each other, onto the canvas; nothing is to be said of it.

    Raises:
        EngineFailed: the background cannot be rebuilt there, or not by this engine.
    """
    hole = union([outline.outer for outline in group]) or group[0].outer
    if hole.share > MOST_OF_PICTURE:
        raise EngineFailed(f"{hole.share:.0%} of the picture would have to be made up")
    filler = engines.load("inpainter", engine)
    ids = [outline.region.id for outline in group]
    avoid = canvas.others(hole, *ids)
    if not filler.heeds_prompt:
        from deepmask.engines.patchmatch import can_rebuild

        reason = can_rebuild(canvas.rgb, hole, avoid)
        if reason is not None:
            raise EngineFailed(reason)
    patch = filler.fill(canvas.rgb, hole, avoid=avoid, seed=seed_for(canvas.plan.seed, ids[0]), progress=progress)
    for outline in group:
        outline.softened(patch).paste(canvas.rgb)
    return ""


def with_shadows(canvas: Canvas, outline: Outline) -> Outline:
    """The outline together with the shadow and the reflection that touch it."""
    from deepmask.shadows import shadow_of

    hole = outline.outer
    shadow = shadow_of(canvas.rgb, outline.own, canvas.others(hole, outline.region.id))
    return outline if shadow is None else outline.joined(shadow, allowed_around(canvas.plan, outline.own))


def seed_for(seed: int, id: str) -> int:
    """A seed of its own for each region, below 2³²."""
    return zlib.crc32(f"{seed}/{id}".encode())
