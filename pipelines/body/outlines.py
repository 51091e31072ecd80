"""Which pixels each decision may change: outlines with heads, grown and softened, without those of people who stay.

Where two outlines truly overlap, hiding wins; the margin around a hidden outline never takes anything of who stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area, Mask
from deepmask.body_plan import BodyPlan, BodyRegion
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import Box, Patch
from deepmask.plan import Decision, Plan, Region

_GROWTH = {"remove": 0.05, "swap": 0.05}
"""Margin in parts of a person's size: what is left of an edge shows that somebody stood there."""
_LEAST_GROWTH = 0.02
_MARGIN_PX = 3.0, 48.0
"""Of the smallest and the largest person."""

_OPAQUE = 0.99
"""Opacity from which on nothing shines through."""


@dataclass(frozen=True, eq=False)
class Outline:
    """The pixels of one hidden region."""

    region: BodyRegion
    own: Area
    """What must not be seen: body and head."""
    core: Area
    """Where the new picture is opaque: all of ``own``, and a margin."""
    outer: Area
    """Outside of it nothing changes."""
    feather_px: float
    """Width of the soft edge between core and outer."""

    def joined(self, more: Area, allowed: Mask) -> Outline:
        """With a further area that is to go, such as a shadow, where it is allowed."""
        wide, near = more.grown(self.feather_px).within(allowed), more.within(allowed)
        if wide is None or near is None:
            return self
        return replace(self, core=self.core.united(near), outer=self.outer.united(wide))

    def softened(self, patch: Patch) -> Patch:
        """The patch as opaque as this outline wants it: all in the core, nothing beyond the outer edge.

        Raises:
            EngineFailed: it leaves a part of them open.
        """
        self._demand_opaque(patch)
        return replace(patch, alpha=patch.alpha * self._opacity(patch))

    def cut(self, patch: Patch) -> Patch:
        """The patch without what lies beyond the outer edge.

        Raises:
            EngineFailed: it leaves a part of them open.
        """
        self._demand_opaque(patch)
        return replace(patch, alpha=patch.alpha * seen_from(patch, self.outer.full()))

    def _demand_opaque(self, patch: Patch) -> None:
        covered = seen_from(patch, self.own.full()) & (patch.alpha > _OPAQUE)
        if np.count_nonzero(covered) < self.own.pixels:
            raise EngineFailed("The drawing left a part of them open.")

    def _opacity(self, patch: Patch) -> NDArray[np.float32]:
        import cv2

        core = seen_from(patch, self.core.full())
        outer = seen_from(patch, self.outer.full())
        if self.feather_px < 0.5:
            return (core | outer).astype(np.float32)
        away = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5)
        ramp = np.clip(1 - away / (self.feather_px + 1), 0, 1)
        return np.where(core, 1, np.where(outer, ramp, 0)).astype(np.float32)


def outlines(plan: BodyPlan) -> dict[str, Outline]:
    """Region id → its pixels, for all regions that are to be hidden."""
    hidden = [region for region in plan.regions if region.hidden]
    staying = _staying(plan)
    kept_bodies = _mask(plan, [region.area for region in plan.regions if not region.hidden])
    return {region.id: _outline(plan, region, staying, kept_bodies) for region in hidden}


def allowed_around(plan: BodyPlan, own: Area) -> Mask:
    """(H, W): an area, and everything that belongs to nobody who stays."""
    allowed = ~_staying(plan)
    allowed[own.window] |= own.mask
    return allowed


def others_of(plan: BodyPlan, *without: str) -> list[Area]:
    """Where everybody else is, found from head to foot or by the face only."""
    bodies = [r.area for r in plan.regions if r.id not in without and (r.thing == "person" or r.hidden)]
    linked = {region.face for region in plan.regions}
    return bodies + [head_of(face.box_xyxy, plan.size_wh) for face in plan.faces.regions if face.id not in linked]


def union(areas: list[Area]) -> Area | None:
    """All together; None if there are none."""
    if not areas:
        return None
    size_wh = areas[0].size_wh
    whole = np.zeros((size_wh[1], size_wh[0]), bool)
    for area in areas:
        whole[area.window] |= area.mask
    return Area.of(whole)


def groups(found: list[Outline]) -> list[list[Outline]]:
    """Outlines that touch each other together: what is behind them can only be continued from around them all."""
    grouped: list[list[Outline]] = []
    for outline in found:
        near = [group for group in grouped if any(outline.outer.overlap(other.outer) for other in group)]
        grouped = [group for group in grouped if group not in near]
        grouped.append([*(one for group in near for one in group), outline])
    return grouped


def head_of(box: Box, size_wh: tuple[int, int]) -> Area:
    """The ellipse of a head around the box of its face, forehead and chin with it."""
    x1, y1, x2, y2 = box
    w, h = x2 - x1, y2 - y1
    box = x1 - 0.1 * w, y1 - 0.25 * h, x2 + 0.1 * w, y2 + 0.08 * h
    try:
        return Area.of_ellipse(box, size_wh)
    except InputError:  # it touches the picture, but no middle of a pixel
        return Area.of_box(box, size_wh)


def faces_as_drawn(plan: BodyPlan) -> Plan:
    """The plan of faces as bodies want it: covered where the body is hidden, untouched where all stays as it is."""
    wanted = {region.face: region for region in plan.regions if region.face is not None}
    return replace(plan.faces, regions=tuple(_as_wanted(face, wanted.get(face.id)) for face in plan.faces.regions))


def _as_wanted(face: Region, body: BodyRegion | None) -> Region:
    if body is None or body.decision.action == "face":
        return face
    if body.decision.action == "keep":
        return face.decided(Decision("keep"))
    return face.decided(Decision("pixelate")) if face.decision.action in ("keep", "persona") else face


def _outline(plan: BodyPlan, region: BodyRegion, staying: Mask, kept_bodies: Mask) -> Outline:
    own = region.area
    if region.face is not None:
        head = head_of(plan.faces.region(region.face).box_xyxy, plan.size_wh).within(~kept_bodies)
        own = own if head is None else own.united(head)
    size_px = float(np.sqrt(own.pixels))
    grow_px = plan.edges.grow_px
    if grow_px is None:
        share = _GROWTH.get(region.decision.action, _LEAST_GROWTH)
        grow_px = float(np.clip(share * size_px, *_MARGIN_PX))
    feather_px = plan.edges.feather_px
    feather_px = min(grow_px, grow_px / 2 if feather_px is None else feather_px)
    allowed = ~staying
    allowed[own.window] |= own.mask
    core = own.grown(grow_px - feather_px).within(allowed) or own
    outer = own.grown(grow_px).within(allowed) or own
    return Outline(region, own, core, outer, feather_px)


def _staying(plan: BodyPlan) -> Mask:
    """Pixels of everybody who is to be seen: bodies, their heads, and faces to which no body was found."""
    areas = [region.area for region in plan.regions if not region.hidden]
    bodies = {region.face: region for region in plan.regions if region.face is not None}
    hidden = [region.area for region in plan.regions if region.hidden]
    for face in plan.faces.regions:
        body = bodies.get(face.id)
        x1, y1, x2, y2 = face.box_xyxy
        seen = not body.hidden if body is not None else face.decision.action in ("keep", "persona")
        if seen and not (body is None and any(area.contains((x1 + x2) / 2, (y1 + y2) / 2) for area in hidden)):
            areas.append(head_of(face.box_xyxy, plan.size_wh))
    return _mask(plan, areas)


def _mask(plan: BodyPlan, areas: list[Area]) -> Mask:
    everything = union(areas)
    w, h = plan.size_wh
    return np.zeros((h, w), bool) if everything is None else everything.full()


def seen_from(patch: Patch, mask: Mask) -> Mask:
    """The part of a picture's mask (H, W) that lies under a patch; nothing beyond the picture's edges."""
    h, w = mask.shape
    rows, columns = patch.window((w, h))
    x0, y0 = patch.origin_xy
    under = np.zeros(patch.alpha.shape, bool)
    under[rows.start - y0 : rows.stop - y0, columns.start - x0 : columns.stop - x0] = mask[rows, columns]
    return under


def inside_of(area: Area, box: Box) -> float:
    """Share of a box that lies in an area, 0..1; 0 for a box outside the picture."""
    try:
        boxed = Area.of_box(box, area.size_wh)
    except InputError:
        return 0.0
    return boxed.overlap(area) / boxed.pixels
