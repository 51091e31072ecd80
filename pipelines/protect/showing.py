"""Show me: what a face swapper makes of a photo with and without its cloak.

The face is taken out of the photo and put onto a person our painter has painted, as somebody would who fakes pictures
of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from deepmask import engines
from deepmask.dossier import Exhibit, Table
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import Box, Face, RGBImage, clip_box, enlarge
from deepmask.persona import Attestation, Attributes, Persona
from deepmask.progress import Progress, silent
from deepmask.vault import now
from pipelines.photo.choosing import judges, starting
from pipelines.photo.measuring import measured
from pipelines.protect.cloak_trials import NAMES

_STAND_IN = Attributes(
    gender="male", age=32, heritage="latino", hair_style="sidepart", hair_colour="dark_brown", beard="none",
    glasses="none", mood="neutral", clothing="shirt", background="studio",
)  # fmt: skip
_SEED = 5
_SIDE_PX = 512
_LEAST_FACE_PX = 200

_COPYING = ("meshwarp",)
"""Swappers that copy skin instead of asking a network who somebody is."""


@dataclass(frozen=True)
class Likeness:
    """How near a swapped face is to the person, for one recogniser."""

    judge: str
    before: float
    """Distance from the original face of the swap made from the photo without the cloak."""
    after: float
    """The same with the cloak."""
    bar: float
    """From here on it is somebody else."""

    @property
    def helped(self) -> bool:
        """Whether only the swap made from the cloaked photo shows somebody else."""
        return self.before < self.bar <= self.after


@dataclass(frozen=True, eq=False)
class Shown:
    """The swap of one face, from the photo without and with the cloak."""

    engine: str
    before: RGBImage
    after: RGBImage
    likenesses: tuple[Likeness, ...]
    alike_db: float
    """PSNR between the two swapped faces."""

    def summary(self) -> str:
        """One sentence: what the swaps show and no more."""
        helped = " and ".join(one.judge for one in self.likenesses if one.helped)
        alike = f"the swaps with and without the cloak are alike to {self.alike_db:.0f} dB PSNR"
        if self.engine in _COPYING:
            though = f", though {helped} takes the second for somebody else" if helped else ""
            return f"{self.engine} copies skin as it is, so no cloak stops it: {alike}{though}."
        if not helped:
            return f"The cloak did not keep the person out of the swap by {self.engine}: {alike}."
        return f"With the cloak the swap by {self.engine} shows somebody else to {helped}; {alike}."

    def table(self) -> Table:
        """Recognisers × swaps."""
        rows = [
            (one.judge, f"{one.before:.2f}", f"{one.after:.2f}", f"{one.bar:.2f}", "yes" if one.helped else "no")
            for one in self.likenesses
        ]
        return Table(
            f"The person's face, swapped onto another by {self.engine}",
            ("Recogniser", "Before", "After", "Somebody else from", "Only the cloaked one is"),
            tuple(rows),
            f"Distance of the swapped face from the person. {self.summary()}",
        )

    def exhibits(self) -> tuple[Exhibit, Exhibit]:
        """Both swaps."""
        onto = "The face of the photo on a painted person."
        return Exhibit("Swap before", self.before, onto), Exhibit("Swap after", self.after, "The same with the cloak.")


def show(before: RGBImage, after: RGBImage, faces: Sequence[Face], *, progress: Progress = silent) -> Shown:
    """Swap the largest face of both pictures onto a painted person, by the best swapper that is ready.

    Raises:
        EngineFailed: the face cannot be swapped, whoever cloaked it; the sentence says why.
    """
    face = max(faces, key=lambda one: one.size_px)
    row = starting("auto")
    name = "meshwarp" if row is None else row.name
    progress(0.0, "Painting somebody to put the face on")
    with engines.turn(progress):
        canvas, target = _stand_in()
        progress(0.3, "Swapping the face without the cloak")
        bare = _swapped(name, canvas, target, before, face)
        progress(0.6, "Swapping the face with the cloak")
        with_cloak = _swapped(name, canvas, target, after, face)
        progress(0.9, "Comparing the swaps")
        likenesses = tuple(_likeness(judge, before, face, (bare, with_cloak), target) for judge in judges())
    return Shown(name, bare, with_cloak, likenesses, _alike(bare, with_cloak, target.box_xyxy))


@cache
def _stand_in() -> tuple[RGBImage, Face]:
    """A painted person and their face."""
    portrait = engines.load("portrait_painter", "painter").paint(_STAND_IN, _SEED, _SIDE_PX)
    found = engines.load("face_finder", "fast").find(portrait)
    return portrait, measured(portrait, max(found, key=lambda face: face.size_px))


def _swapped(swapper: str, canvas: RGBImage, target: Face, picture: RGBImage, face: Face) -> RGBImage:
    x1, y1, x2, y2 = clip_box(enlarge(face.box_xyxy, 3.0), (picture.shape[1], picture.shape[0]))
    portrait = _large_enough(np.ascontiguousarray(picture[y1:y2, x1:x2]), face.size_px)
    word = Attestation("shown to whoever protects this photo, and not kept", now())
    try:
        person = Persona(id="you", name="the photo", engine="import", portrait=portrait, attestation=word)
        patch = engines.load("face_swapper", swapper).swap(canvas, target, person, strength=1.0)
    except InputError as error:
        raise EngineFailed(str(error)) from error
    result = canvas.copy()
    patch.paste(result)
    return result


def _large_enough(portrait: RGBImage, face_px: float) -> RGBImage:
    """Enlarged where swappers would refuse: whoever fakes pictures does so, too."""
    if face_px >= _LEAST_FACE_PX:
        return portrait
    import cv2

    factor = _LEAST_FACE_PX / face_px
    return cv2.resize(portrait, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def _likeness(judge: str, before: RGBImage, face: Face, swaps: tuple[RGBImage, RGBImage], target: Face) -> Likeness:
    engine = engines.load("face_recognizer", judge)
    own = engine.embed(before, face)
    bare, with_cloak = (
        round(float(np.linalg.norm(own - engine.embed(swap, measured(swap, Face(target.box_xyxy))))), 3)
        for swap in swaps
    )
    return Likeness(NAMES.get(judge, judge), bare, with_cloak, round(engine.hidden_above, 3))


def _alike(one: RGBImage, other: RGBImage, box: Box) -> float:
    x1, y1, x2, y2 = clip_box(box, (one.shape[1], one.shape[0]))
    error = float(np.mean((one[y1:y2, x1:x2].astype(np.float64) - other[y1:y2, x1:x2]) ** 2))
    return round(10 * float(np.log10(255**2 / max(error, 1e-6))), 1)
