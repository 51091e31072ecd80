"""Whether a file is a video or a photo."""

from __future__ import annotations

from pathlib import Path

from deepmask.errors import MediaError
from deepmask.media.clip import Clip
from deepmask.media.clip_formats import ANIMATION_SUFFIXES, CLIP_SUFFIXES
from deepmask.media.formats import by_suffix


def clip_of(path: Path) -> Clip | None:
    """The video, or animation of more than one picture, in a file; None: it is to be read as a photo.

    Raises:
        MediaError: a file with the suffix of a video that is none.
    """
    suffix = path.suffix.lower()
    if suffix in CLIP_SUFFIXES and suffix not in ANIMATION_SUFFIXES:
        return Clip.open(path)
    if suffix not in ANIMATION_SUFFIXES and by_suffix(suffix) is not None:
        return None
    try:
        clip = Clip.open(path)
        return clip if len(clip.timeline) > 1 else None
    except MediaError:
        return None
