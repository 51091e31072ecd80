"""Look at a masked photo as an attacker would."""

from __future__ import annotations

import numpy as np

from deepmask import engines
from deepmask.engines.protocols import FaceRecognizer
from deepmask.errors import InputError
from deepmask.faces import Box, Face, RGBImage, clip_box, enlarge, inside, iou
from deepmask.media import Photo
from deepmask.plan import Plan, Region
from deepmask.progress import Progress, part, silent
from deepmask.report import Finding, Report, Verdict
from pipelines.photo.measuring import MEASURABLE_PX, Original, judge_of, measured, rounded
from pipelines.photo.model import Outcome, validate

FLAT_LEVELS = 2.0
"""Standard deviation of a channel, in grey levels, below which an area shows nothing."""

SURE_SCORE = 0.5
"""From this score on, a face of the output is believed without asking again."""

MOST_RECODING_NOISE = 0.2
"""Mean difference of two pictures in standard deviations of the first, up to which they are the same picture: JPEG at
quality 30 was seen to reach .14, pixelated faces .66."""


def check(
    source: Photo, masked: Photo, plan: Plan, outcomes: tuple[Outcome, ...] = (), *, progress: Progress = silent
) -> Report:
    """Look at the output as an attacker would: find faces again, and compare each with the original.

    Raises:
        InputError: ``masked`` is not a version of ``source``.
    """
    validate(source, plan)
    if masked.size_wh != source.size_wh:
        raise InputError(f"{masked.name} is not a masked version of {source.name}: their sizes differ.")
    judge_name = judge_of(plan)
    drawn = {outcome.region: outcome for outcome in outcomes}
    progress(0.0, "Checking the result")
    with engines.exclusive:
        seen = engines.load("face_finder", "fast").find(masked.rgb, progress=part(progress, 0.0, 0.6))
        findings = []
        for n, region in enumerate(plan.regions):
            progress(0.6 + 0.4 * n / len(plan.regions), f"Checking face {n + 1} of {len(plan.regions)}")
            findings.append(_finding(source, masked.rgb, region, drawn.get(region.id), judge_name, seen))
        findings += _uncovered(source.rgb, masked.rgb, plan, seen)
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
    untouched = _same(source.rgb, masked, region.box_xyxy)
    found = any(iou(region.box_xyxy, f.box_xyxy) > 0.3 for f in seen)
    if not untouched and _is_blank(masked, region.box_xyxy):
        verdict: Verdict = "hidden"
    else:
        verdict = _verdict(distance, untouched, found, engines.load("face_recognizer", judge))
    rounded = None if distance is None else round(distance, 3)
    return Finding(region.id, wanted, engine, verdict, rounded, "the face was not changed" if untouched else note)


def _is_blank(image: RGBImage, box: Box) -> bool:
    """Whether the middle of a box is one flat tone: what a recogniser reads there comes from around it."""
    x1, y1, x2, y2 = clip_box(enlarge(box, 0.7), (image.shape[1], image.shape[0]))
    middle = image[y1:y2, x1:x2]
    return middle.size > 0 and float(middle.std((0, 1)).max()) < FLAT_LEVELS


def _verdict(distance: float | None, untouched: bool, found: bool, judge: FaceRecognizer) -> Verdict:
    if untouched:
        return "leak"
    if distance is None or distance >= judge.hidden_above:
        return "hidden"
    if distance < judge.match_below:
        return "leak" if found else "weak"
    return "weak" if found else "hidden"


def _same(source: RGBImage, masked: RGBImage, box: Box) -> bool:
    """Whether both pictures show the same in a box, but for the noise of being compressed again."""
    x1, y1, x2, y2 = clip_box(box, (source.shape[1], source.shape[0]))
    before, after = source[y1:y2, x1:x2].astype(np.float32), masked[y1:y2, x1:x2]
    return bool(np.abs(after - before).mean() <= MOST_RECODING_NOISE * before.std())


def _uncovered(source: RGBImage, masked: RGBImage, plan: Plan, seen: list[Face]) -> list[Finding]:
    """Faces of the output that no region of the plan speaks of, if they are large enough to be anybody's."""
    strangers = [
        face
        for face in seen
        if face.size_px >= MEASURABLE_PX and not any(_speaks_of(r, face, source, masked) for r in plan.regions)
    ]
    findings = []
    for n, face in enumerate(_without_phantoms(source, strangers)):
        x1, y1, x2, y2 = (round(v) for v in face.box_xyxy)
        note = f"a face at ({x1}, {y1})–({x2}, {y2}) is not in the plan; add a box over it"
        findings.append(Finding(f"extra-{n + 1}", "nothing", "none", "leak", None, note, rounded(face.box_xyxy)))
    return findings


def _speaks_of(region: Region, face: Face, source: RGBImage, masked: RGBImage) -> bool:
    """Whether a face of the output is the one of the region, not one that leans against it and is as it was."""
    if iou(face.box_xyxy, region.box_xyxy) > 0.4 or inside(face.box_xyxy, region.box_xyxy) > 0.5:
        return True
    middle = enlarge(face.box_xyxy, 0.5)
    return iou(face.box_xyxy, region.box_xyxy) > 0.1 and not _same(source, masked, middle)


def _without_phantoms(source: RGBImage, faces: list[Face]) -> list[Face]:
    """Faces that are sure, have a mesh, or are seen in the source too: next to a mask, finders see faces in folds."""
    doubtful = [f for f in faces if f.score < SURE_SCORE and measured(source, f).landmarks is None]
    if not doubtful:
        return faces
    before = engines.load("face_finder", "fast").find(source)
    phantoms = {id(f) for f in doubtful if not any(iou(f.box_xyxy, b.box_xyxy) > 0.1 for b in before)}
    return [f for f in faces if id(f) not in phantoms]
