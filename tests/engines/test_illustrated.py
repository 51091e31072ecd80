"""The flat illustration shows every attribute, is the same everywhere, and is quick."""

import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest

from deepmask.engines.illustrated import Illustrator
from deepmask.faces import RGBImage
from deepmask.persona import CHOICES, Attributes

PLAIN = Attributes(
    gender="female", age=30, heritage="white", skin="fair", hair_colour="brown", hair_style="bob", eyes="brown",
    beard="none", glasses="none", mood="neutral", clothing="tee", clothing_colour="#3b6ea5", background="studio",
)  # fmt: skip


def draw(attributes: Attributes = PLAIN, seed: int = 4, size_px: int = 128) -> RGBImage:
    return Illustrator().paint(attributes, seed, size_px)


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in CHOICES.items() for value in values if getattr(PLAIN, name) != value],
)
def test_every_choice_can_be_seen(name: str, value: str) -> None:
    # ancestry speaks through colours and shape: where both are fixed it has nothing to say
    base = PLAIN.changed(skin=None, hair_colour=None) if name == "heritage" else PLAIN
    image = draw(base.changed(**{name: value}))
    assert image.shape == (128, 128, 3)
    assert image.dtype == np.uint8
    changed = (np.abs(image.astype(int) - draw(base)) > 12).any(2).mean()
    assert changed > 0.0015, f"{name}={value} looks like {getattr(PLAIN, name)}"


@pytest.mark.parametrize(
    "change", [{"freckles": True}, {"age": 75}, {"clothing_colour": "#b03030"}, {"background": "#204060"}]
)
def test_freckles_age_and_colours_can_be_seen(change: dict[str, object]) -> None:
    assert (np.abs(draw(PLAIN.changed(**change)).astype(int) - draw()) > 12).any(2).mean() > 0.0015


def test_a_seed_alone_decides_who_it_is() -> None:
    assert not np.array_equal(draw(Attributes(), 1), draw(Attributes(), 2))
    assert np.array_equal(draw(Attributes(), 1), draw(Attributes(), 1))


def test_the_same_bits_in_another_process() -> None:
    code = (
        "import hashlib; from deepmask.engines.illustrated import Illustrator; from deepmask.persona import Attributes;"
        "print(hashlib.sha256(Illustrator().paint(Attributes(mood='happy'), 7, 256).tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert there == hashlib.sha256(draw(Attributes(mood="happy"), 7, 256).tobytes()).hexdigest()


def test_a_portrait_of_512_pixels_takes_less_than_a_tenth_of_a_second() -> None:
    draw(size_px=512)
    best = np.inf
    for seed in range(3):
        start = time.perf_counter()
        draw(seed=seed, size_px=512)
        best = min(best, time.perf_counter() - start)
    assert best < 0.1


def test_progress_reaches_the_end() -> None:
    seen: list[float] = []
    Illustrator().paint(PLAIN, 1, 64, progress=lambda fraction, _: seen.append(fraction))
    assert seen[-1] == 1.0
