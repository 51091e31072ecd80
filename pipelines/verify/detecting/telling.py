"""Findings laid out for people."""

from __future__ import annotations

from collections.abc import Iterator

from deepmask.detect_report import (
    VERDICT_WORDS,
    ClipDetectReport,
    DetectReport,
    EvidenceKind,
    FakeVerdict,
    Reason,
)
from deepmask.dossier import Dossier, Exhibit, Table, Tone
from pipelines.verify.detecting.drawing import small_overlay
from pipelines.verify.detecting.forensics import exhibits
from pipelines.verify.detecting.model import LEAST_FACE_PX, VERSIONS, ClipDetection, Detection, Evidence

_TONES: dict[FakeVerdict, Tone] = {"fake": "bad", "unsure": "warn", "likely real": "good"}
_FORENSICS = "The last four pictures are exhibits for the trained eye and had no part in the verdict."


def photo_dossier(found: Detection) -> Dossier:
    """A photo's: verdict, heat maps, faces, forensic pictures."""
    report = found.report
    further = (one for one in found.evidence if one.heat is not None and one is not found.shown)
    maps = [_map(found, one) for one in (found.shown, *further)]
    others = [exhibit for one in found.evidence for exhibit in one.exhibits]
    return Dossier(
        f"Faked pixels in {report.source_name}", VERDICT_WORDS[report.verdict], _TONES[report.verdict],
        report.reasons[0].words, tuple(_reasons(report.reasons)), tuple(_face_table(report)),
        (*maps, *others, *exhibits(found.source.rgb, _middle(report))), (*report.notes, _FORENSICS),
    )  # fmt: skip


_MAPS: dict[EvidenceKind, tuple[str, str]] = {
    "original": ("Different from the original", "What is coloured is not what the original shows."),
    "seal": ("Changed since it was sealed", "Coloured blocks are not those that were sealed."),
    "tag": ("Where the tag is missing", "Coloured pixels came after the tag was laid."),
    "detector": ("Heat map of the detector", "The brighter, the more a place has of the seams of a replaced face."),
}


def _map(found: Detection, one: Evidence) -> Exhibit:
    """One evidence's heat over the picture."""
    assert one.heat is not None
    title, words = _MAPS[one.kind]
    if one.kind == "detector" and one.says != "fake":
        words += " Weak traces are in real pictures, too."
    if one.kind == "tag" and one.says != "fake":
        words = "Coloured pixels came after the tag was laid, or are so flat, dark or compressed that they lost it."
    if one is found.shown and found.report.faked_share:
        share = max(1.0, 100 * found.report.faked_share)
        words += (
            f" Outlined pixels count as faked: {'about ' if share > 1 else 'less than '}{share:.0f} % of the picture."
        )
    return Exhibit(title, small_overlay(found.source.rgb, one.heat), words)


def _middle(report: DetectReport) -> tuple[float, float] | None:
    """Of the most suspicious face: the forensic pictures show its surroundings."""
    scored = [face for face in report.faces if face.score is not None]
    if not scored:
        return None
    x1, y1, x2, y2 = max(scored, key=lambda face: face.score or 0.0).box_xyxy
    return (x1 + x2) / 2, (y1 + y2) / 2


def _reasons(reasons: tuple[Reason, ...]) -> Iterator[str]:
    """The first is the summary already."""
    yield from (reason.words for reason in reasons[1:])


def _face_table(report: DetectReport) -> Iterator[Table]:
    if not report.faces:
        return
    rows = []
    for n, face in enumerate(report.faces, 1):
        x1, y1, x2, y2 = face.box_xyxy
        size = f"{max(x2 - x1, y2 - y1):.0f} px"
        if face.score is None:
            rows.append((f"{n}", size, f"smaller than {LEAST_FACE_PX} px", *[""] * len(VERSIONS)))
        else:
            rows.append((f"{n}", size, f"{face.score:.2f}", *(f"{face.versions[one]:.2f}" for one in VERSIONS)))
    words = (
        f"Scores 0–1 of each face, from the largest on: from {report.fake_above:.2f} on it is fake, below "
        f"{report.real_below:.2f} likely real. The median over the three versions counts."
    )
    yield Table("What the detector saw", ("Face", "Size", "Score", *VERSIONS), tuple(rows), words)


def clip_dossier(found: ClipDetection) -> Dossier:
    """A video's: verdict, curve, the most suspicious frames."""
    report = found.report
    curve = Exhibit("Score over time", found.curve(), "Of the most suspicious face in each frame that was looked at.")
    top = (
        Exhibit(
            f"Frame {frame.index}", small_overlay(frame.rgb, frame.heat), f"At {frame.seconds:.1f} s: {frame.score:.2f}"
        )
        for frame in found.top
    )
    return Dossier(
        f"Faked pixels in {report.source_name}", VERDICT_WORDS[report.verdict], _TONES[report.verdict],
        report.reasons[0].words, tuple(_reasons(report.reasons)), tuple(_clip_table(report)),
        (curve, *top, *found.exhibits), report.notes,
    )  # fmt: skip


def _clip_table(report: ClipDetectReport) -> Iterator[Table]:
    scored = [frame.score for frame in report.frames if frame.score is not None]
    if not scored:
        return
    above = sum(score >= report.fake_above for score in scored)
    rows = (
        ("Frames looked at", str(len(report.frames))),
        ("With a face large enough", str(len(scored))),
        (f"Of these at {report.fake_above:.2f} or more", str(above)),
        ("Score of the video", "" if report.score is None else f"{report.score:.2f}"),
    )
    yield Table("What the detector saw", ("", ""), rows)
