"""Tag videos: the same id in every picture, so that any piece of it can be read."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deepmask import engines
from deepmask.engines.protocols import Tagger
from deepmask.errors import EngineFailed, MediaError
from deepmask.faces import RGBImage
from deepmask.files import move, scratch
from deepmask.media.clip import Clip, Picture
from deepmask.media.clip_encoding import Encoding
from deepmask.media.clip_writing import SegmentWriter
from deepmask.progress import Progress, part, silent
from deepmask.records import Ledger
from deepmask.signing import Signer
from deepmask.tag_report import TagReport, Trial
from pipelines.clip_samples import samples
from pipelines.protect.tag_options import TagOptions, keep, key_of, stronger
from pipelines.protect.tag_origins import of_clip

if TYPE_CHECKING:
    from pipelines.tag_likeness import Memory

_TRIED_FRAMES = 6
"""Of the middle, coded alone to choose the strength."""
_ONE, _ALL = "a single picture", "all pictures together"


def tag_clip(
    source: Clip,
    out: Path,
    options: TagOptions = TagOptions(),  # noqa: B008
    *,
    signer: Signer | None = None,
    ledger: Ledger | None = None,
    encoding: Encoding | None = None,
    progress: Progress = silent,
) -> TagReport:
    """Write a tagged copy of a video; sound, subtitles and times stay.

    Args:
        signer: the user's key: signs the record, and is what private tags are laid with.
        ledger: where the record is kept; None: nowhere.
        encoding: codec and quality; by default what plays everywhere in a file of this suffix.

    Raises:
        InputError: a private tag without a key.
        EngineFailed: the pictures are too small, or even the strongest tag is not read from the file as written.
        MediaError: the video cannot be decoded, or ``out`` cannot be written as asked.
    """
    from pipelines.tag_likeness import Memory

    key = key_of(options, signer)
    tag_id = secrets.randbits(64) if options.tag_id is None else options.tag_id
    spec = engines.choose("tagger", options.tagger)
    tagger = engines.load("tagger", spec.name)
    encoding = encoding or Encoding(out.suffix)
    origin = of_clip(source, signer, ledger, spec.name, options.what, part(progress, 0.0, 0.05))
    with scratch(out) as folder:
        strength = _chosen(source, tagger, options, tag_id, key, encoding, folder / "tried.mp4", progress)
        whole = folder / f"tagged{out.suffix}"
        tagging = part(progress, 0.1, 0.8)
        memory = Memory()
        notes = _written(source, tagger, tag_id, key, strength, encoding, whole, memory, tagging)
        progress(0.8, "Trying whether the tag is read")
        trials = tuple(_tried(whole, tagger, tag_id, key))
        if not trials[0].read:
            raise EngineFailed(
                f"The tag cannot be read from a {out.suffix} file of this video, not even at strength {strength:.2g}; "
                "save it as .mp4 or with a better quality."
            )
        move(whole, out)
    progress(0.9, "Measuring the change")
    seen = _visibility(source, tagger, tag_id, key, strength)
    kept, unsigned = keep(ledger, signer, options, origin.what, tag_id, "video", source.size_wh, memory.likenesses)
    said = (*origin.notes, *source.notes, *notes, *unsigned)
    progress(1.0, "Tagged")
    return TagReport(
        source.name, f"{tag_id:016x}", "private" if options.private else "public", spec.name, strength, *seen,
        trials, kept, kept and signer is not None, tuple(dict.fromkeys(said)),
    )  # fmt: skip


def _chosen(
    source: Clip,
    tagger: Tagger,
    options: TagOptions,
    tag_id: int,
    key: bytes,
    encoding: Encoding,
    path: Path,
    progress: Progress,
) -> float:
    """The least strength at which a few pictures of the middle, coded alone, are read together."""
    middle = max(0, len(source.timeline) // 2 - _TRIED_FRAMES // 2)
    few = list(source.pictures(middle, middle + _TRIED_FRAMES))
    if not few:
        raise MediaError(f"{source.name} has no picture that can be decoded.")
    strength = options.strength
    while True:
        progress(0.05, f"Trying strength {strength:.2g}")
        _coded(few, source, tagger, tag_id, key, strength, encoding, path)
        seen = [picture.rgb for picture in Clip.open(path).pictures()]
        if _reads(tagger, seen, tag_id, key) or strength >= options.strongest:
            return strength
        strength = stronger(strength, options)


def _coded(
    pictures: Sequence[Picture],
    source: Clip,
    tagger: Tagger,
    tag_id: int,
    key: bytes,
    strength: float,
    encoding: Encoding,
    path: Path,
) -> None:
    first = pictures[0].pts
    with SegmentWriter(path, source, encoding) as writer:
        for picture in pictures:
            with engines.exclusive:
                tagged = picture.edited(tagger.embed(picture.rgb, tag_id, key, strength=strength))
            writer.write(replace(tagged, pts=picture.pts - first))


def _written(
    source: Clip,
    tagger: Tagger,
    tag_id: int,
    key: bytes,
    strength: float,
    encoding: Encoding,
    out: Path,
    memory: Memory,
    progress: Progress,
) -> tuple[str, ...]:
    """Write the tagged video; ``memory`` is shown all pictures."""
    from deepmask.media.clip_joining import join

    segment, count = out.with_name("pictures.mp4"), len(source.timeline)
    with SegmentWriter(segment, source, encoding) as writer:
        for picture in source.pictures():
            with engines.turn(progress):
                tagged = tagger.embed(picture.rgb, tag_id, key, strength=strength)
            writer.write(picture.edited(tagged))
            memory.see(picture.rgb)
            progress(0.95 * (picture.index + 1) / count, "Tagging")
    return join([segment], source, out, progress=part(progress, 0.95, 1.0))


def _tried(file: Path, tagger: Tagger, tag_id: int, key: bytes) -> Iterator[Trial]:
    seen = [picture.rgb for picture in samples(Clip.open(file), _TRIED_FRAMES)]
    yield Trial(_ALL, _reads(tagger, seen, tag_id, key))
    yield Trial(_ONE, all(_reads(tagger, [one], tag_id, key) for one in seen), needed=False)


def _reads(tagger: Tagger, seen: Sequence[RGBImage], tag_id: int, key: bytes) -> bool:
    with engines.exclusive:
        found = tagger.read_all(seen, key, thorough=False)
    return found is not None and found.tag_id == tag_id


def _visibility(source: Clip, tagger: Tagger, tag_id: int, key: bytes, strength: float) -> tuple[float, float]:
    """PSNR and SSIM of the tag in the first picture."""
    from pipelines.protect.trying import psnr_db, ssim

    before = next(iter(source.pictures())).rgb
    with engines.exclusive:
        after = tagger.embed(before, tag_id, key, strength=strength)
    return psnr_db(before, after), ssim(before, after)
