"""The Deepmask theatre mask: a shell of ivory with a teal side, drawn and modelled here, no artwork needed.

Everything is in centimetres on the mean face as it looks at the camera: x to the right, y down, z away from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import skia
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator, RBFInterpolator

from deepmask.head_pose import frontal_face
from deepmask.landmark_points import OVAL

LEFT_CM, TOP_CM, WIDTH_CM, HEIGHT_CM = -9.0, -11.5, 18.0, 22.5
"""The sheet on which the mask is drawn."""
RELIEF_PX_PER_CM = 16
BEFORE_THE_FACE_CM = 0.9
"""The shell is worn this far in front of the skin, so that no nose looks out of it in half profile."""

_HALF_OUTLINE = [
    (0, -10.8), (2.5, -10.5), (4.9, -9.4), (6.8, -7.3), (7.9, -4.4), (8.2, -1.0), (7.85, 2.2), (6.75, 5.2),
    (4.95, 7.9), (2.6, 9.75), (0, 10.3),
]  # fmt: skip
_EYE_CM = (3.3, -2.6)
_EYE_HALF_CM = (1.75, 0.74)

_IVORY, _IVORY_SHADE = (241, 238, 231), (203, 199, 197)
_TEAL, _TEAL_SHADE = (38, 128, 136), (23, 90, 100)
_GOLD = (222, 178, 98)
_CORAL, _CORAL_DEEP = (206, 112, 100), (164, 78, 74)
_NIGHT = (24, 27, 38)

Field = NDArray[np.float32]


@dataclass(frozen=True)
class Relief:
    """The shape of the shell, sampled ``RELIEF_PX_PER_CM`` times a centimetre."""

    depth: Field
    """(h, w) z in centimetres."""
    normals: Field
    """(h, w, 3) unit vectors towards the viewer (z < 0)."""


@dataclass(frozen=True)
class Drawing:
    """The painted sheet."""

    rgb: Field
    """(h, w, 3) in 0..255, premultiplied."""
    alpha: Field
    """(h, w) in 0..255."""


@cache
def outline() -> NDArray[np.float64]:
    """(N, 2) closed outline."""
    half = np.array(_HALF_OUTLINE)
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(half, axis=0), axis=1))])
    t = np.linspace(0, along[-1], 90)
    right = np.column_stack([PchipInterpolator(along, half[:, k])(t) for k in (0, 1)])
    mirrored = np.column_stack([-right[-2:0:-1, 0], right[-2:0:-1, 1]])
    return np.vstack([right, mirrored]).astype(np.float64)


@cache
def relief() -> Relief:
    """The mean face, smoothed, with carved eyes and a rim that bends back."""
    w, h = (round(v * RELIEF_PX_PER_CM) for v in (WIDTH_CM, HEIGHT_CM))
    face = frontal_face()
    rim = outline()[::6]
    middle = face[list(OVAL)].mean(0)
    # beyond the face's own outline the shell goes on as a dome
    nearest = ((rim[:, None] - face[None, list(OVAL), :2]) ** 2).sum(-1).argmin(1)
    rim_z = face[np.array(OVAL)[nearest], 2] + 1.1
    far = (rim - middle[:2]) * 1.25 + middle[:2]
    points = np.vstack([face[:, :2], rim, far])
    depths = np.concatenate([face[:, 2], rim_z, rim_z + 3.5])
    surface = RBFInterpolator(points, depths, smoothing=1.5)
    ys, xs = TOP_CM + (np.arange(0, h, 4) + 2) / RELIEF_PX_PER_CM, LEFT_CM + (np.arange(0, w, 4) + 2) / RELIEF_PX_PER_CM
    coarse = surface(np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)).reshape(len(ys), len(xs))
    coarse = (coarse + coarse[:, ::-1]) / 2
    depth = cv2.resize(coarse.astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    depth = cv2.GaussianBlur(depth - BEFORE_THE_FACE_CM, (0, 0), 0.4 * RELIEF_PX_PER_CM)
    carved = depth + _carving(w, h)
    dy, dx = np.gradient(carved * RELIEF_PX_PER_CM)
    normals = np.dstack([dx, dy, -np.ones_like(dx)])
    return Relief(depth, (normals / np.linalg.norm(normals, axis=2, keepdims=True)).astype(np.float32))


def _carving(w: int, h: int) -> Field:
    """Shallow grooves (positive) and ridges that give the drawn lines a body."""
    canvas, pixels = _canvas(RELIEF_PX_PER_CM)
    white = skia.Paint(Color=skia.ColorWHITE, AntiAlias=True)
    for side in (-1, 1):
        canvas.drawPath(_eye(side, 1.12), white)
    eyes = cv2.GaussianBlur(pixels[..., 0].astype(np.float32) / 255, (0, 0), 0.16 * RELIEF_PX_PER_CM)
    pixels[:] = 0
    canvas.drawPath(_seam(), _stroke(_GOLD, 0.26))
    seam = cv2.GaussianBlur(pixels[..., 3].astype(np.float32) / 255, (0, 0), 0.1 * RELIEF_PX_PER_CM)
    return 0.42 * eyes - 0.10 * seam[:h, :w]


@cache
def drawing(px_per_cm: int) -> Drawing:
    """The mask in even light."""
    canvas, pixels = _canvas(px_per_cm)
    shell = _path(outline())
    canvas.save()
    canvas.clipPath(shell, doAntiAlias=True)
    canvas.drawPath(shell, _shaded(_IVORY, _IVORY_SHADE))
    canvas.save()
    canvas.clipPath(_teal_side(), doAntiAlias=True)
    canvas.drawPath(shell, _shaded(_TEAL, _TEAL_SHADE))
    canvas.restore()
    _paint_cheeks(canvas)
    canvas.drawPath(_seam(), _stroke(_GOLD, 0.2))
    for side in (-1, 1):
        _paint_eye(canvas, side)
    _paint_mouth(canvas)
    canvas.drawPath(shell, _stroke(_GOLD, 0.42))
    canvas.restore()
    values = pixels.astype(np.float32)
    return Drawing(np.ascontiguousarray(values[..., :3]), np.ascontiguousarray(values[..., 3]))


def _canvas(px_per_cm: int) -> tuple[skia.Canvas, NDArray[np.uint8]]:
    pixels = np.zeros((round(HEIGHT_CM * px_per_cm), round(WIDTH_CM * px_per_cm), 4), np.uint8)
    canvas = skia.Canvas(pixels, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    canvas.scale(px_per_cm, px_per_cm)
    canvas.translate(-LEFT_CM, -TOP_CM)
    return canvas, pixels


def _path(points: NDArray[np.float64]) -> skia.Path:
    path = skia.Path()
    path.addPoly([skia.Point(float(x), float(y)) for x, y in points], True)
    return path


def _colour(rgb: tuple[int, int, int], alpha: float = 1.0) -> int:
    return skia.Color(*rgb, round(255 * alpha))


def _stroke(rgb: tuple[int, int, int], width_cm: float) -> skia.Paint:
    return skia.Paint(
        Color=_colour(rgb), AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=width_cm,
        StrokeCap=skia.Paint.kRound_Cap,
    )  # fmt: skip


def _shaded(inner: tuple[int, int, int], rim: tuple[int, int, int]) -> skia.Paint:
    shader = skia.GradientShader.MakeRadial(
        skia.Point(0, -0.5), 11.0, [_colour(inner), _colour(inner), _colour(rim)], [0.0, 0.5, 1.0]
    )
    return skia.Paint(Shader=shader, AntiAlias=True)


def _seam() -> skia.Path:
    """From the middle of the forehead along the nose, around the mouth to the chin, in one swing."""
    path = skia.Path()
    path.moveTo(2.7, -11.4)
    path.cubicTo(-0.2, -8.0, -0.9, -4.8, -0.55, -1.6)
    path.cubicTo(-0.2, 1.2, 1.9, 1.6, 2.1, 3.6)
    path.cubicTo(2.3, 6.2, -1.4, 7.4, -1.5, 10.8)
    return path


def _teal_side() -> skia.Path:
    path = skia.Path(_seam())
    path.lineTo(12, 12)
    path.lineTo(12, -12)
    path.close()
    return path


def _eye(side: int, scale: float = 1.0) -> skia.Path:
    """An almond; the outer corner a little higher."""
    (cx, cy), (a, b) = _EYE_CM, _EYE_HALF_CM
    a, b = a * scale, b * scale

    def at(x: float, y: float) -> tuple[float, float]:
        return side * (cx + a * x), cy + b * y

    path = skia.Path()
    path.moveTo(*at(-1, 0.35))
    path.cubicTo(*at(-0.5, -1.05), *at(0.45, -1.45), *at(1, -0.3))
    path.cubicTo(*at(0.55, 0.95), *at(-0.35, 1.15), *at(-1, 0.35))
    path.close()
    return path


def _paint_eye(canvas: skia.Canvas, side: int) -> None:
    soft = skia.Paint(Color=_colour((40, 26, 24), 0.38), AntiAlias=True)
    soft.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.3))
    canvas.drawPath(_eye(side, 1.12), soft)
    canvas.drawPath(_eye(side), skia.Paint(Color=_colour(_NIGHT), AntiAlias=True))
    canvas.save()
    canvas.clipPath(_eye(side), doAntiAlias=True)
    glow = skia.GradientShader.MakeLinear(
        [skia.Point(0, _EYE_CM[1] - 0.2), skia.Point(0, _EYE_CM[1] + 0.9)],
        [_colour((60, 70, 96), 0), _colour((60, 70, 96), 0.9)],
    )
    canvas.drawPath(_eye(side), skia.Paint(Shader=glow, AntiAlias=True))
    canvas.restore()
    brow = skia.Path()
    brow.moveTo(side * 1.35, -4.25)
    brow.cubicTo(side * 2.3, -5.5, side * 4.4, -5.75, side * 5.9, -4.35)
    brow.cubicTo(side * 4.4, -5.2, side * 2.5, -4.95, side * 1.35, -4.25)
    tone = _GOLD if side > 0 else _TEAL
    canvas.drawPath(brow, skia.Paint(Color=_colour(tone), AntiAlias=True))


def _paint_cheeks(canvas: skia.Canvas) -> None:
    for x, rgb, alpha in ((-4.9, (232, 140, 120), 0.42), (4.9, (120, 205, 200), 0.30)):
        shader = skia.GradientShader.MakeRadial(skia.Point(x, 2.1), 2.6, [_colour(rgb, alpha), _colour(rgb, 0)])
        canvas.drawCircle(x, 2.1, 2.6, skia.Paint(Shader=shader, AntiAlias=True))


def _paint_mouth(canvas: skia.Canvas) -> None:
    """Closed lips with a hint of a smile."""
    upper = skia.Path()
    upper.moveTo(-2.6, 3.85)
    upper.cubicTo(-1.6, 3.85, -0.9, 3.42, -0.42, 3.45)
    upper.cubicTo(-0.2, 3.47, -0.12, 3.58, 0, 3.58)
    upper.cubicTo(0.12, 3.58, 0.2, 3.47, 0.42, 3.45)
    upper.cubicTo(0.9, 3.42, 1.6, 3.85, 2.6, 3.85)
    upper.cubicTo(1.4, 4.5, -1.4, 4.5, -2.6, 3.85)
    lower = skia.Path()
    lower.moveTo(-2.6, 3.85)
    lower.cubicTo(-1.4, 4.5, 1.4, 4.5, 2.6, 3.85)
    lower.cubicTo(1.6, 5.3, -1.6, 5.3, -2.6, 3.85)
    canvas.drawPath(lower, skia.Paint(Color=_colour(_CORAL), AntiAlias=True))
    canvas.drawPath(upper, skia.Paint(Color=_colour(_CORAL_DEEP), AntiAlias=True))
