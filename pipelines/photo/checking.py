"""Look at a masked photo as an attacker would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from deepmask import engines
from deepmask.errors import InputError
from deepmask.faces import Box, Face, RGBImage, clip_box, enlarge, inside, iou
from deepmask.media import Photo
from deepmask.plan import Plan, Region
from deepmask.progress import Progress, part, silent
from deepmask.report import Finding, Report, Verdict
from pipelines.photo.choosing import judges, licence_notes, watchers
from pipelines.photo.measuring import MEASURABLE_PX, Original, measured, rounded
from pipelines.photo.model import Outcome, validate

FLAT_LEVELS = 2.0
"""Standard deviation of a channel, in grey levels, below which an area shows nothing."""

SURE_SCORE = 0.5
"""From this score on, a face of the output is believed without asking again."""

SAME_FACE_IOU = 0.4
"""Boxes of two finders that overlap by more than this show one face."""

_GRAVITY: tuple[Verdict, ...] = ("leak", "weak", "hidden")

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
    asked = judges()
    drawn = {outcome.region: outcome for outcome in outcomes}
    progress(0.0, "Checking the result")
    with engines.exclusive:
        seen = faces_in(masked.rgb, part(progress, 0.0, 0.6))
        findings = []
        for n, region in enumerate(plan.regions):
            progress(0.6 + 0.4 * n / len(plan.regions), f"Checking face {n + 1} of {len(plan.regions)}")
            findings.append(_finding(source, masked.rgb, region, drawn.get(region.id), asked, seen))
        findings += _uncovered(source.rgb, masked.rgb, plan, seen)
    progress(1.0, "Checked")
    return Report(source.name, tuple(findings), asked, (*source.notes, *licence_notes(plan, outcomes)))


def faces_in(image: RGBImage, progress: Progress = silent) -> list[Face]:
    """What any of the watching finders sees, each face once."""
    names = watchers()
    faces: list[Face] = []
    for n, name in enumerate(names):
        step = part(progress, n / len(names), (n + 1) / len(names))
        found = engines.load("face_finder", name).find(image, progress=step)
        faces += [f for f in found if not any(iou(f.box_xyxy, known.box_xyxy) > SAME_FACE_IOU for known in faces)]
    return faces


def _finding(
    source: Photo,
    masked: RGBImage,
    region: Region,
    outcome: Outcome | None,
    asked: tuple[str, ...],
    seen: list[Face],
) -> Finding:
    wanted = region.decision.persona or region.decision.action
    engine, note = (outcome.engine, outcome.note) if outcome else ("unknown", "")
    if region.decision.action == "keep":
        return Finding(region.id, wanted, "none", "kept", None)
    opinion = judged(Original.of(source), masked, region.box_xyxy, asked, seen)
    distance = None if opinion.distance is None else round(opinion.distance, 3)
    note = "the face was not changed" if opinion.unchanged else note
    return Finding(
        region.id, wanted, engine, opinion.verdict, distance, note, judge=opinion.judge, hidden_above=opinion.bar
    )


@dataclass(frozen=True)
class Opinion:
    """What one judge thinks of a face."""

    verdict: Verdict
    judge: str
    distance: float | None
    bar: float | None
    unchanged: bool = False
    """Whether the face was never covered, whatever the judge says."""

    @property
    def nearness(self) -> float:
        """Distance in parts of the judge's bar: judges do not measure in the same unit."""
        return np.inf if self.distance is None or self.bar is None else self.distance / self.bar


def judged(original: Original, masked: RGBImage, box: Box, asked: tuple[str, ...], seen: Sequence[Face]) -> Opinion:
    """Whether the face that was in a box is hidden, by the judge that is least deceived.

    Args:
        asked: recognisers that judge.
        seen: faces that finders see in ``masked``.
    """
    found = any(iou(box, face.box_xyxy) > 0.3 for face in seen)
    opinions = [_opinion(original, masked, box, judge, found) for judge in asked]
    worst = min(opinions, key=lambda o: (_GRAVITY.index(o.verdict), o.nearness))
    if unchanged(original.rgb, masked, box):
        return replace(worst, verdict="leak", unchanged=True)
    return replace(worst, verdict="hidden") if _is_blank(masked, box) else worst


def _opinion(original: Original, masked: RGBImage, box: Box, judge: str, found: bool) -> Opinion:
    distance = original.distance(judge, original.face(box), masked)
    if distance is None:
        return Opinion("hidden", "", None, None)
    recognizer = engines.load("face_recognizer", judge)
    if distance >= recognizer.hidden_above:
        verdict: Verdict = "hidden"
    elif distance < recognizer.match_below:
        verdict = "leak" if found else "weak"
    else:
        verdict = "weak" if found else "hidden"
    return Opinion(verdict, judge, distance, recognizer.hidden_above)


def _is_blank(image: RGBImage, box: Box) -> bool:
    """Whether the middle of a box is one flat tone: what a recogniser reads there comes from around it."""
    x1, y1, x2, y2 = clip_box(enlarge(box, 0.7), (image.shape[1], image.shape[0]))
    middle = image[y1:y2, x1:x2]
    return middle.size > 0 and float(middle.std((0, 1)).max()) < FLAT_LEVELS


def unchanged(source: RGBImage, masked: RGBImage, box: Box) -> bool:
    """Whether both pictures show the same in a box, but for the noise of being compressed again."""
    x1, y1, x2, y2 = clip_box(box, (source.shape[1], source.shape[0]))
    before, after = source[y1:y2, x1:x2].astype(np.float32), masked[y1:y2, x1:x2]
    return bool(np.abs(after - before).mean() <= MOST_RECODING_NOISE * before.std())


def _uncovered(source: RGBImage, masked: RGBImage, plan: Plan, seen: list[Face]) -> list[Finding]:
    """Faces of the output that no region of the plan speaks of, if they are large enough to be anybody's."""
    findings = []
    for n, face in enumerate(strangers(source, masked, [region.box_xyxy for region in plan.regions], seen)):
        x1, y1, x2, y2 = (round(v) for v in face.box_xyxy)
        note = f"a face at ({x1}, {y1})–({x2}, {y2}) is not in the plan; add a box over it"
        findings.append(Finding(f"extra-{n + 1}", "nothing", "none", "leak", None, note, rounded(face.box_xyxy)))
    return findings


def strangers(source: RGBImage, masked: RGBImage, known: Sequence[Box], seen: Sequence[Face]) -> list[Face]:
    """Those of the faces seen in ``masked`` that are none of the known ones and may be somebody."""
    unknown = [
        face
        for face in seen
        if face.size_px >= MEASURABLE_PX and not any(_is_that(face, box, source, masked) for box in known)
    ]
    return _without_phantoms(source, unknown)


def _is_that(face: Face, box: Box, source: RGBImage, masked: RGBImage) -> bool:
    """Whether a face of the output is the one of a box, not one that leans against it and is as it was."""
    if iou(face.box_xyxy, box) > 0.4 or inside(face.box_xyxy, box) > 0.5:
        return True
    return iou(face.box_xyxy, box) > 0.1 and not unchanged(source, masked, enlarge(face.box_xyxy, 0.5))


def _without_phantoms(source: RGBImage, faces: list[Face]) -> list[Face]:
    """Faces that are sure, have a mesh, or are seen in the source too: next to a mask, finders see faces in folds."""
    doubtful = [f for f in faces if f.score < SURE_SCORE and measured(source, f).landmarks is None]
    if not doubtful:
        return faces
    before = faces_in(source)
    phantoms = {id(f) for f in doubtful if not any(iou(f.box_xyxy, b.box_xyxy) > 0.1 for b in before)}
    return [f for f in faces if id(f) not in phantoms]
