"""Shading kernels (numba): skin, eyes, teeth, cloth, glasses and hair.

All colours are linear RGB. Lights are rows (direction 3, colour 3, casts-shadow flag); ambient light is (9, 3)
coefficients of second-order spherical harmonics. See :mod:`~deepmask.engines.painter.raster` for how kernels are run.
"""

from __future__ import annotations

import numpy as np
from numba import njit

SKIN, FLESH, EYE, TOOTH, CAVITY, CLOTH, TRIM, GLASSES = range(8)
"""Materials: SKIN (textured head), FLESH (ears, neck), CAVITY (inside of the mouth), CLOTH (textured), TRIM."""

U, V, ALBEDO, SPECULAR, ROUGH, SSS, OCCLUSION, HAIR_SHADOW, RIM_SHADOW, EYE_LOCAL, FLAT = (
    0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 14)  # fmt: skip
"""Columns of the per-vertex attributes; FLAT is how far the albedo replaces the texture."""
N_ATTRIBUTES = 15


# vectors and colours are 3-tuples
@njit(fastmath=True, cache=True)
def vec(a, i):
    return a[i], a[i + 1], a[i + 2]


@njit(fastmath=True, cache=True)
def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(fastmath=True, cache=True)
def cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@njit(fastmath=True, cache=True)
def add(a, b, k):
    """a + b * k"""
    return a[0] + b[0] * k, a[1] + b[1] * k, a[2] + b[2] * k


@njit(fastmath=True, cache=True)
def scale(a, k):
    return a[0] * k, a[1] * k, a[2] * k


@njit(fastmath=True, cache=True)
def times(a, b):
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


@njit(fastmath=True, cache=True)
def blend(a, b, k):
    return a[0] * (1 - k) + b[0] * k, a[1] * (1 - k) + b[1] * k, a[2] * (1 - k) + b[2] * k


@njit(fastmath=True, cache=True)
def norm(a):
    return scale(a, 1 / np.sqrt(dot(a, a) + 1e-12))


@njit(fastmath=True, cache=True)
def ramp(x, low, width):
    """0 below low, 1 above low + width."""
    return min(1.0, max(0.0, (x - low) / width))


@njit(fastmath=True, cache=True)
def smooth(t):
    return t * t * (3 - 2 * t)


@njit(fastmath=True, cache=True)
def sample(T, u, v):
    """Bilinear sample of a texture (h, w, 5) at u, v in 0..1: colour and the height's slope along u and v."""
    h, w = T.shape[0], T.shape[1]
    x, y = min(max(u * w - 0.5, 0.0), w - 1.001), min(max(v * h - 0.5, 0.0), h - 1.001)
    i, j = int(x), int(y)
    a, b = x - i, y - j
    p, q, r, s = T[j, i], T[j, i + 1], T[j + 1, i], T[j + 1, i + 1]
    wp, wq, wr, ws = (1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b
    return (
        (
            p[0] * wp + q[0] * wq + r[0] * wr + s[0] * ws,
            p[1] * wp + q[1] * wq + r[1] * wr + s[1] * ws,
            p[2] * wp + q[2] * wq + r[2] * wr + s[2] * ws,
        ),
        p[3] * wp + q[3] * wq + r[3] * wr + s[3] * ws,
        p[4] * wp + q[4] * wq + r[4] * wr + s[4] * ws,
    )


@njit(fastmath=True, cache=True)
def irradiance(ambient, n):
    """Ambient light (9, 3) arriving at normal n."""
    x, y, z = n
    basis = (1.0, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    r, g, b = 0.0, 0.0, 0.0
    for i in range(9):
        r += ambient[i, 0] * basis[i]
        g += ambient[i, 1] * basis[i]
        b += ambient[i, 2] * basis[i]
    return max(0.0, r), max(0.0, g), max(0.0, b)


@njit(fastmath=True, cache=True)
def tap(shadow_map, x, y, w):
    """1 where the shadow map has nothing above depth w at texel x, y."""
    size = shadow_map.shape[0]
    if x < 0 or y < 0 or x >= size or y >= size or shadow_map[y, x] < w:
        return 1.0
    return 0.0


@njit(fastmath=True, cache=True)
def lit_share(P, shadow_map, axes, origin, per_cm, spread):
    """0 (dark) .. 1 (lit): soft look-up in the shadow map with a reach of two times ``spread`` texels.

    axes (3, 3): rows are the axes of the light; origin (2,) cm; per_cm: texels per cm. Where the five outer taps agree
    the point is taken to lie outside the penumbra.
    """
    u = (dot(P, vec(axes[0], 0)) - origin[0]) * per_cm
    v = (dot(P, vec(axes[1], 0)) - origin[1]) * per_cm
    w = dot(P, vec(axes[2], 0)) + 0.06
    far, slope = 2 * spread, 0.03 * spread
    x, y, lit = int(u), int(v), 0.0
    lit += tap(shadow_map, x, y, w)
    lit += tap(shadow_map, int(u - far), y, w + 2 * slope)
    lit += tap(shadow_map, int(u + far), y, w + 2 * slope)
    lit += tap(shadow_map, x, int(v - far), w + 2 * slope)
    lit += tap(shadow_map, x, int(v + far), w + 2 * slope)
    if lit == 0.0 or lit == 5.0:
        return lit / 5
    for j in range(-2, 3):
        for i in range(-2, 3):
            r2 = i * i + j * j
            if 0 < r2 < 8 and r2 != 4:
                lit += tap(shadow_map, int(u + i * spread), int(v + j * spread), w + slope * np.sqrt(r2))
    return lit / 21


@njit(fastmath=True, cache=True)
def eye_colour(q, eye):
    """Albedo of the eyeball at unit position q (pole = pupil) and the shade of the upper lid on it (0..1)."""
    polar, around, r_iris = np.arccos(min(1.0, max(-1.0, q[2]))), np.arctan2(q[1], q[0]), eye[0]
    x = polar / r_iris  # 1 = edge of the iris
    e, lid = ramp(polar, 0.60, 0.5), smooth(ramp(q[1], 0.12, 0.45))
    white = eye[10] * (1 - 0.28 * smooth(ramp(-q[1], 0.22, 0.35)))
    c = (
        0.84 * white * (1 - 0.14 * e) * (1 - 0.50 * lid),
        0.80 * white * (1 - 0.30 * e) * (1 - 0.54 * lid),
        0.78 * white * (1 - 0.32 * e) * (1 - 0.55 * lid),
    )  # sclera: redder at the corners, dark under the lid
    if x < 1.25:
        r = min(1.0, x)
        fibres = 0.5 + 0.5 * np.sin(around * 46 + 2.2 * np.sin(around * 13 + polar * 9) + 5 * polar)
        coarse = 0.5 + 0.5 * np.sin(around * 17 + 1.3 * np.sin(around * 5) - 7 * polar)
        k = 0.62 + 0.33 * fibres * (0.4 + 0.6 * r) + 0.22 * coarse * (1 - r)
        k *= (0.55 + 0.85 * (0.5 - 0.5 * q[1] / r_iris)) * (1 - 0.5 * lid)  # brighter below
        iris = scale((eye[1], eye[2], eye[3]), k)
        iris = add(iris, (eye[4], eye[5], eye[6]), np.exp(-(((r - 0.52) / 0.13) ** 2)) * eye[7])
        edge = smooth(ramp(r, 0.70, 0.28))  # dark limbal ring
        iris = times(iris, (1 - 0.80 * edge, 1 - 0.80 * edge, 1 - 0.78 * edge))
        iris = blend((0.004, 0.003, 0.004), iris, ramp(x, eye[8], 0.07))  # pupil
        c = blend(c, iris, smooth(min(1.0, max(0.0, (1.10 - x) / 0.20))))
    return c


@njit(fastmath=True, cache=True)
def bumped(n, p0, p1, p2, uv0, uv1, uv2, hu, hv):
    """Normal n tilted by a height map whose slopes along u and v are hu, hv (cm per unit)."""
    e1, e2 = add(p1, p0, -1.0), add(p2, p0, -1.0)
    N = cross(e1, e2)
    d1 = hu * (uv1[0] - uv0[0]) + hv * (uv1[1] - uv0[1])
    d2 = hu * (uv2[0] - uv0[0]) + hv * (uv2[1] - uv0[1])
    g = scale(add(scale(cross(e2, N), d1), cross(N, e1), d2), 1 / (dot(N, N) + 1e-12))
    g = add(g, n, -dot(g, n))
    steep = np.sqrt(dot(g, g))
    return norm(add(n, g, -1 / max(1.0, steep / 0.8)))


@njit(fastmath=True, cache=True)
def gloss(h, L, v, nv, rough):
    """Two lobes of GGX (Walter et al., 2007) with a Fresnel term for skin, F0 = 0.028."""
    half = norm((L[0] + v[0], L[1] + v[1], L[2] + v[2]))
    nh = max(0.0, dot(h, half))
    F = 0.028 + 0.972 * (1 - max(0.0, dot(v, half))) ** 5
    wide, tight = rough**4, (rough * 0.62) ** 4
    lobe = wide / (3.1416 * (nh * nh * (wide - 1) + 1) ** 2) * 0.72
    lobe += tight / (3.1416 * (nh * nh * (tight - 1) + 1) ** 2) * 0.28
    return lobe * F * max(0.0, dot(h, L)) / (max(0.1, nv) * 0.6 + 0.4)


@njit(fastmath=True, cache=True, nogil=True)
def shade(
    y_start, y_stop, tri_id, bary, triangles, material, world, normals, look, skin, cloth, shadow_map, axes, origin,
    per_cm, lights, ambient, eye, camera, bump, image,
):  # fmt: skip
    """Colour of every visible pixel in rows y_start..y_stop into image (h, w, 3).

    tri_id (h, w) and bary (h, w, 2) from :func:`raster.draw_triangles`; material per triangle; world, normals (n, 3);
    look (n, N_ATTRIBUTES); skin, cloth: textures (see :func:`sample`; that of the cloth multiplies the albedo);
    shadow_map, axes, origin, per_cm: see :func:`lit_share`; eye: iris radius, iris rgb, inner ring rgb, ring strength,
    pupil, catch-light threshold, sclera brightness; camera: position of the viewer; bump: strength of the height maps.
    """
    a = np.empty(N_ATTRIBUTES, np.float32)
    for y in range(y_start, y_stop):
        for x in range(tri_id.shape[1]):
            t = tri_id[y, x]
            if t < 0:
                continue
            m = material[t]
            i0, i1, i2 = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            w0, w1 = bary[y, x, 0], bary[y, x, 1]
            w2 = 1 - w0 - w1
            for k in range(N_ATTRIBUTES):
                a[k] = w0 * look[i0, k] + w1 * look[i1, k] + w2 * look[i2, k]
            p0, p1, p2 = vec(world[i0], 0), vec(world[i1], 0), vec(world[i2], 0)
            P = add(add(scale(p0, w0), p1, w1), p2, w2)
            n = norm(add(add(scale(vec(normals[i0], 0), w0), vec(normals[i1], 0), w1), vec(normals[i2], 0), w2))
            v = norm((camera[0] - P[0], camera[1] - P[1], camera[2] - P[2]))
            nv = dot(n, v)
            if nv < 0 and m != SKIN:
                n, nv = scale(n, -1.0), -nv
            c, spec, rough, sss = vec(a, ALBEDO), a[SPECULAR], a[ROUGH], a[SSS]
            ao, hair_light, eye_light = min(1.0, max(0.0, a[OCCLUSION])), a[HAIR_SHADOW], 1.0
            h = n  # bumped normal
            if m in (SKIN, CLOTH):
                if m == SKIN:
                    painted, hu, hv = sample(skin, a[U], a[V])
                    c, spec = blend(painted, c, a[FLAT]), spec * (1 - a[FLAT])
                else:
                    painted, hu, hv = sample(cloth, a[U], a[V])
                    c = times(c, painted)
                uv0, uv1, uv2 = (look[i0, U], look[i0, V]), (look[i1, U], look[i1, V]), (look[i2, U], look[i2, V])
                h = bumped(n, p0, p1, p2, uv0, uv1, uv2, hu * bump, hv * bump)
            elif m == EYE:
                c, sss = eye_colour(vec(a, EYE_LOCAL), eye), 0.35
                eye_light = 0.45 + 0.55 * min(1.0, a[OCCLUSION] * 1.3)
                ao = 0.62 + 0.38 * ao
            d = norm((n[0] + h[0], n[1] + h[1], n[2] + h[2]))  # softer normal for diffuse light
            ir = irradiance(ambient, d)
            # occlusion is weaker where light bounces inside: red in skin
            bounce = min(1.0, sss * 1.5) * (1 - ao)
            open_ = (ao * (1 + 0.75 * bounce), ao * (1 + 0.33 * bounce), ao * (1 + 0.22 * bounce))
            total = scale(times(times(c, ir), open_), (0.55 + 0.45 * hair_light) * eye_light)
            wrap = (sss * 0.50, sss * 0.20, sss * 0.12)  # light reaches round the edge, red furthest
            for i in range(lights.shape[0]):
                L, colour = vec(lights[i], 0), vec(lights[i], 3)
                nl = dot(d, L)
                if nl <= -wrap[0] and m != EYE:
                    continue
                if lights[i, 6] > 0:
                    s = hair_light * lit_share(add(P, n, 0.12), shadow_map, axes, origin, per_cm, 1.9)
                    if m == EYE:
                        s = 0.55 + 0.45 * s
                    elif m == TOOTH:
                        s = 0.72 + 0.28 * s
                else:
                    s = 0.25 + 0.75 * ao
                    if L[2] < 0:
                        s *= a[RIM_SHADOW]
                s *= 0.35 + 0.65 * ao
                red = (
                    max(0.0, (nl + wrap[0]) / (1 + wrap[0]))
                    * (1 - 0.35 * wrap[0])
                    * s
                    * (1 + 0.75 * min(1.0, sss) * (1 - s))
                )
                green = max(0.0, (nl + wrap[1]) / (1 + wrap[1])) * s
                blue = max(0.0, (nl + wrap[2]) / (1 + wrap[2])) * s
                total = add(total, times(times(c, colour), (red, green, blue)), eye_light)
                if dot(h, L) > 0:
                    total = add(total, colour, min(0.45, gloss(h, L, v, nv, rough) * spec * s))
                if m == EYE and i == 0:  # catch light
                    mirror = add(scale(v, -1.0), n, 2 * nv)
                    e = ramp(dot(mirror, L), eye[9], 0.02) * (0.25 + 0.75 * min(1.0, eye_light * 1.4))
                    total = add(total, (1.05, 1.05, 1.08), e)
            fresnel = min(1.0, max(0.0, 1 - nv)) ** 5
            sheen = (0.02 + 0.3 * fresnel) * eye_light * 0.5 if m == EYE else spec * 0.35 * fresnel * ao
            total = add(total, ir, sheen)
            image[y, x, 0], image[y, x, 1], image[y, x, 2] = total


# ---------------------------------------------------------------- hair
@njit(fastmath=True, cache=True)
def grid_at(D, x, y, z, outside):
    """Trilinear sample of a grid (nx, ny, nz) at cell coordinates."""
    if x < 0 or y < 0 or z < 0 or x >= D.shape[0] - 1.001 or y >= D.shape[1] - 1.001 or z >= D.shape[2] - 1.001:
        return outside
    i, j, k = int(x), int(y), int(z)
    a, b, c = x - i, y - j, z - k
    front = (D[i, j, k] * (1 - c) + D[i, j, k + 1] * c) * (1 - b)
    front += (D[i, j + 1, k] * (1 - c) + D[i, j + 1, k + 1] * c) * b
    i += 1
    back = (D[i, j, k] * (1 - c) + D[i, j, k + 1] * c) * (1 - b)
    back += (D[i, j + 1, k] * (1 - c) + D[i, j + 1, k + 1] * c) * b
    return front * (1 - a) + back * a


@njit(fastmath=True, cache=True, nogil=True)
def march(x_start, x_stop, D, direction, cell, strength, out):
    """Light left after crossing hair of density D (nx, ny, nz) from each cell towards ``direction``, into out."""
    for i in range(x_start, x_stop):
        for j in range(D.shape[1]):
            for k in range(D.shape[2]):
                total, far, step = 0.0, 0.35, 0.45
                for _ in range(9):
                    x = i + direction[0] * far / cell
                    y = j + direction[1] * far / cell
                    z = k + direction[2] * far / cell
                    total += grid_at(D, x, y, z, 0.0) * step
                    far += step
                    step *= 1.22
                out[i, j, k] = np.exp(-strength * total)


@njit(fastmath=True, cache=True)
def highlight(T, N, shift, half, power):
    """Specular of a strand with tangent T, tilted by shift along its outward normal N."""
    t = norm(add(T, N, shift))
    return max(0.0, 1 - dot(t, half) ** 2) ** power


@njit(fastmath=True, cache=True, nogil=True)
def shade_hair(
    start,
    stop,
    seen,
    world,
    tangents,
    cells,
    albedo,
    jitter,
    open_sky,
    through,
    lights,
    ambient,
    camera,
    centre,
    shine,
    out,
):
    """Hair with a white and a tinted highlight (Marschner et al., 2003, simplified) into out (n, 3).

    seen (n,): points to be shaded; world, tangents, albedo (n, 3); cells (n, 3): place of the points in the grids;
    jitter (n,) tilts the highlights per strand; open_sky (nx, ny, nz): ambient occlusion; through (k, nx, ny, nz):
    light of each lamp that gets there; centre: middle of the hair volume; shine: strength of the white and of the
    tinted highlight.
    """
    for i in range(start, stop):
        if not seen[i]:
            continue
        p, t, c = vec(world[i], 0), vec(tangents[i], 0), vec(albedo[i], 0)
        v = norm((camera[0] - p[0], camera[1] - p[1], camera[2] - p[2]))
        away = norm((p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]))
        n = norm(add(away, t, -dot(away, t)))  # outward, perpendicular to the strand
        x, y, z = cells[i, 0], cells[i, 1], cells[i, 2]
        sky = grid_at(open_sky, x, y, z, 1.0)
        total = scale(times(c, irradiance(ambient, n)), (0.28 + 0.72 * sky) * 1.55)
        for q in range(lights.shape[0]):
            L, colour = vec(lights[q], 0), vec(lights[q], 3)
            light = grid_at(through[q], x, y, z, 1.0)
            scattered = light**0.35 * 0.30
            tl, nl = dot(t, L), max(0.0, dot(away, L) * 0.6 + 0.4)
            diffuse = np.sqrt(max(0.0, 1 - tl * tl)) * 0.85 * nl
            half = norm((L[0] + v[0], L[1] + v[1], L[2] + v[2]))
            white = highlight(t, n, -0.10 + jitter[i], half, 40) * shine[0]
            tinted = highlight(t, n, 0.13 + jitter[i], half, 9) * shine[1]
            g = light * nl
            red = c[0] * diffuse * (light + scattered) + g * (white + c[0] * tinted)
            green = c[1] * diffuse * (light + scattered * 0.9) + g * (white + c[1] * tinted)
            blue = c[2] * diffuse * (light + scattered * 0.8) + g * (white + c[2] * tinted)
            total = add(total, times(colour, (red, green, blue)), 1.0)
        out[i, 0], out[i, 1], out[i, 2] = total
