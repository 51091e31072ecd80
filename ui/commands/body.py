"""``deepmask body``: cover, remove or exchange people in photos, in one go or in the steps plan, render and check.

``deepmask body street.jpg -o out.jpg`` is short for ``deepmask body mask street.jpg -o out.jpg``.

A result in which somebody would still be recognisable is not written, unless the user insists (--allow-leaks), and the
exit code is 3 in either case.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from deepmask import engines
from deepmask.body_plan import BODY_ACTIONS, BodyDecision, BodyPlan, Edges
from deepmask.body_report import BodyFinding, BodyReport
from deepmask.engines import Kind
from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.progress import Progress, part
from deepmask.report import Finding
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import body
from pipelines.body import BodyOptions
from pipelines.photo import PhotoOptions
from pipelines.provenance import MarkedPhoto, render_bodies
from ui import sheets
from ui.commands.batch import EXIT_LEAK, Entry, Telling, Work, run
from ui.commands.outputs import Job, pair
from ui.commands.pointing import BOX, POINT, Pointed
from ui.commands.shared import (
    ByDefault,
    existing,
    json_option,
    open_roster,
    overwrite_option,
    progress_bar,
    provenance_option,
    read_photo,
    refuse_existing,
    say,
    table,
)

_REMEDY = (
    "make a plan with 'deepmask body plan' and decide otherwise there, point at who is left with --click, "
    "or insist with --allow-leaks"
)
_SHEET_PX = 1080
"""Height of pictures of before and after, at most."""


@click.group(cls=ByDefault, default="mask", usage="PHOTO... -o OUT [OPTIONS] | COMMAND ...")
def command() -> None:
    """Cover, remove or exchange people in photos from head to foot; folders stand for the photos in them.

    Enrolled people keep their bodies and get their persona's face, everybody else becomes a silhouette. All metadata is
    removed. Who cannot be removed or exchanged is covered, and a photo in which somebody would still be recognisable is
    not written (exit code 3).
    """


def _names(kind: Kind) -> click.Choice:
    return click.Choice(["auto", *(row.name for row in engines.rows(kind))])


_DECIDING = (
    click.option("--bystanders", type=click.Choice(BODY_ACTIONS),
                 help=f"What everybody else gets.  [default: {BodyOptions.bystanders}, with --persona face]"),
    click.option("--enrolled", type=click.Choice(BODY_ACTIONS), default=BodyOptions.enrolled, show_default=True,
                 help="What enrolled people get."),
    click.option("--persona", help="Everybody whose body stays, or is exchanged, gets this persona."),
    click.option("--prompt", default=BodyOptions.prompt, help="Words for people who are exchanged: clothes, style."),
    click.option("--text", type=click.Choice(["silhouette", "pixelate", "remove"]),
                 help="What happens to writing and licence plates; without it nobody looks for them."),
    click.option("--shadows", is_flag=True, help="Shadows and reflections go with those who are removed."),
    click.option("--grow", "grow_px", metavar="PX", type=click.FloatRange(0, 200),
                 help="How far beyond its outline a body is treated; by its size without it."),
    click.option("--feather", "feather_px", metavar="PX", type=click.FloatRange(0, 200),
                 help="How much of that margin is a soft edge; half of it without it."),
    click.option("--click", "clicks", metavar="X,Y=ACTION", type=POINT, multiple=True,
                 help="Who is at this point gets this; who was not found is outlined. May be repeated."),
    click.option("--box", "boxes", metavar="X1,Y1,X2,Y2=ACTION", type=BOX, multiple=True,
                 help="This rectangle, such as a licence plate, gets this. May be repeated."),
    click.option("--segmenter", type=_names("person_segmenter"), default=BodyOptions.segmenter, show_default=True,
                 help="How people are found."),
    click.option("--selector", type=_names("area_selector"), default=BodyOptions.selector, show_default=True,
                 help="How what is clicked on is outlined."),
    click.option("--inpainter", type=_names("inpainter"), default=BodyOptions.inpainter, show_default=True,
                 help="What fills the places of removed and exchanged people."),
    click.option("--seed", type=int, default=BodyOptions.seed, show_default=True,
                 help="Of backgrounds and new people: the same seed gives the same."),
)  # fmt: skip


def _deciding(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that decide what happens; the command gets them as ``options`` and ``pointed``."""

    @functools.wraps(function)
    def command(
        *arguments: Any,
        bystanders: Any,
        persona: str | None,
        shadows: bool,
        grow_px: float | None,
        feather_px: float | None,
        clicks: tuple[Pointed, ...],
        boxes: tuple[Pointed, ...],
        **given: Any,
    ) -> None:
        chosen = {name: given.pop(name) for name in BodyOptions.__dataclass_fields__ if name in given}
        options = BodyOptions(
            bystanders or ("face" if persona is not None else BodyOptions.bystanders),
            faces=PhotoOptions(persona),
            edges=Edges(grow_px, feather_px, shadows),
            **chosen,
        )
        function(*arguments, options=options, pointed=(*clicks, *boxes), **given)

    return functools.reduce(lambda f, decorate: decorate(f), reversed(_DECIDING), command)


_plan_option = click.option("--plan", "plan_path", type=existing, required=True, help="Plan made with 'body plan'.")
_report_option = click.option("--report", type=existing, help="Write what was done, as JSON.")
_sheet_option = click.option(
    "--before-after", "sheet", type=existing, help="Write both side by side, too: a file, or a folder for several."
)
_leaks_option = click.option("--allow-leaks", is_flag=True, help="Write results in which somebody is recognisable.")


# --------------------------------------------------------------------------------------------------------------- mask
@command.command(hidden=True)
@click.argument("photos", nargs=-1, required=True, type=existing)
@click.option("-o", "--out", type=existing, required=True, help="Picture file, or a folder for several photos.")
@_deciding
@_report_option
@_sheet_option
@_leaks_option
@provenance_option
@overwrite_option
@json_option
@click.pass_context
def mask(
    ctx: click.Context,
    photos: tuple[Path, ...],
    out: Path,
    options: BodyOptions,
    pointed: tuple[Pointed, ...],
    report: Path | None,
    sheet: Path | None,
    allow_leaks: bool,
    provenance: bool | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Cover, remove or exchange people in photos."""
    jobs = pair(photos, out)
    if pointed and len(jobs) > 1:
        raise InputError("Clicks and boxes belong to one photo; give that photo alone.")
    side_by_side = _sheets(jobs, photos, sheet)
    refuse_existing([*(job.target for job in jobs), *side_by_side.values(), report], overwrite)
    vault = Vault()
    options = body.resolved(options, vault)
    work = _masking(vault, _roster(vault, options), options, pointed, provenance)
    ctx.exit(run(jobs, work, _TELLING, report, allow_leaks, as_json, afterwards=_saving(side_by_side)))


def _masking(
    vault: Vault, roster: Roster, options: BodyOptions, pointed: tuple[Pointed, ...], provenance: bool | None
) -> Work[BodyReport]:
    def work(source: Photo, suffix: str, progress: Progress) -> tuple[MarkedPhoto, BodyReport]:
        plan = _planned(source, roster, options, pointed, part(progress, 0.0, 0.4))
        return render_bodies(source, plan, vault, suffix, wanted=provenance, progress=part(progress, 0.4, 1.0))

    return work


def _rendering(vault: Vault, plan: BodyPlan, provenance: bool | None) -> Work[BodyReport]:
    return lambda source, suffix, progress: render_bodies(
        source, plan, vault, suffix, wanted=provenance, progress=progress
    )


def _planned(
    source: Photo, roster: Roster, options: BodyOptions, pointed: tuple[Pointed, ...], progress: Progress
) -> BodyPlan:
    """The analysis, and what somebody pointed at."""
    for place in pointed:
        place.selection.check(source.size_wh)
    plan = body.analyze(source, roster, options, progress=part(progress, 0.0, 0.9))
    for place in pointed:
        swapping = place.action == "swap"
        decision = BodyDecision(
            place.action, options.faces.persona if swapping else None, options.prompt if swapping else ""
        )
        if place.box_xyxy is None:
            plan = body.select(plan, source, place.selection, decision, progress=part(progress, 0.9, 1.0))
        else:
            plan = body.add_box(plan, source, place.box_xyxy, decision=decision)
    return plan


def _roster(vault: Vault, options: BodyOptions) -> Roster:
    """The roster, unread when everybody gets the same persona."""
    return Roster() if options.faces.persona is not None else open_roster(vault)


# -------------------------------------------------------------------------------------------------- plan, render, check
@command.command("plan", short_help="Find everybody and say what would happen to each.")
@click.argument("source", metavar="PHOTO", type=existing)
@click.option("-o", "--out", type=existing, help="Plan to write (JSON); printed when left out.")
@_deciding
@overwrite_option
def plan_command(
    source: Path, out: Path | None, options: BodyOptions, pointed: tuple[Pointed, ...], overwrite: bool
) -> None:
    """Find everybody and say what would happen to each, without changing anything.

    In the JSON, a region's decision is {"action": ACTION, "persona": null, "prompt": ""}; a swap may name a persona's
    id and words. Then run 'deepmask body render'.
    """
    refuse_existing([out], overwrite)
    vault = Vault()
    options = body.resolved(options, vault)
    opened = read_photo(source)
    with progress_bar() as progress:
        plan = _planned(opened, _roster(vault, options), options, pointed, progress)
    if out is None:
        click.echo(plan.to_json(), nl=False)
    else:
        plan.save(out)
        say(f"{source} → {out}: {_counted(plan)}")


@command.command()
@click.argument("source", metavar="PHOTO", type=existing)
@_plan_option
@click.option("-o", "--out", type=existing, required=True, help="Picture file to write.")
@_report_option
@_sheet_option
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
    sheet: Path | None,
    allow_leaks: bool,
    provenance: bool | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Carry out a plan, and check the result."""
    jobs = pair((source,), out)
    side_by_side = _sheets(jobs, (source,), sheet)
    refuse_existing([*(job.target for job in jobs), *side_by_side.values(), report], overwrite)
    work = _rendering(Vault(), BodyPlan.load(plan_path), provenance)
    ctx.exit(run(jobs, work, _TELLING, report, allow_leaks, as_json, afterwards=_saving(side_by_side)))


@command.command(short_help="Look for everybody again in a masked photo.")
@click.argument("source", metavar="PHOTO", type=existing)
@click.argument("masked", type=existing)
@_plan_option
@json_option
@click.pass_context
def check(ctx: click.Context, source: Path, masked: Path, plan_path: Path, as_json: bool) -> None:
    """Look for everybody again in a masked photo, and compare what is hidden with the original."""
    plan = BodyPlan.load(plan_path)
    original, result = read_photo(source), read_photo(masked)
    with progress_bar() as progress:
        found = body.check(original, result, plan, progress=progress)
    if as_json:
        click.echo(found.to_json(), nl=False)
    else:
        say(found.summary(), *_all_findings(found))
    ctx.exit(EXIT_LEAK if _leaks(found) else 0)


# ------------------------------------------------------------------------------------------------------ what is told
def _leaks(report: BodyReport) -> bool:
    return any(f.verdict == "leak" for f in (*report.findings, *report.faces.findings))


def _news(report: BodyReport) -> list[str]:
    """A line for each thing to know."""
    told = [f for f in (*report.findings, *report.faces.findings) if f.note or f.verdict not in ("hidden", "kept")]
    return [*_together(told), *_notes(report)]


def _all_findings(report: BodyReport) -> list[str]:
    return [*_together([*report.findings, *report.faces.findings]), *_notes(report)]


def _together(findings: Sequence[BodyFinding | Finding]) -> list[str]:
    """One line for all of whom the same is to be said."""
    regions: dict[str, list[str]] = {}
    for finding in findings:
        regions.setdefault(f"{finding.verdict}. {finding.note}".rstrip(), []).append(finding.region)
    return [f"  {', '.join(names)}: {words}" for words, names in regions.items()]


def _notes(report: BodyReport) -> list[str]:
    notes = dict.fromkeys((*report.notes, *report.faces.notes))
    return [f"  {note[:1].upper()}{note[1:]}." for note in notes]


def _lines(entries: list[Entry[BodyReport]]) -> list[str]:
    """For people: of one photo its summary, of several a table; then what is to be known of each."""
    if len(entries) == 1:
        (entry,) = entries
        return [f"{entry.job.source} → {entry.target}", f"  {entry.report.summary()}", *_news(entry.report)]
    rows = [("photo", "result", "hidden", "found again", "visible", "kept", "faces", "done by")]
    rows += [_row(entry) for entry in entries]
    told = [line for entry in entries if (news := _news(entry.report)) for line in (f"{entry.job.source}:", *news)]
    return [*table(rows).splitlines(), *told] if entries else []


def _row(entry: Entry[BodyReport]) -> tuple[str, ...]:
    verdicts = Counter(finding.verdict for finding in entry.report.findings)
    engines_used = Counter(f.engine for f in entry.report.findings if f.engine != "none")
    by = ", ".join(f"{name} {count}" for name, count in engines_used.most_common())
    counts = [str(verdicts[verdict] or "-") for verdict in ("hidden", "weak", "leak", "kept")]
    return (entry.job.source.name, entry.target, *counts, str(len(entry.report.faces.findings)), by)


def _counted(plan: BodyPlan) -> str:
    """'2 people, 1 text, 2 faces'."""
    words = {"person": ("person", "people"), "text": ("text", "texts"), "other": ("box", "boxes")}
    things = Counter(region.thing for region in plan.regions)
    parts = [f"{things[thing]} {names[things[thing] != 1]}" for thing, names in words.items() if things[thing]]
    faces = len(plan.faces.regions)
    return ", ".join([*(parts or ["nobody"]), f"{faces} {'face' if faces == 1 else 'faces'}"])


_TELLING = Telling(_leaks, _lines, _REMEDY)


def _sheets(jobs: list[Job], photos: tuple[Path, ...], sheet: Path | None) -> dict[Path, Path]:
    """Source → where its before and after goes."""
    if sheet is None:
        return {}
    return {job.source: beside.target for job, beside in zip(jobs, pair(photos, sheet), strict=True)}


def _saving(targets: dict[Path, Path]) -> Callable[[Job, Photo, Photo], None]:
    def save(job: Job, source: Photo, masked: Photo) -> None:
        if job.source in targets:
            height = min(_SHEET_PX, source.size_wh[1])
            both = sheets.row([source.rgb, masked.rgb], height)
            Photo.from_array(both, targets[job.source].name).save(targets[job.source])

    return save
