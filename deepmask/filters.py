"""The usual photo filters. Each is a number, 0 leaves the picture as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import InputError, UnknownName
from deepmask.faces import RGBImage

Colours = NDArray[np.float32]
"""(H, W, 3) in 0..1."""

_BRIGHTNESS = np.array([0.2126, 0.7152, 0.0722], np.float32)
# ITU-R BT.709

_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)
# W3C Filter Effects Module, sepiaEquivalent

ONE_SIDED = ("black_and_white", "sepia", "vignette", "fade", "grain")


@dataclass(frozen=True)
class Filters:
    """How a photo is to look. Numbers lie in -1..1, those of effects without an opposite in 0..1."""

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    warmth: float = 0.0
    """Positive: yellow; negative: blue."""
    tint: float = 0.0
    """Positive: magenta; negative: green."""
    black_and_white: float = 0.0
    sepia: float = 0.0
    fade: float = 0.0
    """Lifts the shadows, as old prints do."""
    vignette: float = 0.0
    """Darkens the corners."""
    sharpen: float = 0.0
    """Negative: softens."""
    grain: float = 0.0
    """Film grain; the same for the same picture size."""

    def __post_init__(self) -> None:
        for name, value in self.used().items():
            low = 0 if name in ONE_SIDED else -1
            if not low <= value <= 1:
                raise InputError(f"The filter {name} takes {low} to 1, got {value:g}.")

    @classmethod
    def names(cls) -> list[str]:
        """All filters, in the order in which they are applied."""
        return [field.name for field in fields(cls)]

    @classmethod
    def parse(cls, words: Iterable[str]) -> Self:
        """From 'warmth=0.3' or 'vignette' (in full).

        Raises:
            InputError: no such filter, or no number.
        """
        known = cls.names()
        values: dict[str, float] = {}
        for word in words:
            name, _, number = word.strip().lower().replace("-", "_").partition("=")
            name, number = name.strip(), number.strip().replace("_", "-")
            if name not in known:
                raise UnknownName.of("filter", name, known)
            try:
                values[name] = float(number) if number else 1.0
            except ValueError:
                raise InputError(f"A filter is written like warmth=0.3, got {word!r}.") from None
        return cls(**values)

    def used(self) -> dict[str, float]:
        """Those that change something, in the order in which they are applied."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value != 0}

    def apply(self, image: RGBImage) -> RGBImage:
        """A filtered copy; the picture itself if there is nothing to do."""
        used = self.used()
        if not used:
            return image
        colours = image.astype(np.float32) / 255
        for name, value in used.items():
            colours = np.clip(_STEPS[name](colours, np.float32(value)), 0, 1)
        return np.rint(colours * 255).astype(np.uint8)


def _brightness(colours: Colours, amount: np.float32) -> Colours:
    """A gamma: black and white stay."""
    return colours ** np.float32(2.0**-amount)


def _contrast(colours: Colours, amount: np.float32) -> Colours:
    return (colours - 0.5) * np.float32(2.0**amount) + 0.5


def _saturation(colours: Colours, amount: np.float32) -> Colours:
    return _grey(colours) * -amount + colours * (1 + amount)


def _warmth(colours: Colours, amount: np.float32) -> Colours:
    return colours * np.array([1 + 0.2 * amount, 1 + 0.04 * amount, 1 - 0.25 * amount], np.float32)


def _tint(colours: Colours, amount: np.float32) -> Colours:
    return colours * np.array([1 + 0.1 * amount, 1 - 0.15 * amount, 1 + 0.1 * amount], np.float32)


def _black_and_white(colours: Colours, amount: np.float32) -> Colours:
    return colours * (1 - amount) + _grey(colours) * amount


def _sepia(colours: Colours, amount: np.float32) -> Colours:
    return colours + (np.minimum(colours @ _SEPIA.T, 1) - colours) * amount


def _fade(colours: Colours, amount: np.float32) -> Colours:
    return colours * (1 - 0.3 * amount) + 0.2 * amount


def _vignette(colours: Colours, amount: np.float32) -> Colours:
    h, w = colours.shape[:2]
    y, x = np.linspace(-1, 1, h, dtype=np.float32), np.linspace(-1, 1, w, dtype=np.float32)
    away = np.clip((y[:, None] ** 2 + x[None, :] ** 2 - 0.4) / 1.6, 0, 1)
    return colours * (1 - 0.75 * amount * away)[..., None]


def _sharpen(colours: Colours, amount: np.float32) -> Colours:
    import cv2

    soft = cv2.GaussianBlur(colours, (0, 0), max(0.8, max(colours.shape[:2]) / 800))
    return (colours + (colours - soft) * amount * (1.5 if amount > 0 else 1)).astype(np.float32)


def _grain(colours: Colours, amount: np.float32) -> Colours:
    noise = np.random.default_rng(0).normal(0, 0.1 * amount, colours.shape[:2])
    return colours + noise[..., None].astype(np.float32)


def _grey(colours: Colours) -> Colours:
    return (colours @ _BRIGHTNESS)[..., None]


_STEPS: dict[str, Callable[[Colours, np.float32], Colours]] = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "warmth": _warmth,
    "tint": _tint,
    "black_and_white": _black_and_white,
    "sepia": _sepia,
    "fade": _fade,
    "vignette": _vignette,
    "sharpen": _sharpen,
    "grain": _grain,
}
