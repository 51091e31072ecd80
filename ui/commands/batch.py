"""Photo after photo, or video after video, through one pipeline: what is written, what is told, the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from deepmask.errors import EngineFailed, MediaError
from deepmask.files import write_text
from deepmask.media import Photo
from deepmask.progress import Progress, part
from deepmask.report_json import Saved, noted
from pipelines.provenance import MarkedPhoto
from ui.commands.outputs import Job
from ui.commands.shared import print_json, progress_bar, read_photo, say

EXIT_LEAK = 3
EXIT_SOME_FAILED = 2

_WRITTEN_NEVERTHELESS = "written nevertheless, as you asked"


R = TypeVar("R", bound=Saved)

One = Callable[["Job", Progress], "Entry[R]"]
"""Does all there is to do for one input."""

Work = Callable[[Photo, str, Progress], tuple[MarkedPhoto, R]]
"""What one photo becomes as a file with a suffix, and what the check of it found."""


@dataclass(frozen=True)
class Entry(Generic[R]):
    """What happened to one input."""

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
    """Work through the photos and return the exit code; one that fails does not stop the others.

    Args:
        report: file for all reports, as JSON.
        allow_leaks: also write results in which somebody would still be recognisable.
        afterwards: called with the source and the result of each photo that was written.
    """

    def one(job: Job, progress: Progress) -> Entry[R]:
        source = read_photo(job.source)
        masked, found = work(source, job.target.suffix, progress)
        written = allow_leaks or not telling.leaks(found)
        if written:
            found = noted(found, masked.save(job.target))
            if afterwards is not None:
                afterwards(job, source, masked.photo)
        return Entry(job, found, written)

    return run_each(jobs, one, telling, report, allow_leaks, as_json)


def run_each(
    jobs: list[Job],
    one: One[R],
    telling: Telling[R],
    report: Path | None,
    allow_leaks: bool,
    as_json: bool,
    pace: Callable[[Progress], Progress] = lambda progress: progress,
) -> int:
    """Do ``one`` for each job and return the exit code; a file that fails does not stop the others.

    Args:
        pace: what is put around the progress on the terminal.
    """
    entries: list[Entry[R]] = []
    failures: list[str] = []
    with progress_bar() as drawn:
        progress = pace(drawn)
        for n, job in enumerate(jobs):
            step = _named(part(progress, n / len(jobs), (n + 1) / len(jobs)), job, len(jobs))
            try:
                entries.append(one(job, step))
            except MediaError as error:
                failures.append(str(error))
            except EngineFailed as error:
                failures.append(f"{job.source.name}: {error}")
    if report is not None:
        write_text(report, json.dumps([entry.to_json() for entry in entries], indent=2) + "\n")
    if as_json:
        print_json([entry.to_json() for entry in entries])
    else:
        say(*telling.lines(entries))
    return _explained(entries, failures, telling, allow_leaks)


def _named(progress: Progress, job: Job, total: int) -> Progress:
    if total == 1:
        return progress
    return lambda fraction, message: progress(fraction, f"{job.source.name}: {message}")


def _explained(entries: list[Entry[R]], failures: list[str], telling: Telling[R], allow_leaks: bool) -> int:
    """Exit code, with one sentence on stderr for each thing that went wrong."""
    for sentence in failures:
        say(sentence, err=True)
    leaking = [entry.job.source.name for entry in entries if telling.leaks(entry.report)]
    if leaking:
        remedy = _WRITTEN_NEVERTHELESS if allow_leaks else f"not written; {telling.remedy}"
        say(f"Somebody would still be recognisable in {', '.join(leaking)}: {remedy}.", err=True)
        return EXIT_LEAK
    return EXIT_SOME_FAILED if failures else 0
