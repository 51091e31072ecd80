"""Which output belongs to which input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepmask.errors import InputError
from deepmask.media.clip_formats import ANIMATION_SUFFIXES, CONTAINERS
from deepmask.media.folders import find_clips, find_photos
from deepmask.media.formats import by_suffix


@dataclass(frozen=True)
class Job:
    """One photo or video and where its masked copy goes."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Medium:
    """What kind of files inputs stand for."""

    words: str
    find: Callable[[Sequence[Path]], list[Path]]
    writes: Callable[[str], bool]
    """Whether a file with this suffix can be written."""
    suffix: str
    """Added to names that do not say that they are of this kind."""


PHOTOS = Medium("photos", find_photos, lambda suffix: by_suffix(suffix) is not None, ".png")
CLIPS = Medium("videos", find_clips, lambda suffix: suffix.lower() in (*CONTAINERS, *ANIMATION_SUFFIXES), ".mp4")


def pair(inputs: Sequence[Path], out: Path, medium: Medium = PHOTOS) -> list[Job]:
    """A job for each file that ``inputs`` stand for.

    ``out`` is a file when it ends like one of the medium, else a folder in which names and subfolders stay as they
    were; equal names are numbered. Files in the output folder are not taken for inputs.

    Raises:
        InputError: several inputs for one file.
    """
    found = list(_found(inputs, out, medium))
    if medium.writes(out.suffix) and not out.is_dir():
        if len(found) > 1:
            raise InputError(f"{len(found)} {medium.words} do not fit into {out.name}; give -o the name of a folder.")
        return [Job(source, out) for source, _ in found]
    jobs: list[Job] = []
    taken: set[Path] = set()
    for source, place in found:
        target = _free(out / _with_suffix(place, medium), taken)
        taken.add(target)
        jobs.append(Job(source, target))
    return jobs


def _found(inputs: Sequence[Path], out: Path, medium: Medium) -> Iterator[tuple[Path, Path]]:
    """Each file once, with its place below the folder that was named."""
    seen: set[Path] = set()
    for given in inputs:
        for one in medium.find([given]):
            real = one.resolve()
            if real in seen or (given.is_dir() and real.is_relative_to(out.resolve())):
                continue
            seen.add(real)
            yield one, one.relative_to(given) if given.is_dir() else Path(one.name)


def _with_suffix(place: Path, medium: Medium) -> Path:
    """A name that says what kind of file it is."""
    return place if medium.writes(place.suffix) else place.with_name(f"{place.name}{medium.suffix}")


def _free(target: Path, taken: set[Path]) -> Path:
    if target not in taken:
        return target
    numbered = (target.with_stem(f"{target.stem}-{n}") for n in range(2, len(taken) + 3))
    return next(path for path in numbered if path not in taken)
