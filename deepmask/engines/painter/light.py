"""The light of a photo, read off the skin of a face: second-order spherical harmonics (Ramamoorthi and Hanrahan, 2001).

The face's normals are known from its landmarks, so nine coefficients follow from a least-squares fit; they become
ambient light and one lamp that casts shadows.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from deepmask.engines.painter import landmarks as lm
from deepmask.engines.painter.cage import FACE_TRIANGLES
from deepmask.engines.painter.colours import to_linear
from deepmask.engines.painter.fit import HeadFit
from deepmask.engines.painter.geometry import Array, transform, unit, vertex_normals
from deepmask.engines.painter.render import Lamp, Light
from deepmask.faces import RGBImage

TYPICAL_SKIN = np.array([0.42, 0.255, 0.175])
"""Linear reflectance of average skin."""
_FEATURES = {*lm.EYE_R, *lm.EYE_L, *lm.LIP_OUTER, *lm.LIP_INNER, *lm.BROW_R_UPPER, *lm.BROW_R_LOWER, *lm.BROW_L_UPPER,
             *lm.BROW_L_LOWER}  # fmt: skip
BARE_SKIN = np.array([i for i in range(lm.COUNT) if i not in _FEATURES])


BOUNCE = np.array([1.10, 0.98, 0.93])
"""Light from around a face has been on skin before; without its warmth shadows look green."""
LIPS_Y = -1.5
"""Height in cm below which beards grow."""


@dataclass(frozen=True)
class Seen:
    """What light does on a real face."""

    harmonics: Array
    """(9, 3) linear light."""
    mean: Array
    """(3,) mean skin colour, linear."""


def see_light(crop: RGBImage, origin_xy: tuple[int, int], fit: HeadFit) -> Seen:
    """Fit the light on the bare skin of the face in ``crop``, whose corner lies at ``origin_xy`` in the picture."""
    h, w = crop.shape[:2]
    normals = transform(vertex_normals(fit.frontal[: lm.COUNT], FACE_TRIANGLES), fit.R)
    ids = BARE_SKIN[normals[BARE_SKIN, 2] > 0.15]
    x = np.clip(fit.points[ids, 0] - origin_xy[0], 0, w - 1).astype(int)
    y = np.clip(-fit.points[ids, 1] - origin_xy[1], 0, h - 1).astype(int)
    r = max(1, int(fit.scale * 0.35))
    smooth = cv2.blur(crop, (2 * r + 1, 2 * r + 1))
    seen = to_linear(smooth[y, x].astype(np.float32) / 255).astype(np.float64)
    luma = seen.mean(1)
    plain = (luma >= np.percentile(luma, 8)) & (luma <= np.percentile(luma, 98))
    # a beard is dark by itself, not for want of light
    plain &= (fit.frontal[ids, 1] > LIPS_Y) | (luma > 0.6 * np.median(luma[fit.frontal[ids, 1] > LIPS_Y]))
    n, seen = normals[ids[plain]], seen[plain]
    nx, ny, nz = n.T
    Y = np.stack(
        [np.ones(len(n)), ny, nz, nx, nx * ny, ny * nz, 3 * nz**2 - 1, nx * nz, nx**2 - ny**2], 1
    ) * np.clip(nz, 0.2, 1)[:, None]  # fmt: skip
    ridge = np.diag([0.01, 0.4, 0.6, 0.4, 2, 2, 2, 2, 2]) * np.sqrt(len(n)) * 0.35
    right = np.vstack([seen * np.clip(nz, 0.2, 1)[:, None], np.zeros((9, 3))])
    harmonics = np.linalg.lstsq(np.vstack([Y, ridge]), right, rcond=None)[0]
    return Seen(harmonics, np.maximum(seen.mean(0), 1e-3))


def light_level(mean: Array, scene: float, albedo: Array) -> tuple[float, Array]:
    """Brightness of the light and its tint (3,).

    How light the real skin is by itself is unknown, so its brightness counts for about half, the picture's for the
    rest; pale skin in a bright picture must not clip, dark skin in a dark one must stay readable.

    Args:
        mean: mean colour of the real skin, linear.
        scene: mean brightness of the picture, linear 0..1.
        albedo: the persona's skin, linear.
    """
    tint = np.clip((mean / mean.mean()) / (TYPICAL_SKIN / TYPICAL_SKIN.mean()), 0.5, 1.8) ** 0.3
    level = np.clip(mean.mean() / TYPICAL_SKIN.mean(), 0.2, 1.8) ** 0.30 * np.clip(scene / 0.22, 0.4, 2.2) ** 0.35 * 0.9
    readable = min(1.0, 0.62 * (mean.mean() / max(albedo.mean(), 0.02)) ** 0.5)
    return float(min(max(level, readable), 0.80 / albedo.max())), tint


def light_for(seen: Seen, scene: float, albedo: Array) -> Light:
    """The photo's light for the renderer (see :func:`light_level` for the arguments)."""
    level, tint = light_level(seen.mean, scene, albedo)
    luma = seen.harmonics.mean(1) / seen.mean.mean()
    slope = np.array([luma[3], luma[1], max(luma[2], 0.0)])
    strength = float(np.clip(0.30 + 1.2 * np.linalg.norm(slope), 0.30, 0.85))
    d = unit(np.array([luma[3], luma[1], max(luma[2], 0.18)]))
    d = unit(np.array([d[0] * 1.3, d[1] * 1.2 + 0.12, max(d[2], 0.35)]))
    ambient = np.zeros((9, 3))
    ambient[0], ambient[1] = 1 - strength * 0.72, 0.08
    ambient[1:4] += np.clip(luma[1:4, None], -0.5, 0.5) * 0.45
    ambient[4:] += luma[4:, None] * 0.6
    colour, s = level * tint, float(np.sign(d[0] + 1e-3))

    def lamp(towards: tuple[float, float, float], power: float, *, shadow: bool = False) -> Lamp:
        r, g, b = colour * power
        return Lamp(towards, (float(r), float(g), float(b)), shadow)

    lamps = (
        lamp((float(d[0]), float(d[1]), float(d[2])), strength * 1.05, shadow=True),
        lamp((-float(d[0]), 0.1, 0.5), 0.06),
        lamp((0.7 * s, 0.5, -0.55), 0.22),
        lamp((-0.8 * s, 0.3, -0.5), 0.12),
    )
    return Light(lamps, ambient * colour * BOUNCE, catch=0.955, bump=0.8, glare=0.6)
