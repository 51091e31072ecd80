"""``deepmask verify``: who sealed photos, whether they are as they were then, and where not.

Exit codes: 0 all are authentic; 3 at least one was changed, is not authentic, or is sealed by a key nobody knows; 2 at
least one cannot be read; 4 at least one is not sealed. Where several hold, the first of these.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from deepmask.errors import EngineFailed, MediaError
from deepmask.files import write_text
from deepmask.media.folders import find_photos
from deepmask.progress import part
from deepmask.signing import Keyring
from pipelines.verify.authenticating import Authentication, authenticate
from ui.commands.pages import page_for
from ui.commands.shared import (
    existing,
    json_option,
    overwrite_option,
    print_json,
    progress_bar,
    read_photo,
    refuse_existing,
    say,
)

EXIT_CHANGED, EXIT_SOME_FAILED, EXIT_NOT_SEALED = 3, 2, 4


@click.command()
@click.argument("photos", nargs=-1, required=True, type=existing)
@click.option("--report", type=existing, help="Write what was found, as JSON.")
@click.option("--html", "page", type=existing, help="Write a page with a map of the blocks. For several a folder.")
@overwrite_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    photos: tuple[Path, ...],
    report: Path | None,
    page: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Say who sealed photos and whether a pixel was changed since; folders stand for the photos in them.

    Signers are named by the keys you know ('deepmask key trust'). The exit code is 0 if all are authentic, 3 if one was
    changed or is sealed by nobody you know, 4 if one is not sealed, 2 if one cannot be read.
    """
    sources = find_photos(photos)
    pages = [page_for(source, page, single=len(sources) == 1) for source in sources]
    refuse_existing([report, *pages], overwrite)
    keys = Keyring().known()
    found: list[tuple[Path, Authentication]] = []
    failures: list[str] = []
    with progress_bar() as progress:
        for n, (source, beside) in enumerate(zip(sources, pages, strict=True)):
            step = part(progress, n / len(sources), (n + 1) / len(sources))
            try:
                one = authenticate(read_photo(source), keys, progress=step)
                if beside is not None:
                    one.dossier().save(beside)
                found.append((source, one))
            except MediaError as error:
                failures.append(str(error))
            except EngineFailed as error:
                failures.append(f"{source.name}: {error}")
    _tell(found, report, as_json)
    for sentence in failures:
        say(sentence, err=True)
    ctx.exit(_exit_code(found, failures))


def _tell(found: list[tuple[Path, Authentication]], report: Path | None, as_json: bool) -> None:
    entries = [{"input": str(path), **json.loads(one.report.to_json())} for path, one in found]
    if report is not None:
        write_text(report, json.dumps(entries, indent=2) + "\n")
    if as_json:
        print_json(entries)
        return
    for path, one in found:
        notes = [f"Note: {note}." for note in one.report.notes]
        string = [f"Authentication string: {one.report.authentication}"] if one.report.authentication else []
        lines = [*one.report.reasons, *string, *notes]
        say(f"{path}: {one.report.verdict}", *(f"  {line}" for line in lines))


def _exit_code(found: list[tuple[Path, Authentication]], failures: list[str]) -> int:
    verdicts = {one.report.verdict for _, one in found}
    if verdicts & {"changed", "not authentic", "unknown key"}:
        return EXIT_CHANGED
    if failures:
        return EXIT_SOME_FAILED
    return EXIT_NOT_SEALED if "not sealed" in verdicts else 0
