"""Removing things by continuing what surrounds them."""

from __future__ import annotations

import numpy as np

from deepmask.area import Area, Mask
from deepmask.engines.patchmatch.filling import MESSAGE, fill
from deepmask.errors import EngineFailed
from deepmask.faces import Patch, RGBImage
from deepmask.progress import Progress, silent

WORK_PX = 300_000
"""Patches are matched on a picture of about so many pixels."""

LEAST_SOURCES = 2.0
"""Pixels to copy from, as a multiple of the hole's; the window grows until there are so many."""


class PatchMatch:
    """Fills holes with what is around them; follows no words."""

    heeds_prompt = False

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
        """The surroundings continued over ``hole``; ``prompt`` means nothing.

        Raises:
            EngineFailed: outside of ``hole`` and ``avoid`` there is nothing to continue.
        """
        progress(0.0, MESSAGE)
        others = np.zeros(image.shape[:2], bool) if avoid is None else avoid.grown(_margin(hole)).full()
        others &= ~hole.full()
        window = _window(hole, others)
        cut, gap, shut = image[window], hole.full()[window], others[window]
        scale = min(1.0, float(np.sqrt(WORK_PX / gap.size)))
        colours = fill(cut, gap, shut, image.shape[0], scale, seed, progress)
        if colours is None:
            raise EngineFailed(
                "Around what is to be removed there is too little background to continue; cover it instead."
            )
        rows, columns = hole.window
        rgb = image[rows, columns].copy()
        rgb[hole.mask] = np.rint(colours).astype(np.uint8)
        progress(1.0, MESSAGE)
        return Patch(rgb, hole.mask.astype(np.float32), hole.origin_xy)


def _margin(hole: Area) -> float:
    """How far around other people nothing is copied either: their outlines are not exact."""
    return float(np.clip(0.004 * max(hole.size_wh), 2, 12))


def _window(hole: Area, others: Mask) -> tuple[slice, slice]:
    """Rows and columns around the hole with enough to copy from; wider than high, since rows resemble themselves."""
    (w, h), (x1, y1, x2, y2) = hole.size_wh, hole.box_xyxy
    side, need = max(x2 - x1, y2 - y1, 24), LEAST_SOURCES * hole.pixels
    reach = 1.0
    while True:
        across, down = 1.5 * reach * side + 8, 0.75 * reach * side + 8
        window = (
            slice(max(0, int(y1 - down)), min(h, int(y2 + down))),
            slice(max(0, int(x1 - across)), min(w, int(x2 + across))),
        )
        free = (~others[window]).sum() - hole.pixels
        if free >= need or (window[0].stop - window[0].start, window[1].stop - window[1].start) == (h, w):
            return window
        reach *= 1.5
