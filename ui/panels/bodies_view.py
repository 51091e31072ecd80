"""How a session's bodies look on the page: outlines, captions and the report in plain words."""

from __future__ import annotations

import hashlib
import re
from html import escape

from deepmask.area import Area
from deepmask.body_plan import BodyAction, BodyPlan
from deepmask.body_report import BodyFinding, BodyReport
from deepmask.faces import RGBImage
from ui import body_pictures, pictures
from ui.body_choices import caption, name_of, swap_hint
from ui.body_desk import BodyWork
from ui.body_pictures import Outlined
from ui.body_work import BodiesWork
from ui.choices import Known, scale_in_words
from ui.panels.photo_view import VERDICTS, finding_row, sentence
from ui.panels.shared import note
from ui.session import Session

FEW = 6
"""So many people are told about at once; the report of a crowd is folded."""

_DONE = {
    "patchmatch": "Removed; the surroundings go on in their place",
    "diffusion_inpaint": "Removed by Stable Diffusion",
    "controlnet_inpaint": "Removed by Stable Diffusion with ControlNet",
    "silhouette": "Covered by one flat colour",
    "pixelate": "Covered by a few large cells",
    "grey": "Covered in plain grey",
}
_SHORT = {"silhouette": "a silhouette", "pixelate": "large cells", "patchmatch": "the plain filler"}
_INSTEAD = re.compile(r"^(?P<engine>.+?) instead, because (?P<why>.*)$", re.DOTALL)
_FINE = ("hidden", "kept")


class BodiesView:
    """Turns sessions into values of the Bodies tab's components."""

    def __init__(self, work: BodiesWork) -> None:
        self._work = work

    # ------------------------------------------------------------------------------------------------- pictures
    def picture(self, session: Session, work: BodyWork) -> str | None:
        """The photo with everybody outlined."""
        plan, desk = work.plan, session.bodies
        if plan is None:
            return None
        shown = pictures.read(work.preview)
        margin = plan.edges.grow_px or 0.0
        marks = [
            Outlined(region.area, number, region.hidden, region.id == work.selected, margin if region.hidden else 0.0)
            for number, region in enumerate(plan.regions, 1)
        ]
        pointing = work.selected is not None and desk.mode in ("more", "less")
        drawn = body_pictures.with_outlines(
            shown,
            marks,
            _scale(shown, plan),
            corner_xy=desk.corner_xy,
            selection=plan.region(work.selected).selection if pointing and work.selected else None,
        )
        return session.picture(drawn, "outlined", work.folder)

    def crops(self, session: Session, work: BodyWork, known: Known) -> list[tuple[str, str]]:
        """Everybody with what will happen to them."""
        regions = work.plan.regions if work.plan is not None else ()
        return [
            (self._crop(session, work, region.area), caption(number, region, work, known))
            for number, region in enumerate(regions, 1)
        ]

    def _crop(self, session: Session, work: BodyWork, area: Area) -> str:
        digest = hashlib.blake2s(area.mask.tobytes() + repr(area.box_xyxy).encode(), digest_size=8).hexdigest()
        path = work.folder / f"crop-{digest}.jpg"
        if not path.is_file():
            pictures.write(body_pictures.crop(self._work.source(session, work).rgb, area), path)
        return str(path)

    @staticmethod
    def slider(work: BodyWork) -> tuple[str, str] | None:
        """Before and after."""
        return None if work.masked is None else (str(work.preview), str(work.after))

    @staticmethod
    def to_photo(work: BodyWork, index: tuple[float, float]) -> tuple[float, float]:
        """A click on the shown picture, in pixels of the photo."""
        if work.plan is None:
            return 0.0, 0.0
        scale, (w, h) = _scale(pictures.read(work.preview), work.plan), work.plan.size_wh
        x, y = (float(index[0]) + 0.5) / scale, (float(index[1]) + 0.5) / scale
        return min(max(x, 0.0), w - 0.5), min(max(y, 0.0), h - 0.5)

    # ---------------------------------------------------------------------------------------------------- words
    @staticmethod
    def title(work: BodyWork) -> str:
        """Name of the photo and who is in it."""
        if work.problem:
            return f"<strong>{escape(work.name)}</strong>{note(work.problem, 'warn')}"
        return f"<strong>{escape(work.name)}</strong><span>{escape(_counted(work))}</span>"

    def hint(self, session: Session, work: BodyWork) -> str:
        """What the next click does."""
        desk, plan = session.bodies, work.plan
        if plan is None or (work.masked is not None and desk.comparing):
            return ""
        number = _number(work)
        words = {
            "box": "Click on one corner of the box." if desk.corner_xy is None else "Now click on the opposite corner.",
            "more": f"Click on what belongs to {number} and lies outside its line.",
            "less": f"Click on what does not belong to {number} and lies inside its line.",
            "choose": _choosing(work, plan),
        }[desk.mode]
        alone = _faces_alone(plan) if desk.mode == "choose" else ""
        locked = self._work.photos.unrecognised(session) if desk.mode == "choose" else ""
        return note(words) + note(alone) + note(locked)

    @staticmethod
    def told(work: BodyWork, action: BodyAction) -> str:
        """What the chosen action does to the selected one, where that is not plain."""
        plan = work.plan
        if plan is None or work.selected is None:
            return ""
        region = plan.region(work.selected)
        if action == "swap":
            hint = swap_hint()
            return note(hint, "warn") if hint else note("Somebody else in the same place, from the words below.")
        words: dict[BodyAction, str] = {
            "remove": "The background goes on in their place; where it cannot be rebuilt, a silhouette stands instead.",
            "face": "No face of theirs was found: they stay visible." if region.face is None else "",
            "keep": "They stay as they are, the face too." if region.thing == "person" else "It stays as it is.",
        }
        return note(words.get(action, ""), "warn" if action == "face" else "info")

    @staticmethod
    def summary(work: BodyWork) -> str:
        """Whether the masked photo may be shared, in one sentence."""
        report = work.report
        if report is None:
            return ""
        found = report.findings or report.faces.findings
        kind = "warn" if not report.safe else "good" if found else "info"  # finding nobody is no success
        return note(_summary(report), kind)

    @staticmethod
    def report(work: BodyWork, known: Known) -> str:
        """What was done, one by one; what needs attention comes first."""
        report, plan = work.report, work.plan
        if report is None or plan is None:
            return ""
        bodies = sorted(enumerate(report.findings, 1), key=lambda pair: pair[1].verdict in _FINE)
        rows = "".join(_row(n, finding, work, known) for n, finding in bodies)
        hidden = {region.face for region in plan.regions if region.hidden and region.face is not None}
        told = [f for f in report.faces.findings if f.region not in hidden or f.verdict not in _FINE]
        whose = {region.face: str(number) for number, region in enumerate(plan.regions, 1)}
        faces = "".join(finding_row(whose.get(finding.region, "+"), finding, known) for finding in told)
        remarks = [*report.notes, *report.faces.notes, *((scale_in_words(report.faces),) if faces else ())]
        notes = "".join(f"<li>{escape(sentence(text))}</li>" for text in dict.fromkeys(remarks) if text)
        if not (rows or faces or notes):
            return ""
        unfolded = "" if report.safe and len(report.findings) > FEW else " open"
        return (
            f'<details class="dm-report"{unfolded}><summary>One by one</summary><ol>{rows}</ol>'
            f"{f'<h4>Faces</h4><ol>{faces}</ol>' if faces else ''}"
            f"{f'<ul>{notes}</ul>' if notes else ''}</details>"
        )


def _counted(work: BodyWork) -> str:
    """'3 people, 1 added, 2 lines of writing'."""
    regions = work.plan.regions if work.plan is not None else ()
    people = sum(r.thing == "person" and r.id in work.found for r in regions)
    texts = sum(r.thing == "text" for r in regions)
    added = len(regions) - people - texts
    parts = ["nobody found" if people == 0 else "1 person" if people == 1 else f"{people} people"]
    parts += [f"{added} added"] if added else []
    parts += ["1 line of writing" if texts == 1 else f"{texts} lines of writing"] if texts else []
    return ", ".join(parts)


def _number(work: BodyWork) -> int:
    regions = work.plan.regions if work.plan is not None else ()
    return next((n for n, region in enumerate(regions, 1) if region.id == work.selected), 0)


def _choosing(work: BodyWork, plan: BodyPlan) -> str:
    if not plan.regions:
        return "Nobody was found. Click on whoever or whatever shall be hidden, or draw a box."
    if work.selected is None:
        return "Click on somebody to decide what happens to them, or on anything else to hide it, too."
    return f"Say what happens to {_number(work)}, or click on somebody else."


def _faces_alone(plan: BodyPlan) -> str:
    """Of faces for which no body was found: what happens to them is not seen in the picture."""
    linked = {region.face for region in plan.regions}
    alone = sum(face.id not in linked and face.decision.action != "keep" for face in plan.faces.regions)
    if not alone:
        return ""
    return f"{'1 face' if alone == 1 else f'{alone} faces'} without a body will be pixelated; click there to hide more."


def _summary(report: BodyReport) -> str:
    if report.safe:
        return report.summary()
    extra = any(f.region.startswith("extra-") for f in report.findings)
    remedy = "Click on who was missed" if extra else "Choose a plainer way"
    return f"{report.summary()} {remedy} before you share this photo."


def _row(number: int, finding: BodyFinding, work: BodyWork, known: Known) -> str:
    plan = work.plan
    region = next((r for r in plan.regions if r.id == finding.region), None) if plan is not None else None
    chip = f'<span class="dm-chip dm-{finding.verdict}">{_verdict(finding)}</span>'
    label = "+" if region is None else str(number)
    who = "" if region is None else name_of(region, work, known)
    words = " ".join(sentence(text) for text in (who, *_done(finding)) if text)
    return f"<li><b>{label}</b>{chip}<p>{escape(words)}</p></li>"


def _verdict(finding: BodyFinding) -> str:
    return {"weak": "Still found", "leak": "Visible"}.get(finding.verdict, VERDICTS[finding.verdict])


def _done(finding: BodyFinding) -> list[str]:
    """What is seen instead, and why."""
    if finding.verdict == "kept":
        kept = "The body stays" if finding.wanted == "face" else "Left visible"
        return [f"{kept}, as you asked", finding.note]
    if finding.wanted.startswith("swap") and finding.engine not in ("silhouette", "pixelate", "grey"):
        return ["Somebody else stands there now", finding.note]
    done, instead = _DONE.get(finding.engine, ""), _INSTEAD.match(finding.note)
    if instead is None:
        return [done, finding.note]
    return [f"{done or _SHORT.get(instead['engine'], instead['engine'])}, because {instead['why']}"]


def _scale(shown: RGBImage, plan: BodyPlan) -> float:
    return shown.shape[1] / plan.size_wh[0]
