"""The skin texture of a persona: linear albedo and the slopes of a height map in centimetres."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from deepmask.engines.painter.cage import HEAD_UV
from deepmask.engines.painter.colours import colour
from deepmask.engines.painter.geometry import Array, Array32
from deepmask.engines.painter.identity import Identity
from deepmask.engines.painter.skin_masks import SIZE, Mask, masks, mottle, pores

INK = np.array([0.030, 0.018, 0.014], np.float32)


def mix(A: Array32, m: Mask, paint: ArrayLike, strength: float) -> None:
    """Blend ``paint`` (3,) into the texture where the mask is, in place."""
    if strength:
        view = A[m.window]
        view += (np.asarray(paint, np.float32) - view) * (m.values * np.float32(strength))[..., None]


def _rgb(r: float, g: float, b: float) -> Array32:
    return np.array([r, g, b], np.float32)


def slopes(height: Array32) -> tuple[Array32, Array32]:
    """Derivatives of a height map (h, w) along u and v in 0..1."""
    h, w = height.shape
    du, dv = np.zeros_like(height), np.zeros_like(height)
    du[:, 1:-1] = (height[:, 2:] - height[:, :-2]) * np.float32(0.5 * w)
    dv[1:-1] = (height[2:] - height[:-2]) * np.float32(0.5 * h)
    return du, dv


def with_slopes(albedo: Array32, height: Array32) -> Array32:
    """(h, w, 5) texture as :func:`shading.sample` reads it."""
    return np.ascontiguousarray(np.dstack([albedo, *slopes(height)]))


@cache
def _variation() -> Array32:
    """(SIZE, SIZE, 3) slow changes of tone all over the skin."""
    return 1 + np.float32(0.035) * mottle()[..., None] * _rgb(0.6, 1, 1.1)


@cache
def _relief() -> tuple[Array32, Array32, Mask, Mask]:
    """Slopes of what every skin has (pores, lips, creases of the lids), and those of full wrinkles."""
    m = masks()
    h = pores() * np.float32(0.0016)
    h[m["lips"].window] *= 1 - m["lips"].values
    for name, k in (("lip_ripple", 0.006), ("crease", -0.05)):
        h[m[name].window] += m[name].values * np.float32(k)
    lines = np.zeros_like(h)
    lines[m["wrinkles"].window] = m["wrinkles"].values * np.float32(0.17)
    du, dv = slopes(h)
    wrinkle_u, wrinkle_v = (Mask.of(q) for q in slopes(lines))
    return du, dv, wrinkle_u, wrinkle_v


def skin_texture(p: Identity) -> Array32:
    """(SIZE, SIZE, 5) albedo and slopes."""
    look, m = p.skin, masks()
    base = colour(look.tone)
    texture = np.empty((SIZE, SIZE, 5), np.float32)
    A = texture[..., :3]
    np.multiply(base, _variation(), out=A)
    red, dark = base * _rgb(1.08, 0.66, 0.62), base * _rgb(0.60, 0.42, 0.36)
    mix(A, m["forehead"], base * _rgb(1.04, 1.03, 0.94), 0.5)
    mix(A, m["blush"], red, look.blush)
    mix(A, m["nose"], red, 0.42 * (0.5 + look.blush))
    mix(A, m["socket"], dark, 0.20 * look.socket)
    mix(A, m["under"], base * _rgb(0.80, 0.66, 0.64), look.under_eye)
    mix(A, m["trough"], dark, 0.16)
    mix(A, m["lid"], dark, look.shadow * 0.6)
    mix(A, m["crease_soft"], dark, 0.30 + look.shadow * 0.5)
    mix(A, m["crease"], dark * 0.62, 0.75)
    mix(A, m["waterline"], base * _rgb(0.95, 0.62, 0.58), 0.55)
    mix(A, m["liner"], INK, look.liner)
    mix(A, m["wing"], INK, 0.75 * look.wing)
    mix(A, m["liner_low"], dark * 0.6, 0.25)
    mix(A, m["nose_wing"], dark, 0.30)
    mix(A, m["nostril"], dark * 0.35, 0.75)
    mix(A, m["philtrum"], dark, 0.10)
    if look.stubble:
        beard = m["beard"]
        grain = Mask(beard.top, beard.left, beard.values * (0.8 + 0.2 * np.clip(pores()[beard.window], -1, 1)))
        mix(A, grain, base * 0.45 + colour(p.hair.beard_colour) * 0.35 + _rgb(0, 0.004, 0.008), look.stubble)
    under = base * 0.40 + colour(p.hair.beard_colour) * 0.55  # skin seen between the hairs of a beard
    mix(A, m["beard"], under, 0.75 if p.hair.beard == "full" else 0.35 if p.hair.beard == "stubble" else 0.0)
    mix(A, m["moustache"], under, {"none": 0.0, "stubble": 0.3}.get(p.hair.beard, 0.65))
    _paint_lips(A, p)
    mix(A, m["brow"], colour(p.hair.brow_colour) * 0.6 + dark * 0.4, 0.35)
    mix(A, m["freckles"], base * _rgb(0.58, 0.36, 0.24), look.freckles)
    if look.age > 0.35:
        lines = m["wrinkles"]
        grooves = Mask(lines.top, lines.left, np.clip(-lines.values, 0, 1))
        mix(A, grooves, dark, 0.35 * (look.age - 0.3) / 0.7)
        A *= (1 + 0.05 * (look.age - 0.3) * mottle())[..., None]
    du, dv, wrinkle_u, wrinkle_v = _relief()
    texture[..., 3], texture[..., 4] = du, dv
    if look.age > 0.28:
        deep = np.float32((look.age - 0.28) / 0.72)
        texture[..., 3][wrinkle_u.window] += wrinkle_u.values * deep
        texture[..., 4][wrinkle_v.window] += wrinkle_v.values * deep
    return texture


def _paint_lips(A: Array32, p: Identity) -> None:
    m, lip, strength = masks(), colour(p.skin.lips), p.skin.lip_strength
    mix(A, m["lips"], lip, strength)
    mix(A, m["lip_upper"], lip * 0.72, 0.45 * strength)
    ripple = m["lip_ripple"]
    A[ripple.window] *= (1 - 0.06 * ripple.values)[..., None]
    mix(A, m["lip_line"], lip * _rgb(0.22, 0.12, 0.12), 0.70)
    mix(A, m["lip_corner"], colour(p.skin.tone) * _rgb(0.60, 0.42, 0.36), 0.35)


def skin_finish(p: Identity) -> tuple[Array, Array]:
    """Factors on specular strength and on roughness per vertex of the head, (n,) each."""
    m, gloss = masks(), p.skin.gloss
    lips, tip, brow, beard = (m[k].at(HEAD_UV).astype(np.float64) for k in ("lips", "nose_tip", "forehead", "beard"))
    specular = 1 + 0.9 * lips * gloss + 0.45 * tip + 0.25 * brow - 0.25 * beard * p.skin.stubble
    return specular, 1 - 0.35 * lips * gloss - 0.14 * tip - 0.08 * brow
