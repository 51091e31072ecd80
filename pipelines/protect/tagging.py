"""Tag photos: an id into the pixels, tried before it is promised, and a record of it on the user's own machine.

The same for videos is in :mod:`pipelines.protect.tagging_clips`.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deepmask import engines
from deepmask.engines.protocols import Tagger
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage
from deepmask.likeness import Likeness
from deepmask.media import Photo, formats
from deepmask.progress import Progress, silent
from deepmask.records import Ledger
from deepmask.signing import Signer
from deepmask.tag_report import TagReport, Trial
from pipelines.protect.tag_options import TagOptions, keep, key_of, stronger
from pipelines.protect.tag_origins import of_photo
from pipelines.protect.tagging_clips import tag_clip

__all__ = ["TagOptions", "Tagged", "tag", "tag_clip"]

_AS_WRITTEN = "as written"
_LOSSLESS = ("PNG", "TIFF", "BMP")
_HALVED_FROM_PX = 256
"""Half of a picture with a shorter side below this is too small for a tag."""


@dataclass(frozen=True, eq=False)
class Tagged:
    """A tagged photo, and what it withstood."""

    photo: Photo
    report: TagReport


def tag(
    source: Photo,
    options: TagOptions = TagOptions(),  # noqa: B008
    *,
    signer: Signer | None = None,
    ledger: Ledger | None = None,
    path: Path | None = None,
    suffix: str = "",
    progress: Progress = silent,
) -> Tagged:
    """Tag a photo, try whether the tag is read, and raise the strength where it is not.

    Args:
        signer: the user's key: signs the record, and is what private tags are laid with.
        ledger: where the record is kept; None: nowhere.
        path: the photo's file, of whose content credentials the record carries on that something was made up.
        suffix: of the file that will be written; that of the source without it.

    Raises:
        InputError: a private tag without a key.
        EngineFailed: the picture is too small, or even the strongest tag is not read from the file as written.
    """
    key = key_of(options, signer)
    tag_id = secrets.randbits(64) if options.tag_id is None else options.tag_id
    spec = engines.choose("tagger", options.tagger)
    tagger = engines.load("tagger", spec.name)
    progress(0.0, "Looking for an earlier tag")
    origin = of_photo(source, path, signer, ledger, spec.name, options.what)
    strength, trials = options.strength, ()
    while True:
        progress(0.1, f"Tagging at strength {strength:.2g}")
        with engines.turn(progress):
            photo = source.marked(tagger.embed(source.rgb, tag_id, key, strength=strength))
            progress(0.4, "Trying whether the tag is read")
            trials = tuple(_tried(photo, suffix or source.suffix, tagger, tag_id, key))
        if all(trial.read or not trial.needed for trial in trials) or strength >= options.strongest:
            break
        strength = stronger(strength, options)
    if not trials[0].read:
        raise EngineFailed(
            f"The tag cannot be read from a {suffix or source.suffix} file of this picture, not even at strength "
            f"{strength:.2g}; save it as .png or with a higher quality."
        )
    progress(0.9, "Measuring the change")
    seen = _visibility(source.rgb, photo.rgb)
    kept, unsigned = keep(
        ledger, signer, options, origin.what, tag_id, "photo", source.size_wh, [_likeness(source.rgb)]
    )
    notes = (*origin.notes, *photo.notes, *unsigned)
    report = TagReport(
        source.name, f"{tag_id:016x}", "private" if options.private else "public", spec.name, strength, *seen,
        trials, kept, kept and signer is not None, tuple(dict.fromkeys(notes)),
    )  # fmt: skip
    progress(1.0, "Tagged")
    return Tagged(photo, report)


def _tried(photo: Photo, suffix: str, tagger: Tagger, tag_id: int, key: bytes) -> Iterator[Trial]:
    """The file itself first; the others are made of what is in it."""
    from pipelines.protect.trying import jpeg, resized

    def read(image: RGBImage) -> bool:
        found = tagger.read(image, key, thorough=False)
        return found is not None and found.tag_id == tag_id

    written = _as_written(photo, suffix)
    yield Trial(_AS_WRITTEN, read(written))
    yield Trial("JPEG 75", read(jpeg(written, 75)))
    yield Trial("JPEG 50", read(jpeg(written, 50)), needed=False)
    if min(photo.size_wh) >= _HALVED_FROM_PX:
        yield Trial("half size", read(resized(written, 0.5)))


def _as_written(photo: Photo, suffix: str) -> RGBImage:
    """The pixels somebody sees who opens the file."""
    row = formats.by_suffix(suffix)
    if row is not None and row.name in _LOSSLESS:
        return photo.rgb
    with tempfile.TemporaryDirectory(prefix="deepmask-") as folder:
        path = Path(folder) / f"tagged{suffix}"
        photo.save(path)
        return Photo.open(path, max_megapixels=1 << 20).rgb


def _visibility(before: RGBImage, after: RGBImage) -> tuple[float, float]:
    from pipelines.protect.trying import psnr_db, ssim

    return psnr_db(before, after), ssim(before, after)


def _likeness(image: RGBImage) -> Likeness:
    from pipelines.tag_likeness import likeness_of

    return likeness_of(image)
