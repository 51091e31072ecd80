"""``deepmask seal``: photos with a signed statement in their own pixels, which can be taken out again bit for bit.

Exit codes: 0 all sealed; 2 at least one could not be.
"""

from __future__ import annotations

from pathlib import Path

import click

from deepmask import engines
from deepmask.media.formats import by_suffix
from deepmask.progress import Progress
from deepmask.seal_report import SealReport
from deepmask.signing import Keyring
from pipelines.protect.sealing import LOSSLESS, PROTECTIONS, Protection, SealOptions, refuse_lossy, seal
from ui.commands.batch import Entry, Telling, run_each
from ui.commands.outputs import PHOTOS, Job, Medium, pair
from ui.commands.pages import page_for
from ui.commands.shared import existing, json_option, overwrite_option, read_photo, refuse_existing
from ui.commands.signers import open_signer

_SEALED = Medium(PHOTOS.words, PHOTOS.find, lambda suffix: suffix.lower() in LOSSLESS, ".png")


def _protections(ctx: click.Context, parameter: click.Parameter, text: str) -> tuple[Protection, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["nothing"]:
        return ()
    if unknown := [word for word in words if word not in PROTECTIONS]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(PROTECTIONS)} or nothing", ctx, parameter)
    return tuple(name for name in PROTECTIONS if name in words)


@click.command()
@click.argument("photos", nargs=-1, required=True, type=existing)
@click.option("-o", "--out", type=existing, required=True, help="File to write (PNG, TIFF, WebP), or a folder.")
@click.option(
    "--protect",
    default=",".join(SealOptions.protect),
    show_default=True,
    callback=_protections,
    help="What gets smaller blocks and longer digests: faces, people, both with a comma between, or nothing.",
)
@click.option(
    "--parser",
    type=click.Choice(["auto", *(row.name for row in engines.own_rows() if row.kind == "face_parser")]),
    default=SealOptions.parser,
    show_default=True,
    help="What tells skin, hair and clothes apart.",
)
@click.option("--report", type=existing, help="Write what was sealed, as JSON.")
@click.option("--html", "page", type=existing, help="Write a page about the seal. For several photos a folder.")
@overwrite_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    photos: tuple[Path, ...],
    out: Path,
    protect: tuple[Protection, ...],
    parser: str,
    report: Path | None,
    page: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Seal photos: lay a signed statement into their pixels; folders stand for the photos in them.

    'deepmask verify' then says whether a pixel was changed, and where; 'deepmask restore' takes the seal out again and
    gives every bit of the original back. Nobody sees a seal. It needs files that keep every pixel: of a JPEG a PNG is
    made, and whatever changes pixels later, such as a messenger, takes the seal away. A tag outlasts that.
    """
    jobs = _jobs(photos, out)
    pages = {job.source: page_for(job.source, page, single=len(jobs) == 1) for job in jobs}
    refuse_existing([*(job.target for job in jobs), report, *pages.values()], overwrite)
    signer = open_signer(Keyring())
    options = SealOptions(protect, parser)

    def one(job: Job, progress: Progress) -> Entry[SealReport]:
        sealed = seal(read_photo(job.source), signer, options, progress=progress)
        sealed.save(job.target)
        if (beside := pages[job.source]) is not None:
            sealed.dossier().save(beside)
        return Entry(job, sealed.report, True)

    ctx.exit(run_each(jobs, one, Telling(lambda _: False, _lines, ""), report, False, as_json))


def _jobs(photos: tuple[Path, ...], out: Path) -> list[Job]:
    """In a folder, names that say JPEG or the like say PNG instead, since the copies are that."""
    jobs = pair(photos, out, _SEALED)
    if by_suffix(out.suffix) is not None and not out.is_dir():
        refuse_lossy(out)
        return jobs
    taken = {job.target for job in jobs}
    renamed: list[Job] = []
    for job in jobs:
        inner = Path(job.target.stem)
        plain = job.target.with_name(f"{inner.stem}.png")
        if inner.suffix != job.source.suffix or by_suffix(inner.suffix) is None or plain in taken:
            plain = job.target
        taken.add(plain)
        renamed.append(Job(job.source, plain))
    return renamed


def _lines(entries: list[Entry[SealReport]]) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        notes = [f"  {note[:1].upper()}{note[1:]}." for note in entry.report.notes]
        lines += [f"{entry.job.source} → {entry.target}", f"  {entry.report.summary()}", *notes]
    return lines
