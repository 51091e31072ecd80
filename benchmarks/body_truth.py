"""Pictures with people whose outlines are known: drawn by hand (body_truth.json), and composed of those."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from benchmarks.faces import hopper
from deepmask.area import Mask
from deepmask.faces import RGBImage

PICTURES: dict[str, Callable[[], RGBImage]] = {
    "astronaut": lambda: np.asarray(data.astronaut()),
    "camera": lambda: np.repeat(np.asarray(data.camera())[..., None], 3, axis=2),
    "hopper": hopper,
}

EMPTY = ("brick", "chelsea", "coffee", "coins", "grass", "gravel", "hubble_deep_field", "moon", "rocket", "text")
"""Pictures of skimage.data without people."""


@dataclass(frozen=True)
class Truth:
    """A picture and who is in it."""

    name: str
    image: RGBImage
    people: tuple[Mask, ...]
    """(H, W) each, what is visible of them."""


@dataclass(frozen=True)
class Place:
    """Where somebody is put."""

    who: str
    height_px: int
    """Of the picture they are cut from."""
    left: int
    top: int
    mirrored: bool = False
    turned_away: bool = False
    """Hair where the face was."""


SCENES: dict[str, tuple[str, tuple[int, int], tuple[Place, ...]]] = {
    "two beside each other": ("grass", (1000, 640), (Place("hopper", 560, 0, 80), Place("astronaut", 540, 480, 100))),
    "one behind the other": ("gravel", (900, 700), (Place("hopper", 520, 30, 180), Place("astronaut", 560, 380, 140))),
    "near and far": (
        "brick", (1200, 800),
        (Place("astronaut", 200, 120, 600), Place("hopper", 210, 960, 590), Place("astronaut", 640, 380, 160, True)),
    ),
    "turned away": ("grass", (900, 640), (Place("astronaut", 560, 180, 80, turned_away=True),)),
    "cut by the frame": ("gravel", (800, 600), (Place("hopper", 560, -210, 60), Place("astronaut", 520, 560, 90))),
}  # fmt: skip
"""Name: background, size, and people from back to front. Their pictures end at the lower edge of the cut-out."""


def drawn() -> list[Truth]:
    """The photographs."""
    return [Truth(name, _picture(name), (_mask(name),)) for name in PICTURES]


def composed() -> list[Truth]:
    """The scenes."""
    return [compose(name) for name in SCENES]


def compose(name: str) -> Truth:
    """One of ``SCENES``."""
    background, (w, h), places = SCENES[name]
    image = cv2.resize(np.asarray(getattr(data, background)()), (w, h), interpolation=cv2.INTER_CUBIC)
    image = cv2.GaussianBlur(np.repeat(image[..., None], 3, axis=2), (0, 0), 2.0)
    people: list[Mask] = []
    for place in places:
        rgb, mask = cutout(place)
        whole, there = np.zeros_like(image), np.zeros((h, w), bool)
        x1, y1 = max(0, place.left), max(0, place.top)
        x2, y2 = min(w, place.left + mask.shape[1]), min(h, place.top + mask.shape[0])
        part = np.s_[y1 - place.top : y2 - place.top, x1 - place.left : x2 - place.left]
        whole[y1:y2, x1:x2], there[y1:y2, x1:x2] = rgb[part], mask[part]
        image = np.where(there[..., None], whole, image)
        people = [*(one & ~there for one in people), there]
    return Truth(name, np.asarray(image, np.uint8), tuple(people))


@cache
def _picture(name: str) -> RGBImage:
    return PICTURES[name]()


@cache
def _mask(name: str) -> Mask:
    outlines = json.loads((Path(__file__).parent / "body_truth.json").read_text("utf-8"))[name]["people"][0]
    canvas = np.zeros(_picture(name).shape[:2], np.uint8)
    for outline in outlines:
        cv2.fillPoly(canvas, [np.array(outline, np.int32)], color=(1,))
    return canvas > 0


def cutout(place: Place) -> tuple[RGBImage, Mask]:
    """Somebody, and their outline."""
    rgb, mask = _picture(place.who), _mask(place.who)
    if place.turned_away:
        rgb = _with_hair_for_a_face(rgb)
    size = round(rgb.shape[1] * place.height_px / rgb.shape[0]), place.height_px
    rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    mask = np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)) > 0.5
    return (rgb[:, ::-1], mask[:, ::-1]) if place.mirrored else (rgb, mask)


def _with_hair_for_a_face(astronaut: RGBImage) -> RGBImage:
    """skimage's astronaut from behind: her hair, mirrored downwards, instead of her face."""
    hair = astronaut[20:78, 160:296]
    back = np.concatenate([hair[::-1], hair])[:110]
    out, there = astronaut.copy(), np.zeros(astronaut.shape[:2], np.float32)
    cv2.ellipse(there, ((226.0, 112.0), (116.0, 104.0), 0.0), color=(1.0,), thickness=-1)
    there = cv2.GaussianBlur(there, (0, 0), 4.0)[70:180, 160:296, None]
    out[70:180, 160:296] = (back * there + out[70:180, 160:296] * (1 - there)).astype(np.uint8)
    return out
