"""Which photos the paths on a command line stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from deepmask.errors import MediaError
from deepmask.media.formats import NAMES, SUFFIXES


def find_photos(paths: Sequence[Path]) -> list[Path]:
    """The photo files that ``paths`` stand for, each once.

    A file stands for itself whatever its suffix. A folder stands for the files with a picture suffix in it and in its
    subfolders, sorted; names that begin with a dot and links to folders are skipped.

    Raises:
        MediaError: a path that does not exist, or a folder without photos.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            photos = sorted(_photos_below(path))
            if not photos:
                raise MediaError(f"The folder {path} has no photos; put {NAMES} files there or name another folder.")
            found.update(dict.fromkeys(photos))
        elif path.exists():
            found[path] = None
        else:
            raise MediaError(f"{path} does not exist; check the spelling of the path.")
    return list(found)


def _photos_below(folder: Path) -> Iterator[Path]:
    for place, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(place, name)
