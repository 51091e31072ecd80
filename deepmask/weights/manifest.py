"""What is known of the files of a set: their digests, so that each is read through only once.

Manifests lie in ``<home>/weights``, never beside the files: a folder that is dropped in by hand must not bring along
its own proof. An entry counts as long as size and time of change of the file are what they were.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deepmask import config, files

FOLDER = "weights"
"""Of manifests, in the folder that holds all user state."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One file, as it was when it was read through."""

    size_bytes: int
    mtime_ns: int
    sha256: str
    expected: str
    """As published, 'sha256:…' or 'git:…' (SHA-1 of a git blob); else 'seen:…', the SHA-256 at first sight."""
    good: bool
    """Whether the file is what was expected."""
    origin: str = ""
    """Where it came from: 'organisation/name@commit', or the path it was brought along from."""

    def still_describes(self, path: Path) -> bool:
        """Whether the file has not been touched since."""
        status = path.stat()
        return (status.st_size, status.st_mtime_ns) == (self.size_bytes, self.mtime_ns)


@dataclass
class Manifest:
    """Entries by path, and for a set that is not in the table, its row."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    row: dict[str, Any] | None = None

    @classmethod
    def of(cls, folder: Path, *, ours: bool) -> Manifest:
        """The manifest of a folder; empty when there is none, or one that cannot be understood."""
        elsewhere = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        path = config.home() / FOLDER / (f"{folder.name}.json" if ours else f".elsewhere/{elsewhere}.json")
        try:
            data = json.loads(path.read_text("utf-8"))
            return cls(path, {name: Entry(**entry) for name, entry in data["files"].items()}, data.get("row"))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return cls(path)  # forgotten digests are only computed again

    def record(self, name: str, path: Path, sha256: str, *, expected: str = "", origin: str = "") -> None:
        """Remember the digest of a file that has just been read; without ``expected``, what it is now."""
        status = path.stat()
        expected = expected or f"seen:{sha256}"
        good = _matches(path, sha256, expected)
        self.entries[name] = Entry(status.st_size, status.st_mtime_ns, sha256, expected, good, origin)

    def save(self) -> None:
        """Write it down."""
        data = {"files": {name: asdict(entry) for name, entry in sorted(self.entries.items())}, "row": self.row}
        files.write_text(self.path, json.dumps(data, indent=2))


def sha256_of(path: Path, report: Callable[[int], None] = lambda _: None) -> str:
    """SHA-256 of a file; ``report`` is told how many bytes were read each time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            report(len(chunk))
    return digest.hexdigest()


def git_blob_of(path: Path) -> str:
    """SHA-1 under which git, and so the hub, names a small file."""
    digest = hashlib.sha1(f"blob {os.path.getsize(path)}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _matches(path: Path, sha256: str, expected: str) -> bool:
    kind, _, digest = expected.partition(":")
    return digest == (git_blob_of(path) if kind == "git" else sha256)
