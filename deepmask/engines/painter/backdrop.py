"""What is behind the persona: out-of-focus places, and the light they lend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from deepmask.engines.painter.colours import code_of, colour
from deepmask.engines.painter.geometry import Array32, smoothstep
from deepmask.engines.painter.render import STUDIO, Light
from deepmask.persona import Attributes

_N = 192
"""Backdrops are painted this small: nothing in them is sharp."""


def _gradient(*stops: tuple[float, str]) -> Array32:
    """Vertical gradient through (height, colour), 0 = top."""
    at, codes = [q[0] for q in stops], np.stack([colour(q[1]) for q in stops])
    y = np.linspace(0, 1, _N)
    column = np.stack([np.interp(y, at, codes[:, c]) for c in range(3)], 1)
    return np.repeat(column[:, None], _N, 1).astype(np.float32)


def _glow(A: Array32, x: float, y: float, radius: float, code: str, strength: float) -> None:
    v, u = np.mgrid[0:_N, 0:_N].astype(np.float32) / _N
    A += (np.exp(-((u - x) ** 2 + (v - y) ** 2) / radius**2) * strength)[..., None].astype(np.float32) * colour(code)


def _boxes(A: Array32, boxes: list[tuple[float, float, float, float, str, float]]) -> None:
    """Rectangles x0, y0, x1, y1, colour, opacity."""
    for x0, y0, x1, y1, code, opacity in boxes:
        view = A[int(y0 * _N) : int(y1 * _N), int(x0 * _N) : int(x1 * _N)]
        view += (colour(code) - view) * np.float32(opacity)


def _discs(A: Array32, codes: tuple[str, ...], n: int, top: float, bottom: float, strength: float, seed: int) -> None:
    """Blurred points of light."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        layer = np.zeros((_N, _N), np.float32)
        centre = (int(rng.uniform(0, _N) * 16), int(rng.uniform(top, bottom) * _N * 16))
        cv2.circle(layer, centre, int(rng.uniform(0.02, 0.055) * _N * 16), (1.0,), -1, cv2.LINE_AA, 4)
        paint = colour(codes[int(rng.integers(len(codes)))]) * np.float32(strength * rng.uniform(0.3, 1))
        A += layer[..., None] * paint


def _office() -> Array32:
    A = _gradient((0, "#c6d0d6"), (0.6, "#b3bec5"), (0.75, "#8d989f"), (1, "#6f7a82"))
    _boxes(A, [(x, 0.08, x + 0.17, 0.58, "#f2f7fa", 0.75) for x in (0.04, 0.25, 0.62, 0.83)])
    _boxes(A, [(0, 0.66, 1, 0.72, "#6d5a48", 0.5)])
    return A


def _home() -> Array32:
    A = _gradient((0, "#d9c3a5"), (0.6, "#c9ad8c"), (1, "#8f7357"))
    _boxes(A, [(0.62, y, 0.98, y + 0.02, "#6b4c33", 0.8) for y in (0.2, 0.38, 0.56)])
    for i, code in enumerate(("#7d3b34", "#42627a", "#c79a4b", "#556b4a", "#8a6a8c", "#b7643f")):
        _boxes(A, [(0.64 + 0.045 * i, 0.25 + 0.18 * (i % 2), 0.675 + 0.045 * i, 0.38 + 0.18 * (i % 2), code, 0.7)])
    _glow(A, 0.16, 0.30, 0.16, "#ffd9a0", 0.9)
    return A


def _beach() -> Array32:
    A = _gradient((0, "#6fb9e2"), (0.44, "#d3eef4"), (0.46, "#3f9fb5"), (0.66, "#7fd0cf"), (0.7, "#efdcb4"),
                  (1, "#dcbf8c"))  # fmt: skip
    _glow(A, 0.2, 0.1, 0.3, "#fff3d0", 0.5)
    return A


def _forest() -> Array32:
    A = _gradient((0, "#a9c48d"), (0.5, "#6f9460"), (1, "#34502f"))
    trunks = ((0.06, 0.07), (0.3, 0.04), (0.76, 0.09), (0.93, 0.05))
    _boxes(A, [(x, 0, x + w, 1, "#3b3326", 0.45) for x, w in trunks])
    _discs(A, ("#dcecb0", "#a8cf7a", "#f4f6cf"), 46, 0, 0.8, 0.22, 3)
    return A


def _sunset() -> Array32:
    A = _gradient((0, "#5a4a8a"), (0.35, "#d0607c"), (0.62, "#f7a35c"), (0.70, "#ffd48a"), (0.72, "#6a3f5e"),
                  (1, "#33223f"))  # fmt: skip
    _glow(A, 0.76, 0.62, 0.16, "#ffcf7a", 1.1)
    return A


def _night() -> Array32:
    A = _gradient((0, "#0b1226"), (0.6, "#1c2a4a"), (1, "#0a0f1c"))
    _discs(A, ("#ffb45c", "#ffe0a0", "#7fb0ff", "#ff6f61"), 42, 0.28, 0.95, 0.42, 5)
    return A


def _party() -> Array32:
    A = _gradient((0, "#3b1a66"), (0.5, "#7a2f8f"), (1, "#2a1250"))
    _discs(A, ("#ff4fa0", "#ffb400", "#33d0e0", "#9a5cff"), 44, 0, 1, 0.38, 11)
    return A


def _wall(inner: str, outer: str) -> Array32:
    """A plain wall with a pool of light."""
    v, u = np.mgrid[0:_N, 0:_N].astype(np.float32) / _N
    t = smoothstep(np.sqrt((u - 0.42) ** 2 + (v - 0.40) ** 2), 0.0, 0.80)[..., None].astype(np.float32)
    return colour(inner) + (colour(outer) - colour(inner)) * t


SCENES: dict[str, tuple[Callable[[], Array32], float]] = {
    "office": (_office, 0.035), "home": (_home, 0.03), "beach": (_beach, 0.02), "forest": (_forest, 0.018),
    "sunset": (_sunset, 0.022), "night": (_night, 0.008), "party": (_party, 0.008),
}  # fmt: skip
"""What is painted, and by how much of the width it is blurred."""
STUDIOS = (("#cfd6da", "#66757f"), ("#d9cfc6", "#7d6a5f"), ("#cbd6c9", "#5f7463"), ("#d3cedb", "#6c657e"),
           ("#c9d8db", "#557379"), ("#dcd3c0", "#80735a"))  # fmt: skip
"""Middle and edge of the wall of the studio; the first is that of the word 'studio'."""
WALLS = {"studio": STUDIOS[0], "dark": ("#454b54", "#101216"), "white": ("#ffffff", "#e3e7ea")}


def place_of(attributes: Attributes, seed: int) -> str:
    """The background asked for, else a studio in the colour the seed picks."""
    return attributes.background or f"studio {seed % len(STUDIOS)}"


def _paint(place: str) -> Array32:
    if place in SCENES:
        paint, softness = SCENES[place]
        return cv2.GaussianBlur(paint(), (0, 0), softness * _N, borderType=cv2.BORDER_REPLICATE).astype(np.float32)
    if place in WALLS:
        return _wall(*WALLS[place])
    if place.startswith("studio "):
        return _wall(*STUDIOS[int(place.split()[1])])
    return _wall(place, code_of(colour(place) * 0.5))


@lru_cache(4)
def backdrop(place: str, size: int) -> Array32:
    """(size, size, 3) linear; ``place`` is a word of ``persona.CHOICES['background']``, '#rrggbb' or of `place_of`."""
    out = cv2.resize(_paint(place), (size, size), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    out.setflags(write=False)
    return out


_RIMS = {"sunset": "#ff9d4d", "night": "#8fb4ff", "party": "#ff5fc0", "forest": "#e6ffc9", "beach": "#fff6e0",
         "home": "#ffd9a8"}  # fmt: skip


@lru_cache(8)
def light_of(place: str) -> Light:
    """The studio light, tinted by the place."""
    mean = _paint(place).reshape(-1, 3).mean(0).astype(np.float64)
    tint = (mean / mean.mean()) ** 0.30
    tint /= tint.mean()
    lamps = list(STUDIO.lamps)
    if place in _RIMS:
        rim = colour(_RIMS[place]).astype(float)
        rim = rim / rim.mean()
        for k in (2, 3):
            r, g, b = np.array(lamps[k].colour) * (0.5 + 0.5 * rim)
            lamps[k] = replace(lamps[k], colour=(float(r), float(g), float(b)))
    return replace(STUDIO, lamps=tuple(lamps), ambient=STUDIO.ambient * tint)
