"""The picture while its bodies are drawn, and whether somebody is hidden in it by now."""

from __future__ import annotations

import numpy as np

from deepmask import engines
from deepmask.area import Area
from deepmask.body_plan import BodyPlan
from deepmask.engines.protocols import FaceRecognizer
from deepmask.faces import RGBImage
from deepmask.media import Photo
from pipelines.body.measuring import MOST_UNCHANGED, unchanged
from pipelines.body.outlines import Outline, others_of, union
from pipelines.photo.choosing import judges
from pipelines.photo.measuring import Original


class Canvas:
    """Pixels that are changed in place, beside those of the source."""

    def __init__(self, source: Photo, rgb: RGBImage, plan: BodyPlan) -> None:
        self.rgb = rgb.copy()
        self.plan = plan
        self._source, self._original = source, Original.of(source)
        self._gone: set[str] = set()
        self._judges: dict[str, FaceRecognizer] = {}

    def others(self, hole: Area, *without: str) -> Area | None:
        """Everybody who is still in the picture, beside a hole: nothing of them may be repeated."""
        around = union(others_of(self.plan, *self._gone, *without))
        return None if around is None else around.without(hole)

    def remember_gone(self, *ids: str) -> None:
        """These people are not in the picture any more."""
        self._gone.update(ids)

    def held(self, outlines: list[Outline]) -> list[RGBImage]:
        """What is to be seen within some outlines now."""
        return [self.rgb[outline.outer.window].copy() for outline in outlines]

    def put_back(self, outlines: list[Outline], before: list[RGBImage]) -> None:
        """Undo everything since :meth:`held`, whatever was drawn within their rectangles."""
        for outline, pixels in zip(reversed(outlines), reversed(before), strict=True):
            self.rgb[outline.outer.window] = pixels

    def limited_to(self, outer: Area, rgb: RGBImage) -> None:
        """Take over another picture, within an area only."""
        np.copyto(self.rgb[outer.window], rgb[outer.window], where=outer.mask[..., None])

    def hides(self, outline: Outline, *, flat: bool) -> bool:
        """Whether nothing of a region shows: neither its pixels nor, to any judge, its face.

        Args:
            flat: it was drawn in one colour, in which there is no face to judge.
        """
        if unchanged(self._source.rgb, self.rgb, outline.own) > MOST_UNCHANGED:
            return False
        if flat or outline.region.face is None:
            return True
        if not self._judges:
            self._judges = {name: engines.load("face_recognizer", name) for name in judges()}
        region = self.plan.faces.region(outline.region.face)
        face = self._original.face(region.box_xyxy, region.score)
        somebody = outline.region.decision.action == "swap"
        for name, judge in self._judges.items():
            distance = self._original.distance(name, face, self.rgb)
            bar = judge.hidden_above if somebody else judge.match_below  # without a face chance alone decides
            if distance is not None and distance < bar:
                return False
        return True
