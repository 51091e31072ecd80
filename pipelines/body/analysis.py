"""Find everybody in a photo from head to foot and decide what happens to each; nothing is changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from deepmask import engines
from deepmask.area import Body
from deepmask.body_plan import BodyAction, BodyDecision, BodyPlan, BodyRegion
from deepmask.faces import Box, iou
from deepmask.media import Photo
from deepmask.plan import Match, Plan
from deepmask.progress import Progress, part, silent
from deepmask.roster import Roster
from pipelines import photo
from pipelines.body.choosing import asked_for
from pipelines.body.measuring import people_in
from pipelines.body.model import BodyOptions, validate
from pipelines.photo.measuring import Original

SAME_FACE_IOU = 0.6
SAME_TEXT_IOU = 0.5


def analyze(
    source: Photo, roster: Roster, options: BodyOptions | None = None, *, progress: Progress = silent
) -> BodyPlan:
    """Find all faces, all bodies and, if asked, all writing, and decide what happens to each.

    Raises:
        EngineMissing: an engine that was asked for by name, or by which people are known, cannot be used yet.
        UnknownName: an engine that does not exist.
        InputError: people are known by another recogniser than the one that was asked for.
    """
    options = options or BodyOptions()
    used = asked_for(options)
    segmenter = engines.choose("person_segmenter", options.segmenter).name
    used["person_segmenter"] = segmenter
    if options.text is not None:
        used["text_finder"] = engines.choose("text_finder").name
    faces = photo.analyze(source, roster, options.faces, progress=part(progress, 0.0, 0.4))
    original = Original.of(source)
    told = [original.face(region.box_xyxy, region.score) for region in faces.regions]
    progress(0.4, "Looking for people")
    bodies = people_in(source, segmenter, told, part(progress, 0.4, 0.9))
    linked = _faces_of(bodies, faces)
    regions = []
    for n, (body, face) in enumerate(zip(bodies, linked, strict=True)):
        match = None if face is None else faces.region(face).match
        decision = _decide(match, roster, options)
        score = round(float(body.score), 3)
        regions.append(BodyRegion(f"person-{n + 1}", body.area, decision, "person", score, segmenter, face, match))
    if options.text is not None:
        regions += _texts(source, used["text_finder"], options.text, part(progress, 0.9, 1.0))
    progress(1.0, "Found 1 person" if len(bodies) == 1 else f"Found {len(bodies)} people")
    return BodyPlan(
        source.name, source.fingerprint, source.size_wh, faces, tuple(regions), options.edges, options.seed, used
    )


def decide(
    plan: BodyPlan, roster: Roster, options: BodyOptions | None = None, *, keep: Collection[str] = frozenset()
) -> BodyPlan:
    """The plan decided anew by ``options``, without analysing again.

    Bodies and faces whose ids are in ``keep`` stay as they are, and things that somebody pointed at; so does writing
    when the options do not speak of it.

    Raises:
        EngineMissing: an engine that was asked for by name cannot be used yet.
    """
    options = options or BodyOptions()
    faces = photo.decide(plan.faces, roster, options.faces, keep=keep)
    known = {person.id for person in roster.people}
    regions = []
    for region in plan.regions:
        if region.id not in keep:
            if region.thing == "person":
                match = region.match if region.match is not None and region.match.person in known else None
                region = replace(region, decision=_decide(match, roster, options))
            elif region.thing == "text" and options.text is not None:
                region = replace(region, decision=BodyDecision(options.text))
        regions.append(region)
    used = {kind: name for kind, name in plan.engines.items() if kind not in ("inpainter", "area_selector")}
    return replace(
        plan,
        faces=faces,
        regions=tuple(regions),
        edges=options.edges,
        seed=options.seed,
        engines=used | asked_for(options),
    )


def find_text(
    plan: BodyPlan, source: Photo, action: BodyAction = "silhouette", *, progress: Progress = silent
) -> BodyPlan:
    """The plan with all writing and licence plates of the photo; those it has already stay as they are.

    Raises:
        PlanError: the plan belongs to another photo.
        EngineMissing: nothing that finds writing is installed.
    """
    validate(source, plan)
    finder = engines.choose("text_finder").name
    known = [region.area for region in plan.regions if region.thing == "text"]
    for region in _texts(source, finder, action, progress):
        if not any(region.area.iou(area) > SAME_TEXT_IOU for area in known):
            plan = plan.with_region(replace(region, id=plan.new_id("text")))
    return replace(plan, engines=plan.engines | {"text_finder": finder})


def _decide(match: Match | None, roster: Roster, options: BodyOptions) -> BodyDecision:
    action: BodyAction = options.bystanders if match is None else options.enrolled
    if action != "swap":
        return BodyDecision(action)
    own = None if match is None else roster.person(match.person).persona
    return BodyDecision(action, options.faces.persona or own, options.prompt)


def _faces_of(bodies: Sequence[Body], faces: Plan) -> list[str | None]:
    """For each body the id of its face; no face belongs to two."""
    free = {region.id: region.box_xyxy for region in faces.regions}
    linked: list[str | None] = []
    for body in bodies:
        near = None if body.face is None else _nearest(body.face, free)
        linked.append(near)
        if near is not None:
            del free[near]
    return linked


def _nearest(box: Box, free: dict[str, Box]) -> str | None:
    best = max(free, key=lambda id: iou(free[id], box), default=None)
    return best if best is not None and iou(free[best], box) > SAME_FACE_IOU else None


def _texts(source: Photo, finder: str, action: BodyAction, progress: Progress) -> list[BodyRegion]:
    progress(0.0, "Looking for writing")
    with engines.exclusive:
        found = engines.load("text_finder", finder).find(source.rgb, progress=progress)
    return [
        BodyRegion(f"text-{n + 1}", area, BodyDecision(action), "text", round(float(score), 3), finder)
        for n, (area, score) in enumerate(found)
    ]
