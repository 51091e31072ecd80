"""What ``deepmask video`` tells of plans and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from deepmask.video_plan import VideoPlan
from deepmask.video_report import OTHERS, VideoFinding, VideoReport
from ui.commands.batch import Entry, Telling
from ui.commands.shared import table

_REMEDY = (
    "make a plan with 'deepmask video plan', give the face a plainer mask or add a box with 'deepmask video edit', "
    "render it, or insist with --allow-leaks"
)


def tracks(plan: VideoPlan) -> list[str]:
    """The faces of a plan as a table."""
    rows = [("face", "frames", "seconds", "who", "gets", "look at")]
    pace = plan.seconds / plan.frames
    for track in plan.tracks:
        who = track.match.person if track.match and track.identity == "confirmed" else track.identity
        doubts = ", ".join(f"{span.doubt} {span.first}-{span.last}" for span in track.doubts)
        seconds = f"{track.first * pace:.1f}-{(track.last + 1) * pace:.1f}"
        wanted = track.body or track.decision.persona or track.decision.action
        rows.append((track.id, f"{track.first}-{track.last}", seconds, who, wanted, doubts))
    bodies = f"People without a face in the table: {plan.bodies}." if plan.bodies else ""
    voices = "" if plan.voice is None else f"Voices: {plan.voice.speakers[0].decision.action}."
    told = table(rows, wrap=True).splitlines() if plan.tracks else ["No face was found."]
    return [*told, *filter(None, [bodies, voices])]


def _news(report: VideoReport) -> list[str]:
    """A line for each thing to know."""
    return findings(report, lambda verdict, note: bool(note) or verdict not in ("hidden", "kept", "unmeasured"))


def findings(report: VideoReport, told: Callable[[str, str], bool] = lambda verdict, note: True) -> list[str]:
    """A line for each track, body and voice whose verdict and note are to be ``told``, and for each note."""
    faces = [f for f in report.findings if told(f.verdict, f.note)]
    bodies = [f for f in report.bodies if told(f.verdict, f.note)]
    voices = [] if report.voice is None else [f for f in report.voice.findings if told(f.verdict, f.note)]
    lines = [f"  {f.track}: {_spans(f)}. {f.note}".rstrip() for f in faces]
    lines += [f"  {_body_of(f)}: {_spans(f)}. {f.note}".rstrip() for f in bodies]
    lines += [f"  {f.speaker}: {f.verdict}. {f.note}".rstrip() for f in voices]
    notes = dict.fromkeys((*report.notes, *(report.voice.notes if report.voice else ())))
    return [*lines, *(f"  {note[:1].upper()}{note[1:]}." for note in notes)]


def _body_of(finding: VideoFinding) -> str:
    return "people without a face" if finding.track == OTHERS else f"body of {finding.track}"


def _spans(finding: VideoFinding) -> str:
    spans = ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in finding.leaking)
    return f"{finding.verdict} in frames {spans}" if spans else finding.verdict


def _lines(entries: list[Entry[VideoReport]]) -> list[str]:
    """For people: of one video its summary, of several a table; then what is to be known of each."""
    if len(entries) == 1:
        (entry,) = entries
        return [f"{entry.job.source} → {entry.target}", f"  {entry.report.summary()}", *_news(entry.report)]
    rows = [("video", "result", "hidden", "weak", "visible", "kept", "voices", "done by")]
    rows += [_row(entry) for entry in entries]
    told = [line for entry in entries if (news := _news(entry.report)) for line in (f"{entry.job.source}:", *news)]
    return [*table(rows).splitlines(), *told] if entries else []


def _row(entry: Entry[VideoReport]) -> tuple[str, ...]:
    verdicts = Counter(finding.verdict for finding in (*entry.report.findings, *entry.report.bodies))
    counts = [str(verdicts[verdict] or "-") for verdict in ("hidden", "weak", "leak", "kept")]
    heard = entry.report.voice
    voices = "as they were" if heard is None else ", ".join(sorted({f.verdict for f in heard.findings}))
    used: Counter[str] = Counter()
    for finding in entry.report.findings:
        used.update({name: count for name, count in finding.engines.items() if name != "none"})
    by = ", ".join(f"{name} {count}" for name, count in used.most_common())
    return (entry.job.source.name, entry.target, *counts, voices, by)


TELLING = Telling[VideoReport](lambda report: report.leaks, _lines, _REMEDY)
