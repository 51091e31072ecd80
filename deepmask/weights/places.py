"""Where a set lies: ``<home>/models/<name>``, a copy the Hugging Face cache has already, or a folder of the user's."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from deepmask import config
from deepmask.errors import InputError, UnknownName
from deepmask.weights import layout, table
from deepmask.weights.manifest import Manifest
from deepmask.weights.table import HUB_ID, Weight, WeightFile

HUB_PAGE = "https://huggingface.co"
FREE = ("mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "unlicense")
"""Licences that allow commercial use, as the hub names them; so does the family of 'openrail'."""

NOT_STATED = "not stated"

UNFINISHED = ".part"
"""At the end of the name of what a download has brought so far; a note on its origin has '.json' more."""

_PIPELINE = "model_index.json"
"""What makes a repository one whole model of the diffusers layout."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_LICENCE = re.compile(r"^license:\s*['\"]?([\w.+-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """A set, and the folder its files lie in or would lie in."""

    row: Weight
    folder: Path
    ours: bool = True
    """In ``<home>/models``: its files may be replaced and removed."""
    trusted: bool = False
    """A folder the user named: whatever lies in it was chosen by the user."""

    def path(self, file: WeightFile) -> Path:
        """Where ``file`` lies."""
        return self.folder / file.path

    def has(self, file: WeightFile) -> bool:
        """Whether it is there: a regular file that no link leads away from where it should be."""
        path = self.path(file)
        return path.is_file() and os.path.realpath(path).startswith(self._root)

    def complete(self) -> bool:
        """Whether all files are there."""
        return bool(self.row.files) and all(self.has(file) for file in self.row.files)

    def foreign(self) -> Path | None:
        """A file that does not belong to the set, but that a loader would read: whatever it says, nobody verified it.

        That is a list of other weight files; and in a folder of ours, all that configures or runs beside the files of
        a set of the table.
        """
        present = _names_in(self.folder)
        strange = [name for name in layout.needed(present) if layout.INDEX in name]
        sharing = [row for row in table.rows() if self.ours and row.folder == self.row.folder]
        if self.row in sharing:
            folders = {PurePosixPath(file.path).parent for file in self.row.files}
            strange += sorted(name for name in present if PurePosixPath(name).parent in folders and _is_read(name))
        own = {file.path for row in (self.row, *sharing) for file in row.files}
        found = next((name for name in strange if name not in own), None)
        return None if found is None else self.folder / found

    def manifest(self) -> Manifest:
        """What is known of the files."""
        return Manifest.of(self.folder, ours=self.ours)

    def published(self, file: WeightFile) -> str:
        """The digest by which a hub's cache names the file: 'sha256:…', 'git:…', or empty."""
        return "" if self.ours or self.trusted else digest_of_cache(self.path(file).resolve())

    @cached_property
    def _root(self) -> str:
        """No file may lead out of here: the folder, or for a snapshot of the hub's cache, the repository's folder."""
        real = self.folder.resolve()
        return os.path.join(real if self.ours or self.trusted else real.parent.parent, "")


def models() -> Path:
    """The folder of all sets."""
    return config.home() / "models"


def find(name: str) -> Place:
    """Where the set ``name`` lies: a name of the table, a hub id 'organisation/name', or a folder.

    Raises:
        UnknownName: neither in the table, nor a hub id, nor a folder.
    """
    for row in table.rows():
        if name == row.name:
            return _of_table(row)
        if name == row.repo and any(file.path == _PIPELINE for file in row.files):
            place = _of_table(row)
            return place if place.complete() else _other_variant(row) or place
    if HUB_ID.fullmatch(name) and ((place := _of_hub(name)).complete() or not Path(name).is_dir()):
        return place
    if (folder := Path(name).expanduser()).is_dir():
        own = next((row for row in table.rows() if not row.shares and _is(folder, models() / row.folder)), None)
        return _of_user(folder) if own is None else _of_table(own)
    raise UnknownName.of("set of weights, hub id or folder", name, [row.name for row in table.rows()])


def _is(folder: Path, other: Path) -> bool:
    """Whether both are one folder: a set of the table is itself, under its licence, however it is named."""
    return other.is_dir() and folder.samefile(other)


def hub_row(repo: str, files: tuple[WeightFile, ...], licence: str = "", **known: Any) -> Weight:
    """The row of a repository that is not in the table.

    Args:
        licence: as the hub names it; unless it is known to allow commercial use, it is taken as not allowing it.
        known: other fields of :class:`Weight`.
    """
    row = Weight(
        repo, repo, repo, "main", files, licence or NOT_STATED, f"{HUB_PAGE}/{repo}", _is_free(licence),
        repo.partition("/")[0], 0,
    )  # fmt: skip
    return replace(row, **known)


def _is_free(licence: str) -> bool:
    """Whether a licence is known to allow commercial use."""
    return licence.lower() in FREE or "openrail" in licence.lower()


def _row_of_data(data: dict[str, Any]) -> Weight:
    """A row from the manifest of a set that is not in the table.

    Raises:
        TypeError, KeyError: it is not one.
    """
    files = tuple(WeightFile(**file) for file in data["files"])
    return Weight(**{**data, "files": files})


def _of_table(row: Weight) -> Place:
    own = Place(row, models() / row.folder)
    if own.complete() or any(file.source for file in row.files):
        return own
    return next((p for p in _snapshots(row) if p.complete()), own)


def _other_variant(row: Weight) -> Place | None:
    """A copy in the hub's cache that has the same model in other files, such as full instead of half precision."""
    copies = [replace(place, row=replace(row, files=files_of(place.folder))) for place in _snapshots(row)]
    return next((place for place in copies if place.row.files), None)


def _of_hub(repo: str) -> Place:
    own = Place(hub_row(repo, ()), models() / repo.replace("/", "--"))
    try:
        own = replace(own, row=_row_of_data(own.manifest().row or {}))
    except (TypeError, KeyError, InputError):  # nothing was fetched by us, or by a version that kept other things
        own = _as_found(own)
    return own if own.complete() else next((p for p in map(_as_found, _snapshots(own.row)) if p.complete()), own)


def _as_found(place: Place) -> Place:
    """The place with what lies in it, under the licence that a model card beside it states."""
    return replace(place, row=hub_row(place.row.repo, files_of(place.folder), _stated_licence(place.folder)))


def _of_user(folder: Path) -> Place:
    """A folder the user names; one of a hub's cache, or with a model card, is under the licence of its publisher."""
    files, licence = files_of(folder), _stated_licence(folder)
    if repo := _repo_of_snapshot(folder):
        known = next((row for row in table.rows() if row.repo == repo and not row.shares), None)
        row = known or hub_row(repo, files, licence, name=str(folder))
        return Place(replace(row, files=files), folder, ours=False)
    free = not licence or _is_free(licence)
    whose = "your own folder"
    row = Weight(str(folder), folder.name, "", "", files, licence or whose, str(folder), free, whose, 0)
    return Place(row, folder, ours=False, trusted=True)


def _repo_of_snapshot(folder: Path) -> str:
    """The repository whose snapshot in a hub's cache a folder is ('models--a--b/snapshots/<commit>'), or nothing."""
    snapshots, repo = folder.resolve().parent, folder.resolve().parent.parent.name
    if snapshots.name != "snapshots" or not repo.startswith("models--"):
        return ""
    return repo.removeprefix("models--").replace("--", "/", 1)


def files_of(folder: Path) -> tuple[WeightFile, ...]:
    """The files of a folder that would be loaded."""
    return tuple(WeightFile(name, (folder / name).stat().st_size) for name in layout.needed(_names_in(folder)))


def _is_read(name: str) -> bool:
    """Whether a loader may read a file for its name alone: settings, code, pickles."""
    if PurePosixPath(name).name.startswith(".") or name.endswith(f"{UNFINISHED}.json"):
        return False
    return name.endswith((".json", ".py", *layout.PICKLES))


def _names_in(folder: Path) -> list[str]:
    """Paths of files in a folder and its subfolders."""
    found = (path for depth in ("*", "*/*") for path in folder.glob(depth) if path.is_file())
    return [path.relative_to(folder).as_posix() for path in found]


def _snapshots(row: Weight) -> list[Place]:
    """Copies in the Hugging Face cache, the wanted revision first (huggingface_hub's layout of ``$HF_HOME/hub``)."""
    repo = hub_cache() / f"models--{row.repo.replace('/', '--')}"
    try:
        commits = [child.name for child in (repo / "snapshots").iterdir() if _COMMIT.fullmatch(child.name)]
    except OSError:
        return []
    wanted = [row.revision, _text(repo / "refs" / row.revision), _text(repo / "refs" / "main")]
    order = [name for name in wanted if name in commits] + sorted(commits)
    return [Place(row, repo / "snapshots" / commit, ours=False) for commit in dict.fromkeys(order)]


def hub_cache() -> Path:
    """Where huggingface_hub keeps what it has downloaded."""
    if chosen := os.environ.get("HF_HUB_CACHE"):
        return Path(chosen).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "huggingface" / "hub"


def digest_of_cache(blob: Path) -> str:
    """The digest in the name of a file of a hub's cache, or nothing if it is not one ('blobs/<digest>')."""
    if blob.parent.name != "blobs" or not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", blob.name):
        return ""
    return f"{'sha256' if len(blob.name) == 64 else 'git'}:{blob.name}"


def _stated_licence(folder: Path) -> str:
    """The licence in the front matter of the model card, if the snapshot has one."""
    found = _LICENCE.search(_text(folder / "README.md"))
    return found.group(1) if found else ""


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
