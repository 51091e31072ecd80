"""The neutral face of a persona: the mean face moved by Gaussian-weighted displacements."""

from __future__ import annotations

import numpy as np

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.cage import MEAN
from deepmask.engines.painter.geometry import Array, bump, smoothstep
from deepmask.engines.painter.identity import FaceShape

BROWS = ((lm.BROW_R_UPPER + lm.BROW_R_LOWER, -1), (lm.BROW_L_UPPER + lm.BROW_L_LOWER, 1))


def _stylised(M: Array) -> Array:
    """The mean face brought nearer to a film character: larger eyes, a smaller nose, a shorter and firmer jaw."""
    V = M.copy()
    y, z = M[:, 1:2], M[:, 2:3]
    for ids, s in ((lm.EYE_R, -1), (lm.EYE_L, 1)):
        c = M[ids].mean(0)
        w = bump(M, c, [1.9, 1.15, 2.2])
        V += w * ((M - c) * [0.16, 0.17, 0] + [-s * 0.27, -0.05, 0.05])
    tip = M[lm.NOSE_TIP]
    V += bump(M, tip, [1.3, 1.2, 1.6]) * [0, 0.10, -0.50]
    V += bump(M, tip + [0, 1.6, -0.6], [0.9, 1.3, 1.4]) * (M * [-0.12, 0, 0])
    for s in (-1, 1):  # wings of the nose
        V += bump(M, tip + [s * 1.45, -0.45, -1.9], [0.45, 0.5, 0.6]) * [s * 0.05, -0.05, 0.10]
        V += bump(M, [s * 4.9, -3.4, 2.4], [1.5, 1.8, 2.2]) * [-s * 0.25, 0, -0.20]  # cheeks taper to the jaw
    V += bump(M, [0, -4.4, 5.2], [2.6, 1.5, 2.2]) * [0, 0.22, -0.12]  # mouth
    V += bump(M, [0, -8.0, 4.2], [2.3, 1.4, 2.6]) * [0, 0.10, 0.75]  # chin
    V += smoothstep(-y, 3.5, 8.5) * smoothstep(z, -2.0, 3.0) * [0, 0, 0.30]
    V += smoothstep(y, 5.0, 8.0) * [0, 0, 0.30]  # an upright forehead
    for ids, s in BROWS:
        V += bump(M, M[ids].mean(0), [2.0, 0.8, 2.0]) * [-s * 0.16, 0.05, 0.10]
    V[:, 0] *= 0.965
    V[:, 1:2] = np.where(V[:, 1:2] < 2, 2 + (V[:, 1:2] - 2) * 0.955, V[:, 1:2])
    return V


BASE = _stylised(MEAN)
"""(468, 3) the face that parameters of 0 or 1 give."""
MOUTH, NOSE_TIP = BASE[lm.LIP_OUTER].mean(0), BASE[lm.NOSE_TIP]
EYES = ((BASE[lm.EYE_R].mean(0), -1), (BASE[lm.EYE_L].mean(0), 1))


def neutral_face(f: FaceShape) -> Array:
    """(468, 3) landmarks in cm. All bumps are placed on BASE, so the parameters do not interact."""
    V = BASE.copy()
    _move_eyes(V, f)
    _move_brows(V, f)
    _move_nose(V, f)
    _move_lips(V, f)
    _move_outline(V, f)
    close_mouth(V)
    return V


def _move_eyes(V: Array, f: FaceShape) -> None:
    M = BASE
    for c, s in EYES:
        w = bump(M, c, [1.9, 1.15, 2.2])
        V += w * (M - c) * [f.eye_size - 1, f.eye_size * f.eye_h - 1, 0]
        V += w * [s * f.eye_space, f.eye_y, 0]
        V += w * [0, 1, 0] * ((M[:, 0:1] - c[0]) * s) * f.eye_tilt
        if f.fold:  # flatter inner corner and lid
            V += bump(M, c + [-s * 1.1, 0.1, 0.4], [0.6, 0.5, 1]) * [0, -0.10, 0.05] * f.fold
            V += bump(M, c + [0, 0.55, 0.5], [1.2, 0.45, 1]) * [0, -0.12, 0.20] * f.fold


def _move_brows(V: Array, f: FaceShape) -> None:
    M = BASE
    both = np.zeros((len(M), 1))
    for ids, s in BROWS:
        c = M[ids].mean(0)
        w = bump(M, c, [2.0, 0.8, 2])
        both = np.maximum(both, w)
        V += w * [0, 1, 0] * (M[:, 0:1] - c[0]) * s * f.brow_tilt
        V += bump(M, c + [s * 0.5, 0, 0], [0.9, 0.7, 2]) * [0, f.brow_arch, 0]
        V += bump(M, [s * 3.2, 4.3, 3.9], [1.8, 0.8, 1.5]) * [0, 0, 0.35] * f.browridge
    V += both * [0, f.brow_y, f.brow_z]


def _move_nose(V: Array, f: FaceShape) -> None:
    M = BASE
    V += bump(M, NOSE_TIP + [0, 0.4, -1.2], [1.5, 1.5, 2.2]) * (M - NOSE_TIP) * [f.nose_w - 1, 0, 0]
    V += bump(M, NOSE_TIP + [0, 0, -0.3], [1.1, 1.1, 1.6]) * [0, f.nose_up, f.nose_z]
    V += bump(M, NOSE_TIP + [0, -0.3, -0.8], [2.0, 1.5, 2.4]) * [0, -f.nose_len, 0]
    V += bump(M, M[lm.NOSE_BRIDGE], [1.0, 2.0, 1.6]) * [0, 0, f.bridge]
    V += bump(M, M[lm.NOSE_BRIDGE] + [0, -0.9, 0.5], [0.9, 1.6, 1.6]) * [1, 0, 0] * M[:, 0:1] * (f.bridge_w - 1)
    V += bump(M, M[lm.NOSE_BRIDGE] + [0, -1.2, 0.8], [0.7, 0.9, 1.4]) * [0, 0, f.hump]
    V += bump(M, NOSE_TIP, [0.8, 0.8, 0.9]) * (M - NOSE_TIP) * (f.nose_tip - 1)
    for s in (-1, 1):
        V += bump(M, NOSE_TIP + [s * 1.4, -0.4, -1.5], [0.55, 0.6, 0.8]) * [s * f.wing, -0.15 * f.wing, 0]


def _move_lips(V: Array, f: FaceShape) -> None:
    M, full = BASE, f.lip_full - 1
    V += bump(M, MOUTH, [2.2, 0.95, 1.6]) * (M - MOUTH) * [f.mouth_w - 1, full, 0]
    V += bump(M, MOUTH, [1.2, 0.8, 1.2]) * [0, 0, full * 0.6]
    V += bump(M, MOUTH + [0, 0.55, 0], [1.5, 0.35, 1.5]) * [0, f.lip_upper, abs(f.lip_upper) * 0.3]
    V += bump(M, MOUTH, [2.5, 1.3, 2]) * [0, f.mouth_y, 0]


def _move_outline(V: Array, f: FaceShape) -> None:
    M = BASE
    x, y = M[:, 0:1], M[:, 1:2]
    low = smoothstep(-y, 5.4, 9.0)
    V += low * np.exp(-((x / 3.2) ** 2) / 2) * [0, -f.chin_len, f.chin_z]
    cheek = smoothstep(-y, -1.5, 1.5) * (1 - smoothstep(-y, 5.5, 8.5)) * smoothstep(np.abs(x), 2.5, 6.0)
    width = smoothstep(-y, 0, 6.0) * (f.jaw_w - 1) + low * (f.chin_w - 1) + f.face_w - 1 + cheek * (f.cheek_w - 1)
    V[:, 0:1] += x * width
    for s in (-1, 1):
        V += bump(M, [s * 4.6, -0.3, 3.2], [1.7, 1.5, 2]) * [s * 0.6, 0.1, 0.55] * f.cheekbone
        V += bump(M, [s * 4.2, -3.8, 2.6], [1.9, 1.9, 2.4]) * [s * 0.7, 0, 0.6] * f.fat
        V += bump(M, [s * 5.4, -5.0, 0.6], [1.8, 1.6, 2.4]) * [s * 0.5, -0.35, 0.1] * f.jowl
        V += bump(M, [s * 6.2, -4.6, -1.4], [1.4, 1.5, 2.2]) * [s * 0.7, -0.35, 0] * f.jaw_angle
        V += bump(M, [s * 4.9, -3.2, 2.4], [1.4, 1.7, 2.0]) * [-s * 0.45, 0, -0.35] * f.hollow
        V += bump(M, [s * 2.0, -7.9, 3.9], [0.9, 0.9, 1.6]) * [s * 0.35, -0.10, 0.15] * f.chin_square
        V += bump(M, [s * 6.3, 3.6, -0.8], [1.6, 2.6, 2.6]) * [s * 0.5, 0, 0] * f.temple
    V += smoothstep(y, 3.5, 9) * [0, f.forehead, 0]


def close_mouth(V: Array) -> None:
    """Make the inner edges of the lips meet, in place."""
    middle = (V[lm.LIP_UPPER_EDGE] + V[lm.LIP_LOWER_EDGE]) / 2
    V[lm.LIP_UPPER_EDGE], V[lm.LIP_LOWER_EDGE] = middle + [0, 0.004, 0], middle - [0, 0.004, 0]
