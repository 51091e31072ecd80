"""Cover people from head to foot, frame by frame.

A face that is to be covered with its body and has none in a frame gets a generous shape below it: never nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from deepmask import engines
from deepmask.area import Area, Mask
from deepmask.errors import Cancelled, EngineFailed, InputError
from deepmask.faces import Box, RGBImage
from deepmask.media.clip import Clip
from deepmask.progress import Progress, silent
from deepmask.track import BodyCover, Track
from pipelines.body.outlines import head_of, inside_of, seen_from, union
from pipelines.video.carrying import Carried, enlarged
from pipelines.video.figures import Figure

GROWTH = 0.03
"""Margin in parts of a person's size, the square root of their pixels."""
_MARGIN_PX = 2.0, 48.0
OWN_FACE, ANY_FACE = 0.3, 0.7
"""Share of a face that must lie in the outline of its own person, or of anybody, to belong there."""
ASIDE, BELOW = 2.2, 7.5
"""How far a body that nobody outlined may reach to the sides from the middle of its face, and down from its upper edge,
in sides of the face's box: arms and long coats included."""
_GREY = 127
_OPAQUE = 0.99


@dataclass(frozen=True)
class _Covered:
    """Somebody to be covered in one frame."""

    name: str
    """For reports."""
    own: Area
    """What must not be seen."""
    cover: BodyCover
    tone: tuple[int, int, int] | None
    size_px: float


class Covering:
    """The people of a stretch."""

    def __init__(
        self,
        clip: Clip,
        figures: Sequence[Figure],
        tracks: Sequence[Track],
        start: int,
        stop: int,
        progress: Progress = silent,
    ) -> None:
        self._size_wh = clip.size_wh
        self._figures = [here for figure in figures if (here := figure.within(start, stop)) is not None]
        self._tracks = [track for track in tracks if track.body is not None]
        self._carried = Carried.through(clip, self._figures, start, stop, progress)

    def paint(self, canvas: RGBImage, frame: int) -> Iterator[tuple[str, str, list[str]]]:
        """Cover everybody in a frame, the largest last: who, by which engine, and why not by another one."""
        areas = [self._whole(number, frame) for number in range(len(self._figures))]
        staying = np.zeros(canvas.shape[:2], bool)
        for figure, area in zip(self._figures, areas, strict=True):
            if area is not None and not figure.is_covered(frame):
                staying[area.window] |= area.mask
        for person in sorted(self._people(areas, staying, frame), key=lambda one: one.own.pixels):
            yield person.name, *_covered(canvas, person, staying)

    def _whole(self, number: int, frame: int) -> Area | None:
        area = self._carried.area(number, frame)
        return None if area is None else next(enlarged(area, self._size_wh), None)

    def _people(self, areas: Sequence[Area | None], staying: Mask, frame: int) -> Iterator[_Covered]:
        faces = {track.id: box for track in self._tracks if (box := track.box_at(frame)) is not None}
        tracks = {track.id: track for track in self._tracks}
        for figure, area in zip(self._figures, areas, strict=True):
            if area is None or figure.cover is None or not figure.is_covered(frame):
                continue
            for id, box in list(faces.items()):
                if inside_of(area, box) > (OWN_FACE if id in figure.tracks else ANY_FACE):
                    area = area.united(head_of(faces.pop(id), self._size_wh))
            yield _Covered(figure.name, area, figure.cover, figure.tone, figure.size_px)
        for id, box in faces.items():
            own, cover = _generous(box, self._size_wh), tracks[id].body
            free = None if own is None else own.within(~staying)
            if cover is not None and free is not None:
                yield _Covered(id, free, cover, None, float(np.sqrt(free.pixels)))


def _generous(face: Box, size_wh: tuple[int, int]) -> Area | None:
    """Where the person of a face may be; None where the face lies outside the frame."""
    x1, y1, x2, y2 = face
    middle, side = (x1 + x2) / 2, max(x2 - x1, y2 - y1)
    inner, top = (ASIDE - 1) * side, y2 + 0.5 * side
    parts: list[Area] = []
    with contextlib.suppress(InputError):
        parts.append(head_of((x1 - side / 4, y1 - side / 4, x2 + side / 4, y2 + side / 4), size_wh))
    with contextlib.suppress(InputError):
        trunk = (middle - inner, top, middle + inner, max(top + 1, y1 + (BELOW - 1) * side))
        parts.append(Area.of_box(trunk, size_wh).grown(side))
    return union(parts)


def _covered(canvas: RGBImage, person: _Covered, staying: Mask) -> tuple[str, list[str]]:
    """Cover somebody: the engine, and why others could not."""
    grow_px = float(np.clip(GROWTH * np.sqrt(person.own.pixels), *_MARGIN_PX))
    allowed = ~staying
    allowed[person.own.window] |= person.own.mask
    core = person.own.grown(grow_px / 2).within(allowed) or person.own
    outer = person.own.grown(grow_px).within(allowed) or person.own
    reasons: list[str] = []
    for name in dict.fromkeys((person.cover, "silhouette")):
        try:
            _draw(canvas, name, person, core, outer, grow_px / 2)
            return name, reasons
        except Cancelled:
            raise
        except Exception as error:  # fail closed: whatever goes wrong in an engine, a plainer mask follows
            reasons.append(f"{name} failed ({type(error).__name__})")
    canvas[outer.window][outer.mask] = _GREY
    return "rectangle", reasons


def _draw(canvas: RGBImage, name: str, person: _Covered, core: Area, outer: Area, feather_px: float) -> None:
    tone = None if person.tone is None else np.array(person.tone, np.uint8)
    with engines.exclusive:
        masker = engines.load("body_masker", name)
        patch = masker.cover(canvas, core, feather_px=feather_px, tone=tone, size_px=person.size_px)
    opaque = seen_from(patch, person.own.full()) & (patch.alpha > _OPAQUE)
    if np.count_nonzero(opaque) < person.own.pixels:
        raise EngineFailed("The drawing left a part of them open.")
    replace(patch, alpha=patch.alpha * seen_from(patch, outer.full())).paste(canvas)
