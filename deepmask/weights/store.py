"""What of the weights is on this machine, and whether it is what its publisher made.

A file is read through once; its digest is remembered as long as size and time of change stay. Nothing here downloads,
renames or, but for :func:`remove`, deletes anything.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deepmask.errors import EngineMissing, InputError, WeightsError
from deepmask.progress import Progress, part, silent
from deepmask.weights import layout, licences, table
from deepmask.weights.manifest import Manifest, sha256_of
from deepmask.weights.places import UNFINISHED, Place, find
from deepmask.weights.table import WeightFile

Verdict = Literal["verified", "unpinned", "unchecked", "broken", "absent"]
"""Of one file: as published; nothing published to compare with; not read yet; not as it should be; not there."""

Kind = Literal["ready", "unpinned", "unchecked", "licence", "incomplete", "broken", "absent"]

_reading = threading.RLock()


@dataclass(frozen=True)
class Finding:
    """What is known of one file."""

    path: str
    verdict: Verdict
    sha256: str = ""


@dataclass(frozen=True)
class State:
    """What is known of a set."""

    kind: Kind
    sentence: str
    """One sentence for people; with the command that helps when the set cannot be used."""
    folder: Path
    present_bytes: int
    """Of files that are there, and of what a broken-off download left."""

    @property
    def usable(self) -> bool:
        """Whether an engine may ask for it."""
        return self.kind in ("ready", "unpinned", "unchecked")


def location(name: str, progress: Progress = silent) -> Path:
    """The folder of a set, all of its files present and verified, its licence accepted.

    Args:
        name: a name of the table, a hub id 'organisation/name', or a folder.

    Raises:
        EngineMissing: absent, not accepted or broken; the message has the command that helps.
        UnknownName: there is no such set or folder.
    """
    with _reading:
        found = state(name)
        if found.kind == "unchecked":
            check(find(name), progress)
            found = state(name)
    if not found.usable:
        raise EngineMissing(found.sentence)
    return found.folder


def read_new(names: Iterable[str], progress: Progress = silent) -> None:
    """Read through what of these sets is there and was not read yet: no engine then does that in silence.

    Raises:
        WeightsError: a file cannot be read.
        Cancelled: from ``progress``; what was read of whole sets is remembered.
    """
    new = [name for name in names if state(name).kind == "unchecked"]
    for n, name in enumerate(new):
        with _reading:
            check(find(name), part(progress, n / len(new), (n + 1) / len(new)))


def missing(names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that cannot be used yet: absent, incomplete, broken, or their licence not accepted."""
    return tuple(name for name in names if not state(name).usable)


def state(name: str) -> State:
    """What is known of a set without reading any large file."""
    place = find(name)
    findings = _findings(place, place.manifest())
    here = sum(_bytes_of(place, file) for file in place.row.files)
    kind, sentence = _judge(name, place, findings)
    return State(kind, sentence, place.folder, here)


def verify(name: str, progress: Progress = silent) -> list[Finding]:
    """Read every file of a set through again, whatever is remembered of it."""
    with _reading:
        return check(find(name), progress, again=True)


def check(place: Place, progress: Progress = silent, *, again: bool = False) -> list[Finding]:
    """Read through the files of a set that were not read yet, and remember their digests.

    Raises:
        WeightsError: a file cannot be read.
    """
    manifest = place.manifest()
    new = {finding.path for finding in _findings(place, manifest) if finding.verdict == "unchecked" or again}
    todo = [file for file in place.row.files if file.path in new and place.has(file)]
    total, done = sum(place.path(file).stat().st_size for file in todo) or 1, 0
    for file in todo:

        def report(count: int, file: WeightFile = file) -> None:
            nonlocal done
            done += count
            progress(done / total, f"Checking {file.path}")

        path, before = place.path(file), manifest.entries.get(file.path)
        expected = before.expected if before and not place.trusted else place.published(file)
        origin = before.origin if before else "found"
        try:
            manifest.record(file.path, path, sha256_of(path, report), expected=expected, origin=origin)
        except OSError as error:
            raise WeightsError(f"{path} cannot be read ({error.strerror}); check the disk.") from error
    if todo:
        manifest.save()
    return _findings(place, manifest)


def digests(name: str) -> dict[str, str]:
    """SHA-256 of each file of a set that has been read through, by path: what a portrait was made with."""
    return {path: entry.sha256 for path, entry in find(name).manifest().entries.items()}


def variant(folder: Path) -> str | None:
    """'fp16' if the weights of a diffusers folder are of that variant, as ``from_pretrained(variant=...)`` asks."""
    return layout.variant(path.as_posix() for depth in ("*", "*/*") for path in folder.glob(depth))


def remove(name: str) -> int:
    """Delete the files of a set and what broken-off downloads left of it.

    Returns:
        Bytes that were freed.

    Raises:
        InputError: they lie in a folder that is not ours, or belong to another set, too.
        WeightsError: a file cannot be deleted.
    """
    place = find(name)
    if not place.ours:
        raise InputError(f"The weights {name!r} lie in {place.folder}, which is not Deepmask's; delete them there.")
    if place.row.shares and _whole_is_here(place):
        raise InputError(f"{name!r} is a part of {place.row.shares!r}; run: deepmask weights remove {place.row.shares}")
    manifest, freed = place.manifest(), 0
    try:
        for file in place.row.files:
            for path in (place.path(file), *parts_of(place.path(file))):
                if path.is_file() or path.is_symlink():
                    freed += path.lstat().st_size
                    path.unlink()
            manifest.entries.pop(file.path, None)
        manifest.row = None
        manifest.save() if manifest.entries else manifest.path.unlink(missing_ok=True)
        _prune(place.folder)
    except OSError as error:
        raise WeightsError(f"{error.filename} cannot be deleted ({error.strerror}); close what uses it.") from error
    return freed


def parts_of(path: Path) -> tuple[Path, Path]:
    """What a download that was broken off leaves beside ``path``: the beginning, and a note on where it came from."""
    return path.with_name(f"{path.name}{UNFINISHED}"), path.with_name(f"{path.name}{UNFINISHED}.json")


def _findings(place: Place, manifest: Manifest) -> list[Finding]:
    return [_finding(place, manifest, file) for file in place.row.files]


def _finding(place: Place, manifest: Manifest, file: WeightFile) -> Finding:
    if not place.has(file):
        return Finding(file.path, "absent")
    entry = manifest.entries.get(file.path)
    if entry is None or not entry.still_describes(place.path(file)):
        return Finding(file.path, "unchecked")
    if file.sha256:
        good = entry.sha256 in (file.sha256, *file.also_sha256)
        return Finding(file.path, "verified" if good else "broken", entry.sha256)
    verdict: Verdict = "broken" if not entry.good else "unpinned" if entry.expected.startswith("seen:") else "verified"
    return Finding(file.path, verdict, entry.sha256)


def _judge(name: str, place: Place, findings: list[Finding]) -> tuple[Kind, str]:
    row, get = place.row, f"run: deepmask weights get {name}"
    verdicts = {finding.verdict for finding in findings}
    if not findings and place.folder.is_dir() and not place.ours:
        return "broken", f"{place.folder} has no weights in the safetensors format; other formats are not loaded."
    if verdicts <= {"absent"}:
        return "absent", f"The weights {name!r} are not on this machine; {get}"
    if "absent" in verdicts:
        lost = next(finding.path for finding in findings if finding.verdict == "absent")
        return "incomplete", f"Of the weights {name!r} {lost} and perhaps more is missing; {get}"
    if "broken" in verdicts:
        bad = place.folder / next(finding.path for finding in findings if finding.verdict == "broken")
        return "broken", f"{bad} is damaged or is not the file that was published, so it is not used; {get}"
    if foreign := place.foreign():
        return "broken", f"{foreign} does not belong to the weights {name!r}, and nobody verified it; delete it."
    if not row.commercial and not licences.accepted(row):
        return "licence", f"The licence of the weights {name!r} ({row.licence}) has not been accepted; {get}"
    if "unchecked" in verdicts:
        return "unchecked", "There; checked before it is first used."
    if "unpinned" in verdicts:
        return "unpinned", "There; of some files no digest is published, so they are only checked for later changes."
    return "ready", "There, and as published."


def _bytes_of(place: Place, file: WeightFile) -> int:
    for path in (place.path(file), parts_of(place.path(file))[0]):
        with contextlib.suppress(OSError):
            return path.stat().st_size
    return 0


def _whole_is_here(place: Place) -> bool:
    return any(Place(row, place.folder).complete() for row in table.rows() if row.name == place.row.shares)


def _prune(folder: Path) -> None:
    """Remove folders that have become empty."""
    for path in sorted((p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink()), reverse=True):
        with contextlib.suppress(OSError):
            path.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()
