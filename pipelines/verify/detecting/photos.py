"""One photo: collect all evidence, then judge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deepmask import engines
from deepmask.detect_report import DetectReport, FakeVerdict
from deepmask.engines.protocols import FakeFinder
from deepmask.media import Photo
from deepmask.progress import Progress, part, silent
from pipelines.verify.detecting.judging import judge, shown_first, verdict_of
from pipelines.verify.detecting.model import LEAST_FACE_PX, Detection, DetectOptions, Evidence, Heat, Look

if TYPE_CHECKING:
    from pipelines.verify.detecting.marks import Marks

MARKED = 0.5
"""Heat from which on a pixel counts as faked."""

NOT_ABOUT_GENERATED = (
    "The detector looks for replaced faces. A picture that a machine made as a whole has no seams, and passes it."
)
FEW_PHOTOS = (
    "It was taught on few photos and on fakes of our own making: of generators it never saw it misses many, and its "
    "verdict is a hint, no proof."
)


def detect(
    source: Photo,
    *,
    original: Photo | None = None,
    path: Path | None = None,
    marks: Marks | None = None,
    options: DetectOptions | None = None,
    progress: Progress = silent,
) -> Detection:
    """Whether pixels of a photo are faked, and which.

    Args:
        original: the same picture as its owner has it; the two are compared then.
        path: the photo's file, in which content credentials are looked for.
        marks: those that were found already; None: they are looked for.

    Raises:
        EngineMissing: an engine that was asked for by name cannot be used.
    """
    from pipelines.verify.detecting.looking import look

    options = options or DetectOptions()
    evidence: list[Evidence] = []
    row = engines.choose("fake_finder", options.engine)
    finder = engines.load("fake_finder", row.name)
    seen = look(source.rgb, options, progress=part(progress, 0.0, 0.6))
    if original is not None:
        from pipelines.verify.detecting.comparing import compare

        progress(0.6, "Comparing with the original")
        evidence.append(compare(source, original, [face.box_xyxy for face in seen.faces]))
    if options.marks:
        from pipelines.verify.detecting.marks import evidence_of, find_marks

        marks = marks or find_marks(source, path, progress=part(progress, 0.7, 1.0))
        boxes = [face.box_xyxy for face in seen.faces if face.score is not None]
        evidence += evidence_of(marks, boxes, source.size_wh)
    evidence.append(of_detector(seen, finder))
    verdict, reasons = judge(evidence)
    shown = shown_first(evidence, verdict)[0]
    told = [note for one in evidence for note in one.notes]
    notes = (*source.notes_on_looking, *told, NOT_ABOUT_GENERATED, FEW_PHOTOS)
    report = DetectReport(
        source.name, verdict, reasons, row.name, finder.fake_above, finder.real_below, seen.faces,
        faked_share(shown.heat, verdict), notes,
    )  # fmt: skip
    return Detection(source, report, tuple(evidence), shown)


def of_detector(seen: Look, finder: FakeFinder) -> Evidence:
    """What the detector's look amounts to."""
    says = verdict_of(seen.score, finder.fake_above, finder.real_below)
    return Evidence("detector", says, _words(seen, says, finder), seen.heat)


def faked_share(heat: Heat | None, verdict: FakeVerdict) -> float:
    """Of the picture's pixels; none where nothing is said to be faked."""
    return round(float((heat >= MARKED).mean()), 4) if verdict == "fake" and heat is not None else 0.0


def _words(seen: Look, says: FakeVerdict, finder: FakeFinder) -> str:
    measured = [face for face in seen.faces if face.score is not None]
    if not seen.faces:
        return "No face was found, and the detector only judges faces."
    if not measured:
        return f"The faces are smaller than {LEAST_FACE_PX} px, too small to keep traces."
    which = "The face" if len(seen.faces) == 1 else f"The most suspicious of {len(seen.faces)} faces"
    bar = f"{finder.fake_above:.2f} is the bar" if says == "fake" else (
        f"below {finder.real_below:.2f} is likely real" if says == "likely real"
        else f"between {finder.real_below:.2f} and {finder.fake_above:.2f} nobody can tell"
    )  # fmt: skip
    seems = {
        "fake": "has the seams of a replaced face", "unsure": "has some traces of a replaced face",
        "likely real": "has no traces of a replaced face",
    }[says]  # fmt: skip
    return f"{which} {seems}: score {seen.score:.2f} ({bar})."
