"""``deepmask photo``: mask photos, in one go or in the three steps plan, render and check.

``deepmask photo party.jpg -o out.jpg`` is short for ``deepmask photo mask party.jpg -o out.jpg``; a photo that is
called like a command can be given as ``./plan``.

A result in which a face would still be recognisable is not written, unless the user insists (--allow-leaks), and the
exit code is 3 in either case.
"""

from __future__ import annotations

from pathlib import Path

import click

from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.plan import Plan
from deepmask.progress import Progress, part
from deepmask.report import Finding, Report
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import photo
from pipelines.photo import PhotoOptions
from pipelines.provenance import MarkedPhoto, render_photo
from ui.commands.batch import EXIT_LEAK, Entry, Telling, Work, run
from ui.commands.face_options import faces_decided, roster_for
from ui.commands.outputs import pair
from ui.commands.shared import (
    ByDefault,
    existing,
    json_option,
    overwrite_option,
    progress_bar,
    provenance_option,
    read_photo,
    refuse_existing,
    say,
)

_REMEDY = (
    "make a plan with 'deepmask photo plan' and give the face a plainer mask there or add a box over it, "
    "or insist with --allow-leaks"
)


class _Photo(ByDefault):
    """Tells at the end of its help how to get photoreal faces."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        if hint := _photoreal():
            formatter.write_paragraph()
            formatter.write_text(hint)


@click.group(cls=_Photo, default="mask", usage="PHOTO... -o OUT [OPTIONS] | COMMAND ...")
def command() -> None:
    """Mask the faces of photos; folders stand for the photos in them.

    Enrolled people get their persona, everybody else is anonymised. All metadata (place, time, camera) is removed. A
    mask that disguises too little is replaced by a plainer one, and a photo in which somebody would still be
    recognisable is not written (exit code 3).
    """


def _photoreal() -> str:
    """One line for photoreal faces: how to get them, as long as they are not ready."""
    absent = [row for row in photo.persona_swappers() if row.weights and row.missing()]
    return f"Photoreal faces with {absent[0].name}: {absent[0].remedy()}" if absent else ""


_deciding = faces_decided("--engine")
_report_option = click.option("--report", type=existing, help="Write what was done, as JSON.")
_leaks_option = click.option("--allow-leaks", is_flag=True, help="Write results in which a face is still recognisable.")
_plan_option = click.option("--plan", "plan_path", type=existing, required=True, help="Plan made with 'photo plan'.")
_out_option = click.option("-o", "--out", type=existing, required=True, help="Picture file to write.")


def _lines(entries: list[Entry[Report]]) -> list[str]:
    """For people: one line for each photo, one more for each thing to know."""
    lines: list[str] = []
    for entry in entries:
        details = [f"  {f.region}: {f.verdict}. {f.note}".rstrip() for f in entry.report.findings if _is_news(f)]
        lines += [f"{entry.job.source} → {entry.target}", f"  {entry.report.summary()}"]
        lines += [*details, *_notes(entry.report)]
    return lines


def _is_news(finding: Finding) -> bool:
    return bool(finding.note) or finding.verdict not in ("hidden", "kept")


def _notes(report: Report) -> list[str]:
    return [f"  {note[:1].upper()}{note[1:]}." for note in report.notes]


def _leaks(report: Report) -> bool:
    return any(f.verdict == "leak" for f in report.findings)


_TELLING = Telling(_leaks, _lines, _REMEDY)


# --------------------------------------------------------------------------------------------------------------- mask
@command.command(hidden=True)
@click.argument("photos", nargs=-1, required=True, type=existing)
@click.option("-o", "--out", type=existing, required=True, help="Picture file, or a folder for several photos.")
@_deciding
@click.option("--plan", "plan_path", type=existing, help="Carry out this plan instead of making one (one photo only).")
@_report_option
@_leaks_option
@provenance_option
@overwrite_option
@json_option
@click.pass_context
def mask(
    ctx: click.Context,
    photos: tuple[Path, ...],
    out: Path,
    faces: PhotoOptions,
    by_roster: bool,
    plan_path: Path | None,
    report: Path | None,
    allow_leaks: bool,
    provenance: bool | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Mask the faces of photos."""
    jobs = pair(photos, out)
    refuse_existing([*(job.target for job in jobs), report], overwrite)
    vault = Vault()
    if plan_path is None:
        work = _masking(vault, roster_for(vault, faces.persona, by_roster), faces, provenance)
    elif len(jobs) > 1:
        raise InputError("A plan belongs to one photo; give that photo alone.")
    else:
        work = _rendering(vault, Plan.load(plan_path), provenance)
    ctx.exit(run(jobs, work, _TELLING, report, allow_leaks, as_json))


def _masking(vault: Vault, roster: Roster, options: PhotoOptions, provenance: bool | None) -> Work[Report]:
    options = photo.resolved(options, vault)

    def work(source: Photo, suffix: str, progress: Progress) -> tuple[MarkedPhoto, Report]:
        plan = photo.analyze(source, roster, options, progress=part(progress, 0.0, 0.4))
        return render_photo(source, plan, vault, suffix, wanted=provenance, progress=part(progress, 0.4, 1.0))

    return work


def _rendering(vault: Vault, plan: Plan, provenance: bool | None) -> Work[Report]:
    return lambda source, suffix, progress: render_photo(
        source, plan, vault, suffix, wanted=provenance, progress=progress
    )


# -------------------------------------------------------------------------------------------------- plan, render, check
@command.command("plan", short_help="Find the faces and say what would happen to each.")
@click.argument("source", metavar="PHOTO", type=existing)
@click.option("-o", "--out", type=existing, help="Plan to write (JSON); printed when left out.")
@_deciding
@overwrite_option
def plan_command(
    source: Path,
    out: Path | None,
    faces: PhotoOptions,
    by_roster: bool,
    overwrite: bool,
) -> None:
    """Find the faces and say what would happen to each, without changing anything.

    In the JSON, a region's decision is {"action": "persona", "persona": ID} or one of pixelate, solid, vector and keep
    with "persona": null. Edit it, add regions or remove them, then run 'deepmask photo render'.
    """
    refuse_existing([out], overwrite)
    vault = Vault()
    roster = roster_for(vault, faces.persona, by_roster)
    faces = photo.resolved(faces, vault)
    opened = read_photo(source)
    with progress_bar() as progress:
        plan = photo.analyze(opened, roster, faces, progress=progress)
    if out is None:
        click.echo(plan.to_json(), nl=False)
    else:
        plan.save(out)
        say(f"{source} → {out}: {len(plan.regions)} {'face' if len(plan.regions) == 1 else 'faces'}")


@command.command()
@click.argument("source", metavar="PHOTO", type=existing)
@_plan_option
@_out_option
@_report_option
@_leaks_option
@provenance_option
@overwrite_option
@json_option
@click.pass_context
def render(
    ctx: click.Context,
    source: Path,
    plan_path: Path,
    out: Path,
    report: Path | None,
    allow_leaks: bool,
    provenance: bool | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Carry out a plan, and check the result."""
    jobs = pair((source,), out)
    refuse_existing([*(job.target for job in jobs), report], overwrite)
    work = _rendering(Vault(), Plan.load(plan_path), provenance)
    ctx.exit(run(jobs, work, _TELLING, report, allow_leaks, as_json))


@command.command(short_help="Look at a masked photo as an attacker would.")
@click.argument("source", metavar="PHOTO", type=existing)
@click.argument("masked", type=existing)
@_plan_option
@json_option
@click.pass_context
def check(ctx: click.Context, source: Path, masked: Path, plan_path: Path, as_json: bool) -> None:
    """Look at a masked photo as an attacker would, and compare each face with the original."""
    plan = Plan.load(plan_path)
    original, result = read_photo(source), read_photo(masked)
    with progress_bar() as progress:
        found = photo.check(original, result, plan, progress=progress)
    if as_json:
        click.echo(found.to_json(), nl=False)
    else:
        lines = [f"  {f.region}: {f.verdict}. {f.note}".rstrip() for f in found.findings]
        say(found.summary(), *lines, *_notes(found))
    ctx.exit(EXIT_LEAK if _leaks(found) else 0)
