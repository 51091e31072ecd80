"""Photo after photo through one pipeline: what is written, what is told, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import click

from deepmask.errors import MediaError
from deepmask.files import write_text
from deepmask.media import Photo
from deepmask.progress import Progress, part
from ui.commands.outputs import Job
from ui.commands.shared import print_json, progress_bar, read_photo

EXIT_LEAK = 3
EXIT_SOME_UNREADABLE = 2

_WRITTEN_NEVERTHELESS = "written nevertheless, as you asked"


class Checked(Protocol):
    """A report of any pipeline."""

    def summary(self) -> str: ...

    def to_json(self) -> str: ...


R = TypeVar("R", bound=Checked)

Work = Callable[[Photo, Progress], tuple[Photo, R]]
"""What one photo becomes, and what the check of it found."""


@dataclass(frozen=True)
class Entry(Generic[R]):
    """What happened to one photo."""

    job: Job
    report: R
    written: bool

    @property
    def target(self) -> str:
        """Where the result is, for people."""
        return str(self.job.target) if self.written else "not written"

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        output = str(self.job.target) if self.written else None
        return {"input": str(self.job.source), "output": output, **json.loads(self.report.to_json())}


@dataclass(frozen=True)
class Telling(Generic[R]):
    """How a pipeline's reports are put to people."""

    leaks: Callable[[R], bool]
    """Whether somebody would still be recognisable."""
    lines: Callable[[list[Entry[R]]], list[str]]
    remedy: str
    """What to do if somebody is, after 'not written; '."""


def run(
    jobs: list[Job],
    work: Work[R],
    telling: Telling[R],
    report: Path | None,
    allow_leaks: bool,
    as_json: bool,
    *,
    afterwards: Callable[[Job, Photo, Photo], None] | None = None,
) -> int:
    """Work through the photos and return the exit code; one that cannot be read does not stop the others.

    Args:
        report: file for all reports, as JSON.
        allow_leaks: also write results in which somebody would still be recognisable.
        afterwards: called with the source and the result of each photo that was written.
    """
    entries: list[Entry[R]] = []
    unreadable: list[MediaError] = []
    with progress_bar() as progress:
        for n, job in enumerate(jobs):
            step = _named(part(progress, n / len(jobs), (n + 1) / len(jobs)), job, len(jobs))
            try:
                source = read_photo(job.source)
                masked, found = work(source, step)
                written = allow_leaks or not telling.leaks(found)
                if written:
                    masked.save(job.target)
            except MediaError as error:
                unreadable.append(error)
                continue
            entries.append(Entry(job, found, written))
            if written and afterwards is not None:
                afterwards(job, source, masked)
    if report is not None:
        write_text(report, json.dumps([entry.to_json() for entry in entries], indent=2) + "\n")
    if as_json:
        print_json([entry.to_json() for entry in entries])
    else:
        click.echo("\n".join(telling.lines(entries)), nl=bool(entries))
    return _explained(entries, unreadable, telling, allow_leaks)


def _named(progress: Progress, job: Job, total: int) -> Progress:
    if total == 1:
        return progress
    return lambda fraction, message: progress(fraction, f"{job.source.name}: {message}")


def _explained(entries: list[Entry[R]], unreadable: list[MediaError], telling: Telling[R], allow_leaks: bool) -> int:
    """Exit code, with one sentence on stderr for each thing that went wrong."""
    for error in unreadable:
        click.echo(str(error), err=True)
    leaking = [entry.job.source.name for entry in entries if telling.leaks(entry.report)]
    if leaking:
        remedy = _WRITTEN_NEVERTHELESS if allow_leaks else f"not written; {telling.remedy}"
        click.echo(f"Somebody would still be recognisable in {', '.join(leaking)}: {remedy}.", err=True)
        return EXIT_LEAK
    return EXIT_SOME_UNREADABLE if unreadable else 0
