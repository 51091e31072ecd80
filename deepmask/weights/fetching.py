"""Getting a set: licence, room on the disk, one download at a time, progress in bytes."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from deepmask.errors import WeightsError
from deepmask.progress import Progress, silent
from deepmask.weights import hub, licences, table
from deepmask.weights.download import Report, Wanted, download
from deepmask.weights.places import Place, find, models
from deepmask.weights.store import check, location, parts_of
from deepmask.weights.table import HUB_ID, Weight, WeightFile

SPARE_BYTES = 64 << 20
"""Left free on the disk."""


def offer(name: str) -> Weight:
    """The row of a set that could be fetched: of the table, or of a repository of the hub, which is asked for it.

    Raises:
        UnknownName: neither.
        WeightsError: the hub cannot be asked, or the repository has nothing that could be loaded.
    """
    place = find(name)
    if place.complete() or place.row in table.rows() or not HUB_ID.fullmatch(name):
        return place.row
    return hub.describe(name)


def accept(name: str) -> None:
    """Remember that the user accepts the licence of a set."""
    licences.accept(offer(name))


def fetch(name: str, progress: Progress = silent) -> Path:
    """Download what is missing of a set, and verify it.

    Files that are there and as published are kept; damaged ones are replaced.

    Returns:
        The folder of the set.

    Raises:
        WeightsError: the licence was not accepted, the disk has no room, downloads are switched off, another process
            fetches the same set, or a download failed; what has arrived stays and is gone on with the next time.
        Cancelled: from ``progress``; what has arrived stays.
    """
    row = offer(name)
    if row.must_accept and not licences.accepted(row):
        raise WeightsError(
            f"The licence of {row.title} ({row.licence}) must be accepted before it is fetched; read {row.licence_url} "
            f"and run: deepmask weights get {row.name} --accept-licence"
        )
    place = find(name)
    if not (place.complete() and all(f.verdict in ("verified", "unpinned") for f in check(place, progress))):
        hub.require_network()
        place = Place(row, models() / row.folder)
        with _alone(place):
            _download_missing(place, progress)
    return location(name, progress)


def by_hand(row: Weight) -> str:
    """How a person gets the files without us: the end of a sentence."""
    names = [Path(file.remote).name if len(row.files) == 1 else file.remote for file in row.files]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more files" if len(names) > 3 else "")
    how = "a folder, with its subfolders," if any("/" in file.path for file in row.files) else "a folder"
    then = "run: deepmask weights import FOLDER" if row in table.rows() else "name it in the setting diffusion_model"
    return f"fetch {listed} from {hub.page(row)} by hand into {how} and {then}"


def _download_missing(place: Place, progress: Progress) -> None:
    good = {finding.path for finding in check(place, progress) if finding.verdict in ("verified", "unpinned")}
    todo = [file for file in place.row.files if file.path not in good]
    _require_room(place, todo)
    manifest = place.manifest()
    manifest.row = None if place.row in table.rows() else asdict(place.row)
    meter = _Meter(sum(file.size_bytes for file in todo), progress)
    with hub.client() as connections:
        for file in todo:
            place.path(file).parent.mkdir(parents=True, exist_ok=True)
            wanted = Wanted(
                hub.address(place.row, file),
                place.path(file),
                file.sha256,
                file.size_bytes if file.sha256 else None,
                by_hand(place.row),
                must_be_published=not hub.is_mirrored(),
            )
            received = download(connections, wanted, meter.of(file))
            origin = f"{place.row.repo}@{received.commit or place.row.revision}"
            manifest.record(file.path, place.path(file), received.sha256, expected=received.published, origin=origin)
            manifest.save()
            meter.finished(file)


def _require_room(place: Place, todo: list[WeightFile]) -> None:
    """Refuse before the first byte if the disk cannot take the rest.

    Raises:
        WeightsError: one sentence with what is needed and what is there.
    """
    needed = sum(max(file.size_bytes - _there(place.path(file)), 0) for file in todo)
    place.folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(place.folder).free
    if needed and needed + SPARE_BYTES > free:
        raise WeightsError(
            f"{place.row.title} needs {size_text(needed)} more and the disk of {place.folder.parent} has "
            f"{size_text(free)} free; free some space, or move everything to another disk with DEEPMASK_HOME."
        )


def _there(path: Path) -> int:
    part, _ = parts_of(path)
    return part.stat().st_size if part.is_file() else 0


@contextlib.contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Only one process at a time fetches a set; the lock goes with the process that holds it."""
    from filelock import FileLock, Timeout

    locks = models() / ".locks"
    try:
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{place.folder.name}.lock", timeout=0):
            yield
    except Timeout as error:
        raise WeightsError(f"{place.row.title} is being fetched already; wait until that is done.") from error
    except OSError as error:
        raise WeightsError(f"{locks} cannot be written ({error.strerror}); choose another DEEPMASK_HOME.") from error


class _Meter:
    """Turns bytes of files into progress with speed and remaining time."""

    _WINDOW_S = 10.0
    _EVERY_S = 0.1

    def __init__(self, total: int, progress: Progress) -> None:
        self._total = max(total, 1)
        self._progress = progress
        self._before = 0
        self._marks: deque[tuple[float, int]] = deque()
        self._last = float("-inf")

    def of(self, file: WeightFile) -> Report:
        """The ``Report`` of one file."""

        def report(done: int, what: str) -> None:
            now = time.monotonic()
            if now - self._last < self._EVERY_S and done < file.size_bytes:
                return
            self._last = now
            whole = self._before + done
            text = what or self._pace(now, whole)
            shown = f"{file.path}: {size_text(whole)} of {size_text(self._total)}"
            self._progress(min(whole / self._total, 1.0), f"{shown}, {text}" if text else shown)

        return report

    def finished(self, file: WeightFile) -> None:
        """``file`` is whole."""
        self._before += file.size_bytes
        self._marks.clear()

    def _pace(self, now: float, whole: int) -> str:
        self._marks.append((now, whole))
        while now - self._marks[0][0] > self._WINDOW_S:
            self._marks.popleft()
        (start, first), seconds = self._marks[0], now - self._marks[0][0]
        if seconds < 1 or whole <= first:
            return ""
        per_second = (whole - first) / (now - start)
        return f"{size_text(per_second)}/s, {_time_text((self._total - whole) / per_second)} left"


def size_text(count: float) -> str:
    """Bytes for people: '2.7 GB'."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _time_text(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
