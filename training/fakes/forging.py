"""Fakes without a generator: a part of a picture, changed a little, blended over itself or over another's face.

The idea is that of self-blended images (Shiraga and Yamasaki, CVPR 2022), after the paper: what every swap leaves
behind is a region whose light, sharpness, noise and geometry are not quite those of its surroundings. A network that
learns such seams from them has not learned one generator by heart.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.faces import RGBImage
from deepmask.landmark_points import LEFT_BROW, LEFT_EYE, LIPS_OUTER, OVAL, RIGHT_BROW, RIGHT_EYE
from training.fakes.ageing import Mask, generated

Points = NDArray[np.float32]
"""(k, 2) in pixels."""

_PARTS = (OVAL, OVAL, OVAL, (*LEFT_BROW, *RIGHT_BROW, *LIPS_OUTER, 152, 172, 397), (*LEFT_EYE, *RIGHT_EYE, 1, 9, 2),
          (*LIPS_OUTER, 152, 148, 377, 2, 205, 425))  # fmt: skip
"""Groups of landmarks whose hull is replaced: mostly the whole face, sometimes its middle, eyes or mouth."""

MARKED = 0.25
"""Pixels of which at least this share is new count as faked."""

_LEAST_CHANGE = 1.2
"""Mean difference in grey levels below which nothing is to be found."""


def self_blended(rgb: RGBImage, shape: Mask, rng: np.random.Generator) -> tuple[RGBImage, RGBImage, Mask]:
    """A picture, the same with a changed copy of itself blended in where ``shape`` is, and what is faked (0 or 1).

    Sometimes it is the surroundings that are changed: the first picture is then another one than ``rgb``.
    """
    changed, kept = _changed(rgb, rng), rgb
    if rng.random() < 0.25:
        changed, kept = rgb, changed
    return kept, *blended(kept, _moved(changed, rng), shape, rng)


def blended(below: RGBImage, above: RGBImage, shape: Mask, rng: np.random.Generator) -> tuple[RGBImage, Mask]:
    """``above`` over ``below`` with a random edge and opacity; an all-zero mask where that changes hardly anything."""
    weight = _soft(shape, rng) * rng.choice((0.6, 0.8, 1.0, 1.0, 1.0))
    out = below + (above.astype(np.float32) - below) * weight[..., None]
    out = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    mask = (weight > MARKED).astype(np.float32)
    change = np.abs(out.astype(np.float32) - below).mean(2)
    if mask.sum() < 64 or float(change[mask > 0].mean()) < _LEAST_CHANGE:
        return below, np.zeros_like(mask)
    return out, mask


def face_shape(landmarks: Points, side_px: int, rng: np.random.Generator) -> Mask:
    """The hull of a part of a face, wobbled."""
    points = landmarks[list(_PARTS[int(rng.integers(len(_PARTS)))])]
    centre = points.mean(0)
    size = float(np.ptp(points, 0).max())
    points = centre + (points - centre) * rng.uniform(0.85, 1.15, 2) + rng.normal(0, 0.015 * size, points.shape)
    hull = cv2.convexHull(points.astype(np.float32))
    mask = np.zeros((side_px, side_px), np.float32)
    cv2.fillPoly(mask, [np.rint(hull).astype(np.int32)], (1.0,), cv2.LINE_AA)
    return mask


def any_shape(side_px: int, rng: np.random.Generator) -> Mask:
    """A blob anywhere: seams on things teach seams, not faces."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(6, 14))))
    radius = side_px * rng.uniform(0.1, 0.3) * rng.uniform(0.7, 1.3, angle.size)
    points = np.stack((np.cos(angle), np.sin(angle)), 1) * radius[:, None] * rng.uniform(0.6, 1.4, 2)
    points += side_px * rng.uniform(0.25, 0.75, 2)
    mask = np.zeros((side_px, side_px), np.float32)
    cv2.fillPoly(mask, [np.rint(cv2.convexHull(points.astype(np.float32))).astype(np.int32)], (1.0,), cv2.LINE_AA)
    return mask


def dressed(source: RGBImage, target: RGBImage, shape: Mask, rng: np.random.Generator) -> RGBImage:
    """``source`` (n, n, 3) with most of the light and tint ``target`` has within ``shape``."""
    inside = shape > 0.5
    if inside.sum() < 64:
        return source
    old, new = source.astype(np.float32), target.astype(np.float32)
    from_mean, from_std = old[inside].mean(0), old[inside].std(0) + 1
    to_mean, to_std = new[inside].mean(0), new[inside].std(0) + 1
    share = rng.uniform(0.6, 1.0)
    fitted = (old - from_mean) * np.clip(to_std / from_std, 0.5, 1.6) + to_mean
    return np.clip(old + (fitted - old) * share, 0, 255).astype(np.uint8)


def _changed(rgb: RGBImage, rng: np.random.Generator) -> RGBImage:
    """A copy whose colours, sharpness or noise differ a little."""
    out = generated(rgb, rng) if rng.random() < 0.45 else rgb
    values = out.astype(np.float32)
    if rng.random() < 0.6:
        values = values + rng.uniform(-16, 16, 3)
    if rng.random() < 0.5:
        grey = values.mean(2, keepdims=True)
        values = grey + (values - grey) * rng.uniform(0.7, 1.3)
    if rng.random() < 0.5:
        values = (values - 128) * rng.uniform(0.88, 1.12) + 128 + rng.uniform(-12, 12)
    if rng.random() < 0.3:
        values = values + rng.standard_normal(values.shape) * rng.uniform(1, 6)
    if rng.random() < 0.25:
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), rng.uniform(0.4, 1.4)))
    return np.clip(values, 0, 255).astype(np.uint8)


def _moved(rgb: RGBImage, rng: np.random.Generator) -> RGBImage:
    """Shifted, scaled and stretched by a few per cent, as no swap fits exactly."""
    if rng.random() < 0.25:
        return rgb
    n = rgb.shape[0]
    turn = cv2.getRotationMatrix2D((n / 2, n / 2), rng.normal(0, 1.5), rng.uniform(0.95, 1.05))
    turn[:, 2] += rng.normal(0, 0.008 * n, 2)
    x, y = np.meshgrid(np.arange(n, dtype=np.float32), np.arange(n, dtype=np.float32))
    bend = cv2.resize(rng.normal(0, 0.006 * n, (5, 5, 2)).astype(np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
    to_x = (turn[0, 0] * x + turn[0, 1] * y + turn[0, 2]).astype(np.float32) + bend[..., 0]
    to_y = (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2]).astype(np.float32) + bend[..., 1]
    return np.asarray(cv2.remap(rgb, to_x, to_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def _soft(shape: Mask, rng: np.random.Generator) -> Mask:
    """The shape with its outline bent, grown or shrunk, and its edge between hard and very soft."""
    n = shape.shape[0]
    out = _bent(shape, rng) if rng.random() < 0.7 else shape
    reach = int(rng.integers(0, max(2, n // 32)))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    out = cv2.erode(out, kernel) if rng.random() < 0.6 else cv2.dilate(out, kernel)
    sigma = n * rng.choice((0.003, 0.01, 0.02, 0.04))
    return np.clip(np.asarray(cv2.GaussianBlur(out, (0, 0), sigma), np.float32), 0, 1)


def _bent(shape: Mask, rng: np.random.Generator) -> Mask:
    n = shape.shape[0]
    x, y = np.meshgrid(np.arange(n, dtype=np.float32), np.arange(n, dtype=np.float32))
    bend = cv2.resize(rng.normal(0, 0.02 * n, (7, 7, 2)).astype(np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.remap(shape, x + bend[..., 0], y + bend[..., 1], cv2.INTER_LINEAR), np.float32)
