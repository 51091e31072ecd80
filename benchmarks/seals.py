"""What seals reach: exact restoration, room, how far the copy is from the original, time, and every kind of tampering.

Photos: those in scikit-image and matplotlib, and, where the folder is there, ``../shared/samples/photos``.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from skimage import data

from benchmarks.faces import SAMPLES, hopper
from benchmarks.tables import Measure, print_table
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage
from deepmask.media import Photo
from deepmask.seal_report import SealReport, Verdict
from deepmask.sealing import expansion
from deepmask.sealing.finding import Found, find, read_share
from deepmask.sealing.laying import lay
from deepmask.sealing.layout import Layout
from deepmask.signing import Signer
from pipelines.protect.sealing import seal
from pipelines.verify.authenticating import authenticate, restore

PACKAGED = ("astronaut", "camera", "chelsea", "coffee", "coins", "moon", "page", "rocket", "retina", "brick", "grass",
            "gravel", "clock", "text", "hubble_deep_field", "immunohistochemistry")  # fmt: skip

ME, OTHER = (Signer(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2))
KEYS = [ME.public]

TAMPERED = ("astronaut", "coffee", "Hopper")
"""Photos that everything is done to; all of them for what takes no time."""


@dataclass(frozen=True, eq=False)
class One:
    """A photo and its sealed copy."""

    source: Photo
    sealed: RGBImage
    report: SealReport
    seconds: float


def main() -> None:
    """Print the tables."""
    tried = list(photos())
    done = [one for one in map(_sealed, tried) if one is not None]
    rough = len(tried) - len(done)
    print_table("Seals", [Measure(f"photos too rough to hold one, of {len(tried)}", rough), *sealing(done)])
    print_table("Sealed pictures that were tampered with", tampering(done))


def photos() -> Iterator[Photo]:
    """All that are at hand."""
    for name in PACKAGED:
        image = getattr(data, name)()
        yield Photo.from_array(np.repeat(image[..., None], 3, 2) if image.ndim == 2 else image, name)
    yield Photo.from_array(hopper(), "Hopper")
    for path in sorted(SAMPLES.glob("*")) if SAMPLES.is_dir() else ():
        yield Photo.from_array(Photo.open(path).rgb, path.name)


def _sealed(source: Photo) -> One | None:
    begin = time.perf_counter()
    try:
        done = seal(source, ME)
    except EngineFailed:
        return None
    return One(source, done.photo.rgb, done.report, time.perf_counter() - begin)


# ------------------------------------------------------------------------------------------------------------- sealing
def sealing(done: list[One]) -> list[Measure]:
    """Over all photos."""
    restored = repeated = 0
    laying: list[float] = []
    reading: list[float] = []
    for one in done:
        megapixels = one.sealed.shape[0] * one.sealed.shape[1] / 1e6
        photo = Photo.from_array(one.sealed)
        begin = time.perf_counter()
        found = find(one.sealed)
        reading.append((time.perf_counter() - begin) / megapixels)
        assert isinstance(found, Found)
        begin = time.perf_counter()
        again = lay(one.source.rgb, found.statement, ME, grey=one.source.is_grey)
        laying.append((time.perf_counter() - begin) / megapixels)
        repeated += np.array_equal(again.rgb, one.sealed)
        restored += np.array_equal(restore(photo, KEYS).rgb, one.source.rgb)
    losses = [one.report.may_change / len(Layout.plain(one.source.size_wh).blocks) for one in done]
    total = len(done)
    return [
        Measure(f"photos restored bit for bit, of {total}", restored, bar=total, at_least=True),
        Measure(f"same bits when sealed again, of {total}", repeated, bar=total, at_least=True),
        Measure("room, median", statistics.median(_room(one.source) for one in done), "bits a pixel"),
        Measure("room used, median", statistics.median(one.report.bits / _pixels(one.source) for one in done),
                "bits a pixel"),
        Measure("PSNR, median", statistics.median(one.report.psnr_db for one in done), "dB", 55, at_least=True),
        Measure("PSNR, worst", min(one.report.psnr_db for one in done), "dB", 48, at_least=True),
        Measure("SSIM, worst", min(one.report.ssim for one in done)),
        Measure("blocks that may be lost, median", 100 * statistics.median(losses), "%", 40, at_least=True),
        Measure("blocks that may be lost, worst", 100 * min(losses), "%"),
        Measure("laying a seal, median", statistics.median(laying), "s/MP"),
        Measure("finding and checking it, median", statistics.median(reading), "s/MP"),
        Measure("all with finding faces and checking, median", statistics.median(one.seconds for one in done), "s"),
    ]  # fmt: skip


def _pixels(photo: Photo) -> int:
    return photo.size_wh[0] * photo.size_wh[1]


def _room(photo: Photo) -> float:
    """Bits of one layer that could be laid into a photo, a pixel."""
    boxes = [block.box for block in Layout.plain(photo.size_wh).blocks]
    return sum(expansion.room(photo.rgb, box, grey=photo.is_grey) for box in boxes) / _pixels(photo)


# ----------------------------------------------------------------------------------------------------------- tampering
def tampering(done: list[One]) -> list[Measure]:
    """How often the verdict is what it should be."""
    few = [one for one in done if one.source.name in TAMPERED]
    attacks: list[tuple[str, list[One], Verdict, Callable[[One], RGBImage]]] = [
        ("untouched", done, "authentic", lambda one: one.sealed),
        ("never sealed", done, "not sealed", lambda one: one.source.rgb),
        ("one pixel by one level", few, "changed", _pixel),
        ("one block painted over", few, "changed", _block),
        ("a fifth replaced by another picture", few, "changed", _part),
        ("two blocks changed places", few, "changed", _swapped),
        ("seal taken out of a fifth", few, "changed", _bare),
        ("false parts in a fifth of the blocks", few, "changed", _falsified),
        ("a block of another sealed picture", few, "changed", lambda one: _foreign(one, done)),
        ("cropped to 85 % of the sides", few, "changed", _cropped),
        ("turned by 90°", few, "changed", lambda one: np.ascontiguousarray(np.rot90(one.sealed))),
        ("saved as JPEG 95", done, "not sealed", lambda one: _jpeg(one.sealed)),
        ("half size", done, "not sealed", _halved),
        ("sealed by a key nobody knows", done, "unknown key", _by_other),
        ("signature of another key under this name", done, "not authentic", _forged),
        ("seal copied onto another picture", done, "not authentic", _copied),
    ]
    rows: list[Measure] = []
    for words, ones, verdict, attack in attacks:
        right = sum(authenticate(Photo.from_array(attack(one)), KEYS).report.verdict == verdict for one in ones)
        rows.append(Measure(f"{words}: {verdict}, of {len(ones)}", right, bar=len(ones), at_least=True))
    return rows


def _pixel(one: One) -> RGBImage:
    changed = one.sealed.copy()
    y, x = (int(v) for v in np.random.default_rng(1).integers(0, one.sealed.shape[:2]))
    changed[y, x, 2] ^= 1
    return changed


def _block(one: One) -> RGBImage:
    changed = one.sealed.copy()
    changed[70:120, 70:120] = 128
    return changed


def _part(one: One) -> RGBImage:
    changed = one.sealed.copy()
    h, w = changed.shape[:2]
    changed[h // 4 : 7 * h // 10, w // 4 : 7 * w // 10] = one.sealed[: 7 * h // 10 - h // 4, : 7 * w // 10 - w // 4]
    return changed


def _swapped(one: One) -> RGBImage:
    changed = one.sealed.copy()
    changed[:64, :64], changed[64:128, :64] = one.sealed[64:128, :64], one.sealed[:64, :64]
    return changed


def _bare(one: One) -> RGBImage:
    changed = one.sealed.copy()
    rows = changed.shape[0] // 5
    changed[:rows] = one.source.rgb[:rows]
    return changed


def _falsified(one: One) -> RGBImage:
    changed = one.sealed.copy()
    for block in _said(one).statement.layout.blocks[::5]:
        found = read_share(one.sealed, block.box)
        if found is not None:
            x, y, w, h = block.box
            share, changed[y : y + h, x : x + w] = found
            false = replace(share, parts=tuple(bytes(255 - byte for byte in part) for part in share.parts))
            expansion.write(changed, block.box, false.to_bits(), grey=one.source.is_grey)
    return changed


def _foreign(one: One, done: list[One]) -> RGBImage:
    changed = one.sealed.copy()
    other = next(another for another in done if another.source.name != one.source.name)
    changed[:64, :64] = other.sealed[:64, :64]
    return changed


def _cropped(one: One) -> RGBImage:
    h, w = one.sealed.shape[:2]
    return np.ascontiguousarray(one.sealed[h // 13 : h // 13 + 17 * h // 20, w // 17 : w // 17 + 17 * w // 20])


def _jpeg(rgb: RGBImage) -> RGBImage:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=95)
    return np.asarray(Image.open(buffer).convert("RGB"))


def _halved(one: One) -> RGBImage:
    image = Image.fromarray(one.sealed)
    return np.asarray(image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC))


def _said(one: One) -> Found:
    found = find(one.sealed)
    assert isinstance(found, Found)
    return found


def _by_other(one: One) -> RGBImage:
    theirs = replace(_said(one).statement, public_key=OTHER.public)
    return lay(one.source.rgb, theirs, OTHER, grey=one.source.is_grey).rgb


def _forged(one: One) -> RGBImage:
    return lay(one.source.rgb, _said(one).statement, OTHER, grey=one.source.is_grey).rgb


def _copied(one: One) -> RGBImage:
    other = np.ascontiguousarray(one.source.rgb[::-1, ::-1])
    return lay(other, _said(one).statement, ME, grey=one.source.is_grey).rgb


if __name__ == "__main__":
    main()
