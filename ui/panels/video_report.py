"""The report of a masked video in plain words: HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from deepmask.video_report import VideoFinding, VideoReport
from ui.choices import Known
from ui.panels import voice_view
from ui.panels.photo_view import ENGINES, FEW, VERDICTS, plainly
from ui.panels.shared import note
from ui.panels.voice_view import clock
from ui.video_desk import Film

_FINE = ("hidden", "kept")
_PERSONAS = ("inswapper", "meshwarp", "painter")
_MOST_SPANS = 12
BODY_MASKS = {"silhouette": "a silhouette", "pixelate": "large soft pixels"}


def summary(report: VideoReport | None) -> str:
    """Whether the masked video may be shared, in one sentence."""
    if report is None:
        return ""
    if report.safe:
        return note(report.summary(), "good" if report.findings else "info")  # finding nobody is no success
    missed = all(f.missed_box_xyxy for f in report.findings if f.verdict not in _FINE)
    if any(f.verdict not in _FINE for f in report.bodies):
        remedy = "Add a box over the faces of those who are seen, or leave these parts out,"
    elif all(f.verdict in _FINE for f in report.findings):
        remedy = "Change the voices more strongly, or speak anew in the Voice tab,"
    else:
        remedy = "Cover what was missed" if missed else "Choose a plainer mask for what is marked below"
    return note(f"{report.summary()} {remedy} before you share this video.", "warn")


def misses_any(report: VideoReport | None) -> bool:
    """Whether the check found faces the plan does not speak of."""
    return report is not None and any(f.missed_box_xyxy for f in report.findings)


def report(film: Film, known: Known) -> str:
    """What was done, face by face; what needs attention comes first, then voices."""
    found = film.report
    if found is None or not (found.findings or found.bodies or found.notes or found.voice):
        return ""
    numbered = sorted(enumerate(found.findings, 1), key=lambda pair: pair[1].verdict in _FINE)
    rows = "".join(_finding(film, n, finding, known) for n, finding in numbered)
    rows += "".join(_body(film, finding) for finding in found.bodies)
    notes = "".join(f"<li>{escape(_sentence(text))}</li>" for text in [*_scale(found), *found.notes])
    unfolded = "" if found.safe and len(found.findings) > FEW else " open"
    return (
        f'<details class="dm-report"{unfolded}><summary>Face by face</summary><ol>{rows}</ol>'
        f"{f'<ul>{notes}</ul>' if notes else ''}</details>{voice_view.report(found.voice)}"
    )


def _finding(film: Film, number: int, finding: VideoFinding, known: Known) -> str:
    chip = f'<span class="dm-chip dm-{finding.verdict}">{VERDICTS[finding.verdict]}</span>'
    words = " ".join(_sentence(w) for w in _told(finding, known) if w)
    review = f'<button type="button" class="dm-link" data-review="{escape(finding.track)}">Review</button>'
    known_track = film.plan is not None and any(track.id == finding.track for track in film.plan.tracks)
    return (
        f"<li><b>{number}</b><div>{chip}{review if known_track else ''}</div><p>{escape(words)}</p>"
        f"{_spans(film, finding)}</li>"
    )


def _body(film: Film, finding: VideoFinding) -> str:
    """About people who were covered from head to foot."""
    chip = f'<span class="dm-chip dm-{finding.verdict}">{VERDICTS[finding.verdict]}</span>'
    tracks = [track.id for track in film.plan.tracks] if film.plan is not None else []
    whose = f"over face {tracks.index(finding.track) + 1}" if finding.track in tracks else "over people without a face"
    clauses = [f"{BODY_MASKS.get(finding.wanted, finding.wanted)} from head to foot, {whose}", finding.note]
    words = " ".join(_sentence(clause) for clause in clauses if clause)
    return f"<li><b>·</b><div>{chip}</div><p>{escape(words)}</p>{_spans(film, finding)}</li>"


def _told(finding: VideoFinding, known: Known) -> list[str]:
    """Clauses about one track."""
    if finding.missed_box_xyxy is not None:
        return ["another face was found in the masked video"]
    if finding.verdict == "kept":
        return ["left visible, as you asked"]
    return [_masks(finding, known), plainly(finding.note), _distance(finding)]


def _masks(finding: VideoFinding, known: Known) -> str:
    """Which masks are seen, the commonest first, in the place of which persona."""
    persona = next((p.name for p in known.personas if p.id == finding.wanted), None)
    used = sorted(finding.engines.items(), key=lambda one: -one[1])
    told = []
    for engine, frames in used:
        mask = ENGINES.get(engine) or BODY_MASKS.get(engine, engine)
        if persona is not None:
            mask = f"{persona}: {mask}" if engine in _PERSONAS else f"{mask} instead of {persona}"
        told.append(mask if len(used) == 1 else f"{mask} in {frames} frame{'' if frames == 1 else 's'}")
    return "; ".join(told)


def _distance(finding: VideoFinding) -> str:
    if finding.distance is None:
        return "too small or too turned to recognise anybody in the original" if finding.verdict == "hidden" else ""
    if finding.verdict == "hidden":
        return f"looks like somebody else everywhere (distance {finding.distance:.2f} or more)"
    return f"resembles the original at worst to a distance of {finding.distance:.2f}"


def _spans(film: Film, finding: VideoFinding) -> str:
    """The places that leak, to be clicked."""
    if not finding.leaking:
        return ""
    places = "".join(
        f'<button type="button" data-frame="{first}" data-at="{film.seconds(first):.3f}">'
        f"{_between(film, first, last)}</button>"
        for first, last in finding.leaking[:_MOST_SPANS]
    )
    more = len(finding.leaking) - _MOST_SPANS
    return f'<p class="dm-leaks">{places}{f"<span>and {more} more</span>" if more > 0 else ""}</p>'


def _between(film: Film, first: int, last: int) -> str:
    start, end = clock(film.seconds(first)), clock(film.seconds(last))
    return start if start == end else f"{start}–{end}"


def _scale(found: VideoReport) -> Sequence[str]:
    if all(finding.distance is None for finding in found.findings):
        return ()
    judges = " and ".join(found.judges)
    return (f"the distance is how different a recogniser ({judges}) finds the face from the original, at its smallest",)


def _sentence(words: str) -> str:
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?", ":")) else ".")
