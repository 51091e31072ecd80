"""Quiet backgrounds: a few flat shapes behind the shoulders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deepmask.engines.illustrated.palette import tint
from deepmask.engines.illustrated.pen import Pen, ellipse, polygon, rounded, smooth

L, R, B, T = -19.0, 19.0, -20.0, 18.0


def draw_scene(pen: Pen, background: str, seed: int) -> None:
    """A named place, or a plain disc of any '#rrggbb'."""
    if background.startswith("#"):
        _disc(pen, tint(background, 0.25), background)
    else:
        _PLACES[background](pen, np.random.default_rng([seed, 3]))


def _sheet(pen: Pen, top: str, bottom: str | None = None) -> None:
    pen.gradient(rounded(L, B, R, T, 0), (T, top), (B, bottom or top))


def _disc(pen: Pen, outer: str, inner: str) -> None:
    _sheet(pen, outer)
    pen.fill(ellipse(0, -0.5, 14.6, 14.6), inner)


def _studio(pen: Pen, dice: np.random.Generator) -> None:
    pairs = (
        ("#dfe7ec", "#b9cbd6"),
        ("#efe3d6", "#dcc3a8"),
        ("#e3e8dc", "#bccdb0"),
        ("#ece0ea", "#cdb5cf"),
        ("#e0e4f0", "#b6c0dd"),
    )
    outer, inner = pairs[int(dice.integers(len(pairs)))]
    _disc(pen, outer, inner)


def _white(pen: Pen, dice: np.random.Generator) -> None:
    _disc(pen, "#ffffff", "#eef0f2")


def _dark(pen: Pen, dice: np.random.Generator) -> None:
    _disc(pen, "#24262d", "#343741")


def _office(pen: Pen, dice: np.random.Generator) -> None:
    _sheet(pen, "#dfe5ea")
    for x in (-17.5, -6.2, 5.1):
        pen.fill(rounded(x, 0.5, x + 10.4, 16.2, 0.4), "#c3d7e4")
        pen.fill(polygon([(x + 1, 0.5), (x + 4.4, 0.5), (x + 9.4, 16.2), (x + 6, 16.2)]), "#d6e5ee")
    pen.fill(rounded(L, -2.0, R, -0.9, 0), "#c7cfd6")
    for x, h in ((12.4, 5.2), (14.6, 6.8), (16.6, 4.6)):
        pen.fill(
            smooth([(13.8, -6.5, 1), (x - 1.3, -6.2 + h * 0.5), (x, -5.5 + h, 1), (x + 0.9, -6.3 + h * 0.45)]),
            "#7fa387",
        )
    pen.fill(polygon([(11.9, -6.4), (16.3, -6.4), (15.7, -11), (12.5, -11)]), "#b98a63")


def _home(pen: Pen, dice: np.random.Generator) -> None:
    _sheet(pen, "#efe0d4")
    pen.fill(rounded(-16.5, 2.5, -9.4, 12.0, 0.3), "#fbf6ef")
    pen.fill(rounded(-15.7, 3.3, -10.2, 11.2, 0.2), "#d9b8a0")
    pen.fill(ellipse(-12.9, 8.4, 1.3, 1.3), "#f3dfb2")
    pen.fill(smooth([(-15.7, 3.3, 1), (-15.7, 5.6, 1), (-13.4, 6.5), (-10.2, 4.9, 1), (-10.2, 3.3, 1)]), "#a88a86")
    pen.fill(ellipse(13.4, 6.0, 6.2, 6.2), "#f8ecd9")
    pen.fill(polygon([(11.4, 8.8), (15.4, 8.8), (17.0, 4.0), (9.8, 4.0)]), "#f0c987")
    pen.fill(rounded(13.1, -12, 13.7, 4.0, 0), "#a17c62")
    pen.fill(rounded(L, B, R, -12.5, 0), "#d6b9a4")


def _beach(pen: Pen, dice: np.random.Generator) -> None:
    _sheet(pen, "#bfe6f0", "#e6f6f4")
    pen.fill(ellipse(11.5, 10.5, 3.3, 3.3), "#ffe39a")
    for x, y in ((-12.5, 11.0), (-9.0, 10.4), (7.0, 14.2)):
        pen.fill(ellipse(x, y, 2.6, 0.85), "#ffffff", 0.85)
    pen.fill(rounded(L, B, R, -0.5, 0), "#5fb9c9")
    pen.fill(rounded(L, B, R, -3.4, 0), "#7fcad3")
    pen.fill(smooth([(L, -8.2, 1), (-8, -7.0), (4, -8.8), (R, -7.4, 1), (R, B, 1), (L, B, 1)]), "#f1dcae")


def _forest(pen: Pen, dice: np.random.Generator) -> None:
    _sheet(pen, "#dcebdc", "#c9dfc8")
    for row, (tone, base, height) in enumerate(
        (("#b4d0b2", -3.0, 13.0), ("#8fb694", -6.5, 11.5), ("#6d9a78", -11.0, 9.5))
    ):
        for x in np.arange(-20 + 1.7 * row, 21, 4.6):
            h = height + float(dice.uniform(-2.2, 2.2))
            x = float(x) + float(dice.uniform(-0.8, 0.8))
            pen.fill(smooth([(x, base + h, 1), (x + 1.6, base + h * 0.5), (x + 2.9, base, 1), (x - 2.9, base, 1),
                             (x - 1.6, base + h * 0.5)]), tone)  # fmt: skip
        pen.fill(rounded(L, B, R, base + 0.2, 0), tone)


def _sunset(pen: Pen, dice: np.random.Generator) -> None:
    _sheet(pen, "#f7a072", "#ffd9a0")
    pen.fill(ellipse(-8.5, 3.0, 5.4, 5.4), "#ffe9b8")
    for x, y, w in ((8, 11.6, 5.0), (13, 9.6, 4.2), (-13, 13.2, 4.6)):
        pen.fill(rounded(x - w, y - 0.5, x + w, y + 0.5, 0.5), "#fbc39c", 0.9)
    pen.fill(smooth([(L, -1.5, 1), (-11, 1.5), (-2, -2.5), (7, 1.8), (R, -1.0, 1), (R, B, 1), (L, B, 1)]), "#c76a78")
    pen.fill(smooth([(L, -6.5, 1), (-6, -4.2), (6, -7.5), (R, -4.6, 1), (R, B, 1), (L, B, 1)]), "#8d4a6c")


def _night(pen: Pen, dice: np.random.Generator) -> None:
    _sheet(pen, "#1d2440", "#39456f")
    for _ in range(40):
        x, y, r = float(dice.uniform(L, R)), float(dice.uniform(2, T)), float(dice.uniform(0.06, 0.16))
        pen.fill(ellipse(x, y, r, r), "#f4f1dc", 0.9)
    pen.fill(ellipse(12.2, 11.4, 2.7, 2.7), "#f6ecc6")
    pen.fill(ellipse(11.0, 12.2, 2.5, 2.5), "#1f2745")
    for x in np.arange(-19, 19, 3.4):
        top = float(dice.uniform(-5.5, 2.0))
        x = float(x)
        pen.fill(rounded(x, B, x + 3.2, top, 0), "#2a3358")
        for wy in np.arange(-11, top - 0.9, 1.7):
            for wx in (x + 0.55, x + 1.75):
                if dice.random() < 0.45:
                    pen.fill(rounded(wx, float(wy), wx + 0.75, float(wy) + 0.8, 0.1), "#f0c877", 0.85)


def _party(pen: Pen, dice: np.random.Generator) -> None:
    _sheet(pen, "#5b2a86", "#c2428f")
    for x, tone in ((-13, "#7d3aa6"), (2, "#8a3aa0"), (15, "#9b3f9b")):
        pen.fill(polygon([(x * 0.55 - 0.8, T), (x * 0.55 + 0.8, T), (x + 5.5, B), (x - 5.5, B)]), tone, 0.55)
    tones = ("#ffd23f", "#21d4c5", "#ff6fb1", "#fff3d6", "#7fd0ff")
    for k in range(60):
        x, y = float(dice.uniform(L, R)), float(dice.uniform(-12, T))
        with pen.tilted(float(dice.uniform(0, 180)), x, y):
            if k % 2:
                pen.fill(rounded(x - 0.45, y - 0.17, x + 0.45, y + 0.17, 0.1), tones[k % 5])
            else:
                pen.fill(ellipse(x, y, 0.24, 0.24), tones[k % 5])


_PLACES: dict[str, Callable[[Pen, np.random.Generator], None]] = {
    "studio": _studio, "office": _office, "home": _home, "beach": _beach, "forest": _forest, "sunset": _sunset,
    "night": _night, "party": _party, "dark": _dark, "white": _white,
}  # fmt: skip
