"""What happens to any picture before somebody looks at it, genuine or not: size, noise, blur, colour, compression.

The same is done to fakes and to untouched pictures, so that none of it is taken for a fake.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.faces import RGBImage

Mask = NDArray[np.float32]
"""(n, n) in 0..1."""

_FILTERS = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


def photographed(rgb: RGBImage, rng: np.random.Generator) -> RGBImage:
    """As another camera would have given the picture: noise, light, colours, and often a first compression."""
    if rng.random() < 0.15:  # whole pictures are smoothed by cameras and by networks, too
        rgb = generated(rgb, rng)
    out = rgb.astype(np.float32)
    if rng.random() < 0.5:
        out = 255 * (np.clip(out, 0, 255) / 255) ** rng.uniform(0.7, 1.4)
    if rng.random() < 0.5:
        out = out * rng.uniform(0.85, 1.15, 3).astype(np.float32) + rng.uniform(-10, 10)
    if rng.random() < 0.12:
        out = np.repeat(out.mean(2, keepdims=True), 3, 2)
    if rng.random() < 0.5:
        out = out + _grain(out.shape, rng) * rng.uniform(0.5, 6)
    out = np.clip(out, 0, 255).astype(np.uint8)
    return compressed(out, int(rng.integers(60, 99))) if rng.random() < 0.6 else out


def generated(rgb: RGBImage, rng: np.random.Generator) -> RGBImage:
    """As a network of limited size would draw it: through a small picture, smoothed, perhaps sharpened again."""
    n = rgb.shape[0]
    small = max(24, int(n * rng.uniform(0.25, 0.8)))
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[int(rng.integers(3))]
    out = cv2.resize(cv2.resize(rgb, (small, small), interpolation=cv2.INTER_AREA), (n, n), interpolation=way)
    if rng.random() < 0.4:
        out = cv2.bilateralFilter(out, 5, float(rng.uniform(10, 40)), 3)
    if rng.random() < 0.4:
        out = cv2.addWeighted(out, 1.8, cv2.GaussianBlur(out, (0, 0), rng.uniform(0.8, 2)), -0.8, 0)
    return np.asarray(out, np.uint8)


def _grain(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise of the shape (h, w, 3), grey or coloured, fine or coarse."""
    noise = rng.standard_normal((*shape[:2], 3 if rng.random() < 0.5 else 1)).astype(np.float32)
    if rng.random() < 0.5:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.4, 1.2)), np.float32).reshape(*shape[:2], -1)
        noise /= noise.std() + 1e-6
    return np.broadcast_to(noise, shape)


def shared(
    rgb: RGBImage, mask: Mask, side_px: int, rng: np.random.Generator, hard: bool = True
) -> tuple[RGBImage, Mask]:
    """As the picture travels: sent at another size and, if ``hard``, sharpened or softened and compressed; cut to
    ``side_px``."""
    rgb, mask = _resized(rgb, mask, side_px, rng)
    if hard:
        rgb = _worn(rgb, rng)
    y, x = (int(rng.integers(0, max(1, side - side_px + 1))) for side in rgb.shape[:2])
    cut = np.s_[y : y + side_px, x : x + side_px]
    return np.ascontiguousarray(rgb[cut]), np.ascontiguousarray(mask[cut])


def _worn(rgb: RGBImage, rng: np.random.Generator) -> RGBImage:
    """Softened or sharpened, grainy, compressed up to twice."""
    if rng.random() < 0.15:
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.3, 0.9)), np.uint8)
    elif rng.random() < 0.1:
        soft = cv2.GaussianBlur(rgb, (0, 0), 1.0)
        rgb = np.asarray(cv2.addWeighted(rgb, 1.6, soft, -0.6, 0), np.uint8)
    if rng.random() < 0.1:
        noisy = rgb.astype(np.float32) + _grain(rgb.shape, rng) * rng.uniform(0.5, 3)
        rgb = np.clip(noisy, 0, 255).astype(np.uint8)
    for _ in range(int(rng.choice(3, p=(0.4, 0.45, 0.15)))):
        rgb = compressed(rgb, int(rng.integers(60, 97)))
    return rgb


def _resized(rgb: RGBImage, mask: Mask, side_px: int, rng: np.random.Generator) -> tuple[RGBImage, Mask]:
    """To a little more than ``side_px``, so that blocks of the compression begin anywhere after the cut."""
    goal = side_px + int(rng.integers(0, 17))
    if rgb.shape[0] == goal and rng.random() < 0.5:
        return rgb, mask
    way = cv2.INTER_AREA if goal < 0.7 * rgb.shape[0] else int(rng.choice(_FILTERS))
    rgb = np.asarray(cv2.resize(rgb, (goal, goal), interpolation=way), np.uint8)
    return rgb, np.asarray(cv2.resize(mask, (goal, goal), interpolation=cv2.INTER_AREA), np.float32)


def compressed(rgb: RGBImage, quality: int) -> RGBImage:
    """After a JPEG file of ``quality`` (libjpeg's scale; colours at half the size)."""
    coded = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1], dtype=np.uint8)
