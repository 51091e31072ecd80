"""``deepmask cloak``: photos changed so little that people hardly see it, so that networks see somebody else.

Exit codes: 0 all written, whatever the cloak reached (the report says it); 2 at least one could not be done.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import click

from deepmask import engines
from deepmask.cloak_report import CloakReport
from deepmask.dossier import Table
from deepmask.filters import Filters
from deepmask.look import FaceRegion
from deepmask.progress import Progress
from pipelines.protect.cloaking import STRENGTHS, CloakOptions, cloak, victims_table
from ui.commands.batch import Entry, Telling, run_each
from ui.commands.outputs import Job, pair
from ui.commands.pages import page_for
from ui.commands.shared import existing, json_option, overwrite_option, read_photo, refuse_existing, table


@click.command()
@click.argument("photos", nargs=-1, required=True, type=existing)
@click.option("-o", "--out", type=existing, required=True, help="Picture file, or a folder for several photos.")
@click.option(
    "--strength",
    type=click.IntRange(STRENGTHS[0], STRENGTHS[-1]),
    default=CloakOptions.strength,
    show_default=True,
    help="How much may change: 2, 4, 6, 8 or 12 of 255 levels.",
)
@click.option(
    "--region",
    type=click.Choice(get_args(FaceRegion)),
    default=CloakOptions.region,
    show_default=True,
    help="How far around each face.",
)
@click.option(
    "--filter",
    "filters",
    metavar="NAME=AMOUNT",
    multiple=True,
    help=f"Photo filter that is applied first: {', '.join(Filters.names())}. May be repeated.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", *(row.name for row in engines.own_rows() if row.kind == "cloak")]),
    default=CloakOptions.engine,
    show_default=True,
    help="Which networks it is made against.",
)
@click.option("--seed", type=int, default=CloakOptions.seed, show_default=True, help="The same gives the same bits.")
@click.option("--show", is_flag=True, help="Also swap the face before and after; seen on the page of --html.")
@click.option("--report", type=existing, help="Write what was measured, as JSON.")
@click.option("--html", "page", type=existing, help="Write a page with pictures. For several photos a folder.")
@overwrite_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    photos: tuple[Path, ...],
    out: Path,
    strength: int,
    region: FaceRegion,
    filters: tuple[str, ...],
    engine: str,
    seed: int,
    show: bool,
    report: Path | None,
    page: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Cloak the faces of photos against networks that recognise or find them; folders stand for the photos in them.

    Afterwards all networks that are ready look at the result, as PNG, as JPEG and at half size, and the table says
    which of them it deceives. It promises nothing about others, and no cloak stops a swapper that copies skin.
    """
    jobs = pair(photos, out)
    pages = {job.source: page_for(job.source, page, single=len(jobs) == 1) for job in jobs}
    refuse_existing([*(job.target for job in jobs), report, *pages.values()], overwrite)
    options = CloakOptions(strength, region, engine, Filters.parse(filters), seed, show)
    engines.choose("cloak", engine)
    swaps: dict[Path, str] = {}

    def one(job: Job, progress: Progress) -> Entry[CloakReport]:
        made = cloak(read_photo(job.source), options, progress=progress)
        made.photo.save(job.target)
        if (beside := pages[job.source]) is not None:
            made.dossier().save(beside)
        if made.shown is not None:
            swaps[job.source] = made.shown.summary()
        return Entry(job, made.report, True)

    telling = Telling[CloakReport](lambda _: False, lambda entries: _lines(entries, swaps), "")
    ctx.exit(run_each(jobs, one, telling, report, False, as_json))


def _lines(entries: list[Entry[CloakReport]], swaps: dict[Path, str]) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        report = entry.report
        change = f"At most {report.largest_change} of 255 levels changed, PSNR {report.psnr_db:.1f} dB."
        lines += [f"{entry.job.source} → {entry.target}", f"  {report.summary()} {change}"]
        lines += [f"  {line}" for line in _as_text(victims_table(report))]
        notes = [f"{note[:1].upper()}{note[1:]}." for note in report.notes]
        lines += [f"  {sentence}" for sentence in (swaps.get(entry.job.source, ""), *notes) if sentence]
    return lines


def _as_text(shown: Table) -> Iterable[str]:
    return table([shown.head, *shown.rows]).splitlines()
