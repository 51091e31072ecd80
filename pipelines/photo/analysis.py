"""Find the faces of a photo and decide what happens to each; nothing is changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from deepmask import engines, weights
from deepmask.errors import EngineMissing, InputError, PlanError
from deepmask.faces import Box, Face, clip_box
from deepmask.media import Photo
from deepmask.plan import Decision, Match, Plan, Region
from deepmask.progress import Progress, part, silent
from deepmask.roster import Roster
from pipelines.photo.choosing import asked_for
from pipelines.photo.measuring import Original, measured, rounded
from pipelines.photo.model import PhotoOptions


def analyze(source: Photo, roster: Roster, options: PhotoOptions | None = None, *, progress: Progress = silent) -> Plan:
    """Find all faces and decide what happens to each, without changing anything.

    Raises:
        EngineMissing: an engine that was asked for by name, or by which people are known, cannot be used yet.
        InputError: people are known by another recogniser than the one that was asked for.
    """
    options = options or PhotoOptions()
    used = asked_for(options)
    matching = bool(roster.people) and options.persona is None
    if matching:
        used["face_recognizer"] = matcher(roster, options.recognizer)
    finder = engines.choose("face_finder", options.finder)
    weights.read_new(finder.needed_weights(), part(progress, 0.0, 0.0))
    progress(0.0, "Looking for faces")
    with engines.exclusive:
        faces = engines.load("face_finder", finder.name).find(source.rgb, progress=part(progress, 0.0, 0.6))
    used["face_finder"] = finder.name
    original = Original.of(source)
    regions: list[Region] = []
    taken: dict[str, int] = {}
    for n, found in enumerate(faces):
        progress(0.6 + 0.4 * n / len(faces), f"Looking at face {n + 1} of {len(faces)}")
        face = original.face(rounded(found.box_xyxy))
        match = _match(original, face, roster) if matching else None
        if match is not None:
            match = _keep_nearest(regions, taken, match, len(regions), options)
        regions.append(
            Region(
                id=f"face-{n + 1}",
                box_xyxy=face.box_xyxy,
                decision=decision_for(match, roster, options),
                score=round(float(found.score), 3),
                found_by=finder.name,
                match=match,
                yaw_degrees=None if face.yaw_degrees is None else round(face.yaw_degrees, 1),
            )
        )
    progress(1.0, f"Found {len(regions)} faces" if len(regions) != 1 else "Found 1 face")
    return Plan("photo", source.name, source.fingerprint, source.size_wh, tuple(regions), used, options.look)


def matcher(roster: Roster, asked: str = "auto") -> str:
    """The recogniser that knows the people of a roster, ready for use.

    Raises:
        InputError: another one was asked for.
        EngineMissing: it cannot be used; nobody is recognised until it can, or until people are enrolled anew.
    """
    if asked not in ("auto", roster.recognizer):
        raise InputError(
            f"Your people are enrolled with {roster.recognizer}, which cannot be compared with {asked}; "
            f"forget them and enrol them again with {asked}, or leave the recogniser to 'auto'."
        )
    row = next((row for row in engines.rows("face_recognizer") if row.name == roster.recognizer), None)
    if row is None or row.missing():
        remedy = "" if row is None else f"run: {row.remedy()}, or "
        raise EngineMissing(
            f"Nobody is recognised, because your people are enrolled with {roster.recognizer}, which is not ready; "
            f"{remedy}forget them and enrol them again."
        )
    return row.name


def decide(
    plan: Plan, roster: Roster, options: PhotoOptions | None = None, *, keep: Collection[str] = frozenset()
) -> Plan:
    """The plan decided anew by ``options``, without analysing again; regions named in ``keep`` stay as they are.

    Raises:
        EngineMissing: the swapper that was asked for by name cannot be used yet.
    """
    options = options or PhotoOptions()
    known = {person.id for person in roster.people}
    regions = []
    for region in plan.regions:
        match = region.match if region.match is not None and region.match.person in known else None
        regions.append(region if region.id in keep else region.decided(decision_for(match, roster, options)))
    used = {kind: name for kind, name in plan.engines.items() if kind != "face_swapper"}
    return replace(plan, regions=tuple(regions), engines=used | asked_for(options), look=options.look)


def add_box(plan: Plan, source: Photo, box: Box, decision: Decision) -> Plan:
    """The plan with a face that a person pointed out.

    Raises:
        PlanError: the box does not touch the picture.
    """
    return plan.with_region(_pointed_out(source, plan.new_id(), box, decision))


def move_box(plan: Plan, source: Photo, id: str, box: Box) -> Plan:
    """The plan with the region ``id`` at another place; its decision stays.

    Raises:
        PlanError: there is no such region, or the box does not touch the picture.
    """
    return plan.with_region(_pointed_out(source, id, box, plan.region(id).decision))


def _pointed_out(source: Photo, id: str, box: Box, decision: Decision) -> Region:
    x1, y1, x2, y2 = clip_box(box, source.size_wh)
    if x2 - x1 < 2 or y2 - y1 < 2:
        raise PlanError("The box lies outside the picture; draw it over a face.")
    face = Original.of(source).face((x1, y1, x2, y2))
    yaw = None if face.yaw_degrees is None else round(face.yaw_degrees, 1)
    return Region(id, (x1, y1, x2, y2), decision, yaw_degrees=yaw)


def embed(source: Photo, *, finder: str = "thorough", recognizer: str = "auto") -> tuple[np.ndarray, str]:
    """Embedding of the one face of an enrolment photo, and the recogniser's name.

    Raises:
        InputError: no face, or several.
    """
    with engines.exclusive:
        faces = engines.load("face_finder", finder).find(source.rgb)
        if not faces:
            raise InputError(f"No face was found in {source.name}; choose a photo that shows the face clearly.")
        largest = max(faces, key=lambda f: f.size_px)
        rivals = [f for f in faces if f is not largest and f.size_px > 0.5 * largest.size_px and f.score > 0.5]
        if rivals:
            raise InputError(f"{source.name} shows several people; crop it to the one you want to enrol.")
        row = engines.choose("face_recognizer", recognizer)
        face = measured(source.rgb, largest)
        return engines.load("face_recognizer", row.name).embed(source.rgb, face), row.name


def _match(original: Original, face: Face, roster: Roster) -> Match | None:
    embedding = original.embedding(roster.recognizer, face)
    return None if embedding is None else roster.match(embedding, engines.load("face_recognizer", roster.recognizer))


def _keep_nearest(
    regions: list[Region], taken: dict[str, int], match: Match, index: int, options: PhotoOptions
) -> Match | None:
    """One person appears once in a photo: of two faces that match, only the nearer one keeps the match."""
    rival = taken.get(match.person)
    if rival is not None:
        other = regions[rival].match
        if other is not None and other.distance <= match.distance:
            return None
        regions[rival] = replace(regions[rival], match=None, decision=Decision(options.bystanders))
    taken[match.person] = index
    return match


def decision_for(match: Match | None, roster: Roster, options: PhotoOptions) -> Decision:
    """What a face gets: the persona for everybody, its own by the roster, or what bystanders get."""
    if options.persona is not None:
        return Decision("persona", options.persona)
    if match is None:
        return Decision(options.bystanders)
    persona = roster.person(match.person).persona
    return Decision("keep") if persona is None else Decision("persona", persona)
