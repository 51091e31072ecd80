"""Removing and covering: seconds, and what the filling keeps of its surroundings beside OpenCV's two inpaintings.

Backgrounds are pictures of scikit-image (brick, grass, gravel, the sky and field of the cameraman) in which a hole of
a person's shape is cut, so that what belongs there is known. No filling can repeat it; it should be as bright and as
rough.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from benchmarks.tables import Measure, print_table, seconds
from deepmask import engines
from deepmask.area import Area
from deepmask.engines.patchmatch import can_rebuild
from deepmask.faces import RGBImage
from deepmask.shadows import shadow_of

Filling = Callable[[RGBImage, Area], RGBImage]


def main() -> None:
    """Print both tables."""
    engines.load("inpainter", "patchmatch").fill(*_scene(200, 150, 0.06))  # compiles
    print_table("Removing: the filling against its surroundings", _likeness())
    print_table("Removing and covering: time", _times())


def _likeness() -> list[Measure]:
    pictures = [np.ascontiguousarray(np.dstack([p] * 3)) for p in (data.brick(), data.grass(), data.gravel())]
    pictures.append(np.ascontiguousarray(np.dstack([data.camera()[:, 330:]] * 3)))
    fillings: dict[str, Filling] = {
        "PatchMatch": _patchmatch,
        "OpenCV Telea": partial(_opencv, method=cv2.INPAINT_TELEA),
        "OpenCV Navier-Stokes": partial(_opencv, method=cv2.INPAINT_NS),
    }
    measures = []
    for name, filling in fillings.items():
        rough, light = zip(
            *(_compared(p, filling(p, hole), hole) for p in pictures if (hole := _person(p))), strict=True
        )
        ours = name == "PatchMatch"
        measures += [
            Measure(f"{name}: roughness kept, worst of {len(pictures)}", min(rough), "", 0.7 if ours else None, True),
            Measure(f"{name}: brightness off, mean of {len(pictures)}", float(np.mean(light)), "of 255"),
        ]
    return measures


def _person(image: RGBImage) -> Area:
    """A standing person's place: a twelfth of the picture."""
    h, w = image.shape[:2]
    body = Area.of_ellipse((0.4 * w, 0.3 * h, 0.6 * w, 0.85 * h), (w, h))
    return body.united(Area.of_ellipse((0.45 * w, 0.2 * h, 0.55 * w, 0.33 * h), (w, h)))


def _patchmatch(image: RGBImage, hole: Area) -> RGBImage:
    result = image.copy()
    engines.load("inpainter", "patchmatch").fill(image, hole, seed=1).paste(result)
    return result


def _opencv(image: RGBImage, hole: Area, method: int) -> RGBImage:
    return np.asarray(cv2.inpaint(image, hole.full().astype(np.uint8), 5, method), np.uint8)


def _compared(image: RGBImage, result: RGBImage, hole: Area) -> tuple[float, float]:
    """How rough the filling is as a share of what was there (at most 1), and how far its brightness is off."""
    inside = hole.grown(-4).full()

    def split(picture: RGBImage) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        grey = picture.mean(axis=2)
        coarse = cv2.GaussianBlur(grey, (0, 0), 0.04 * len(grey))
        return coarse, grey - cv2.GaussianBlur(grey, (0, 0), 2)

    (light, fine), (new_light, new_fine) = split(image), split(result)
    rough = float(new_fine[inside].std() / fine[inside].std())
    return min(rough, 1 / rough), float(np.abs(new_light - light)[inside].mean())


def _scene(w: int, h: int, share: float) -> tuple[RGBImage, Area]:
    """Sky above gravel, and the place of a person who takes ``share`` of the picture."""
    gravel = np.tile(data.gravel(), (h // 512 + 1, w // 512 + 1))[:h, :w, None]
    image = np.where(np.arange(h)[:, None, None] < 0.4 * h, np.array((150, 190, 240), np.uint8), gravel).astype(
        np.uint8
    )
    half = np.sqrt(share * w * h / np.pi / 3)
    box = (w / 2 - half, h / 2 - 3 * half, w / 2 + half, h / 2 + 3 * half)
    return np.ascontiguousarray(image), Area.of_ellipse(box, (w, h))


def _times() -> list[Measure]:
    measures = []
    for what, w, h, share, bar in (
        ("a far bystander, 1 % of 640 x 480", 640, 480, 0.01, 1.0),
        ("a person, 8 % of 640 x 480", 640, 480, 0.08, 2.0),
        ("a person, 8 % of 12 megapixels", 4000, 3000, 0.08, 6.0),
    ):
        image, hole = _scene(w, h, share)
        measures.append(Measure(what, seconds(partial(_patchmatch, image, hole), 3), "s", bar))
    measures.append(
        Measure("the rule that says whether, at 12 megapixels", seconds(lambda: can_rebuild(image, hole)), "s")
    )
    measures.append(Measure("its shadow, at 12 megapixels", seconds(lambda: shadow_of(image, hole)), "s"))
    for row in engines.rows("body_masker"):
        masker = engines.load("body_masker", row.name)
        took = seconds(lambda masker=masker: masker.cover(image, hole, feather_px=12))
        measures.append(Measure(f"{row.name}, at 12 megapixels", took, "s"))
    photo = np.ascontiguousarray(data.astronaut())
    measures.append(Measure("writing, 512 x 512", seconds(lambda: engines.load("text_finder").find(photo)), "s"))
    return measures


if __name__ == "__main__":
    main()
