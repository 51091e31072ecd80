"""Look for everybody again who should not be seen any more."""

from __future__ import annotations

from dataclasses import replace

from deepmask import engines
from deepmask.area import Area, Body
from deepmask.body_plan import BodyPlan, BodyRegion
from deepmask.body_report import BodyFinding, BodyReport
from deepmask.errors import InputError
from deepmask.faces import RGBImage
from deepmask.media import Photo
from deepmask.progress import Progress, part, silent
from deepmask.report import Finding, Report, Verdict
from pipelines import photo
from pipelines.body.choosing import licence_notes, wanted
from pipelines.body.measuring import MOST_UNCHANGED, is_flat, people_in, unchanged
from pipelines.body.model import validate
from pipelines.body.outlines import faces_as_drawn, inside_of, outlines
from pipelines.photo.model import Outcome

FOUND_AGAIN = 0.4
"""Intersection over union from which on somebody is seen where a removed person was."""

MOSTLY = 0.5
"""Share of a person that is as it was, from which on they are seen."""


def check(
    source: Photo,
    masked: Photo,
    plan: BodyPlan,
    outcomes: tuple[Outcome, ...] = (),
    faces: tuple[Outcome, ...] = (),
    *,
    progress: Progress = silent,
) -> BodyReport:
    """Look at the output as an attacker would: compare what should be hidden, find people again, check all faces.

    Removed people are weakly hidden if they are still found; covered and exchanged ones may look like people.

    Args:
        outcomes: of the bodies, as :func:`~pipelines.body.rendering.render` gives them; a file from anywhere has none.
        faces: the same of the faces.

    Raises:
        PlanError: the plan belongs to another photo.
        InputError: ``masked`` is not a version of ``source``.
    """
    validate(source, plan)
    if masked.size_wh != source.size_wh:
        raise InputError(f"{masked.name} is not a masked version of {source.name}: their sizes differ.")
    examined = photo.check(source, masked, faces_as_drawn(plan), faces, progress=part(progress, 0.0, 0.5))
    segmenter = engines.choose("person_segmenter", plan.engines.get("person_segmenter", "auto")).name
    progress(0.5, "Looking for people again")
    seen = people_in(masked, segmenter, progress=part(progress, 0.5, 1.0))
    drawn = {outcome.region: outcome for outcome in outcomes}
    findings = [_finding(source, masked, plan, region, drawn.get(region.id), seen) for region in plan.regions]
    findings += _strangers(source, masked, plan, seen, segmenter)
    progress(1.0, "Checked")
    notes = (*source.notes, *_faces_alone(plan), *licence_notes(plan, outcomes))
    return BodyReport(source.name, tuple(findings), _without_new(examined, plan), (segmenter,), notes)


def _finding(
    source: Photo,
    masked: Photo,
    plan: BodyPlan,
    region: BodyRegion,
    outcome: Outcome | None,
    seen: list[Body],
) -> BodyFinding:
    engine, note = (outcome.engine, outcome.note) if outcome else ("unknown", "")
    if not region.hidden:
        faceless = region.decision.action == "face" and region.face is None
        note = "no face of theirs was found" if faceless else ""
        return BodyFinding(region.id, wanted(region), "none", "kept", None, note)
    same = unchanged(source.rgb, masked.rgb, region.area)
    verdict: Verdict = "hidden"
    if same > MOST_UNCHANGED:
        verdict, note = "leak", f"{same:.0%} of it is as it was"
    elif _should_be_gone(region, masked.rgb) and _found_again(plan, region, seen):
        verdict = "weak"
        note = f"{note} Somebody is still found there.".strip()
    return BodyFinding(region.id, wanted(region), engine, verdict, round(same, 3), note)


def _should_be_gone(region: BodyRegion, masked: RGBImage) -> bool:
    """Whether nobody should be seen there: who could not be removed is covered, in the shape of a person."""
    return region.thing == "person" and region.decision.action == "remove" and not is_flat(masked, region.area)


def _found_again(plan: BodyPlan, region: BodyRegion, seen: list[Body]) -> bool:
    """Whether somebody found in the output is nearer to this region than to any other."""
    for body in seen:
        best = max(plan.regions, key=lambda other: other.area.iou(body.area))
        if best.id == region.id and region.area.iou(body.area) > FOUND_AGAIN:
            return True
    return False


def _strangers(source: Photo, masked: Photo, plan: BodyPlan, seen: list[Body], segmenter: str) -> list[BodyFinding]:
    """People of whom the plan does not speak, who are as they were: taken out of it, or never in it.

    They are seen in the source, too: beside what was drawn, people are imagined.
    """
    strangers = [
        body.area
        for body in seen
        if not _spoken_of(plan, body.area) and unchanged(source.rgb, masked.rgb, body.area) > MOSTLY
    ]
    if strangers:
        before = [body.area for body in people_in(source, segmenter)]
        strangers = [area for area in strangers if any(area.iou(known) > FOUND_AGAIN for known in before)]
    return [_stranger(n + 1, area) for n, area in enumerate(strangers)]


def _stranger(n: int, area: Area) -> BodyFinding:
    x1, y1, x2, y2 = (round(v) for v in area.box_xyxy)
    note = f"somebody at ({x1}, {y1})–({x2}, {y2}) is not in the plan; click on them, or keep them"
    return BodyFinding(f"extra-{n}", "nothing", "none", "weak", 1.0, note)


def _spoken_of(plan: BodyPlan, area: Area) -> bool:
    return sum(region.area.overlap(area) for region in plan.regions if region.thing == "person") > 0.3 * area.pixels


def _without_new(report: Report, plan: BodyPlan) -> Report:
    """The check of the faces without those of people who were put in somebody's place: they are nobody's."""
    new = [outline.outer for outline in outlines(plan).values() if outline.region.decision.action == "swap"]

    def is_new(finding: Finding) -> bool:
        box = finding.missed_box_xyxy
        return box is not None and any(inside_of(area, box) > 0.5 for area in new)

    return replace(report, findings=tuple(f for f in report.findings if not is_new(f)))


def _faces_alone(plan: BodyPlan) -> tuple[str, ...]:
    """What has to be said of people of whom only the face was found."""
    linked = {region.face for region in plan.regions}
    alone = [f.id for f in plan.faces.regions if f.id not in linked and f.decision.action != "keep"]
    if not alone:
        return ()
    return (f"no body was found for {', '.join(alone)}: only the face is masked",)
