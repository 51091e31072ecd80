"""A painter that follows words, without a network: our painter behind the interface of a diffusion model.

As with the real ones, another seed is another person, the pose and the words matter beyond the attributes, the work
goes step by step with previews, and some things are not shown.
"""

from __future__ import annotations

import time
import zlib

import cv2
import numpy as np
import pytest

from deepmask import engines
from deepmask.engines import EngineSpec
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage
from deepmask.persona import Attributes
from deepmask.progress import Progress, silent
from deepmask.prompt import read
from deepmask.wishes import Preview, Wishes, unseen

STEPS = 6
REFUSED_WORD = "forbidden"
"""In a prompt: every third seed is refused."""


class WordPainter:
    """Fulfils ``PortraitPainter``."""

    seconds_a_step = 0.0

    def paint(
        self,
        attributes: Attributes,
        seed: int,
        size_px: int = 512,
        *,
        wishes: Wishes | None = None,
        progress: Progress = silent,
        preview: Preview = unseen,
    ) -> RGBImage:
        """A (size_px, size_px, 3) portrait after ``STEPS`` ever sharper previews."""
        wishes = wishes or Wishes()
        if REFUSED_WORD in wishes.prompt and seed % 3 == 0:
            raise EngineFailed("The picture was refused by the safety checker; try another seed or other words.")
        said = read(wishes.prompt).attributes if wishes.prompt else attributes
        beyond = f"{wishes.negative}{wishes.pose.name if wishes.pose else ''}"
        person = zlib.crc32(beyond.encode()) % 1000 + seed
        picture = engines.load("portrait_painter", "painter").paint(said, person, size_px)
        steps = wishes.steps or STEPS
        for step in range(steps):
            progress(step / steps, f"Step {step + 1} of {steps}")
            cells = max(2, round(size_px * (step + 1) / steps / 8))
            small = cv2.resize(picture, (cells, cells), interpolation=cv2.INTER_AREA)
            preview(np.asarray(small, np.uint8))
            time.sleep(self.seconds_a_step)
        return picture

    def recipe(self, wishes: Wishes | None = None) -> dict[str, str]:
        """What a portrait depends on besides the arguments."""
        return {"model": "words", "steps": str((wishes and wishes.steps) or STEPS)}


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put :class:`WordPainter` into the table in the place of 'diffusion', with all it needs."""
    entry = f"{WordPainter.__module__}:{WordPainter.__name__}"
    row = EngineSpec(
        "portrait_painter", "diffusion", entry, "words", "part of the tests", label="Photoreal", heeds_wishes=True
    )
    rows = tuple(row if one.name == row.name else one for one in engines.table())
    monkeypatch.setattr(engines, "table", lambda: rows)
