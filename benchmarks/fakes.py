"""What the detector of fakes reaches on people and photos it never learned from, and where the tag is better.

People: Eileen Collins (NASA, in scikit-image), held out from training as are the faces put on her, and, where the
folder is there, the photos of ``../shared/samples/photos``. ``python -m benchmarks.fakes --write``, after the network
was taught anew, chooses the scores from which on a face is called fake or likely real, and keeps them and the table of
the packaged pictures beside the weights.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.stats import rankdata

from benchmarks.faces import PORTRAITS, SAMPLE_FACES, SAMPLES, sample
from benchmarks.tables import Measure, print_table, seconds
from deepmask import engines
from deepmask.detect_report import FakeVerdict
from deepmask.engines.fakes.unet import FOLDER
from deepmask.faces import RGBImage
from deepmask.files import write_text
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.tag_keys import PUBLIC
from pipelines.verify import detecting
from pipelines.verify.detecting import DetectOptions
from pipelines.verify.detecting.judging import verdict_of
from pipelines.verify.detecting.looking import look
from training.fakes import forging, photos
from training.fakes.ageing import Mask, compressed
from training.fakes.photos import Carrier
from training.fakes.swaps import of_portrait, swapped

OPTIONS = DetectOptions(marks=False)
TAG_STRENGTH = 2.0

HISTORIES: dict[str, Callable[[RGBImage], RGBImage]] = {
    "as it is": lambda rgb: rgb,
    "JPEG 90": lambda rgb: compressed(rgb, 90),
    "JPEG 75": lambda rgb: compressed(rgb, 75),
    "JPEG 50": lambda rgb: compressed(rgb, 50),
    "half size": lambda rgb: _scaled(rgb, 0.5),
    "enlarged": lambda rgb: _scaled(rgb, 1.5),
    "× 0.8, JPEG 80": lambda rgb: compressed(_scaled(rgb, 0.8), 80),
    "JPEG 85, then 70": lambda rgb: compressed(compressed(rgb, 85), 70),
    "dark": lambda rgb: (rgb * 0.6).astype(np.uint8),
    "mirrored": lambda rgb: np.ascontiguousarray(rgb[:, ::-1]),
    "cropped": lambda rgb: np.ascontiguousarray(rgb[rgb.shape[0] // 16 :, rgb.shape[1] // 16 :]),
    "grainy": lambda rgb: _grainy(rgb),
}
"""What may happen to any genuine picture."""


@dataclass(frozen=True, eq=False)
class Fake:
    """A picture with a replaced face."""

    kind: str
    genuine: RGBImage
    rgb: RGBImage
    mask: Mask


@dataclass(frozen=True, eq=False)
class Seen:
    """What the detector made of a picture."""

    score: float | None
    verdict: FakeVerdict
    pixel_auc: float | None = None
    iou: float | None = None


def main() -> None:
    """Print the tables; with ``--write`` keep those of the packaged pictures beside the weights."""
    carriers, faces = photos.held_out(), personas()
    if "--write" in sys.argv[1:]:
        _write_bars(carriers, faces)
    tables = _tables("packaged pictures", carriers, faces)
    for title, measures in tables.items():
        print_table(title, measures)
    if "--write" in sys.argv[1:]:
        _write_table(tables)
    if SAMPLES.is_dir():
        for title, measures in _tables("sample photos", list(samples()), faces).items():
            print_table(title, measures)
    print_table("Faked pixels: time", [Measure("a photo of 12 megapixels with one face", _time(), "s", 2.0)])


def personas() -> list[Persona]:
    """Held-out painted people, and Grace Hopper's face to put on others."""
    painted = [photos.painted(seed)[1] for seed in photos.HELD_OUT_SEEDS]
    hopper = next(photos.packaged({"matplotlib/mpl-data/sample_data": ("grace_hopper.jpg",)}))
    return [*painted, of_portrait(photos.carrier(hopper))]


def samples() -> Iterator[Carrier]:
    """The sample photos, which nothing was learned from."""
    for name in SAMPLE_FACES:
        yield Carrier(name, sample(name), photos.meshes(sample(name)), name in PORTRAITS)


def _tables(of: str, carriers: Sequence[Carrier], faces: Sequence[Persona]) -> dict[str, list[Measure]]:
    """Genuine pictures, and fakes as they are and compressed."""
    genuine = [seen(history(c.rgb)) for c in carriers if c.faces for history in HISTORIES.values()]
    few = [HISTORIES[name] for name in ("as it is", "JPEG 75", "half size")]
    without = [seen(history(c.rgb)) for c in carriers if not c.faces for history in few]
    forged = list(fakes(carriers, faces))
    tables = {f"Faked pixels, {of}: untouched": _untouched(genuine, without)}
    for how, history in (("as they are", HISTORIES["as it is"]), ("JPEG 75", HISTORIES["JPEG 75"])):
        rows = [row for kind in KINDS for row in _of_kind(kind, forged, history, genuine)]
        tables[f"Faked pixels, {of}: fakes, {how}"] = rows
    tables[f"Faked pixels, {of}: by the tag instead"] = by_tag(forged)
    return tables


# ---------------------------------------------------------------------------------------------------------------- fakes
KINDS = ("meshwarp", "painter", "self-blended")


def fakes(carriers: Sequence[Carrier], faces: Sequence[Persona]) -> Iterator[Fake]:
    """Up to two faces of each photo given to every persona by both swappers; faces of all blended over themselves."""
    rng = np.random.default_rng(5)
    for carrier in carriers:
        for mesh in carrier.faces[:2]:
            for engine in () if carrier.painted else ("meshwarp", "painter"):
                able = [p for p in faces if engine == "meshwarp" or p.attributes is not None]
                made = (swapped(carrier, mesh, persona, engine) for persona in able)
                yield from (Fake(engine, one.genuine, one.rgb, one.mask) for one in made if one is not None)
            for _ in range(2 if carrier.painted else 6):
                rgb, mask = _self_blended(carrier, mesh[:, :2].astype(np.float32), rng)
                if mask.any():
                    yield Fake("self-blended", carrier.rgb, rgb, mask)


def _self_blended(carrier: Carrier, points: forging.Points, rng: np.random.Generator) -> tuple[RGBImage, Mask]:
    """In a square around the face, as in training."""
    (x1, y1), (x2, y2) = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int)
    side = min(int(1.8 * max(x2 - x1, y2 - y1)), *carrier.rgb.shape[:2])
    left = int(np.clip((x1 + x2 - side) // 2, 0, carrier.rgb.shape[1] - side))
    top = int(np.clip((y1 + y2 - side) // 2, 0, carrier.rgb.shape[0] - side))
    view = np.s_[top : top + side, left : left + side]
    part, marks = carrier.rgb[view], np.zeros(carrier.rgb.shape[:2], np.float32)
    rgb = carrier.rgb.copy()
    below: RGBImage | None = None
    while below is not part:  # not those of which the surroundings were changed
        shape = forging.face_shape(points - (left, top), side, rng)
        below, rgb[view], marks[view] = forging.self_blended(part, shape, rng)
    return rgb, marks


# ------------------------------------------------------------------------------------------------------------ measuring
def seen(rgb: RGBImage, mask: Mask | None = None) -> Seen:
    """Score and verdict of a picture, and with ``mask`` how well the heat fits it."""
    finder = engines.load("fake_finder", "unet")
    found = look(rgb, OPTIONS)
    verdict = verdict_of(found.score, finder.fake_above, finder.real_below)
    if mask is None:
        return Seen(found.score, verdict)
    heat = found.heat / max(float(found.heat.max()), 1e-6)
    return Seen(found.score, verdict, auc(heat[mask < 0.5], heat[mask >= 0.5]), iou(heat, mask))


def auc(negative: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a faked one scores higher than a genuine one."""
    n, p = negative.size, positive.size
    if not n or not p:
        return float("nan")
    ranks = rankdata(np.concatenate([negative.ravel(), positive.ravel()]))
    return float((ranks[n:].sum() - p * (p + 1) / 2) / (n * p))


def iou(heat: np.ndarray, mask: Mask) -> float:
    """Overlap of what has at least half of the most heat with what is faked."""
    marked, faked = heat >= 0.5, mask >= 0.5
    return float((marked & faked).sum() / max(1, (marked | faked).sum()))


def _untouched(genuine: Sequence[Seen], without: Sequence[Seen]) -> list[Measure]:
    rows = [Measure("pictures with faces", len(genuine))]
    for verdict in ("fake", "unsure", "likely real"):
        share = 100 * float(np.mean([one.verdict == verdict for one in genuine]))
        rows.append(Measure(f"called {verdict}", share, "%", 1.0 if verdict == "fake" else None))
    rows.append(Measure("pictures without faces", len(without)))
    if without:
        rows.append(Measure("called fake", 100 * float(np.mean([one.verdict == "fake" for one in without])), "%", 1.0))
    return rows


def _of_kind(
    kind: str, forged: Sequence[Fake], history: Callable[[RGBImage], RGBImage], genuine: Sequence[Seen]
) -> list[Measure]:
    """How fakes of a kind differ from ``genuine`` pictures, and where they are seen."""
    found = [seen(history(fake.rgb), fake.mask) for fake in forged if fake.kind == kind]
    if not found:
        return []
    known = np.array([one.score for one in genuine if one.score is not None])
    scores = np.array([one.score for one in found if one.score is not None])
    return [
        Measure(f"{kind}: fakes", len(found)),
        Measure(f"{kind}: image AUC", auc(known, scores)),
        Measure(f"{kind}: pixel AUC", float(np.nanmean([one.pixel_auc or np.nan for one in found]))),
        Measure(f"{kind}: IoU", float(np.mean([one.iou or 0.0 for one in found]))),
        *(
            Measure(f"{kind}: called {verdict}", 100 * float(np.mean([one.verdict == verdict for one in found])), "%")
            for verdict in ("fake", "unsure", "likely real")
        ),
    ]


def by_tag(forged: Sequence[Fake]) -> list[Measure]:
    """Where a picture had been tagged before its face was swapped, after JPEG 75: the tag's map instead of the heat."""
    tagger = engines.load("tagger")
    pixel, overlap, read, tried = [], [], 0, 0
    for fake in [fake for fake in forged if fake.kind != "self-blended"][:12]:
        tried += 1
        tagged = tagger.embed(fake.genuine, 0x1234_5678_9ABC_DEF0, PUBLIC, strength=TAG_STRENGTH)
        swap = np.where(fake.mask[..., None] > 0, fake.rgb, tagged)
        swap = compressed(np.ascontiguousarray(swap, dtype=np.uint8), 75)
        found = tagger.read(swap, PUBLIC)
        if found is None:
            continue
        read += 1
        missing = 1 - tagger.intact(swap, found, PUBLIC)
        pixel.append(auc(missing[fake.mask < 0.5], missing[fake.mask >= 0.5]))
        overlap.append(iou(missing - 0.1, fake.mask))
    if not tried:
        return []
    rows = [Measure("tag read after swap and JPEG 75", 100 * read / tried, "%")]
    if read:
        rows += [Measure("pixel AUC", float(np.mean(pixel))), Measure("IoU", float(np.mean(overlap)))]
    return rows


def _time() -> float:
    collins = next(photos.packaged({"skimage/data": ("astronaut.png",)}))
    large = cv2.resize(photos.carrier(collins).rgb, (3464, 3464), interpolation=cv2.INTER_CUBIC)
    picture = Photo.from_array(np.asarray(large, np.uint8))
    return seconds(lambda: detecting.detect(picture, options=OPTIONS), 3)


def _scaled(rgb: RGBImage, factor: float) -> RGBImage:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=way), np.uint8)


def _grainy(rgb: RGBImage) -> RGBImage:
    noise = np.random.default_rng(2).normal(0, 4, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def _write_bars(carriers: Sequence[Carrier], faces: Sequence[Persona]) -> None:
    """Fake: far above the worst untouched picture, towards the swaps. Likely real: below most of the fakes."""
    photographed = (*carriers, *(photos.carrier(path) for path in photos.packaged(photos.LEARNED)))
    untouched = [seen(history(c.rgb)).score for c in photographed if c.faces for history in HISTORIES.values()]
    forged = [
        (fake.kind, seen(history(fake.rgb)).score)
        for fake in fakes(carriers, faces)
        for history in (HISTORIES["as it is"], HISTORIES["JPEG 75"])
    ]
    highest = max(score for score in untouched if score is not None)
    swapped_faces = [score for kind, score in forged if kind != "self-blended" and score is not None]
    fake_above = round(bar_between(highest, float(np.median(swapped_faces))), 3)
    low = float(np.quantile([score for _, score in forged if score is not None], _MISSED))
    bars = {"fake_above": fake_above, "real_below": round(min(low, fake_above - 0.1), 2)}
    path = FOLDER / "training.json"
    record = json.loads(path.read_text("utf-8"))
    write_text(path, json.dumps(record | {"bars": bars}, indent=1) + "\n")
    finder = engines.load("fake_finder", "unet")
    finder.fake_above, finder.real_below = bars["fake_above"], bars["real_below"]


def bar_between(highest: float, typical: float) -> float:
    """Two thirds of the way between two scores, in log-odds: to call a genuine picture fake is worse than to miss one.

    Above ``highest`` by a quarter of what is left where ``typical`` is not above it.
    """
    if typical <= highest:
        return highest + 0.25 * (1 - highest)
    low, high = (float(np.log(score / (1 - score))) for score in (highest, min(typical, _SUREST)))
    return float(1 / (1 + np.exp(-(low + 2 * (high - low) / 3))))


_SUREST = 0.999
_MISSED = 0.15
"""Share of the held-out fakes that may be called likely real."""


def _write_table(tables: dict[str, list[Measure]]) -> None:
    """Keep the numbers beside the weights."""
    kept = {title: {one.what: round(one.value, 3) for one in rows} for title, rows in tables.items()}
    write_text(FOLDER / "metrics.json", json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
