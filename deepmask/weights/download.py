"""One file from a server: resumed where it broke off, tried again, hashed while it is written, moved when it is whole.

What has arrived lies in ``<name>.part`` beside the target, with a note of where it came from in ``<name>.part.json``.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from deepmask import files
from deepmask.errors import WeightsError
from deepmask.weights.hub import published_in
from deepmask.weights.manifest import CHUNK, git_blob_of
from deepmask.weights.store import parts_of

if TYPE_CHECKING:
    import httpx

PAUSES_S = (1.0, 2.0, 4.0, 8.0)
"""Between tries; counted anew whenever something arrived."""
_UNREACHABLE_TRIES = 2
_LONGEST_PAUSE_S = 60.0
_MOST_REDIRECTS = 8

Report = Callable[[int, str], None]
"""Told how many bytes of the file are there and what is going on; may raise Cancelled."""


@dataclass(frozen=True)
class Wanted:
    """A file to download."""

    url: str
    target: Path
    sha256: str = ""
    """Pinned digest; without one, the digest the server publishes is demanded."""
    size_bytes: int | None = None
    """Exact size, if known."""
    by_hand: str = ""
    """End of a sentence: what to do when the address is dead."""
    must_be_published: bool = False
    """Whether a file without a pinned digest is refused when the server publishes none, as the hub always does."""


@dataclass(frozen=True)
class Received:
    """A file that has arrived whole and lies at its target."""

    sha256: str
    published: str
    """'sha256:…', 'git:…', or empty when the server publishes no digest."""
    commit: str


@dataclass(frozen=True)
class _Note:
    """Where the beginning of a file came from; if any of it has changed, the rest does not belong to it."""

    url: str
    validator: str
    """A strong ETag, for If-Range."""
    published: str
    size_bytes: int | None


class _Again(Exception):
    """It did not work this time."""

    def __init__(self, why: str, *, pause_s: float = 0.0, reached: bool = True) -> None:
        super().__init__(why)
        self.pause_s = pause_s
        self.reached = reached


class _Anew(Exception):
    """What is there does not belong to what the server has; begin with nothing."""


def download(connections: httpx.Client, wanted: Wanted, report: Report) -> Received:
    """Fetch one file.

    Raises:
        WeightsError: the address is dead, the connection fails again and again, the disk is full, or the file is not
            the one that was published. What has arrived stays for the next time, unless it is wrong.
        Cancelled: from ``report``; what has arrived stays.
    """
    part, _ = parts_of(wanted.target)
    tries = 0
    anew = False
    while True:
        before = _size(part)
        try:
            return _try(connections, wanted, report)
        except _Anew:
            _discard(wanted.target)
            if anew:
                raise _wrong(wanted) from None
            anew = True
        except _Again as error:
            tries = 1 if _size(part) > before else tries + 1
            if tries > (len(PAUSES_S) if error.reached else _UNREACHABLE_TRIES):
                from_where = f" from {_host(wanted.url)}" if error.reached else ""
                raise WeightsError(
                    f"{wanted.target.name} cannot be fetched{from_where}: {error}; try again "
                    f"to go on where it stopped, or {wanted.by_hand}."
                ) from error
            _wait(error.pause_s or PAUSES_S[min(tries, len(PAUSES_S)) - 1], str(error), _size(part), report)
        except OSError as error:
            raise WeightsError(_disk_sentence(wanted.target, error)) from error


def _try(connections: httpx.Client, wanted: Wanted, report: Report) -> Received:
    part, _ = parts_of(wanted.target)
    note = _read_note(wanted)
    if note is None:
        _discard(wanted.target)
    offset = _size(part)
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    if offset and note and note.validator and note.url == wanted.url:
        headers["If-Range"] = note.validator
    with _open(connections, wanted, headers) as (answer, published, commit):
        digest = hashlib.sha256()
        if answer.status_code == 416:
            if not _is_whole(answer, offset):
                raise _Anew
            _hash_beginning(part, digest, report)
        else:
            total = _check_answer(wanted, answer, note, published, offset)
            if answer.status_code == 200:
                offset = 0
                _write_note(wanted, _Note(wanted.url, _strong(answer), published, total))
            else:
                _hash_beginning(part, digest, report)
            _write(part, answer, offset, digest, wanted, report)
    return _finish(wanted, digest.hexdigest(), published, commit, resumed=bool(headers) and offset > 0)


@contextmanager
def _open(
    connections: httpx.Client, wanted: Wanted, headers: dict[str, str]
) -> Iterator[tuple[httpx.Response, str, str]]:
    """The answer at the end of all redirects, with the digest and commit that a hub on the way has published."""
    import httpx

    url, published, commit = wanted.url, "", ""
    try:
        for _ in range(_MOST_REDIRECTS):
            with connections.stream("GET", url, headers=headers) as answer:
                published = published or published_in(answer.headers)
                commit = commit or answer.headers.get("x-repo-commit", "")
                if answer.has_redirect_location:
                    url = _next(url, answer.headers["location"])
                    continue
                yield answer, published, commit
                return
        raise WeightsError(f"{wanted.url} leads in circles; {wanted.by_hand}.")
    except httpx.ConnectError as error:
        cause = _cause(error, ssl.SSLError)
        if cause is not None:
            raise WeightsError(
                f"{_host(url)} cannot prove who it is ({cause.reason or 'TLS'}), so nothing was fetched; check clock "
                f"and proxy, or {wanted.by_hand}."
            ) from error
        raise _Again(f"{_host(url)} cannot be reached", reached=False) from error
    except httpx.TimeoutException as error:
        raise _Again("no answer in time") from error
    except httpx.TransportError as error:
        raise _Again("the connection broke off") from error


def _next(url: str, location: str) -> str:
    following = urljoin(url, location)
    if urlsplit(url).scheme == "https" and urlsplit(following).scheme != "https":
        raise WeightsError(f"{_host(url)} leads to an address that is not encrypted, so nothing was fetched.")
    return following


def _check_answer(
    wanted: Wanted, answer: httpx.Response, note: _Note | None, published: str, offset: int
) -> int | None:
    """The size of the whole file, if the answer has the file or its rest."""
    status = answer.status_code
    if status in (408, 425, 429) or status >= 500:
        raise _Again(f"the server is busy (HTTP {status})", pause_s=_retry_after(answer))
    if status in (401, 403):
        raise WeightsError(f"{wanted.url} wants an account (HTTP {status}); {wanted.by_hand}.")
    if status not in (200, 206):
        raise WeightsError(f"{wanted.url} is a dead link (HTTP {status}); {wanted.by_hand}.")
    length = answer.headers.get("content-length", "")
    total = int(length) if length.isdigit() else None
    if status == 206:
        span, _, whole = answer.headers.get("content-range", "").removeprefix("bytes ").partition("/")
        total = int(whole) if whole.isdigit() else None
        same = note is not None and total in (None, note.size_bytes) and (wanted.sha256 or note.published == published)
        if span.partition("-")[0] != str(offset) or not same:
            raise _Anew
    if wanted.size_bytes is not None and total not in (None, wanted.size_bytes):
        raise WeightsError(
            f"{wanted.url} has {total} bytes instead of {wanted.size_bytes}: it is not the file that was published, so "
            f"nothing was fetched; {wanted.by_hand}."
        )
    return total


def _write(
    part: Path, answer: httpx.Response, offset: int, digest: hashlib._Hash, wanted: Wanted, report: Report
) -> None:
    done = offset
    with part.open("ab" if offset else "wb") as file:
        for chunk in answer.iter_raw():
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if wanted.size_bytes is not None and done > wanted.size_bytes:
                raise _Anew
            report(done, "")
        file.flush()
        os.fsync(file.fileno())


def _finish(wanted: Wanted, sha256: str, published: str, commit: str, *, resumed: bool) -> Received:
    part, note = parts_of(wanted.target)
    kind, _, digest = published.partition(":")
    if wanted.sha256:
        good = sha256 == wanted.sha256
    elif published:
        good = digest == (git_blob_of(part) if kind == "git" else sha256)
    else:
        good = not wanted.must_be_published
    if not good:
        if resumed:
            raise _Anew
        _discard(wanted.target)
        raise _wrong(wanted)
    os.replace(part, wanted.target)
    note.unlink(missing_ok=True)
    return Received(sha256, f"sha256:{wanted.sha256}" if wanted.sha256 else published, commit)


def _hash_beginning(part: Path, digest: hashlib._Hash, report: Report) -> None:
    done = 0
    with part.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            report(done, "reading what is there")


def _is_whole(answer: httpx.Response, offset: int) -> bool:
    """Whether 'range not satisfiable' means that nothing is left to fetch."""
    return offset > 0 and answer.headers.get("content-range", "") == f"bytes */{offset}"


def _wait(seconds: float, why: str, done: int, report: Report) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        report(done, f"{why}; trying again in {left:.0f} s")
        time.sleep(min(left, 0.2))


def _read_note(wanted: Wanted) -> _Note | None:
    """The note on the part, if that part belongs to the same file."""
    try:
        note = _Note(**json.loads(parts_of(wanted.target)[1].read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return note if wanted.sha256 or note.url == wanted.url else None


def _write_note(wanted: Wanted, note: _Note) -> None:
    files.write_text(parts_of(wanted.target)[1], json.dumps(asdict(note)))


def _discard(target: Path) -> None:
    for path in parts_of(target):
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _strong(answer: httpx.Response) -> str:
    tag = answer.headers.get("etag", "")
    return "" if tag.startswith("W/") else tag


def _retry_after(answer: httpx.Response) -> float:
    seconds = answer.headers.get("retry-after", "")
    return min(float(seconds), _LONGEST_PAUSE_S) if seconds.isdigit() else 0.0


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _cause(error: BaseException | None, kind: type[ssl.SSLError]) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None


def _wrong(wanted: Wanted) -> WeightsError:
    return WeightsError(
        f"{wanted.url} is not the file that was published (its digest differs), so nothing of it was kept; "
        f"{wanted.by_hand}."
    )


def _disk_sentence(target: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk of {target.parent} is full; free some space, or move everything with DEEPMASK_HOME, and run the "
            "command again to go on where it stopped."
        )
    return f"{target} cannot be written ({error.strerror}); choose another place with DEEPMASK_HOME."
