"""Hair as two flat layers: what falls behind the head and what lies over it.

Each style is a pair of silhouettes in head coordinates; a second tone and a light band are clipped into them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import skia

from deepmask.engines.illustrated.palette import Palette
from deepmask.engines.illustrated.pen import Pen, Point, ellipse, flipped, minus, mirrored, mix, smooth, within
from deepmask.engines.illustrated.proportions import Proportions

COVERS_EARS = frozenset({"long", "bob", "shaggy"})


@dataclass(frozen=True)
class Hairdo:
    """Silhouettes of one style; None where a layer is empty."""

    back: skia.Path | None
    front: skia.Path | None
    strands: tuple[tuple[Point, ...], ...] = ()
    """Lines that tell which way the hair lies."""
    faded: skia.Path | None = None
    """Short sides through which skin shows."""
    cloud: tuple[tuple[float, float, float], ...] = ()
    """Curls: x, y, radius."""


def hairdo(style: str, p: Proportions, female: float) -> Hairdo:
    """The silhouettes of ``style`` on this head."""
    return _STYLES[style](p, female)


def draw_back(pen: Pen, do: Hairdo, c: Palette) -> None:
    if do.back is not None:
        pen.fill(do.back, c.hair_shade)


def draw_cast(pen: Pen, do: Hairdo, c: Palette, head: skia.Path) -> None:
    """Shadow of the front hair on the forehead."""
    if do.front is None:
        return
    shadow = skia.Path(do.front)
    shadow.offset(0.25, -0.6)
    with pen.clip(head):
        pen.fill(shadow, c.skin_shade)


def draw_front(pen: Pen, do: Hairdo, c: Palette) -> None:
    if do.faded is not None:
        pen.fill(do.faded, mix(c.skin, c.hair, 0.62))
    if do.front is None:
        return
    pen.fill(do.front, c.hair)
    with pen.clip(do.front):
        lit = skia.Path(do.front)
        lit.offset(-1.7, 0.7)
        pen.fill(minus(do.front, lit), c.hair_shade, 0.85)
        for x, y, r in do.cloud:
            arc = skia.Path()
            arc.addArc(skia.Rect.MakeLTRB(x - r * 0.62, y - r * 0.62, x + r * 0.62, y + r * 0.62), 40, 150)
            pen.line(arc, 0.24, c.hair_light, 0.8)
        for strand in do.strands:
            pen.line(smooth(strand, closed=False), 0.26, c.hair_shade)
        if not do.cloud:
            band = smooth([(-6.6, 8.4, 1), (-5.0, 10.6), (-2.2, 12.0, 1), (-4.6, 10.0)])
            pen.fill(within(do.front, band), c.hair_light, 0.8)


def _skull(p: Proportions, grow: float) -> list[Point]:
    """Right half of the skull from the crown to the ear, ``grow`` cm outside the skin."""
    w = p.cheek_half
    return [(0, 12.6 + grow), (3.5, 12.0 + grow), (6.0 + 0.6 * grow, 10.05 + 0.7 * grow),
            (w * 0.985 + 0.8 * grow, 6.6 + 0.2 * grow),
            (w + grow * 0.7, 3.6)]  # fmt: skip


def _bald(p: Proportions, female: float) -> Hairdo:
    return Hairdo(None, None)


def _buzz(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    line = [
        (w - 0.3, 1.7, 1),
        (w - 0.95, 2.2, 1),
        (w - 1.0, 4.6),
        (5.2, 6.0, 1),
        (4.6, h - 0.5),
        (2.6, h + 0.15),
        (0, h),
    ]
    outline = smooth(mirrored([*_skull(p, 0.22), *line[:-1], (0, h)]))
    return Hairdo(None, None, faded=outline)


def _sides(p: Proportions, grow: float = 0.35) -> skia.Path:
    """Short hair at the temples down to the sideburns."""
    w = p.cheek_half
    right = [(w * 0.6, 10.6), (w + 0.55 * grow, 7.4), (w + 0.5 * grow, 3.4), (w - 0.15, 1.2, 1), (w - 0.95, 1.5, 1),
             (w - 1.15, 4.4), (5.3, 6.8)]  # fmt: skip
    path = smooth(right)
    path.addPath(smooth(flipped(right)))
    return path


def _short(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    right = [(0, 13.9), (3.9, 13.3), (6.7, 11.2), (w + 0.75, 7.6), (w + 0.55, 4.2), (w + 0.1, 1.6, 1),
             (w - 0.85, 2.2, 1),
             (w - 1.15, 4.6), (w - 1.5, 6.2, 1)]  # fmt: skip
    fringe = [(4.4, h - 0.55), (3.1, h - 1.15, 1), (2.2, h - 0.45), (0.7, h - 1.3, 1), (-0.3, h - 0.5),
              (-2.0, h - 1.4, 1),
              (-2.9, h - 0.55), (-4.6, h - 1.25, 1)]  # fmt: skip
    left = [(-w + 1.3, 6.3, 1), (-w + 1.05, 4.6), (-w + 0.85, 2.2, 1), (-w - 0.1, 1.6, 1), (-w - 0.55, 4.2),
            (-w - 0.75, 7.6), (-6.7, 11.2), (-3.9, 13.3)]  # fmt: skip
    strands = (((-2.0, h - 1.1), (-1.2, h + 0.6), (0.6, h + 2.0)), ((0.7, h - 1.0), (1.4, h + 0.5), (3.0, h + 1.6)),
               ((-4.6, h - 0.9), (-4.2, h + 0.5), (-2.8, h + 1.9)))  # fmt: skip
    return Hairdo(None, smooth([*right, *fringe, *left]), strands)


def _sidepart(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    part = (3.3, h + 1.1)
    shape = [(0, 14.3), (3.0, 13.7), (6.3, 11.6), (w + 0.7, 7.8), (w + 0.45, 4.4), (w, 1.5, 1), (w - 0.85, 2.0, 1),
             (w - 1.05, 4.6), (w - 1.55, 6.6), (4.6, h - 0.2), (*part, 1), (1.0, h - 0.15), (-2.4, h - 1.0),
             (-5.0, h - 1.9),
             (-w + 1.2, 5.2, 1), (-w + 1.05, 4.2), (-w + 0.85, 2.0, 1), (-w, 1.5, 1), (-w - 0.55, 4.4), (-w - 1.1, 7.6),
             (-6.9, 11.3), (-3.6, 13.7)]  # fmt: skip
    strands = (((3.3, h + 1.1), (3.6, h + 2.6), (3.0, h + 4.2)), ((2.4, h + 1.9), (-1.0, h + 1.6), (-4.6, h - 0.1)),
               ((1.9, h + 3.2), (-2.0, h + 3.2), (-5.9, h + 0.7)))  # fmt: skip
    return Hairdo(None, smooth(shape), strands)


def _quiff(p: Proportions, female: float) -> Hairdo:
    h = p.hairline_y
    shape = [(-5.4, h - 0.6, 1), (-6.6, 9.6), (-6.5, 12.2), (-4.6, 14.6), (-1.4, 15.9), (2.2, 15.7), (5.0, 14.5),
             (6.9, 12.2), (7.0, 9.4), (5.5, h - 0.6, 1), (4.6, h + 0.5), (2.8, h + 1.0), (0.4, h + 0.5),
             (-1.8, h + 0.9),
             (-3.8, h + 0.7)]  # fmt: skip
    strands = (((-3.4, h + 1.2), (-3.8, h + 3.4), (-1.6, h + 5.4)), ((-0.4, h + 1.0), (-0.9, h + 3.4), (1.6, h + 5.2)),
               ((2.4, h + 1.4), (2.0, h + 3.4), (4.2, h + 4.6)))  # fmt: skip
    return Hairdo(None, smooth(shape), strands, faded=_sides(p))


def _spiky(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    tips = [(-8.6, 9.2), (-7.6, 12.6), (-4.9, 15.3), (-1.3, 16.6), (2.7, 16.3), (6.1, 14.4), (8.3, 11.2)]
    valleys = [(-7.2, 8.9), (-6.0, 11.4), (-3.4, 13.3), (0.4, 14.0), (3.7, 13.1), (6.1, 11.0), (7.2, 8.4)]
    crown: list[Point] = []
    for (tx, ty), (vx, vy), (ax, ay) in zip(tips, valleys, [(-w - 0.3, 6.0), *valleys[:-1]], strict=True):
        crown += [((ax + tx) / 2 - 0.25, (ay + ty) / 2 + 0.1), (tx, ty, 1), ((tx + vx) / 2 + 0.1, (ty + vy) / 2 - 0.25),
                  (vx, vy, 1)]  # fmt: skip
    fringe = [(w - 1.3, 5.6, 1), (4.9, h - 0.2), (3.6, h - 1.5, 1), (2.6, h - 0.1), (0.7, h - 1.6, 1), (-0.5, h - 0.1),
              (-2.4, h - 1.5, 1), (-3.3, h - 0.2), (-5.0, h - 1.2, 1), (-w + 1.3, 5.6, 1)]  # fmt: skip
    shape = [(-w - 0.35, 4.6), *crown, (w + 0.4, 6.2), (w + 0.1, 3.0, 1), (w - 0.8, 2.6, 1), (w - 1.0, 4.4), *fringe,
             (-w + 1.0, 4.4), (-w + 0.8, 2.6, 1), (-w - 0.1, 3.0, 1)]  # fmt: skip
    strands = tuple(((tx * 0.9, ty * 0.93), (tx * 0.72, ty * 0.8), (tx * 0.62, ty * 0.72)) for tx, ty in tips[1:-1])
    return Hairdo(None, smooth(shape), strands)


def _shaggy(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    low = -3.4 if female > 0.5 else -0.6
    back = [(0, 13.6), (4.8, 12.9), (w + 1.3, 8.6), (w + 1.7, 3.0), (w + 1.5, low - 0.4), (w + 0.6, low - 3.4, 1),
            (w - 0.7, low - 1.9), (w - 1.8, low - 3.6, 1), (2, low)]  # fmt: skip
    right = [(0, 14.2), (4.2, 13.6), (7.2, 11.2), (w + 1.5, 7.4), (w + 1.7, 3.2), (w + 2.3, low + 0.6, 1),
             (w + 0.9, low + 1.3),
             (w + 0.9, low - 0.9, 1), (w - 0.5, low + 1.8), (w - 0.9, 3.2), (w - 1.7, 4.4, 1)]  # fmt: skip
    fringe = [(5.0, h - 0.9), (4.0, h - 2.2, 1), (2.7, h - 0.9), (1.0, h - 2.5, 1), (-0.1, h - 0.8), (-2.4, h - 2.5, 1),
              (-3.2, h - 1.0), (-5.1, h - 2.4, 1), (-5.4, h - 1.4), (-w + 1.4, 4.0, 1)]  # fmt: skip
    left = [*((-x, y, *s) for x, y, *s in reversed(right[1:-1]))]
    strands = (((1.0, h - 2.1), (1.8, h), (3.6, h + 1.8)), ((-2.4, h - 2.1), (-1.6, h + 0.4), (0.6, h + 2.6)),
               ((-5.1, h - 2.0), (-4.9, h + 0.2), (-3.0, h + 2.4)), ((w + 0.8, low + 0.2), (w + 0.5, 3.6),
               (w - 0.6, 7.0)),
               ((-w - 0.8, low + 0.2), (-w - 0.5, 3.6), (-w + 0.6, 7.0)))  # fmt: skip
    return Hairdo(smooth(mirrored(back)), smooth([*right, *fringe, *left]), strands)


def _curly(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    wide, low = w + 1.0 + 0.9 * female, -2.2 * female + 1.8
    spots: list[tuple[float, float, float]] = []
    for k, angle in enumerate(np.linspace(-0.33 - 0.12 * female, np.pi + 0.33 + 0.12 * female, 15)):
        r = 2.25 + 0.25 * (k % 2) + 0.3 * female
        spots.append((float(np.cos(angle) * wide), float(6.0 + np.sin(angle) * 6.9), r))
    for k, angle in enumerate(np.linspace(0.12, np.pi - 0.12, 10)):
        spots.append((float(np.cos(angle) * (w - 1.2)), float(5.8 + np.sin(angle) * (h - 3.9)), 1.65 + 0.2 * (k % 2)))
    spots += [(0.0, 11.0, 2.6), (-3.0, 10.6, 2.4), (3.0, 10.6, 2.4)]
    front = skia.Path()
    for x, y, r in spots:
        front = skia.Op(front, ellipse(x, y, r, r), skia.PathOp.kUnion_PathOp)
    face = smooth(
        mirrored([(0, h - 0.6), (3.2, h - 0.9), (w - 1.7, 5.4), (w - 0.9, 2.2), (w - 1.0, low - 4), (0, low - 5)])
    )
    scalp = smooth(mirrored([*_skull(p, 1.2), (w, 2.5, 1), (w - 1.4, 5.0), (3.4, h + 0.5), (0, h + 0.8)]))
    front = minus(skia.Op(front, scalp, skia.PathOp.kUnion_PathOp), face)
    return Hairdo(None, front, cloud=tuple(spots))


def _bob(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    back = [
        (0, 13.4),
        (5.0, 12.5),
        (w + 1.4, 8.2),
        (w + 1.9, 2.0),
        (w + 1.7, -4.0),
        (w + 0.4, -7.0),
        (w - 1.6, -7.4),
        (0, -6.2),
    ]
    shape = [(0, 14.0), (4.0, 13.4), (7.0, 11.0), (w + 1.4, 7.0), (w + 1.9, 2.0), (w + 1.9, -3.2), (w + 0.9, -6.4),
             (w - 0.9, -7.0, 1), (w - 1.1, -4.6), (w - 0.5, -0.6), (w - 0.75, 3.0), (w - 1.5, 5.6), (4.3, h - 0.7),
             (2.6, h + 1.4, 1), (0.2, h - 0.9), (-3.0, h - 2.2), (-w + 1.1, 3.8), (-w + 0.55, 0.4), (-w + 0.5, -2.0),
             (-w + 1.0, -4.8), (-w + 0.9, -7.0, 1), (-w - 0.9, -6.4), (-w - 1.9, -3.2), (-w - 1.9, 2.0),
             (-w - 1.4, 7.0),
             (-7.0, 11.0), (-4.0, 13.4)]  # fmt: skip
    strands = (((2.6, h + 1.4), (2.4, h + 3.2), (1.6, h + 4.8)), ((1.2, h + 1.9), (-2.6, h + 0.6), (-6.2, 4.6),
               (-7.2, 0.2)),
               ((-w - 0.6, -5.6), (-w - 0.9, -2.0), (-w - 0.7, 2.0)), ((w + 0.5, -5.6), (w + 0.8, -2.0),
               (w + 0.5, 2.4)))  # fmt: skip
    return Hairdo(smooth(mirrored(back)), smooth(shape), strands)


def _long(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    back = [(0, 13.4), (5.0, 12.6), (w + 1.5, 8.2), (w + 2.1, 1.0), (w + 2.0, -6.0), (w + 2.6, -12.0), (w + 2.4, -17.0),
            (w - 1.5, -19.5), (0, -18)]  # fmt: skip
    side = [(w + 1.6, 6.6), (w + 2.0, 1.2), (w + 1.7, -4.2), (w + 2.4, -9.4), (w + 2.3, -13.6), (w + 0.8, -16.8, 1),
            (w - 1.1, -14.0), (w - 0.9, -9.6), (w - 0.2, -5.2), (w - 0.45, -0.6), (w - 0.8, 3.2)]  # fmt: skip
    shape = [(-0.7, 13.9), (3.8, 13.4), (7.0, 11.0), *side, (5.0, h - 1.5), (1.7, h + 0.8), (-1.0, h + 2.6, 1),
             (-2.6, h + 0.2), (-4.8, h - 1.9), *((-x, y, *s) for x, y, *s in reversed(side)), (-7.0, 11.0),
             (-4.2, 13.3)]  # fmt: skip
    strands = (((-1.0, h + 2.6), (-1.1, h + 4.0), (-0.7, h + 5.2)), ((0.8, h + 2.5), (4.6, h + 0.4), (w - 0.1, 3.6),
               (w + 0.6, -2.0)),
               ((-2.2, h + 2.5), (-5.2, h), (-w + 0.1, 3.2), (-w - 0.5, -2.4)), ((w + 0.7, -5.0), (w + 0.6, -9.6),
               (w + 1.0, -14.0)),
               ((-w - 0.7, -5.0), (-w - 0.6, -9.6), (-w - 1.0, -14.0)))  # fmt: skip
    return Hairdo(smooth(mirrored(back)), smooth(shape), strands)


def _bun(p: Proportions, female: float) -> Hairdo:
    h, w = p.hairline_y, p.cheek_half
    right = [
        *_skull(p, 0.75),
        (w + 0.1, 1.6, 1),
        (w - 0.75, 2.0, 1),
        (w - 1.05, 4.4),
        (w - 2.0, 6.6),
        (2.8, h + 0.35),
        (0, h + 0.5),
    ]
    cap = smooth(mirrored(right))
    r = 2.2 + 0.45 * female
    knot = ellipse(0.3, 12.9 + r * 0.42, r * 1.12, r)
    strands = (((-0.4, h + 0.7), (-0.5, h + 2.6), (0, 13.0)), ((3.2, h + 0.2), (2.9, h + 2.4), (1.2, 12.9)),
               ((-3.6, h + 0.1), (-3.3, h + 2.4), (-1.0, 12.9)), ((w - 0.9, 5.0), (6.0, 8.6), (2.6, 12.2)),
               ((-w + 0.9, 5.0), (-6.0, 8.6), (-2.6, 12.2)))  # fmt: skip
    return Hairdo(knot, cap, strands)


_STYLES: dict[str, Callable[[Proportions, float], Hairdo]] = {
    "bald": _bald, "buzz": _buzz, "short": _short, "sidepart": _sidepart, "quiff": _quiff, "spiky": _spiky,
    "shaggy": _shaggy, "curly": _curly, "bob": _bob, "long": _long, "bun": _bun,
}  # fmt: skip
