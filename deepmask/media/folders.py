"""Which files the paths on a command line stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from deepmask.errors import MediaError
from deepmask.media.clip_formats import CLIP_SUFFIXES
from deepmask.media.formats import NAMES, SUFFIXES
from deepmask.media.sound_formats import SOUND_SUFFIXES, VIDEO_SUFFIXES


def find_photos(paths: Sequence[Path]) -> list[Path]:
    """The photo files that ``paths`` stand for, each once.

    A file stands for itself whatever its suffix. A folder stands for the files with a picture suffix in it and in its
    subfolders, sorted; names that begin with a dot and links to folders are skipped.

    Raises:
        MediaError: a path that does not exist, or a folder without photos.
    """
    return _find(paths, SUFFIXES, "photos", NAMES)


def find_sounds(paths: Sequence[Path]) -> list[Path]:
    """The sound and video files that ``paths`` stand for, as :func:`find_photos` finds photos.

    Raises:
        MediaError: a path that does not exist, or a folder without sounds.
    """
    return _find(paths, SOUND_SUFFIXES | VIDEO_SUFFIXES, "sounds or videos", "WAV, FLAC, MP3, M4A, OGG or MP4")


def find_clips(paths: Sequence[Path]) -> list[Path]:
    """The video and animation files that ``paths`` stand for, as :func:`find_photos` finds photos.

    Raises:
        MediaError: a path that does not exist, or a folder without videos.
    """
    return _find(paths, CLIP_SUFFIXES, "videos", "MP4, MOV, MKV, WebM or GIF")


def find_photos_and_clips(paths: Sequence[Path]) -> list[Path]:
    """The photo, video and animation files that ``paths`` stand for, as :func:`find_photos` finds photos.

    Raises:
        MediaError: a path that does not exist, or a folder without any.
    """
    return _find(paths, SUFFIXES | CLIP_SUFFIXES, "photos or videos", f"{NAMES} or MP4")


def _find(paths: Sequence[Path], suffixes: frozenset[str], what: str, kinds: str) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            below = sorted(_files_below(path, suffixes))
            if not below:
                raise MediaError(f"The folder {path} has no {what}; put {kinds} files there or name another folder.")
            found.update(dict.fromkeys(below))
        elif path.exists():
            found[path] = None
        else:
            raise MediaError(f"{path} does not exist; check the spelling of the path.")
    return list(found)


def _files_below(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    for place, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                yield Path(place, name)
