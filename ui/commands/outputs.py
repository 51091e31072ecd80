"""Which output belongs to which input photo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepmask.errors import InputError
from deepmask.media import find_photos
from deepmask.media.formats import by_suffix


@dataclass(frozen=True)
class Job:
    """One photo and where its masked copy goes."""

    source: Path
    target: Path


def pair(inputs: Sequence[Path], out: Path) -> list[Job]:
    """A job for each photo that ``inputs`` stand for.

    ``out`` is a file when it ends like a picture and there is one photo, else a folder in which names and subfolders
    stay as they were; equal names are numbered. Photos in the output folder are not taken for inputs.

    Raises:
        InputError: several photos for one file.
    """
    found = list(_found(inputs, out))
    if by_suffix(out.suffix) is not None and not out.is_dir():
        if len(found) > 1:
            raise InputError(f"{len(found)} photos do not fit into {out.name}; give -o the name of a folder.")
        return [Job(source, out) for source, _ in found]
    jobs: list[Job] = []
    taken: set[Path] = set()
    for source, place in found:
        target = _free(out / _with_picture_suffix(place), taken)
        taken.add(target)
        jobs.append(Job(source, target))
    return jobs


def _found(inputs: Sequence[Path], out: Path) -> Iterator[tuple[Path, Path]]:
    """Each photo once, with its place below the folder that was named."""
    seen: set[Path] = set()
    for given in inputs:
        for photo in find_photos([given]):
            real = photo.resolve()
            if real in seen or (given.is_dir() and real.is_relative_to(out.resolve())):
                continue
            seen.add(real)
            yield photo, photo.relative_to(given) if given.is_dir() else Path(photo.name)


def _with_picture_suffix(place: Path) -> Path:
    """A file whose name does not say that it is a picture becomes a PNG."""
    return place if by_suffix(place.suffix) is not None else place.with_name(f"{place.name}.png")


def _free(target: Path, taken: set[Path]) -> Path:
    if target not in taken:
        return target
    numbered = (target.with_stem(f"{target.stem}-{n}") for n in range(2, len(taken) + 3))
    return next(path for path in numbered if path not in taken)
