"""Shoulders dressed in one of the seven kinds of clothes."""

from __future__ import annotations

import numpy as np
import skia

from deepmask.engines.illustrated.face import neck_half
from deepmask.engines.illustrated.palette import Palette, shade, tint
from deepmask.engines.illustrated.pen import Pen, Point, ellipse, lightness, minus, mirrored, polygon, smooth
from deepmask.engines.painter.identity import Identity

PARTY = ("#ff3f8e", "#ffb400", "#18b7c9", "#7a3cff", "#ff6a2b")
_FLOOR = -24.0


def _shoulders(who: Identity, neckline: list[Point]) -> skia.Path:
    """Body from the neckline (right half, outside to middle) downwards."""
    k = who.shoulder
    right = [*reversed(neckline), (7.6 * k, -12.6), (11.8 * k, -14.2), (14.6 * k, -17.4), (15.6 * k, _FLOOR, 1)]
    return smooth(mirrored(right))


def draw_clothes(pen: Pen, who: Identity, c: Palette) -> None:
    kind = who.outfit.kind
    half = neck_half(who)
    crew: list[Point] = [(half * 1.25, -11.0, 1), (half * 0.85, -12.7), (0, -13.5)]
    vee: list[Point] = [(half * 1.3, -11.1, 1), (half * 0.8, -14.0), (0, -17.6, 1)]
    scoop: list[Point] = [(half * 1.6, -11.7, 1), (half * 1.15, -14.6), (0, -15.9)]
    if kind in ("suit", "cardigan"):
        inner = crew if kind == "cardigan" else [(half * 1.2, -10.8, 1), (half * 0.7, -11.9), (0, -12.4)]
        under = _shoulders(who, inner)
        pen.fill(under, who.outfit.second)
        _suit(pen, who, c, half, under) if kind == "suit" else _cardigan(pen, who, c, half, under)
        return
    neckline = {"tee": crew, "shirt": [(half * 1.2, -10.8, 1), (half * 0.6, -12.4), (0, -13.6, 1)], "hoodie": crew,
                "blouse": vee, "party": scoop}[kind]  # fmt: skip
    body = _shoulders(who, neckline)
    pen.fill(body, c.cloth)
    with pen.clip(body):
        if kind == "party":
            _stripes(pen, who)
        elif who.outfit.pattern == "stripes" and kind == "tee":
            for y in np.arange(-15.2, _FLOOR, -2.2):
                pen.line(smooth([(-18, y - 1.2), (0, y - 0.4), (18, y - 1.2)], closed=False), 0.75, c.cloth_light)
        _folds(pen, c, body)
    {"tee": _tee, "shirt": _shirt, "hoodie": _hoodie, "blouse": _blouse, "party": _party}[kind](
        pen, who, c, half, neckline
    )


def _folds(pen: Pen, c: Palette, body: skia.Path) -> None:
    """Second tone along one side and the folds of the arms."""
    lit = skia.Path(body)
    lit.offset(-2.4, 0.5)
    pen.fill(minus(body, lit), c.cloth_shade, 0.55)
    for side in (-1, 1):
        fold = [(side * 10.4, -16.6, 1), (side * 9.7, -19.0), (side * 10.0, _FLOOR, 1), (side * 10.9, _FLOOR, 1)]
        pen.fill(smooth(fold), c.cloth_shade, 0.8)


def _edge(pen: Pen, neckline: list[Point], width: float, paint: str) -> None:
    pen.line(smooth([*neckline, *((-x, y) for x, y, *_ in reversed(neckline[:-1]))], closed=False), width, paint)


def _tee(pen: Pen, who: Identity, c: Palette, half: float, neckline: list[Point]) -> None:
    _edge(pen, [(x, y - 0.15, *s) for x, y, *s in neckline], 0.75, c.cloth_shade)


def _party(pen: Pen, who: Identity, c: Palette, half: float, neckline: list[Point]) -> None:
    _edge(pen, neckline, 0.6, "#4b2a86")


def _stripes(pen: Pen, who: Identity) -> None:
    colours = [who.outfit.main, *(k for k in PARTY if k != who.outfit.main)]
    for i in range(14):
        x = -24 + 4.0 * i
        band = [(x, -9), (x + 4.05, -9), (x - 2.9, _FLOOR), (x - 6.95, _FLOOR)]
        pen.fill(polygon(band), colours[(i * 2) % len(colours)])
    dice = np.random.default_rng([who.seed, 11])
    for _ in range(26):
        x, y = float(dice.uniform(-15, 15)), float(dice.uniform(_FLOOR + 4, -12))
        pen.fill(ellipse(x, y, 0.34, 0.34), "#fff4d6", 0.9)


def _collar(pen: Pen, half: float, paint: str, spread: float = 1.0) -> None:
    for side in (-1, 1):
        wing = [
            (side * half * 0.98, -9.3, 1),
            (side * half * 1.38, -10.6, 1),
            (side * 3.9 * spread, -15.0, 1),
            (0, -12.9, 1),
        ]
        back = [(x + side * 0.12, y - 0.28, *s) for x, y, *s in wing]
        pen.fill(polygon(back), shade(paint, 0.28))
        pen.fill(polygon(wing), paint)


def _shirt(pen: Pen, who: Identity, c: Palette, half: float, neckline: list[Point]) -> None:
    pen.line(polygon([(0.0, -13.4), (0.0, _FLOOR)]), 0.18, c.cloth_shade)
    pen.line(polygon([(1.15, -13.9), (1.15, _FLOOR)]), 0.18, c.cloth_shade)
    for y in (-15.4, -18.0):
        pen.fill(ellipse(0.58, y, 0.26, 0.26), c.cloth_light if lightness(c.cloth) < 0.7 else c.cloth_shade)
    _collar(pen, half, c.cloth_light)


def _hoodie(pen: Pen, who: Identity, c: Palette, half: float, neckline: list[Point]) -> None:
    for side in (-1, 1):
        hood = [(side * half * 0.95, -9.2), (side * (half + 2.3), -9.6), (side * (half + 3.0), -11.6),
                (side * 3.4, -14.6),
                (side * 0.1, -15.3), (side * 0.05, -13.6), (side * half * 0.72, -12.2)]  # fmt: skip
        pen.fill(smooth(hood), c.cloth_shade if side > 0 else shade(c.cloth, 0.12))
        cord = [(side * 1.9, -14.7), (side * 2.25, -17.0), (side * 2.05, -19.2)]
        pen.line(smooth(cord, closed=False), 0.42, tint(c.cloth, 0.7))


def _blouse(pen: Pen, who: Identity, c: Palette, half: float, neckline: list[Point]) -> None:
    _edge(pen, neckline, 0.5, c.cloth_shade)


def _suit(pen: Pen, who: Identity, c: Palette, half: float, under: skia.Path) -> None:
    k = who.shoulder
    if who.outfit.tie:
        pen.fill(polygon([(-0.95, -13.6), (0.95, -13.6), (1.9, _FLOOR), (-1.9, _FLOOR)]), who.outfit.accent)
        pen.fill(polygon([(-1.25, -12.4), (1.25, -12.4), (0.85, -14.3), (-0.85, -14.3)]), tint(who.outfit.accent, 0.16))
    else:
        pen.line(polygon([(0, -13), (0, _FLOOR)]), 0.18, shade(who.outfit.second, 0.14))
    _collar(pen, half, who.outfit.second if lightness(who.outfit.second) > 0.5 else tint(who.outfit.second, 0.2))
    for side in (-1, 1):
        coat = [(side * half * 1.3, -10.5, 1), (side * 7.6 * k, -12.5), (side * 11.8 * k, -14.0),
                (side * 14.8 * k, -17.2),
                (side * 15.8 * k, _FLOOR, 1), (side * 0.9, _FLOOR, 1), (side * 2.2, -20.5)]  # fmt: skip
        body = smooth(coat)
        pen.fill(body, c.cloth)
        with pen.clip(body):
            _folds(pen, c, body)
        lapel = [(side * half * 1.3, -10.5), (side * 7.4, -15.6), (side * 6.0, -16.3), (side * 6.7, -17.4),
                 (side * 1.2, _FLOOR),
                 (side * 2.2, -19.0)]  # fmt: skip
        pen.fill(polygon([(x + side * 0.2, y - 0.3) for x, y in lapel]), shade(c.cloth, 0.35))
        pen.fill(polygon(lapel), c.cloth_light)


def _cardigan(pen: Pen, who: Identity, c: Palette, half: float, under: skia.Path) -> None:
    k = who.shoulder
    for side in (-1, 1):
        front = [(side * half * 1.35, -10.9, 1), (side * 7.6 * k, -12.5), (side * 11.8 * k, -14.0),
                 (side * 14.8 * k, -17.2),
                 (side * 15.8 * k, _FLOOR, 1), (side * 1.6, _FLOOR, 1), (side * 2.3, -19.0),
                 (side * 3.5, -14.6)]  # fmt: skip
        body = smooth(front)
        pen.fill(body, c.cloth)
        with pen.clip(body):
            _folds(pen, c, body)
        border = smooth(
            [(side * half * 1.35, -11.0), (side * 3.5, -14.6), (side * 2.3, -19.0), (side * 1.6, _FLOOR)], closed=False
        )
        pen.line(border, 0.9, c.cloth_shade)
        if side < 0:
            for x, y in ((-2.55, -18.2), (-2.05, -20.4)):
                pen.fill(ellipse(x, y, 0.24, 0.24), c.cloth_light)
