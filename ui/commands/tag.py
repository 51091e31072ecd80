"""``deepmask tag``: photos and videos with an id in their pixels that outlasts what happens to pictures.

Exit codes: 0 all tagged; 2 at least one could not be.
"""

from __future__ import annotations

from pathlib import Path

import click

from deepmask.errors import InputError
from deepmask.media.clip_formats import ANIMATION_SUFFIXES, CLIP_SUFFIXES, CONTAINERS
from deepmask.media.folders import find_photos_and_clips
from deepmask.media.formats import by_suffix
from deepmask.progress import Progress
from deepmask.records import Ledger
from deepmask.signing import Keyring, Signer
from deepmask.tag_report import TagReport
from pipelines.protect.tag_options import TagOptions
from ui.commands.batch import Entry, Telling, run_each
from ui.commands.clips import clip_of
from ui.commands.outputs import Job, Medium, pair
from ui.commands.shared import existing, json_option, overwrite_option, read_photo, refuse_existing
from ui.commands.signers import open_signer

_FILES = Medium(
    "files",
    find_photos_and_clips,
    lambda suffix: by_suffix(suffix) is not None or suffix.lower() in (*CONTAINERS, *ANIMATION_SUFFIXES),
    ".mp4",
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=existing)
@click.option("-o", "--out", type=existing, required=True, help="File to write, or a folder for several files.")
@click.option(
    "--strength",
    type=float,
    default=TagOptions.strength,
    show_default=True,
    help="Grey levels on medium texture; more lasts longer and is seen sooner.",
)
@click.option("--private", is_flag=True, help="Only who has your signing key can read it.")
@click.option("--report", type=existing, help="Write what was tagged and what it withstood, as JSON.")
@overwrite_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    out: Path,
    strength: float,
    private: bool,
    report: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Tag photos and videos with a 64-bit id; folders stand for the files in them.

    The tag lies invisibly in all pixels and is found again after JPEG, resizing, cropping, turning by a few degrees,
    mirroring, and where a face was swapped. Its id points to a record on this machine, signed with your key, from which
    'deepmask read-tag' tells whether a tag was copied onto another picture. The strength is raised where a tag would
    not last. A locked key leaves the record unsigned.
    """
    options = TagOptions(strength, max(strength, TagOptions.strongest), private)
    jobs = _jobs(files, out)
    refuse_existing([*(job.target for job in jobs), report], overwrite)
    signer, ledger = _signer(private), Ledger()

    def one(job: Job, progress: Progress) -> Entry[TagReport]:
        from pipelines.protect import tagging

        clip = clip_of(job.source)
        if clip is not None:
            told = tagging.tag_clip(clip, job.target, options, signer=signer, ledger=ledger, progress=progress)
            return Entry(job, told, True)
        suffix = job.target.suffix
        source = read_photo(job.source)
        tagged = tagging.tag(
            source, options, signer=signer, ledger=ledger, path=job.source, suffix=suffix, progress=progress
        )
        tagged.photo.save(job.target)
        return Entry(job, tagged.report, True)

    ctx.exit(run_each(jobs, one, Telling(lambda _: False, _lines, ""), report, False, as_json))


def _signer(needed: bool) -> Signer | None:
    """The user's key; None where it is locked, nobody is there to unlock it, and it can be done without."""
    try:
        return open_signer(Keyring())
    except InputError:
        if needed:
            raise
        return None


def _jobs(files: tuple[Path, ...], out: Path) -> list[Job]:
    """Outputs of the same kind as their inputs."""
    jobs: list[Job] = []
    for job in pair(files, out, _FILES):
        is_clip = job.source.suffix.lower() in CLIP_SUFFIXES
        unnamed = not is_clip and by_suffix(job.source.suffix) is None and job.target.name == f"{job.source.name}.mp4"
        jobs.append(Job(job.source, job.target.with_suffix(".png")) if unnamed else job)
    return jobs


def _lines(entries: list[Entry[TagReport]]) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        notes = [f"  {note[:1].upper()}{note[1:]}." for note in entry.report.notes]
        lines += [f"{entry.job.source} → {entry.target}", f"  {entry.report.summary()}", *notes]
    return lines
