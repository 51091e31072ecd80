"""Photos: find every face, decide who gets which mask, draw the masks, and check the result.

    plan   = analyze(photo, roster)
    masked = render(photo, plan, vault)
    report = check(photo, masked.photo, plan, masked.outcomes)

``mask`` is the three in a row. Enrolled people get their persona, everybody else is anonymised, and a mask that cannot
be drawn, or does not disguise enough by the judge's measure, is replaced by a plainer one: nothing passes because
something failed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from deepmask import engines
from deepmask.engines.protocols import FaceRecognizer, FaceSwapper
from deepmask.errors import Cancelled, EngineError, InputError, PlanError
from deepmask.faces import Box, Face, RGBImage, clip_box, enlarge, inside, iou
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.plan import ACTIONS, Action, Decision, Match, Plan, Region
from deepmask.progress import Progress, part, silent
from deepmask.report import Finding, Report, Verdict
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines.measuring import MEASURABLE_PX, Original, measured

SURE_SCORE = 0.5
"""From this score on, a face of the output is believed without asking again."""

_STRENGTHS: dict[str, tuple[float, ...]] = {"meshwarp": (0.8, 1.0), "painter": (0.8, 1.0)}
"""Strengths an engine is tried with before a plainer one takes over."""

PLAINEST = "solid"
"""The last rung: nothing of the face remains, so there is nothing to measure."""


@dataclass(frozen=True)
class PhotoOptions:
    """What happens to the faces of a photo."""

    persona: str | None = None
    """Id or name of a persona that everybody gets; None: enrolled people are matched to theirs."""
    bystanders: Action = "pixelate"
    """What happens to people who are not enrolled."""
    finder: str = "thorough"
    """Face finder; 'fast' for previews."""
    recognizer: str = "auto"

    def __post_init__(self) -> None:
        if self.bystanders not in ACTIONS or self.bystanders == "persona":
            allowed = ", ".join(a for a in ACTIONS if a != "persona")
            raise InputError(f"Bystanders can get {allowed}, not {self.bystanders!r}.")


@dataclass(frozen=True)
class Outcome:
    """How one region was masked."""

    region: str
    engine: str
    """Name of the engine whose mask is seen; 'none' when kept."""
    note: str = ""
    """Why a plainer mask than the one wanted was used: one sentence."""


@dataclass(frozen=True)
class Masked:
    """A rendered photo and how each region was masked."""

    photo: Photo
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Result:
    """All there is about one masked photo."""

    photo: Photo
    plan: Plan
    report: Report


def mask(
    source: Photo,
    vault: Vault,
    roster: Roster,
    options: PhotoOptions | None = None,
    *,
    progress: Progress = silent,
) -> Result:
    """Analyse, render and check."""
    options = options or PhotoOptions()
    if options.persona is not None:
        options = replace(options, persona=vault.persona(options.persona).id)
    plan = analyze(source, roster, options, progress=part(progress, 0.0, 0.4))
    masked = render(source, plan, vault, progress=part(progress, 0.4, 0.85))
    report = check(source, masked.photo, plan, masked.outcomes, progress=part(progress, 0.85, 1.0))
    return Result(masked.photo, plan, report)


# ------------------------------------------------------------------------------------------------------------ analyse
def analyze(source: Photo, roster: Roster, options: PhotoOptions | None = None, *, progress: Progress = silent) -> Plan:
    """Find all faces and decide what happens to each, without changing anything."""
    options = options or PhotoOptions()
    finder = engines.choose("face_finder", options.finder)
    progress(0.0, "Looking for faces")
    with engines.exclusive:
        faces = engines.load("face_finder", finder.name).find(source.rgb, progress=part(progress, 0.0, 0.6))
    used = {"face_finder": finder.name}
    matching = bool(roster.people) and options.persona is None
    if matching:
        used["face_recognizer"] = roster.recognizer
    original = Original.of(source)
    regions: list[Region] = []
    taken: dict[str, int] = {}
    for n, found in enumerate(faces):
        progress(0.6 + 0.4 * n / len(faces), f"Looking at face {n + 1} of {len(faces)}")
        face = original.face(_rounded(found.box_xyxy))
        match = _match(original, face, roster) if matching else None
        if match is not None:
            match = _keep_nearest(regions, taken, match, len(regions), options)
        regions.append(
            Region(
                id=f"face-{n + 1}",
                box_xyxy=face.box_xyxy,
                decision=_decide(match, roster, options),
                score=round(float(found.score), 3),
                found_by=finder.name,
                match=match,
                yaw_degrees=None if face.yaw_degrees is None else round(face.yaw_degrees, 1),
            )
        )
    progress(1.0, f"Found {len(regions)} faces" if len(regions) != 1 else "Found 1 face")
    return Plan("photo", source.name, source.fingerprint, source.size_wh, tuple(regions), used)


def decide(
    plan: Plan, roster: Roster, options: PhotoOptions | None = None, *, keep: Collection[str] = frozenset()
) -> Plan:
    """The plan decided anew by ``options``, without analysing again; regions named in ``keep`` stay as they are."""
    options = options or PhotoOptions()
    known = {person.id for person in roster.people}
    regions = []
    for region in plan.regions:
        match = region.match if region.match is not None and region.match.person in known else None
        regions.append(region if region.id in keep else region.decided(_decide(match, roster, options)))
    return replace(plan, regions=tuple(regions))


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


def _decide(match: Match | None, roster: Roster, options: PhotoOptions) -> Decision:
    if options.persona is not None:
        return Decision("persona", options.persona)
    if match is None:
        return Decision(options.bystanders)
    persona = roster.person(match.person).persona
    return Decision("keep") if persona is None else Decision("persona", persona)


def _rounded(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (round(float(v), 1) for v in box)
    return x1, y1, x2, y2


# ------------------------------------------------------------------------------------------------------------- render
def render(source: Photo, plan: Plan, vault: Vault, *, progress: Progress = silent) -> Masked:
    """Carry out the plan's decisions.

    Raises:
        PlanError: the plan belongs to another photo.
        UnknownName: it names a persona that is not in the vault.
    """
    _validate(source, plan)
    personas = {r.decision.persona: vault.persona(r.decision.persona) for r in plan.regions if r.decision.persona}
    original, canvas = Original.of(source), source.rgb.copy()
    outcomes: dict[str, Outcome] = {}
    judge = _judge_name(plan)
    waiting = sorted(plan.regions, key=lambda r: Face(r.box_xyxy).size_px)  # what is nearer covers what is behind
    for n, region in enumerate(waiting):
        progress(n / len(waiting), f"Masking face {n + 1} of {len(waiting)}")
        persona = personas[region.decision.persona] if region.decision.persona else None
        outcomes[region.id] = _mask_region(original, canvas, region, persona, judge)
    progress(1.0, "Masked")
    return Masked(source.edited(canvas), tuple(outcomes[r.id] for r in plan.regions))


def _validate(source: Photo, plan: Plan) -> None:
    if plan.fingerprint != source.fingerprint:
        raise PlanError(
            f"The plan was made for another photo ({plan.source_name}), not for {source.name}; "
            "make a new one with 'deepmask photo plan'."
        )
    for region in plan.regions:
        x1, y1, x2, y2 = clip_box(region.box_xyxy, source.size_wh)
        if x2 <= x1 or y2 <= y1:
            raise PlanError(f"The box of {region.id} lies outside the picture; move or remove it.")


def _mask_region(original: Original, canvas: RGBImage, region: Region, persona: Persona | None, judge: str) -> Outcome:
    """Draw onto ``canvas`` the first mask of the ladder that hides the face of ``region``."""
    if region.decision.action == "keep":
        return Outcome(region.id, "none")
    face = original.face(region.box_xyxy, region.score)
    reasons: list[str] = []
    bar = engines.load("face_recognizer", judge).hidden_above

    def hides(image: RGBImage) -> bool:
        distance = original.distance(judge, face, image)
        return distance is None or distance >= bar

    with engines.exclusive:
        for name in _ladder(region.decision.action, persona):
            try:
                reason = _try(name, canvas, face, persona, hides)
            except Cancelled:
                raise
            except Exception as error:  # fail closed: whatever goes wrong in an engine, a plainer mask follows
                reason = str(error) if isinstance(error, EngineError) else f"{name} failed ({type(error).__name__})"
            if reason is None:
                return Outcome(region.id, name, _note(name, reasons))
            reasons.append(reason.rstrip("."))
    x1, y1, x2, y2 = clip_box(enlarge(region.box_xyxy, 1.3), (canvas.shape[1], canvas.shape[0]))
    canvas[y1:y2, x1:x2] = 127
    return Outcome(region.id, "rectangle", _note("a grey rectangle", reasons))


def _ladder(action: Action, persona: Persona | None) -> list[str]:
    """Engines from the wanted one to the plainest: the order of the table."""
    names = [row.name for row in engines.rows("face_swapper") if not row.missing()]
    if action != "persona":
        return names[names.index(action) :] if action in names else ["solid"]
    if persona is not None and persona.attributes is not None:  # drawn anew in any pose, which no portrait can do
        return names[names.index("painter") :]
    return names


def _try(
    name: str, canvas: RGBImage, face: Face, persona: Persona | None, hides: Callable[[RGBImage], bool]
) -> str | None:
    """Let one engine draw; returns None when the face is hidden, else why not (the canvas is then as before)."""
    swapper = engines.load("face_swapper", name)
    if reason := _unsuitable(name, swapper, face):
        return reason
    for strength in _STRENGTHS.get(name, (1.0,)):
        patch = swapper.swap(canvas, face, persona, strength=strength)
        window = patch.window((canvas.shape[1], canvas.shape[0]))
        before = canvas[window].copy()
        patch.paste(canvas)
        if name == PLAINEST or hides(canvas):
            return None
        canvas[window] = before
    return f"{name} disguised too little"


def _unsuitable(name: str, swapper: FaceSwapper, face: Face) -> str | None:
    if face.size_px < swapper.min_size_px:
        return f"the face is too small for {name} ({face.size_px:.0f} px, {swapper.min_size_px:.0f} needed)"
    if swapper.needs_landmarks and face.landmarks is None:
        return f"{name} finds no face mesh (turned away, tiny or covered)"
    if face.yaw_degrees is not None and face.yaw_degrees > swapper.max_yaw_degrees:
        return f"the head is turned too far for {name} ({face.yaw_degrees:.0f}°)"
    return None


def _note(name: str, reasons: list[str]) -> str:
    return f"{name} instead, because {'; '.join(dict.fromkeys(reasons))}." if reasons else ""


def _judge_name(plan: Plan) -> str:
    """A recogniser other than the one that matched, where there is one."""
    names = [row.name for row in engines.rows("face_recognizer") if not row.missing()]
    others = [name for name in names if name != plan.engines.get("face_recognizer")]
    return (others or names or [engines.choose("face_recognizer").name])[0]


# -------------------------------------------------------------------------------------------------------------- check
def check(
    source: Photo, masked: Photo, plan: Plan, outcomes: tuple[Outcome, ...] = (), *, progress: Progress = silent
) -> Report:
    """Look at the output as an attacker would: find faces again, and compare each with the original.

    Raises:
        InputError: ``masked`` is not a version of ``source``.
    """
    _validate(source, plan)
    if masked.size_wh != source.size_wh:
        raise InputError(f"{masked.name} is not a masked version of {source.name}: their sizes differ.")
    judge_name = _judge_name(plan)
    drawn = {outcome.region: outcome for outcome in outcomes}
    progress(0.0, "Checking the result")
    with engines.exclusive:
        seen = engines.load("face_finder", "fast").find(masked.rgb, progress=part(progress, 0.0, 0.6))
        findings = []
        for n, region in enumerate(plan.regions):
            progress(0.6 + 0.4 * n / len(plan.regions), f"Checking face {n + 1} of {len(plan.regions)}")
            findings.append(_finding(source, masked.rgb, region, drawn.get(region.id), judge_name, seen))
        findings += _uncovered(source.rgb, plan, seen)
    progress(1.0, "Checked")
    return Report(source.name, tuple(findings), judge_name, source.notes)


def _finding(
    source: Photo,
    masked: RGBImage,
    region: Region,
    outcome: Outcome | None,
    judge: str,
    seen: list[Face],
) -> Finding:
    wanted = region.decision.persona or region.decision.action
    engine, note = (outcome.engine, outcome.note) if outcome else ("unknown", "")
    if region.decision.action == "keep":
        return Finding(region.id, wanted, "none", "kept", None)
    original = Original.of(source)
    distance = original.distance(judge, original.face(region.box_xyxy), masked)
    x1, y1, x2, y2 = clip_box(region.box_xyxy, source.size_wh)
    untouched = np.array_equal(source.rgb[y1:y2, x1:x2], masked[y1:y2, x1:x2])
    found = any(iou(region.box_xyxy, f.box_xyxy) > 0.3 for f in seen)
    verdict = _verdict(distance, untouched, found, engines.load("face_recognizer", judge))
    rounded = None if distance is None else round(distance, 3)
    return Finding(region.id, wanted, engine, verdict, rounded, "the face was not changed" if untouched else note)


def _verdict(distance: float | None, untouched: bool, found: bool, judge: FaceRecognizer) -> Verdict:
    if untouched:
        return "leak"
    if distance is None or distance >= judge.hidden_above:
        return "hidden"
    if distance < judge.match_below:
        return "leak" if found else "weak"
    return "weak" if found else "hidden"


def _uncovered(source: RGBImage, plan: Plan, seen: list[Face]) -> list[Finding]:
    """Faces of the output that no region of the plan speaks of, if they are large enough to be anybody's."""
    strangers = [
        face
        for face in seen
        if face.size_px >= MEASURABLE_PX
        and not any(
            iou(face.box_xyxy, r.box_xyxy) > 0.1 or inside(face.box_xyxy, r.box_xyxy) > 0.5 for r in plan.regions
        )
    ]
    findings = []
    for n, face in enumerate(_without_phantoms(source, strangers)):
        x1, y1, x2, y2 = (round(v) for v in face.box_xyxy)
        note = f"a face at ({x1}, {y1})–({x2}, {y2}) is not in the plan; add a box over it"
        findings.append(Finding(f"extra-{n + 1}", "nothing", "none", "leak", None, note, _rounded(face.box_xyxy)))
    return findings


def _without_phantoms(source: RGBImage, faces: list[Face]) -> list[Face]:
    """Faces that are sure, have a mesh, or are seen in the source too: next to a mask, finders see faces in folds."""
    doubtful = [f for f in faces if f.score < SURE_SCORE and measured(source, f).landmarks is None]
    if not doubtful:
        return faces
    before = engines.load("face_finder", "fast").find(source)
    phantoms = {id(f) for f in doubtful if not any(iou(f.box_xyxy, b.box_xyxy) > 0.1 for b in before)}
    return [f for f in faces if id(f) not in phantoms]
