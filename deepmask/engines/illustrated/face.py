"""Head, neck and the features of the face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import skia

from deepmask.engines.illustrated.palette import INK, WHITE, Palette, shade, tint
from deepmask.engines.illustrated.pen import (
    Pen,
    Point,
    ellipse,
    flipped,
    lightness,
    minus,
    mirrored,
    mix,
    smooth,
    within,
)
from deepmask.engines.illustrated.proportions import Proportions
from deepmask.engines.painter.identity import Identity

LINE = 0.2
"""cm: the one width of thin lines."""


def head_path(p: Proportions) -> skia.Path:
    """Silhouette of the bald head."""
    w = p.cheek_half
    skull = [(0, 12.6), (3.4, 12.05), (5.85, 10.1), (max(6.8, w * 0.97), 6.6)]
    return smooth(mirrored([*skull, *p.outline[1:]]))


def neck_half(who: Identity) -> float:
    """Half the width of the neck."""
    return (4.5 - 0.75 * who.female) * who.neck


def draw_neck(pen: Pen, who: Identity, p: Proportions, c: Palette, head: skia.Path) -> None:
    """Neck and the skin of the shoulders, with the shadow of the chin."""
    half = neck_half(who)
    right = [(half * 0.97, -4.0, 1), (half * 0.94, -8.5), (half, -10.6), (half * 1.25, -12.0), (half * 1.5, -12.8),
             (5.4, -13.2, 1),
             (5.4, -21, 1)]  # fmt: skip
    neck = smooth(mirrored(right))
    pen.fill(neck, c.skin)
    shadow = skia.Path(head)
    shadow.offset(0.5, -1.7)
    with pen.clip(neck):
        pen.fill(shadow, c.skin_shade)
        for side in (-1, 1):
            bone = smooth([(side * 1.2, -14.1), (side * 3.4, -13.5), (side * 6.6, -13.3)], closed=False)
            pen.line(bone, LINE, c.skin_shade)


def draw_ears(pen: Pen, p: Proportions, c: Palette) -> None:
    for side in (-1, 1):
        x = side * (p.cheek_half + 0.15)
        ear = [(x - side * 0.8, 2.6), (x + side * 0.35, 3.0), (x + side * 1.0, 1.9), (x + side * 0.75, 0.0),
               (x + side * 0.1, -1.5), (x - side * 0.7, -1.3)]  # fmt: skip
        pen.fill(smooth(ear), c.skin)
        inner = [(x - side * 0.2, 2.0), (x + side * 0.5, 1.6), (x + side * 0.3, 0.2), (x - side * 0.2, -0.5)]
        pen.fill(smooth(inner), c.skin_shade)


def draw_face(pen: Pen, who: Identity, p: Proportions, c: Palette, head: skia.Path) -> None:
    """Skin of the face: second tone, blush, freckles, lines of age, nose."""
    pen.fill(head, c.skin)
    with pen.clip(head):
        lit = skia.Path(head)
        lit.offset(-1.15, 0.25)
        pen.fill(minus(head, lit), c.skin_shade)
        for side in (-1, 1):
            pen.fill(ellipse(side * p.eye_x * 1.2, -0.9, 1.55, 1.0), c.blush, 0.28 * min(1.0, who.skin.blush + 0.2))
        if who.skin.freckles:
            _freckles(pen, who, p, c)
        _age_lines(pen, who, p, c)
    _nose(pen, who, p, c)


def _freckles(pen: Pen, who: Identity, p: Proportions, c: Palette) -> None:
    dice = np.random.default_rng([who.seed, 7])
    spot = mix(c.skin, "#7a3318", 0.5)
    for _ in range(46):
        x = float(dice.uniform(-1, 1) * (p.eye_x + 1.9))
        y = float(0.1 - 1.3 * dice.random() - 0.35 * abs(x) / 4 + 0.55 * (abs(x) < 1.5))
        r = float(dice.uniform(0.09, 0.17))
        pen.fill(ellipse(x, y, r, r), spot, 0.75)


def _age_lines(pen: Pen, who: Identity, p: Proportions, c: Palette) -> None:
    age = float(np.clip((who.skin.age - 0.42) / 0.55, 0, 1))
    if not age:
        return
    line, strength = mix(c.skin, c.skin_line, 0.62), 0.35 + 0.65 * age
    for side in (-1, 1):
        fold = [(p.nose_half + 0.55, p.nose_y + 0.5), (p.lip_half + 0.55, p.lip_y + 0.9),
                (p.lip_half + 0.75, p.lip_y - 0.5)]  # fmt: skip
        pen.line(smooth(_side(fold, side), closed=False), LINE, line, strength)
        y = p.eye_y - p.eye_down - 0.5
        bag = [(p.eye_x - p.eye_half * 0.6, y), (p.eye_x, y - 0.35), (p.eye_x + p.eye_half * 0.7, y - 0.1)]
        pen.line(smooth(_side(bag, side), closed=False), LINE, line, strength)
        if age > 0.45:
            x, y = p.eye_x + p.eye_half + 0.35, p.eye_y
            for dy in (0.55, -0.05, -0.6):
                foot = [(x, y + dy * 0.5), (x + 0.75, y + dy * 1.25)]
                pen.line(smooth(_side(foot, side), closed=False), LINE * 0.9, line, strength * 0.9)
    if age > 0.3:
        for k, y in enumerate((6.9, 7.8)[: 2 if age > 0.6 else 1]):
            half = 2.6 - 0.6 * k
            pen.line(smooth([(-half, y - 0.1), (0, y + 0.12), (half, y - 0.1)], closed=False), LINE, line, strength)


def _nose(pen: Pen, who: Identity, p: Proportions, c: Palette) -> None:
    w, y = p.nose_half, p.nose_y
    top = y + 1.8 + 2.4 * p.nose_long
    side = [(0.35, top, 1), (0.75, y + 1.7), (w, y + 0.75), (w * 0.92, y + 0.12), (0.25, y - 0.12),
            (-w * 0.55, y + 0.1),
            (0.2, y + 0.42), (0.62, y + 0.85), (0.42, y + 1.8)]  # fmt: skip
    pen.fill(smooth(side), c.skin_shade)
    under = [(-w * 0.95, y + 0.62), (-w * 0.8, y + 0.12), (-0.35, y + 0.06), (0, y - 0.1), (0.35, y + 0.06),
             (w * 0.8, y + 0.12), (w * 0.95, y + 0.62)]  # fmt: skip
    pen.line(smooth(under, closed=False), LINE, c.skin_line, 0.75)
    pen.fill(ellipse(-0.3, y + 1.0, 0.34, 0.42), c.skin_light, 0.75)


def draw_eyes(pen: Pen, who: Identity, p: Proportions, c: Palette) -> None:
    for side in (-1, 1):
        _eye(pen, who, p, c, side)


def _eye(pen: Pen, who: Identity, p: Proportions, c: Palette, side: int) -> None:
    x, y, w, up, down, tilt = p.eye_x, p.eye_y, p.eye_half, p.eye_up, p.eye_down, p.eye_tilt * 0.6
    fold = who.face.fold
    inner, outer = (x - w, y - tilt - 0.15 * fold, 1), (x + w, y + tilt, 1)
    upper: list[Point] = [inner, (x - w * 0.5, y + up * (0.82 - 0.12 * fold)), (x + w * 0.08, y + up),
                          (x + w * 0.62, y + up * 0.78 + tilt * 0.5), outer]  # fmt: skip
    lower: list[Point] = [outer, (x + w * 0.55, y - down * 0.72 + tilt * 0.4), (x, y - down),
                          (x - w * 0.55, y - down * 0.7 - tilt * 0.3), inner]  # fmt: skip
    ball = smooth(_side([*upper, *lower[1:-1]], side))
    pen.fill(ball, WHITE)
    with pen.clip(ball):
        gx, gy = side * x + 0.22 * np.sign(who.gaze[0] or 1), y + 0.16
        r = 0.58 * w + 0.16
        pen.fill(ellipse(gx, gy, r, r), shade(c.eye, 0.45))
        pen.fill(ellipse(gx, gy, r * 0.86, r * 0.86), c.eye)
        pen.fill(ellipse(gx, gy - r * 0.42, r * 0.58, r * 0.4), tint(c.eye, 0.28), 0.7)
        pen.fill(ellipse(gx, gy, r * 0.46, r * 0.46), "#15100f")
        lid = skia.Path(ball)
        lid.offset(0, -0.36)
        pen.fill(minus(ball, lid), "#3a2f38", 0.22)
        pen.fill(ellipse(gx - r * 0.36, gy + r * 0.36, r * 0.24, r * 0.24), "#ffffff")
    _lashes(pen, who, c, upper, side)
    crease = [(px, py + 0.52 + 0.1 * min(1.0, up)) for px, py, *_ in upper[1:-1]]
    crease.append((x + w * 0.98, y + tilt + 0.55))
    if fold < 0.5 and who.skin.age < 0.9:
        pen.line(smooth(_side(crease, side), closed=False), LINE * 0.9, c.skin_line, 0.55)
    pen.line(smooth(_side(lower[1:-1], side), closed=False), LINE * 0.7, c.skin_line, 0.35)


def _lashes(pen: Pen, who: Identity, c: Palette, upper: list[Point], side: int) -> None:
    thick = 0.30 + 0.16 * who.female
    ink = INK if lightness(c.brow) < 0.5 else mix(INK, c.brow, 0.3)
    edge = [(q[0], q[1]) for q in upper]
    tip = (edge[-1][0] + 0.25 + 0.55 * who.skin.wing, edge[-1][1] + 0.15 + 0.5 * who.skin.wing, 1)
    top = [(edge[0][0] - 0.12, edge[0][1] - 0.05, 1), *((x, y + thick * k) for (x, y), k in
           zip(edge[1:4], (0.7, 1.0, 1.05), strict=True)), tip]  # fmt: skip
    shape = [*top, (edge[-1][0] - 0.1, edge[-1][1] - 0.05, 1), *edge[3:0:-1]]
    pen.fill(smooth(_side(shape, side)), ink)
    if who.skin.wing:
        (x, y), w = edge[3], 0.14
        for k in (0.0, 0.5):
            start = (x + k * (edge[4][0] - x), y + k * (edge[4][1] - y) + 0.1)
            flick = [start, (start[0] + 0.35, start[1] + 0.32), (start[0] + 0.62, start[1] + 0.72)]
            pen.line(smooth(_side(flick, side), closed=False), w, ink)


def draw_brows(pen: Pen, who: Identity, p: Proportions, c: Palette) -> None:
    n = len(p.brow)
    for side in (-1, 1):
        thick = p.brow_thick * np.interp(np.linspace(0, 1, n), [0, 0.25, 0.7, 1], [0.75, 1, 0.9, 0.12])
        upper = [(x, y + t / 2) for (x, y), t in zip(p.brow, thick, strict=True)]
        lower = [(x, y - t / 2) for (x, y), t in zip(p.brow, thick, strict=True)][::-1]
        pen.fill(smooth(_side([*upper, *lower], side)), c.brow)


def draw_mouth(pen: Pen, who: Identity, p: Proportions, c: Palette) -> None:
    """Lips, closed or showing teeth, carried by the smile."""
    e = who.expression
    smile = (e.smile_left + e.smile_right) / 2
    open_ = max(0.85 * e.part + 1.2 * e.jaw, 0.55 if smile > 0.8 else 0.0)
    half = p.lip_half * (1 + 0.14 * smile)
    right = (half, p.lip_y + 0.8 * e.smile_left)
    left = (-half, p.lip_y + 0.8 * e.smile_right)
    middle = p.lip_y - 0.35 * smile + 0.12 * open_
    if open_ > 0.15:
        _open_mouth(pen, p, c, left, right, middle, open_, smile)
    else:
        _closed_mouth(pen, p, c, left, right, middle, bearded=who.hair.beard in ("goatee", "full"))
    for x, y in (left, right):
        if smile > 0.3:
            s = np.sign(x)
            dimple = smooth([(x + s * 0.28, y + 0.35), (x + s * 0.5, y), (x + s * 0.3, y - 0.4)], closed=False)
            pen.line(dimple, LINE * 0.9, c.skin_line, 0.5)


def _closed_mouth(
    pen: Pen, p: Proportions, c: Palette, left: Point, right: Point, middle: float, *, bearded: bool
) -> None:
    line = [(*left, 1), (left[0] * 0.5, (left[1] + 3 * middle) / 4), (0, middle + 0.03),
            (right[0] * 0.5, (right[1] + 3 * middle) / 4), (*right, 1)]  # fmt: skip
    up, down = p.lip_up, p.lip_down
    upper = [*line, (right[0] * 0.42, middle + up * 0.95), (0.32, middle + up * 1.15), (0, middle + up * 0.9),
             (-0.32, middle + up * 1.15), (left[0] * 0.42, middle + up * 0.95)]  # fmt: skip
    low = [
        *line,
        (right[0] * 0.5, middle - down * 0.78),
        (0, middle - down * 1.05),
        (left[0] * 0.5, middle - down * 0.78),
    ]
    pen.fill(smooth(low), c.lips)
    pen.fill(ellipse(-0.45, middle - down * 0.5, 0.6, down * 0.16), tint(c.lips, 0.35), 0.6)
    pen.fill(smooth(upper), shade(c.lips, 0.14))
    pen.line(smooth(line, closed=False), LINE * 1.1, shade(c.lips, 0.5))
    if bearded:
        return
    chin = smooth([(-1.0, middle - down - 0.75), (0, middle - down - 0.95), (1.0, middle - down - 0.75)], closed=False)
    pen.line(chin, LINE, c.skin_shade)


def _open_mouth(
    pen: Pen, p: Proportions, c: Palette, left: Point, right: Point, middle: float, open_: float, smile: float
) -> None:
    drop = 0.8 + 1.45 * open_
    inner = [(*left, 1), (left[0] * 0.45, middle + 0.12), (0, middle + 0.1), (right[0] * 0.45, middle + 0.12),
             (*right, 1),
             (right[0] * 0.62, middle - drop * 0.72), (0, middle - drop),
             (left[0] * 0.62, middle - drop * 0.72)]  # fmt: skip
    mouth = smooth(inner)
    lip = 0.34 * p.lip_down + 0.12
    lower = [(*left, 1), (left[0] * 0.65, middle - drop * 0.72 - lip), (0, middle - drop - lip * 1.5),
             (right[0] * 0.65, middle - drop * 0.72 - lip), (*right, 1), (0, middle)]  # fmt: skip
    upper = [(*left, 1), (left[0] * 0.4, middle + 0.1 + p.lip_up * 0.75), (-0.3, middle + 0.1 + p.lip_up),
             (0, middle + 0.1 + p.lip_up * 0.78), (0.3, middle + 0.1 + p.lip_up),
             (right[0] * 0.4, middle + 0.1 + p.lip_up * 0.75), (*right, 1), (0, middle - 0.4)]  # fmt: skip
    pen.fill(smooth(lower), c.lips)
    pen.fill(smooth(upper), shade(c.lips, 0.14))
    pen.fill(mouth, "#5c1a22")
    with pen.clip(mouth):
        pen.fill(ellipse(0, middle - drop - 0.25, abs(right[0]) * 0.55, drop * 0.42), "#c8545c")
        teeth = [(left[0], left[1] + 0.5), (0, middle + 0.6), (right[0], right[1] + 0.5),
                 (right[0] * 0.9, right[1] - 0.55),
                 (0, middle - min(0.85, drop * 0.55)), (left[0] * 0.9, left[1] - 0.55)]  # fmt: skip
        if smile > 0.2 or open_ > 0.4:
            pen.fill(smooth(teeth), WHITE)


def draw_beard(pen: Pen, who: Identity, p: Proportions, c: Palette, head: skia.Path) -> None:
    """Beard beneath the mouth's lips; drawn before the mouth."""
    kind = who.hair.beard
    if kind == "none":
        return
    smile = (who.expression.smile_left + who.expression.smile_right) / 2
    lift = 0.45 * smile
    tone, dark = c.beard, shade(c.beard, 0.25)
    if kind == "stubble":
        with pen.clip(head):
            pen.fill(_full_beard(p, lift, grown=0), mix(c.skin, c.beard, 0.5), 0.55)
        return
    parts = [_moustache(p, lift)]
    if kind == "goatee":
        parts.append(_goatee(p))
    if kind == "full":
        parts = [_full_beard(p, lift, grown=0.55)]
    for part in parts:
        pen.fill(part, tone)
    side = skia.Path(parts[-1])
    side.offset(-1.0, 0.35)
    if kind != "moustache":
        pen.fill(minus(parts[-1], side), dark)
    pen.fill(smooth([(-0.5, p.nose_y - 0.25, 1), (0, p.nose_y - 1.0), (0.5, p.nose_y - 0.25, 1)]), dark, 0.6)


def _moustache(p: Proportions, lift: float) -> skia.Path:
    w, top, y = p.lip_half, p.nose_y - 0.15, p.lip_y
    right = [
        (0, top - 0.25),
        (0.7, top),
        (w * 0.75, y + 1.0),
        (w + 0.75, y + 0.2 + lift, 1),
        (w * 0.7, y + 0.15),
        (0, y + 0.35),
    ]
    return smooth(mirrored(right))


def _goatee(p: Proportions) -> skia.Path:
    w, y, chin = p.lip_half, p.lip_y, p.chin_y
    outer = [(w * 0.75, y + 0.8), (w + 0.7, y - 0.2), (w + 0.45, y - 2.4), (2.1, chin + 0.3), (0, chin - 0.75)]
    ring = smooth(mirrored([(0, y + 1.1), *outer]))
    hole = smooth(mirrored([(0, y + 0.6), (w * 0.9, y + 0.2), (w * 0.86, y - 1.1), (0.9, y - 1.75), (0, y - 1.6)]))
    return minus(ring, hole)


def _full_beard(p: Proportions, lift: float, grown: float) -> skia.Path:
    face = [(x * (1 + 0.035 * grown), y - grown * (0.25 + 0.9 * (y < -6))) for x, y in p.outline[2:]]
    w, y = p.lip_half, p.lip_y
    right = [(0, p.nose_y - 0.35), (0.8, p.nose_y - 0.15), (w + 0.5, y + 0.85 + lift), (w + 1.7, y + 0.25 + lift),
             (p.cheek_half - 1.9, y + 1.9), (p.cheek_half - 1.0, 0.0), (p.cheek_half - 0.5, 1.5),
             (p.cheek_half - 0.05, 2.2, 1),
             *face[1:]]  # fmt: skip
    return smooth(mirrored(right))


def draw_glasses(pen: Pen, who: Identity, p: Proportions) -> None:
    """Frames on the nose, arms to the ears."""
    kind, frame = who.glasses, who.glasses_colour
    if kind == "none":
        return
    x, y = p.eye_x + 0.1, p.eye_y - 0.1
    half_w, half_h, radius = {"round": (2.25, 2.25, 2.25), "square": (2.45, 1.85, 0.65), "sunglasses": (2.6, 2.0, 1.0)}[
        kind
    ]
    half_w = min(half_w, x - 0.45)
    thick = 0.36 if kind != "sunglasses" else 0.44
    for side in (-1, 1):
        arm = smooth([(side * (x + half_w), y + 0.75), (side * (p.cheek_half + 0.25), y + 1.05)], closed=False)
        pen.line(arm, thick, frame)
        lens = skia.Path()
        box = skia.Rect.MakeLTRB(side * x - half_w, y - half_h, side * x + half_w, y + half_h)
        lens.addRoundRect(box, min(radius, half_w), min(radius, half_h))
        if kind == "sunglasses":
            pen.gradient(lens, (y + half_h, "#1e1b26"), (y - half_h, "#5a4a63"))
        else:
            pen.fill(lens, "#ffffff", 0.13)
        shine = [(side * x - half_w * 0.5, y + half_h), (side * x - half_w * 0.05, y + half_h),
                 (side * x - half_w * 0.75, y - half_h), (side * x - half_w * 1.2, y - half_h)]  # fmt: skip
        streak = skia.Path()
        streak.addPoly([skia.Point(*q) for q in shine], True)
        pen.fill(within(lens, streak), "#ffffff", 0.2)
        pen.line(lens, thick, frame)
    gap = x - half_w
    pen.line(smooth([(-gap, y + 0.5), (0, y + 0.95), (gap, y + 0.5)], closed=False), thick, frame)


def _side(points: Sequence[Point], side: int) -> list[Point]:
    """Points given for the viewer's right, on the side wanted."""
    return list(points) if side > 0 else flipped(points)
