"""Masked photos get their tag before they are checked, and their content credentials when they are written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deepmask import engines, tag_keys
from deepmask.config import Settings
from deepmask.content_credentials import Step
from deepmask.errors import DeepmaskError, EngineError
from deepmask.faces import RGBImage
from deepmask.files import scratch
from deepmask.media import Photo
from deepmask.media.formats import by_suffix
from deepmask.provenance import Mark, write_signed
from pipelines.provenance.recording import remember, told, without_names

STRENGTHS = (1.5, 2.0, 2.5)
"""Amplitudes of the tag, in grey levels on medium texture: the first that is read after compression is laid. At the
first of them sky, skin and flat colours look untouched at full size."""

JPEG_QUALITY = 75
"""At which the tag has to be read again, on this side of what messengers do to pictures."""


@dataclass(frozen=True)
class MarkedPhoto:
    """A masked photo as it is checked and written."""

    photo: Photo
    steps: tuple[Step, ...] = ()
    """What its content credentials will tell."""
    mark: Mark | None = None
    """None: it gets neither tag nor content credentials."""
    psnr_db: float | None = None
    """By how much the tag changed the pixels; None: it has none."""
    untagged: str = ""
    """Why it has no tag, as a clause."""

    def save(self, path: Path) -> tuple[str, ...]:
        """Write it, with content credentials where the format holds them, and add the record of its tag.

        Returns:
            What the user should know of its provenance, each a short clause.

        Raises:
            MediaError: a format we cannot write, or a picture too large for it.
            DeepmaskError: the place cannot be written.
        """
        if self.mark is None:
            self.photo.save(path)
            return () if not self.untagged else (f"neither tagged nor signed, because {self.untagged}",)
        with scratch(path) as folder:
            plain = folder / f"plain{path.suffix or self.photo.suffix}"
            self.photo.save(plain)
            unsigned = write_signed(plain, path, self.steps, self.mark, tagged=self.psnr_db is not None)
        measured = "" if self.psnr_db is None else f" (PSNR of the tag {self.psnr_db:.0f} dB)"
        notes = (told("a masked picture", self.untagged, unsigned) + measured,)
        if self.psnr_db is not None:
            from pipelines.tag_likeness import likeness_of

            notes += remember(self.mark, "photo", [likeness_of(self.photo.rgb)], self.photo.size_wh)
        return notes


def mark_photo(
    source: Photo, masked: Photo, steps: tuple[Step, ...], plan: str, suffix: str, *, wanted: bool | None = None
) -> MarkedPhoto:
    """Lay the tag into a masked photo, as the last thing that happens to its pixels.

    Args:
        steps: what was done (:mod:`pipelines.provenance.steps`); without any nothing is marked.
        plan: JSON text of the plan: the same photo and plan get the same tag.
        suffix: of the file it will become; '' for the photo's own format.
        wanted: whether it is to be marked; None: as the settings say.
    """
    if not steps or not (Settings.load().provenance if wanted is None else wanted):
        return MarkedPhoto(masked)
    try:
        mark = Mark.of("photo", source.fingerprint, without_names(plan))
    except DeepmaskError as error:
        return MarkedPhoto(masked, untagged=str(error).rstrip("."))
    if reason := _cannot_hold(masked, suffix):
        return MarkedPhoto(masked, steps, mark, untagged=reason)
    try:
        tagged = _tagged(masked.rgb, mark.number)
    except EngineError as error:
        return MarkedPhoto(masked, steps, mark, untagged=str(error).rstrip("."))
    if tagged is None:
        return MarkedPhoto(masked, steps, mark, untagged="the picture is too plain for a tag that lasts")
    from pipelines.protect.trying import psnr_db

    return MarkedPhoto(masked.marked(tagged), steps, mark, psnr_db(masked.rgb, tagged))


def _cannot_hold(masked: Photo, suffix: str) -> str:
    """Why a picture's kind of file holds no tag, as a clause; empty if it does."""
    row = by_suffix(suffix)
    if (row.name if row else masked.format) == "GIF":
        return "a table of colours holds none"
    if masked.original.bilevel and masked.is_bilevel:
        return "pure black and white hold none"
    return ""


def _tagged(rgb: RGBImage, number: int) -> RGBImage | None:
    """A tagged copy, at the first strength at which the tag is read again after compression; None: at none."""
    from pipelines.protect.trying import jpeg

    with engines.exclusive:
        tagger = engines.load("tagger")
        for strength in STRENGTHS:
            tagged = tagger.embed(rgb, number, tag_keys.PUBLIC, strength=strength)
            found = tagger.read(jpeg(tagged, JPEG_QUALITY), tag_keys.PUBLIC, thorough=False)
            if found is not None and found.tag_id == number:
                return tagged
    return None
