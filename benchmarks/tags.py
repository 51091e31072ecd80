"""What tags outlast, beside invisible-watermark's in the same run; false alarms, what is seen, and where it is missing.

Photos: those in scikit-image and matplotlib, and, where the folder is there, ``../shared/samples/photos``. The extra
``bench`` brings invisible-watermark (dwtDctSvd with 64 bits, rivaGan with its 32); without it ours is measured alone.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from benchmarks.faces import SAMPLES, hopper, people_in, personas, sample
from benchmarks.tables import Measure, print_table, seconds
from deepmask import engines
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage
from deepmask.tag_keys import PUBLIC
from pipelines.protect.trying import jpeg, psnr_db, resized, ssim
from pipelines.verify.reading import MISSING_BELOW

ID = 0x1F3A09C277B0E4D1
STRENGTH = 2.0
SHORT_PX = 600
UNMARKED = 240
SLOW_ONES = ("Collins", "coffee", "cat")
SWAPPERS = ("meshwarp", "painter")
CHANGED_BY, UNSURE_BY = 6.0, 0.0
"""Grey levels, blurred a little, from which on a swap changed a pixel; between the two it is counted nowhere."""

Change = Callable[[RGBImage], RGBImage]


class Rival(Protocol):
    """A way to tag."""

    name: str

    def embed(self, image: RGBImage) -> RGBImage: ...

    def reads(self, image: RGBImage) -> bool: ...


class Ours:
    """Tiles at the strength they have unasked."""

    name = "Deepmask"

    def __init__(self) -> None:
        self.engine = engines.load("tagger", "tiles")

    def embed(self, image: RGBImage) -> RGBImage:
        return self.engine.embed(image, ID, PUBLIC, strength=STRENGTH)

    def reads(self, image: RGBImage) -> bool:
        found = self.engine.read(image, PUBLIC)
        return found is not None and found.tag_id == ID


class InvisibleWatermark:
    """One of the methods of invisible-watermark, which speaks BGR."""

    def __init__(self, method: str, bits: int) -> None:
        from imwatermark import WatermarkDecoder, WatermarkEncoder  # pyright: ignore[reportMissingImports]

        self.name, self._method = method, method
        self._bits = [ID >> place & 1 for place in range(bits)]
        self._encoder, self._decoder = WatermarkEncoder(), WatermarkDecoder("bits", bits)
        self._encoder.set_watermark("bits", self._bits)  # pyright: ignore[reportArgumentType]
        if method == "rivaGan":
            WatermarkEncoder.loadModel()
            WatermarkDecoder.loadModel()

    def embed(self, image: RGBImage) -> RGBImage:
        return np.asarray(self._encoder.encode(image[..., ::-1].copy(), self._method)[..., ::-1].copy(), np.uint8)

    def reads(self, image: RGBImage) -> bool:
        try:
            bits = self._decoder.decode(image[..., ::-1].copy(), self._method)
        except (RuntimeError, ValueError):  # too small for it
            return False
        return [int(bit) for bit in np.asarray(bits).astype(int)] == self._bits


def main() -> None:
    """Print the tables."""
    rivals: list[Rival] = [Ours()]
    if importlib.util.find_spec("imwatermark") is None:
        print("invisible-watermark is not here to compare with; install the extra 'bench'.")
    else:
        rivals += [InvisibleWatermark("dwtDctSvd", 64), InvisibleWatermark("rivaGan", 32)]
    tried = photos()
    for rival in rivals:
        few = of_rival(rival, tried)
        print_table(f"Tags by {rival.name}: ids read exactly, of {len(few)} photos", outlasted(rival, few))
    print_table("Tags: what is seen and what it takes", seen(rivals, tried))
    print_table("Tags: pictures without one", false_alarms(tried))
    print_table("Tags: where faces were swapped since", localisation(tried))


# --------------------------------------------------------------------------------------------------------------- photos
@cache
def photos() -> dict[str, RGBImage]:
    """Photos with and without people."""
    found = {
        "Collins": data.astronaut(),
        "Hopper": hopper(),
        "coffee": data.coffee(),
        "cat": data.chelsea(),
        "rocket": data.rocket(),
        "gravel": np.repeat(data.gravel()[..., None], 3, 2),
        "retina": data.retina(),
    }
    if SAMPLES.is_dir():
        names = ("beach_friends.png", "portrait_man_glasses.png", "street_crowd.jpg", "persona_professional.png")
        found |= {name.partition(".")[0]: sample(name) for name in names}
    return {name: _fitted(image) for name, image in found.items()}


def of_rival(rival: Rival, tried: dict[str, RGBImage]) -> dict[str, RGBImage]:
    """The photos it is tried with: rivaGan thinks for five seconds about each, so it gets three of them."""
    return {name: tried[name] for name in SLOW_ONES} if rival.name == "rivaGan" else tried


def _fitted(image: RGBImage) -> RGBImage:
    """With a shorter side of 600 px: the others need a second for each of a megapixel's tags."""
    factor = SHORT_PX / min(image.shape[:2])
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=method), np.uint8)


# --------------------------------------------------------------------------------------------------------- what happens
def cropped(image: RGBImage, share: float) -> RGBImage:
    """A part with this share of both sides, off the middle."""
    height, width = image.shape[:2]
    tall, wide = round(height * share), round(width * share)
    top, left = round((height - tall) * 0.6), round((width - wide) * 0.3)
    return np.ascontiguousarray(image[top : top + tall, left : left + wide])


def turned(image: RGBImage, degrees: float, *, filled: bool = False) -> RGBImage:
    """Turned about its middle; cut to what there is, or with black corners."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    out = np.asarray(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_CUBIC), np.uint8)
    margin = 0 if filled else int(np.ceil(max(height, width) / 2 * np.sin(np.radians(abs(degrees))))) + 1
    return np.ascontiguousarray(out[margin : height - margin, margin : width - margin])


def swapped(image: RGBImage, swapper: str = "meshwarp") -> RGBImage | None:
    """The picture with somebody else's face on everybody; None where there is no face to swap."""
    engine, persona = engines.load("face_swapper", swapper), personas(swapper)[0][0]
    out, done = image.copy(), 0
    for person in people_in("", image):
        try:
            engine.swap(image, person.face, persona, strength=0.9).paste(out)
            done += 1
        except EngineFailed:
            continue
    return out if done else None


HAPPENS: dict[str, Change] = {
    "nothing": lambda image: image,
    "JPEG 75": lambda image: jpeg(image, 75),
    "JPEG 50": lambda image: jpeg(image, 50),
    "JPEG 30": lambda image: jpeg(image, 30),
    "half size": lambda image: resized(image, 0.5),
    "cropped to 80 %": lambda image: cropped(image, 0.8),
    "cropped to 50 % of its area": lambda image: cropped(image, 0.5**0.5),
    "cropped to 80 %, 70 % of the size, JPEG 75": lambda image: jpeg(resized(cropped(image, 0.8), 0.7), 75),
    "blurred (sigma 1.5)": lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.uint8),
    "turned by 1°": lambda image: turned(image, 1),
    "turned by -2°, JPEG 75": lambda image: jpeg(turned(image, -2), 75),
    "turned by 3°, black corners": lambda image: turned(image, 3, filled=True),
    "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
    "widened by a tenth": lambda image: np.asarray(cv2.resize(image, None, fx=1.1, fy=1.0), np.uint8),
}
AFTER_SWAP: dict[str, Change] = {
    "face swapped": lambda image: image,
    "face swapped, JPEG 75": lambda image: jpeg(image, 75),
    "face swapped, cropped to 80 %, JPEG 75": lambda image: jpeg(cropped(image, 0.8), 75),
}


def outlasted(rival: Rival, tried: dict[str, RGBImage]) -> Iterator[Measure]:
    """Share of photos from which the exact id is read, for each of what happens."""
    bar = 90.0 if isinstance(rival, Ours) else None  # after swaps less: faces fill up to 60 % of some portraits
    tagged = [rival.embed(image) for image in tried.values()]
    for what, change in HAPPENS.items():
        read = [rival.reads(change(image)) for image in tagged]
        yield Measure(what, 100 * float(np.mean(read)), "%", bar, True)
    swaps = [out for image in tagged if (out := swapped(image)) is not None]
    for what, change in AFTER_SWAP.items():
        read = [rival.reads(change(image)) for image in swaps]
        yield Measure(f"{what} ({len(swaps)} photos)", 100 * float(np.mean(read)), "%", bar and 80.0, True)


def seen(rivals: list[Rival], tried: dict[str, RGBImage]) -> Iterator[Measure]:
    """How far tagged pictures are from the originals, and what ours takes."""
    for rival in rivals:
        pairs = [(image, rival.embed(image)) for image in of_rival(rival, tried).values()]
        yield Measure(f"{rival.name}: PSNR", float(np.mean([psnr_db(*pair) for pair in pairs])), "dB")
        yield Measure(f"{rival.name}: SSIM", float(np.mean([ssim(*pair) for pair in pairs])))
    ours = Ours()
    base = photos()["Collins"]
    for what, size, bar in (("1280 x 720", (1280, 720), 12.0), ("12 megapixels", (4000, 3000), 500.0)):
        image = np.asarray(cv2.resize(base, size), np.uint8)
        tagged = ours.embed(image)
        yield Measure(f"tag {what}", 1000 * seconds(lambda image=image: ours.embed(image)), "ms", bar)
        yield Measure(f"read {what}", 1000 * seconds(lambda tagged=tagged: ours.reads(tagged), 3), "ms")
    image = np.asarray(cv2.resize(base, (1280, 960)), np.uint8)
    changed = jpeg(turned(cropped(ours.embed(image), 0.8), 2), 75)
    yield Measure("read when cropped and turned", seconds(lambda: ours.reads(changed), 3), "s", 4.0)
    yield Measure("look at a picture without a tag", seconds(lambda: ours.reads(image), 3), "s", 4.0)


def false_alarms(tried: dict[str, RGBImage]) -> Iterator[Measure]:
    """Ids read in crops without a tag, half of them compressed, a third with the tag of another key."""
    rng = np.random.default_rng(7)
    engine = engines.load("tagger", "tiles")
    pictures = [*tried.values(), *(engine.embed(image, ID, b"another key") for image in list(tried.values())[::2])]
    alarms, start = 0, time.perf_counter()
    for n in range(UNMARKED):
        image = cropped(pictures[n % len(pictures)], float(rng.uniform(0.4, 1.0)))
        image = jpeg(image, int(rng.integers(40, 95))) if n % 2 else image
        alarms += engine.read(image, PUBLIC) is not None
    yield Measure(f"false alarms in {UNMARKED} pictures", alarms, "", 0)
    yield Measure("seconds a picture", (time.perf_counter() - start) / UNMARKED, "s")


# --------------------------------------------------------------------------------------------------------- localisation
@dataclass(frozen=True, eq=False)
class Swap:
    """A tagged picture in which faces were swapped."""

    image: RGBImage
    changed: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    """Pixels that were changed clearly, or not at all."""


def localisation(tried: dict[str, RGBImage]) -> Iterator[Measure]:
    """How well the missing tag shows which pixels came after it."""
    swaps = list(_swaps(tried))
    engine = engines.load("tagger", "tiles")
    for what, change in (("lossless", HAPPENS["nothing"]), ("JPEG 75", HAPPENS["JPEG 75"])):
        found = [_judged(engine, swap, change(swap.image)) for swap in swaps]
        aucs, ious, alarms = zip(*(one for one in found if one is not None), strict=True)
        yield Measure(f"{what}: pixel AUC of {len(aucs)} pictures", float(np.mean(aucs)))
        yield Measure(f"{what}: IoU", float(np.mean(ious)))
        yield Measure(f"{what}: untouched pixels taken for changed", 100 * float(np.mean(alarms)), "%", 2)


def _swaps(tried: dict[str, RGBImage]) -> Iterator[Swap]:
    ours = Ours()
    for image in tried.values():
        tagged = ours.embed(image)
        for swapper in SWAPPERS:
            out = swapped(tagged, swapper)
            if out is None:
                continue
            levels = np.abs(out.astype(np.float32) - tagged).max(-1)
            changed = cv2.GaussianBlur(levels, (0, 0), 3) > CHANGED_BY
            untouched = cv2.dilate((levels > UNSURE_BY).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
            yield Swap(out, changed, changed | untouched)


def _judged(engine, swap: Swap, image: RGBImage) -> tuple[float, float, float] | None:
    """AUC, IoU, and share of false alarms; None where the tag is not read any more."""
    found = engine.read(image, PUBLIC)
    if found is None:
        return None
    there = engine.intact(image, found, PUBLIC)[swap.counted]
    changed, missing = swap.changed[swap.counted], there < MISSING_BELOW
    iou = (missing & changed).sum() / max(1, (missing | changed).sum())
    return auc(-there, changed), float(iou), float(missing[~changed].mean())


def auc(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, by ranks."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / max(1, count * (len(scores) - count)))


if __name__ == "__main__":
    main()
