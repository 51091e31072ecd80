"""What somebody changes in a plan by pointing: who is meant, what belongs to them, what was missed.

To take a region out of a plan there is ``BodyPlan.without``, to decide otherwise ``BodyPlan.decided``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deepmask import engines
from deepmask.area import Area, Selection
from deepmask.body_plan import BodyDecision, BodyPlan, BodyRegion, Thing
from deepmask.errors import PlanError
from deepmask.faces import Box
from deepmask.media import Photo
from deepmask.progress import Progress, silent
from pipelines.body.model import validate
from pipelines.body.outlines import inside_of

_BESIDE_PX, _BESIDE = 4.0, 0.015
"""How far beside somebody a point may lie to mean them, at least and in parts of the picture's longer side: outlines
have gaps, and fingers are thick."""

SAME_REGION_IOU = 0.5
"""An outline that overlaps a known region by more than this is a better outline of it, not another thing."""


def pointed_at(plan: BodyPlan, x: float, y: float) -> BodyRegion | None:
    """The region a single point means: the smallest one around it, else the nearest beside it; None where none is."""
    around = [region for region in plan.regions if region.area.contains(x, y)]
    if around:
        return min(around, key=lambda region: region.area.pixels)
    reach = max(_BESIDE_PX, _BESIDE * max(plan.size_wh))
    away = {region.id: _distance(region.area, x, y) for region in plan.regions}
    nearest = min(away, key=lambda id: away[id], default=None)
    return plan.region(nearest) if nearest is not None and away[nearest] <= reach else None


def _distance(area: Area, x: float, y: float) -> float:
    """Pixels from a point to the nearest one of an area."""
    x1, y1, x2, y2 = area.box_xyxy
    if max(x1 - x, x - x2, y1 - y, y - y2) > max(_BESIDE_PX, _BESIDE * max(area.size_wh)):
        return np.inf
    rows, columns = np.nonzero(area.mask)
    left, top = area.origin_xy
    return float(np.sqrt(((columns + left + 0.5 - x) ** 2 + (rows + top + 0.5 - y) ** 2).min()))


def select(
    plan: BodyPlan,
    source: Photo,
    selection: Selection,
    decision: BodyDecision | None = None,
    *,
    thing: Thing = "person",
    progress: Progress = silent,
) -> BodyPlan:
    """The plan in which what somebody pointed at is decided.

    A single point on a known region, or close beside one, means that region. Anything else is outlined anew: an
    outline that is mostly a known region's replaces it, another one becomes a new region, without anybody else who was
    not pointed at.

    Args:
        decision: None: as it was, or a silhouette if it is new.
        thing: what a new region is.

    Raises:
        InputError: a point or the box lies outside the picture.
        EngineMissing: the selector the plan names cannot be used.
        EngineFailed: nothing can be outlined there.
    """
    validate(source, plan)
    selection.check(plan.size_wh)
    if len(selection.clicks) == 1 and selection.box_xyxy is None:
        known = pointed_at(plan, selection.clicks[0].x, selection.clicks[0].y)
        if known is not None:
            return plan if decision is None else plan.decided(known.id, decision)
    area, selector = _outlined(plan, source, selection, progress)
    same = [region for region in plan.regions if region.area.iou(area) > SAME_REGION_IOU]
    if same:
        best = max(same, key=lambda region: region.area.iou(area))
        return _replaced(plan, replace(best, decision=decision or best.decision), area, selector, selection)
    area = _of_nobody_else(plan, area, selection)
    region = BodyRegion(plan.new_id(thing), area, decision or BodyDecision(), thing, found_by=selector)
    face = _face_in(plan, area) if thing == "person" else None
    match = None if face is None else plan.faces.region(face).match
    return plan.with_region(replace(region, face=face, match=match, selection=selection))


def refine(plan: BodyPlan, source: Photo, id: str, selection: Selection, *, progress: Progress = silent) -> BodyPlan:
    """The plan with the region ``id`` outlined anew: what was pointed at before, or where it was found, and this.

    Raises:
        PlanError: there is no such region.
        InputError, EngineMissing, EngineFailed: as for :func:`select`.
    """
    validate(source, plan)
    selection.check(plan.size_wh)
    region = plan.region(id)
    before = region.selection
    clicks = (*(before.clicks if before is not None else ()), *selection.clicks)
    box = selection.box_xyxy or (region.area.box_xyxy if before is None else before.box_xyxy)
    if box is not None:
        inside = [(click.x, click.y) for click in clicks if click.inside]
        xs, ys = [box[0], box[2], *(x for x, _ in inside)], [box[1], box[3], *(y for _, y in inside)]
        box = (min(xs), min(ys), max(xs), max(ys))
    together = Selection(clicks, box)
    area, selector = _outlined(plan, source, together, progress)
    return _replaced(plan, region, area, selector, together)


def add_box(
    plan: BodyPlan, source: Photo, box: Box, thing: Thing = "other", decision: BodyDecision | None = None
) -> BodyPlan:
    """The plan with a rectangle as a region of its own: writing, a licence plate, whatever somebody drew it over.

    Raises:
        InputError: the box lies outside the picture.
        PlanError: the plan belongs to another photo, or the decision is for people only.
    """
    validate(source, plan)
    chosen = decision or BodyDecision("pixelate")
    return plan.with_region(BodyRegion(plan.new_id(thing), Area.of_box(box, plan.size_wh), chosen, thing))


def _outlined(plan: BodyPlan, source: Photo, selection: Selection, progress: Progress) -> tuple[Area, str]:
    name = engines.choose("area_selector", plan.engines.get("area_selector", "auto")).name
    with engines.exclusive:
        area = engines.load("area_selector", name).select(source.rgb, selection, progress=progress)
    if area.size_wh != plan.size_wh:
        raise PlanError(f"{name} outlined a picture of another size; choose another selector.")
    return area, name


def _of_nobody_else(plan: BodyPlan, area: Area, selection: Selection) -> Area:
    """A new outline without known people who were not pointed at: selectors do not know where one ends."""
    inside = [(click.x, click.y) for click in selection.clicks if click.inside]
    if not inside:
        return area
    for region in plan.regions:
        if region.thing == "person" and not any(region.area.contains(x, y) for x, y in inside):
            area = area.without(region.area) or area
    return _connected(area, inside)


def _connected(area: Area, points: list[tuple[float, float]]) -> Area:
    """Those parts of an area that hold the points; all of it if none does."""
    import cv2

    _, labels = cv2.connectedComponents(area.mask.astype(np.uint8))
    x, y = area.origin_xy
    held = {int(labels[int(py) - y, int(px) - x]) for px, py in points if area.contains(px, py)} - {0}
    if not held:
        return area
    whole = np.zeros((area.size_wh[1], area.size_wh[0]), bool)
    whole[area.window] = np.isin(labels, list(held))
    return Area.of(whole)


def _replaced(plan: BodyPlan, region: BodyRegion, area: Area, selector: str, selection: Selection) -> BodyPlan:
    face, match = region.face, region.match
    if face is None and region.thing == "person":
        face = _face_in(plan, area)
        match = None if face is None else plan.faces.region(face).match
    return plan.with_region(
        replace(region, area=area, found_by=selector, selection=selection, score=1.0, face=face, match=match)
    )


def _face_in(plan: BodyPlan, area: Area) -> str | None:
    """The face in an area that belongs to nobody yet: the one that lies in it most."""
    linked = {region.face for region in plan.regions}
    shares = {f.id: inside_of(area, f.box_xyxy) for f in plan.faces.regions if f.id not in linked}
    best = max(shares, key=lambda id: shares[id], default=None)
    return best if best is not None and shares[best] > 0.5 else None
