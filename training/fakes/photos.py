"""Pictures that fakes are made from: photos that Python packages ship, painted portraits, and a folder of the user's.

Whole photos are held out: what is in :func:`held_out` is never learned from. The people in packages are few: Grace
Hopper (US Navy, in matplotlib) and the six of insightface's test picture are learned from, Eileen Collins (NASA, in
scikit-image) is held out.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from deepmask import engines
from deepmask.faces import Landmarks, RGBImage
from deepmask.media.formats import by_suffix
from deepmask.persona import Persona
from deepmask.prompt import read

LEARNED = {
    "matplotlib/mpl-data/sample_data": ("grace_hopper.jpg",),
    "insightface/data/images": ("t1.jpg",),
    "skimage/data": (
        "chelsea.png", "rocket.jpg", "motorcycle_left.png", "hubble_deep_field.jpg", "retina.jpg", "ihc.png",
        "gravel.png", "brick.png", "coins.png",
    ),
    "sklearn/datasets/images": ("flower.jpg",),
    "gradio/media_assets/images": ("cheetah1.jpg", "tower.jpg"),
}  # fmt: skip
"""Folder of a package → pictures; packages that are not installed are left out."""

HELD_OUT = {
    "skimage/data": ("astronaut.png", "camera.png", "coffee.png", "grass.png", "moon.png"),
    "sklearn/datasets/images": ("china.jpg",),
    "gradio/media_assets/images": ("cheetah.jpg", "lion.jpg"),
}

LEARNED_SEEDS, HELD_OUT_SEEDS = range(100, 118), range(200, 206)
"""Of painted portraits."""

_WHO = ("young man", "young woman", "woman in her forties", "old man", "old woman", "man in his thirties")
_LOOKS = (
    "fair skin, blonde hair",
    "dark skin",
    "indian, black hair",
    "east asian",
    "freckles, red curls",
    "brown hair",
)
_WHERE = ("studio", "beach", "office", "night")

_LEAST_FACE_PX = 56
_SURE = 0.6
"""Of the face finder."""


@dataclass(frozen=True, eq=False)
class Carrier:
    """A picture without fakes, and its faces."""

    name: str
    rgb: RGBImage
    faces: tuple[Landmarks, ...] = ()
    painted: bool = False
    """Whether our own painter made it."""


def learned(folders: Iterable[Path] = ()) -> list[Carrier]:
    """What is learned from: of packages, painted, and all pictures in ``folders``."""
    own = [path for folder in folders for path in sorted(folder.rglob("*")) if by_suffix(path.suffix) is not None]
    return [carrier(path) for path in (*packaged(LEARNED), *own)] + [painted(seed)[0] for seed in LEARNED_SEEDS]


def held_out() -> list[Carrier]:
    """What is measured on, of packages."""
    return [carrier(path) for path in packaged(HELD_OUT)]


def packaged(pictures: dict[str, tuple[str, ...]]) -> Iterator[Path]:
    """The files there are."""
    for folder, names in pictures.items():
        package, _, inside = folder.partition("/")
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin:
            yield from (path for name in names if (path := Path(spec.origin).parent / inside / name).is_file())


def carrier(path: Path) -> Carrier:
    """A picture file and the meshes of its faces."""
    with Image.open(path) as image:
        rgb = np.asarray(image.convert("RGB"))
    return Carrier(path.name, rgb, meshes(rgb))


def meshes(rgb: RGBImage) -> tuple[Landmarks, ...]:
    """The faces to which a mesh can be fitted and that are large enough to fake."""
    landmarker = engines.load("face_landmarker")
    found = (
        f for f in engines.load("face_finder", "fast").find(rgb) if f.size_px >= _LEAST_FACE_PX and f.score > _SURE
    )
    fitted = (landmarker.fit(rgb, face.box_xyxy) for face in found)
    return tuple(mesh for mesh in fitted if mesh is not None)


@cache
def painted(seed: int) -> tuple[Carrier, Persona]:
    """A portrait by our own painter, as a picture to fake and as somebody to put on others."""
    attributes = read(f"{_WHO[seed % 6]}, {_LOOKS[seed // 2 % 6]}, {_WHERE[seed // 3 % 4]}").attributes
    portrait = engines.load("portrait_painter", "painter").paint(attributes, seed, 512)
    name = f"painted {seed}"
    persona = Persona(
        id=f"painted-{seed}", name=name, engine="painter", portrait=portrait, seed=seed, attributes=attributes
    )
    return Carrier(name, portrait, meshes(portrait), painted=True), persona
