"""How a session's photos look on the page: pictures, captions and the report in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr
import numpy as np

from deepmask.faces import Box, RGBImage
from deepmask.plan import Region
from deepmask.report import Finding, Report
from ui import pictures
from ui.choices import EVERYBODY, STARTER, Known, caption, distance_in_words, scale_in_words
from ui.panels.shared import App, note
from ui.photo_work import PhotoWork
from ui.session import Session, Work
from ui.upload import Upload

VERDICTS = {"hidden": "Hidden", "weak": "Weak", "leak": "Recognisable", "kept": "Visible"}
ENGINES = {
    "inswapper": "a photoreal face computed by inswapper",
    "meshwarp": "the persona's portrait fitted to the face",
    "painter": "the persona painted in this pose and light",
    "vector": "a drawn mask",
    "pixelate": "large soft pixels",
    "solid": "a plain cover",
    "rectangle": "a grey rectangle",
}
SHORT = {
    "meshwarp": "the fitted portrait",
    "painter": "the painter",
    "vector": "the drawn mask",
    "pixelate": "pixelation",
    "solid": "the plain cover",
}
"""Engines as the subject of a reason: 'the face is too small for the painter'."""
FEW = 6
"""So many faces are told about at once; the report of a crowd is folded."""


_FINE = ("hidden", "kept")
_PERSONAS = ("inswapper", "meshwarp", "painter")
_ENGINE_NAME = re.compile(rf"\b({'|'.join(SHORT)})\b")


class PhotoView:
    """Turns sessions into values of the Photos tab's components."""

    def __init__(self, app: App, work: PhotoWork) -> None:
        self._app, self._work = app, work

    # ------------------------------------------------------------------------------------------------- pictures
    def picture(self, session: Session, work: Work, known: Known) -> str | None:
        """The photo with its numbered boxes."""
        if work.plan is None:
            return None
        shown = pictures.read(work.preview)
        scale = _scale(shown, work)
        marks = [
            pictures.Mark(
                _scaled(region.box_xyxy, scale),
                number,
                _colour(self._work.value(known, work, region)),
                region.id == session.selected,
            )
            for number, region in enumerate(work.plan.regions, 1)
        ]
        corner = session.pointing.corner_xy if session.pointing is not None else None
        corner = None if corner is None else (corner[0] * scale, corner[1] * scale)
        return session.picture(pictures.with_marks(shown, marks, corner), "faces")

    def slider(self, work: Work) -> tuple[str, str] | None:
        """Before and after."""
        if work.masked is None:
            return None
        return str(work.preview), str(work.after)

    def faces(self, session: Session, work: Work, known: Known) -> list[tuple[str, str]]:
        """Crops of all faces with what will happen to each."""
        if work.plan is None:
            return []
        return [
            (self._crop(session, work, r), caption(number, r, known, self._work.value(known, work, r)))
            for number, r in enumerate(work.plan.regions, 1)
        ]

    def to_photo(self, session: Session, index: Any) -> tuple[float, float]:
        """A click on the shown picture, in pixels of the photo."""
        work = session.work
        if work is None or work.plan is None:
            return 0.0, 0.0
        scale = _scale(pictures.read(work.preview), work)
        return float(index[0]) / scale, float(index[1]) / scale

    def _crop(self, session: Session, work: Work, region: Region) -> str:
        x1, y1, x2, y2 = (round(v) for v in region.box_xyxy)
        path = work.folder / f"face-{x1}-{y1}-{x2}-{y2}.jpg"
        if not path.is_file():
            pictures.write(pictures.crop(self._work.source(session, work).rgb, region.box_xyxy), path)
        return str(path)

    # ---------------------------------------------------------------------------------------------------- words
    def title(self, session: Session, work: Work) -> str:
        """Name of the photo and how many faces it has."""
        if work.problem:
            return f"<strong>{escape(work.name)}</strong>{note(work.problem, 'warn')}"
        count = len(work.plan.regions) if work.plan is not None else 0
        faces = {0: "no face found", 1: "1 face"}.get(count, f"{count} faces")
        return f"<strong>{escape(work.name)}</strong><span>{faces}</span>"

    def hint(self, session: Session) -> str:
        """What the next click does."""
        if session.pointing is not None:
            first = session.pointing.corner_xy is None
            return note("Click on one corner of the face." if first else "Now click on the opposite corner.")
        work = session.work
        if work is not None and work.plan is not None and not work.plan.regions:
            return note("No face was found. If there is one, add it by hand.")
        return note(self._work.unrecognised(session))

    @staticmethod
    def summary(work: Work) -> str:
        """Whether the masked photo may be shared, in one sentence."""
        report = work.report
        if report is None:
            return ""
        kind = "warn" if not report.safe else "good" if report.findings else "info"  # finding nobody is no success
        return note(_summary(report), kind)

    @staticmethod
    def report(work: Work, known: Known) -> str:
        """What was done, face by face; what needs attention comes first."""
        report = work.report
        if report is None or not (report.findings or report.notes):
            return ""
        numbered = sorted(enumerate(report.findings, 1), key=lambda pair: pair[1].verdict in _FINE)
        rows = "".join(finding_row(n, finding, known) for n, finding in numbered)
        remarks = [*report.notes, *filter(None, [scale_in_words(report)])]
        notes = "".join(f"<li>{escape(sentence(text))}</li>" for text in remarks)
        unfolded = "" if report.safe and len(report.findings) > FEW else " open"
        return (
            f'<details class="dm-report"{unfolded}><summary>Face by face</summary><ol>{rows}</ol>'
            f"{f'<ul>{notes}</ul>' if notes else ''}</details>"
        )


def strip(works: Sequence[Upload[Any, Any]], current: int) -> Any:
    """The photos on the desk, when there are several."""
    if len(works) < 2:
        return gr.update(value=[], visible=False)
    return gr.update(value=[(_thumb(work), _state(work)) for work in works], visible=True, selected_index=current)


def report_file(work: Upload[Any, Any]) -> str | None:
    """The report as JSON."""
    if work.report is None or work.masked is None:
        return None
    path = work.masked.with_name(f"{work.path.stem}-report.json")
    if not path.is_file():
        work.report.save(path)
    return str(path)


def _colour(value: str) -> tuple[int, int, int]:
    return pictures.PERSONA if value == STARTER or value.startswith(EVERYBODY) else pictures.COLOURS[value]


def _summary(report: Report) -> str:
    if report.safe:
        return report.summary()
    missed = all(f.missed_box_xyxy for f in report.findings if f.verdict not in _FINE)
    remedy = "Cover what was missed" if missed else "Choose a plainer mask"
    return f"{report.summary()} {remedy} before you share this photo."


def finding_row(number: int | str, finding: Finding, known: Known) -> str:
    """What was done to one face."""
    if finding.missed_box_xyxy is not None:
        words = "Another face was found in the masked photo."
    else:
        told = (_done(finding, known), distance_in_words(finding))
        words = " ".join(sentence(w) for w in told if w)
    chip = f'<span class="dm-chip dm-{finding.verdict}">{VERDICTS[finding.verdict]}</span>'
    return f"<li><b>{number}</b>{chip}<p>{escape(words)}</p></li>"


def _done(finding: Finding, known: Known) -> str:
    """Which mask is seen, in the place of which persona, and why."""
    if finding.verdict == "kept":
        return finding.note
    mask, reason = ENGINES.get(finding.engine, ""), finding.note.partition(" instead, because ")[2]
    persona = next((p for p in known.personas if p.id == finding.wanted), None)
    if persona is not None:
        if finding.engine == "painter" and not persona.redrawable:
            mask = f"a painted face instead of {persona.name}"
        elif finding.engine in _PERSONAS:
            mask = f"{persona.name}: {mask}"
        else:
            mask = f"{mask} instead of {persona.name}"
    if not reason:
        return f"{sentence(mask)} {finding.note}" if mask else finding.note
    return f"{mask}, because {plainly(reason)}"


def plainly(reason: str) -> str:
    """A reason with its engines called as people would."""
    return _ENGINE_NAME.sub(lambda found: SHORT[found[0]], reason)


def sentence(words: str) -> str:
    """With a capital letter and a full stop."""
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")


def _state(work: Upload[Any, Any]) -> str:
    if work.problem:
        return "unusable"
    if work.report is not None:
        return "masked" if work.report.safe else "check it"
    return ""


def _scale(shown: RGBImage, work: Work) -> float:
    return shown.shape[1] / work.plan.size_wh[0] if work.plan is not None else 1.0


def _scaled(box: Box, scale: float) -> Box:
    x1, y1, x2, y2 = box
    return x1 * scale, y1 * scale, x2 * scale, y2 * scale


def _thumb(work: Upload[Any, Any]) -> str:
    path = work.folder / "thumb.jpg"
    if not path.is_file():
        shown = pictures.read(work.preview) if work.preview.is_file() else np.full((96, 96, 3), 203, np.uint8)
        pictures.write(pictures.thumb(shown), path)
    return str(path)
