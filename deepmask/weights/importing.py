"""Bringing weights along from a folder or a zip file: recognised by digest, or by name and size where none is pinned.

It knows folders as other programs keep them: insightface's packs (and ``buffalo_l.zip``), FaceFusion's models,
diffusers folders, the cache of huggingface_hub. What is called like a file of the table but is another one is refused.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from deepmask.errors import InputError, WeightsError
from deepmask.progress import Progress, silent
from deepmask.weights import layout, table
from deepmask.weights.manifest import sha256_of
from deepmask.weights.places import Place, digest_of_cache, models
from deepmask.weights.store import parts_of
from deepmask.weights.table import Weight, WeightFile

_PLAIN = (*layout.TEXTS, ".yaml")
_MOST_FILES = 20_000
_LARGE = 1 << 20


@dataclass(frozen=True)
class Taken:
    """A file that was brought along."""

    name: str
    """Of the set."""
    path: str
    """In the set."""
    sha256: str
    pinned: bool
    """Whether it was recognised by a pinned digest; otherwise by name and size."""


@dataclass
class Brought:
    """What became of a folder."""

    taken: list[Taken] = field(default_factory=list)
    refused: list[tuple[Path, str]] = field(default_factory=list)
    """Files that are called like a file of a set, but are not what was published; and the set."""
    ignored: list[Path] = field(default_factory=list)
    """Weights that belong to no set of the table."""

    @property
    def sets(self) -> list[str]:
        """Names of the sets that something was taken for."""
        return list(dict.fromkeys(taken.name for taken in self.taken))


def bring(source: Path, progress: Progress = silent) -> Brought:
    """Take the files of sets of the table from a folder or a zip file; the source stays as it is.

    Files are linked where source and ``<home>/models`` share a disk, else copied.

    Raises:
        InputError: it is neither a folder nor a zip file, or has an unreasonable number of files.
        WeightsError: it cannot be read, or the disk is full.
    """
    try:
        if source.is_dir():
            return _bring_folder(source, progress)
        if source.is_file() and zipfile.is_zipfile(source):
            with _unpacked(source) as folder:
                return _bring_folder(folder, progress)
    except (OSError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) else "the zip file is damaged"
        raise WeightsError(
            f"{source} cannot be brought along ({reason or error}); nothing of it was changed."
        ) from error
    raise InputError(f"{source} is neither a folder nor a zip file; unpack it and name the folder.")


def _bring_folder(source: Path, progress: Progress) -> Brought:
    files = list(_files(source))
    result, digests = Brought(), _Digests(files, progress)
    for row in table.rows():
        if row.shares:
            continue  # its files are those of the set whose folder it shares
        found = _by_digest(row, digests, result)
        roots = {root for file, path in found.items() for root in _root_of(path, file)} | _roots_by_size(row, files)
        for file in row.files:
            path = next((root / file.path for root in sorted(roots) if (root / file.path) in digests), None)
            if path and not file.sha256:
                found[file] = path
        if any(not file.path.endswith(_PLAIN) for file in found):  # a tokenizer alone may be that of any model
            for file, path in found.items():
                _take(row, file, path, digests, result)
    refused = {path for path, _ in result.refused}
    foreign = (path for path in files if path.suffix not in _PLAIN and path not in refused)
    result.ignored = [path for path in foreign if not digests.is_among(path, result)]
    return result


def _by_digest(row: Weight, digests: _Digests, result: Brought) -> dict[WeightFile, Path]:
    """Where the pinned files of a set are; files that only have the name of one are refused."""
    found: dict[WeightFile, Path] = {}
    for file in (file for file in row.files if file.sha256):
        for path in digests.candidates(file):
            if digests.of(path) in (file.sha256, *file.also_sha256):
                found[file] = path
                break
            if path.name == PurePosixPath(file.remote).name and _is_telling(file):
                result.refused.append((path, row.name))
    return found


def _files(source: Path) -> Iterator[Path]:
    """Files that could be weights; the nameless blobs of a hub's cache are reached through its snapshots."""
    known = tuple({PurePosixPath(file.path).suffix for row in table.rows() for file in row.files})
    count = 0
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in ("blobs", ".git", ".locks"))
        for name in sorted(names):
            if name.lower().endswith(known) and not name.startswith("."):
                count += 1
                if count > _MOST_FILES:
                    raise InputError(f"{source} has more than {_MOST_FILES} files; name the folder with the weights.")
                path = Path(folder, name)
                if path.is_file():
                    yield path


class _Digests:
    """Sizes of files, and SHA-256 of those that are asked for, each read once."""

    def __init__(self, files: list[Path], progress: Progress) -> None:
        self._sizes = {path: path.stat().st_size for path in files}
        self._known: dict[Path, str] = {}
        self._progress = progress

    def __contains__(self, path: Path) -> bool:
        return path in self._sizes

    def candidates(self, file: WeightFile) -> list[Path]:
        """Files that may be ``file``: of its size, of its name, or another conversion of about its size."""
        return [path for path, size in self._sizes.items() if _may_be(file, path, size)]

    def of(self, path: Path) -> str:
        """Its SHA-256."""
        if path not in self._known:
            self._progress(len(self._known) / max(len(self._sizes), 1), f"reading {path.name}")
            self._known[path] = sha256_of(path)
        return self._known[path]

    def is_among(self, path: Path, result: Brought) -> bool:
        """Whether ``path`` has the contents of a file that was taken."""
        return self._known.get(path) in {taken.sha256 for taken in result.taken}


def _is_telling(file: WeightFile) -> bool:
    """Whether its name belongs to it alone ('inswapper_128.onnx'), unlike 'config.json' of a hundred models."""
    return file.path.endswith(".onnx")


def _may_be(file: WeightFile, path: Path, size: int) -> bool:
    if size == file.size_bytes or (path.name == PurePosixPath(file.remote).name and _is_telling(file)):
        return True
    same_kind = path.suffix == PurePosixPath(file.path).suffix
    return bool(file.also_sha256) and same_kind and abs(size - file.size_bytes) < 0.01 * file.size_bytes


def _root_of(path: Path, file: WeightFile) -> set[Path]:
    """The folder from which ``file`` has the path it should have."""
    depth = len(PurePosixPath(file.path).parts)
    root = path.parents[depth - 1]
    return {root} if root / file.path == path else set()


def _roots_by_size(row: Weight, files: list[Path]) -> set[Path]:
    """Folders in which all large files of ``row`` have the right name and size, for sets of which nothing is pinned."""
    large = [file for file in row.files if file.size_bytes >= _LARGE]
    if not large or any(file.sha256 for file in large):
        return set()
    roots = {root for path in files for root in _root_of(path, large[0])}
    return {
        root
        for root in roots
        if all((root / f.path).is_file() and (root / f.path).stat().st_size == f.size_bytes for f in large)
    }


def _take(row: Weight, file: WeightFile, path: Path, digests: _Digests, result: Brought) -> None:
    """Link or copy ``path`` to its place, and remember its digest; the same file in place already is left alone."""
    place = Place(row, models() / row.folder)
    target, sha256 = place.path(file), digests.of(path)
    real = path.resolve()
    if not (target.exists() and os.path.samefile(target, real)):
        target.parent.mkdir(parents=True, exist_ok=True)
        part, note = parts_of(target)
        for left in (part, note):
            left.unlink(missing_ok=True)
        try:
            os.link(real, part)
        except OSError:  # another disk, or one without links
            shutil.copyfile(real, part)
            sha256 = sha256_of(part)
        os.replace(part, target)
    manifest = place.manifest()
    manifest.record(file.path, target, sha256, expected=digest_of_cache(real), origin=str(path))
    manifest.save()
    result.taken.append(Taken(row.name, file.path, sha256, pinned=bool(file.sha256)))


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    """A folder with those members of a zip file that could belong to a set; none may lead out of it."""
    known = {PurePosixPath(file.path).name: file.size_bytes for row in table.rows() for file in row.files}
    models().mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=models(), prefix=".unpacking-") as folder,
        zipfile.ZipFile(source) as archive,
    ):
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            if member.is_dir() or path.name not in known:
                continue
            if path.is_absolute() or ".." in path.parts or "\\" in member.filename or _is_link(member):
                raise InputError(
                    f"{source} would write outside of its folder ({member.filename}); it was not unpacked."
                )
            if member.file_size > 1.01 * known[path.name] + _LARGE:
                continue
            target = Path(folder, *path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain, _LARGE)
        yield Path(folder)


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)
