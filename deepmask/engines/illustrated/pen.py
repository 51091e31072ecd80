"""A thin layer over skia: smooth paths through a few points, filled or stroked with one colour.

Units are centimetres of the head, x to the viewer's right, y up, the pupils near y = 2.5; the canvas is scaled once.
A point is (x, y), or (x, y, 1) for a sharp corner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import skia

from deepmask.faces import RGBImage

Point = Sequence[float]

WIDTH_CM = 36.0
"""What the picture spans from left to right."""
CENTRE_Y = -1.0
"""Height that lies in the middle of the picture."""


def colour(value: str, alpha: float = 1.0) -> int:
    """skia colour of '#rrggbb'."""
    r, g, b = (int(value[i : i + 2], 16) for i in (1, 3, 5))
    return skia.Color(r, g, b, round(255 * alpha))


def mix(a: str, b: str, t: float) -> str:
    """'#rrggbb' between ``a`` (t = 0) and ``b`` (t = 1)."""
    pairs = ((int(a[i : i + 2], 16), int(b[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(x + (y - x) * t):02x}" for x, y in pairs)


def lightness(value: str) -> float:
    """Rec. 709 luma of '#rrggbb', 0..1."""
    r, g, b = (int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def mirrored(right: Sequence[Point]) -> list[Point]:
    """A closed symmetric outline from its right half, given from the upper to the lower end."""
    left = [(-p[0], *p[1:]) for p in reversed(right) if abs(p[0]) > 1e-6]
    return [*right, *left]


def flipped(points: Iterable[Point]) -> list[Point]:
    """The same points on the other side of the face."""
    return [(-p[0], *p[1:]) for p in points]


def smooth(points: Sequence[Point], *, closed: bool = True) -> skia.Path:
    """Cubic path through ``points``; handles are a third of their segment, so it neither overshoots nor flattens."""
    p = np.array([q[:2] for q in points], np.float64)
    sharp = np.array([len(q) > 2 and bool(q[2]) for q in points])
    n = len(p)
    ahead = np.roll(p, -1, 0) - p
    if not closed:
        ahead[-1] = ahead[-2]
    length = np.hypot(*ahead.T)[:, None] + 1e-9
    behind, behind_length = np.roll(ahead, 1, 0), np.roll(length, 1, 0)
    if not closed:
        behind[0], behind_length[0] = ahead[0], length[0]
    # chord-length weighting: the tangent follows the nearer neighbour
    tangent = ahead / length**2 + behind / behind_length**2
    tangent /= np.hypot(*tangent.T)[:, None] + 1e-9
    tangent[sharp] = 0
    reach = length * 0.36
    path = skia.Path()
    path.moveTo(*p[0])
    for i in range(n if closed else n - 1):
        j = (i + 1) % n
        path.cubicTo(*(p[i] + tangent[i] * reach[i]), *(p[j] - tangent[j] * reach[i]), *p[j])
    if closed:
        path.close()
    return path


def polygon(points: Sequence[Point]) -> skia.Path:
    """Closed path of straight lines."""
    path = skia.Path()
    path.addPoly([skia.Point(float(p[0]), float(p[1])) for p in points], True)
    return path


def ellipse(x: float, y: float, rx: float, ry: float) -> skia.Path:
    """Axis-aligned ellipse."""
    path = skia.Path()
    path.addOval(skia.Rect.MakeLTRB(x - rx, y - ry, x + rx, y + ry))
    return path


def rounded(left: float, bottom: float, right: float, top: float, radius: float) -> skia.Path:
    """Rectangle with round corners."""
    path = skia.Path()
    path.addRoundRect(skia.Rect.MakeLTRB(left, bottom, right, top), radius, radius)
    return path


def minus(a: skia.Path, b: skia.Path) -> skia.Path:
    """What of ``a`` lies outside ``b``."""
    return skia.Op(a, b, skia.PathOp.kDifference_PathOp)


def within(a: skia.Path, b: skia.Path) -> skia.Path:
    """What ``a`` and ``b`` share."""
    return skia.Op(a, b, skia.PathOp.kIntersect_PathOp)


class Pen:
    """One picture being drawn, back to front."""

    def __init__(self, size_px: int) -> None:
        self.surface = skia.Surface(size_px, size_px)
        self.canvas = self.surface.getCanvas()
        scale = size_px / WIDTH_CM
        self.canvas.translate(size_px / 2, size_px / 2 + CENTRE_Y * scale)
        self.canvas.scale(scale, -scale)

    def fill(self, path: skia.Path, paint: str, alpha: float = 1.0) -> None:
        self.canvas.drawPath(path, skia.Paint(Color=colour(paint, alpha), AntiAlias=True))

    def line(self, path: skia.Path, width: float, paint: str, alpha: float = 1.0) -> None:
        """Stroke with round ends."""
        pen = skia.Paint(Color=colour(paint, alpha), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=width,
                         StrokeCap=skia.Paint.kRound_Cap, StrokeJoin=skia.Paint.kRound_Join)  # fmt: skip
        self.canvas.drawPath(path, pen)

    def gradient(self, path: skia.Path, top: tuple[float, str], bottom: tuple[float, str]) -> None:
        """Fill with a vertical gradient between two heights."""
        shader = skia.GradientShader.MakeLinear([(0, top[0]), (0, bottom[0])], [colour(top[1]), colour(bottom[1])])
        self.canvas.drawPath(path, skia.Paint(AntiAlias=True, Shader=shader))

    @contextmanager
    def clip(self, path: skia.Path) -> Iterator[None]:
        """Draw only inside ``path``."""
        with self.kept():
            self.canvas.clipPath(path, True)
            yield

    @contextmanager
    def tilted(self, degrees: float, x: float, y: float) -> Iterator[None]:
        """Draw turned about (x, y), counter-clockwise."""
        with self.kept():
            self.canvas.rotate(degrees, x, y)
            yield

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Restore clip and transform at the end."""
        self.canvas.save()
        try:
            yield
        finally:
            self.canvas.restore()

    def picture(self) -> RGBImage:
        """(size_px, size_px, 3) uint8."""
        rgba = self.surface.makeImageSnapshot().toarray(colorType=skia.ColorType.kRGBA_8888_ColorType)
        return np.ascontiguousarray(rgba[..., :3])
