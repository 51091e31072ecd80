"""Seals: a signed statement about a photo, laid into its own pixels, that can be taken out again bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from deepmask.dossier import Dossier, Exhibit, Table
from deepmask.errors import DeepmaskError, EngineFailed, InputError, MediaError
from deepmask.faces import RGBImage
from deepmask.files import move, scratch
from deepmask.media import Photo
from deepmask.media.original import Original
from deepmask.progress import Progress, part, silent
from deepmask.seal_report import Rectangle, SealReport
from deepmask.signing import Signer
from pipelines.protect.mapping import Mapped, mapped

if TYPE_CHECKING:
    from deepmask.sealing.laying import Laid
    from deepmask.sealing.layout import Layout
    from deepmask.sealing.message import Statement
    from deepmask.sealing.regions import Regions

Protection = Literal["faces", "people"]
PROTECTIONS: tuple[Protection, ...] = ("faces", "people")
LOSSLESS = (".png", ".apng", ".tif", ".tiff", ".webp", ".bmp", ".dib")
"""Suffixes of files that can hold a seal."""
_LEAST_PX = 64
_MOST_PIXELS = 240_000_000
"""As many blocks as a message has parts."""
_LOSSLESS_FORMATS = ("PNG", "TIFF", "WEBP", "BMP")
_FRAGILE = "anything that changes pixels, such as sending it through a messenger, takes the seal away"


@dataclass(frozen=True)
class SealOptions:
    """How a photo is sealed."""

    protect: tuple[Protection, ...] = ("faces",)
    """What gets smaller blocks and longer digests."""
    parser: str = "auto"
    """Engine of the segmentation maps."""


@dataclass(frozen=True, eq=False)
class Sealed:
    """A sealed copy."""

    photo: Photo
    report: SealReport
    source: Photo = field(repr=False)
    seen: Mapped = field(repr=False)
    """What is where in the original."""
    fine_boxes: tuple[Rectangle, ...] = field(default=(), repr=False)
    """Blocks with more protection."""

    def save(self, path: Path) -> None:
        """Write the sealed copy, read it back, and keep the file only if the seal in it is whole.

        Raises:
            InputError: a format that changes pixels.
            DeepmaskError: the file read back is not what was written, or the place cannot be written.
        """
        save_exactly(self.photo, path)

    def dossier(self) -> Dossier:
        """For people: what was sealed, and where the mark lies."""
        return _dossier(self)


def seal(source: Photo, signer: Signer, options: SealOptions | None = None, *, progress: Progress = silent) -> Sealed:
    """A copy of a photo with a signed statement about it in its pixels. The same photo and key give the same copy.

    Raises:
        MediaError: a photo that cannot be sealed: too small, or with 16 bits a channel.
        EngineMissing: the parser that was asked for by name cannot be used yet.
        EngineFailed: the photo has no room for a seal.
    """
    options = options or SealOptions()
    _refuse(source)
    from deepmask.sealing.layout import Layout

    seen = mapped(source.rgb, options.parser, progress=part(progress, 0.0, 0.5))
    before = seen.regions
    layout = Layout.protecting(_protected(seen, options.protect))
    laid, statement = _laid(source, signer, layout, before, before, part(progress, 0.5, 0.6))
    after = mapped(laid.rgb, before.parser, seen.faces, progress=part(progress, 0.6, 0.8)).regions
    if after.digest() != before.digest():
        laid, statement = _laid(source, signer, layout, before, after, part(progress, 0.8, 0.9))
    sealed = _copy(source, laid.rgb)
    report = _report(source, sealed, laid, statement, part(progress, 0.9, 1.0))
    progress(1.0, "Sealed")
    fine = tuple(block.box for block in layout.blocks if block.fine)
    return Sealed(sealed, report, source, seen, fine)


def refuse_lossy(path: Path, photo: Photo | None = None) -> None:
    """A seal is only kept by files that keep every pixel.

    Raises:
        InputError: the suffix of ``path`` stands for a format that does not, or not with this photo's opacity or
            colour profile.
    """
    suffix = path.suffix.lower()
    if suffix not in LOSSLESS:
        raise InputError(f"A seal needs a file that keeps every pixel, and {suffix or 'this'} does not; write a .png.")
    held = None if photo is None else photo.original
    if suffix in (".bmp", ".dib") and held and (held.alpha is not None or held.icc_profile):
        raise InputError("A BMP file cannot hold this picture's opacity or colour profile; write a .png.")


def save_exactly(photo: Photo, path: Path) -> None:
    """Write a photo, read it back, and keep the file only if it holds every pixel, opacity and the colour profile.

    Raises:
        InputError: a format that changes pixels.
        DeepmaskError: the file read back is not what was written, or the place cannot be written.
    """
    refuse_lossy(path, photo)
    with scratch(path) as folder:
        written = folder / path.name
        photo.save(written)
        again = Photo.open(written, max_megapixels=photo.rgb.size)
        if not _same(again, photo):
            raise DeepmaskError(f"{path.name} would not hold every pixel and was not written; write a .png.")
        move(written, path)


def _refuse(source: Photo) -> None:
    if source.original.deep is not None:
        raise MediaError(
            f"{source.name} has 16 bits a channel and a seal covers 8; save a copy with 8 bits and seal that."
        )
    if min(source.size_wh) < _LEAST_PX:
        w, h = source.size_wh
        raise MediaError(
            f"{source.name} is {w} x {h} pixels and a seal needs {_LEAST_PX} a side; seal a larger version of it."
        )
    if source.size_wh[0] * source.size_wh[1] > _MOST_PIXELS:
        raise MediaError(f"{source.name} has more than {_MOST_PIXELS // 10**6} megapixels; seal a smaller version.")


def opacity_of(photo: Photo) -> NDArray[np.uint8] | None:
    """(H, W) opacities of a photo with 8 bits a channel; None where all is opaque."""
    alpha = photo.original.alpha
    if alpha is None:
        return None
    eight = alpha if alpha.dtype == np.uint8 else (alpha >> 8).astype(np.uint8)
    return None if (eight == 255).all() else np.asarray(eight, np.uint8)


_NO_FACE = ("background", "person", "clothes", "neck", "necklace")


def _protected(seen: Mapped, protect: tuple[Protection, ...]) -> NDArray[np.bool_]:
    """(H, W) where more protection is asked for."""
    if "people" in protect:
        return seen.parsed != 0
    wanted = [n for n, name in enumerate(seen.classes) if name not in _NO_FACE] if "faces" in protect else []
    return np.isin(seen.parsed, wanted)


def _laid(
    source: Photo, signer: Signer, layout: Layout, before: Regions, after: Regions, progress: Progress
) -> tuple[Laid, Statement]:
    from deepmask.sealing.laying import digests, lay
    from deepmask.sealing.message import Statement, fingerprint_of, profile_digest

    alpha = opacity_of(source)
    statement = Statement(
        layout, signer.public, fingerprint_of(source.fingerprint, alpha), profile_digest(source.original.icc_profile),
        alpha is not None, before, after, digests(layout, source.rgb, alpha),
    )  # fmt: skip
    try:
        return lay(source.rgb, statement, signer, grey=source.is_grey, progress=progress), statement
    except EngineFailed as error:
        raise EngineFailed(f"{source.name} cannot be sealed. {error}") from error


def _copy(source: Photo, rgb: RGBImage) -> Photo:
    """The sealed pixels as a photo whose file keeps them all."""
    before = source.original
    keeps = before.format in _LOSSLESS_FORMATS and before.lossless and before.palette is None
    held = Original(
        rgb, before.format if keeps else "PNG", before.grey, False, before.alpha, icc_profile=before.icc_profile
    )
    name = source.name if keeps else str(Path(source.name).with_suffix(".png"))
    return Photo(rgb, name, held, (*source.notes, *_costs(source, keeps)))


def _costs(source: Photo, keeps: bool) -> list[str]:
    from deepmask.sealing.finding import is_sealed

    before = source.original
    notes: list[str] = []
    if is_sealed(source.rgb):
        notes.append("the picture was sealed before; taking this seal out gives it back with that one")
    if before.palette is not None:
        notes.append("the picture had a table of colours; the sealed copy is a PNG in full colour")
    elif not keeps:
        notes.append(
            f"the pixels of the {before.format} file are sealed, as they are after its compression; the sealed copy is "
            "a larger PNG"
        )
    if before.bilevel:
        notes.append("the picture was pure black and white; the sealed copy has greys")
    return [*notes, f"{_FRAGILE}; a tag ('deepmask tag') outlasts that"]


def _report(source: Photo, sealed: Photo, laid: Laid, statement: Statement, progress: Progress) -> SealReport:
    from deepmask.sealing.finding import Found, find
    from deepmask.sealing.quality import psnr_db, ssim

    found = find(sealed.rgb, opacity_of(sealed), progress=progress)
    restores = (
        isinstance(found, Found)
        and found.signature_holds
        and found.statement.public_key.raw == statement.public_key.raw
        and set(found.states) == {"intact"}
        and all(np.array_equal(found.restored[rows], source.rgb[rows]) for rows in source.strips())
    )
    if not restores:
        raise EngineFailed(f"The seal of {source.name} could not be read back, so nothing was made; please report it.")
    blocks = statement.layout.blocks
    return SealReport(
        source_name=source.name,
        authentication=statement.authentication,
        key_id=statement.public_key.key_id,
        fingerprint=source.fingerprint,
        restores=True,
        psnr_db=round(psnr_db(source.rgb, sealed.rgb), 2),
        ssim=round(ssim(source.rgb, sealed.rgb), 6),
        bits=laid.bits,
        blocks=len(blocks),
        fine_blocks=sum(block.fine for block in blocks),
        may_change=laid.spare_blocks,
        parser=statement.before.parser,
        notes=sealed.notes,
    )


def _same(read: Photo, meant: Photo) -> bool:
    """Whether a file holds all that was sealed."""
    from deepmask.sealing.message import profile_digest

    if read.size_wh != meant.size_wh or read.fingerprint != meant.fingerprint:
        return False
    a, b = opacity_of(read), opacity_of(meant)
    same_opacity = a is b or (a is not None and b is not None and np.array_equal(a, b))
    return same_opacity and profile_digest(read.original.icc_profile) == profile_digest(meant.original.icc_profile)


def _dossier(sealed: Sealed) -> Dossier:
    report = sealed.report
    mark = np.abs(sealed.photo.rgb.astype(np.int16) - sealed.source.rgb).astype(np.uint8)
    rows = (
        ("Authentication string", report.authentication),
        ("Key", report.key_id),
        ("Distance from the original", f"{report.psnr_db:.1f} dB, SSIM {report.ssim:.5f}"),
        ("Bits laid into the picture", f"{report.bits:,}".replace(",", " ")),
        ("Blocks", f"{report.blocks}, of which {report.fine_blocks} small ones where more protection was asked for"),
        ("May be changed before the seal becomes unreadable", f"{report.may_change} blocks"),
    )
    return Dossier(
        f"Seal of {report.source_name}",
        f"Sealed: {report.authentication}",
        "good",
        report.summary(),
        tables=(Table("The seal", ("", ""), rows),),
        exhibits=(
            Exhibit("The sealed copy", sealed.photo.rgb),
            Exhibit("The mark", np.where(mark > 0, 0, 255).astype(np.uint8), "Every pixel that moved by one level."),
            Exhibit("The map", _shown(sealed), "Parts of faces and people; small blocks where more is protected."),
        ),
        notes=tuple(f"{note[:1].upper()}{note[1:]}." for note in report.notes),
    )


_COLOURS = ((90, 98, 112), (214, 140, 60), (240, 196, 164), (196, 60, 70), (120, 60, 160), (60, 140, 220),
            (60, 180, 110), (235, 210, 70), (220, 90, 160), (120, 200, 210))  # fmt: skip
"""Of classes after the background, in turn."""


def _shown(sealed: Sealed) -> RGBImage:
    """The original, paler, with its classes in colours and the small blocks outlined."""
    numbers = sealed.seen.parsed
    table = np.array([(255, 255, 255), *(_COLOURS[n % len(_COLOURS)] for n in range(255))], np.uint8)
    rgb = sealed.source.rgb
    shown = np.empty_like(rgb)
    for rows in sealed.source.strips():
        shown[rows] = rgb[rows] // 2 + table[numbers[rows]] // 2
    return framed(shown, sealed.fine_boxes, (20, 90, 200))


def framed(image: RGBImage, boxes: Sequence[Rectangle], colour: tuple[int, int, int], thick: int = 1) -> RGBImage:
    """A copy with frames; parts of boxes outside the picture are cut off."""
    shown = image.copy()
    for x, y, w, h in boxes:
        inside = shown[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)]
        for edge in (np.s_[:thick], np.s_[-thick:], np.s_[:, :thick], np.s_[:, -thick:]):
            inside[edge] = colour
    return shown
