"""``deepmask read-tag``: which tag photos and videos carry, whose it is, and whether it was copied.

Exit codes: 0 all carry a tag, and nothing speaks against it; 3 a tag was copied onto another picture, or its record was
tampered with; 2 at least one file cannot be read; 4 at least one has no tag. Where several hold, the first of these.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from deepmask.errors import EngineFailed, InputError, MediaError
from deepmask.files import write_text
from deepmask.media.folders import find_photos_and_clips
from deepmask.progress import Progress, part
from deepmask.records import Ledger
from deepmask.signing import Keyring, PublicKey, Signer
from deepmask.tag_report import TagReading
from ui.commands.clips import clip_of
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
from ui.commands.signers import open_signer

EXIT_COPIED, EXIT_SOME_FAILED, EXIT_NO_TAG = 3, 2, 4


@click.command()
@click.argument("files", nargs=-1, required=True, type=existing)
@click.option("--report", type=existing, help="Write what was read, as JSON.")
@click.option("--html", "page", type=existing, help="Write a page that shows where the tag is. For several a folder.")
@overwrite_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    report: Path | None,
    page: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Read the tags of photos and videos; folders stand for the files in them.

    Public tags are read by everybody, private ones with the key they were laid with. The exit code is 0 if all files
    have a tag, 3 if one was copied from another picture or its record was tampered with, 4 if one has none, 2 if one
    cannot be read.
    """
    sources = find_photos_and_clips(files)
    pages = [page_for(source, page, single=len(sources) == 1) for source in sources]
    refuse_existing([report, *pages], overwrite)
    signer, keys = _keys()
    read: list[tuple[Path, TagReading]] = []
    failures: list[str] = []
    with progress_bar() as progress:
        for n, (source, beside) in enumerate(zip(sources, pages, strict=True)):
            step = part(progress, n / len(sources), (n + 1) / len(sources))
            try:
                read.append((source, _read(source, signer, keys, beside, step)))
            except MediaError as error:
                failures.append(str(error))
            except EngineFailed as error:
                failures.append(f"{source.name}: {error}")
    _tell(read, report, as_json)
    for sentence in failures:
        say(sentence, err=True)
    ctx.exit(_exit_code([one for _, one in read], failures))


def _keys() -> tuple[Signer | None, list[PublicKey]]:
    """The user's key if there is one and it can be unlocked, and all keys they know; none is made."""
    keyring = Keyring()
    try:
        return (open_signer(keyring) if keyring.exists else None), keyring.known()
    except InputError:
        click.echo("Your signing key is locked: private tags are not looked for.", err=True)
        return None, keyring.known()


def _read(
    source: Path, signer: Signer | None, keys: list[PublicKey], page: Path | None, progress: Progress
) -> TagReading:
    from pipelines.verify import reading

    clip = clip_of(source)
    if clip is not None:
        found = reading.read_clip_tag(clip, signer=signer, keys=keys, ledger=Ledger(), progress=progress)
    else:
        photo = read_photo(source)
        found = reading.read_tag(photo, signer=signer, keys=keys, ledger=Ledger(), progress=progress)
    if page is not None:
        found.dossier().save(page)
    return found.report


def _tell(read: list[tuple[Path, TagReading]], report: Path | None, as_json: bool) -> None:
    entries = [{"input": str(path), **json.loads(one.to_json())} for path, one in read]
    if report is not None:
        write_text(report, json.dumps(entries, indent=2) + "\n")
    if as_json:
        print_json(entries)
        return
    for path, one in read:
        notes = [f"  {note[:1].upper()}{note[1:]}." for note in one.notes]
        say(f"{path}: {one.summary()}", *notes)


def _exit_code(read: list[TagReading], failures: list[str]) -> int:
    if any(one.found and not one.safe for one in read):
        return EXIT_COPIED
    if failures:
        return EXIT_SOME_FAILED
    return 0 if all(one.found for one in read) else EXIT_NO_TAG
