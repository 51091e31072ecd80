"""One lesson: a square of a picture, and the same square with a fake in it, aged alike, and the mask of what is faked.

Genuine and faked are learned from in pairs, as Shiraga and Yamasaki do: between the two nothing differs but the fake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from deepmask.engines.crops import square_crop
from deepmask.faces import Landmarks, RGBImage
from deepmask.landmark_points import OVAL
from training.fakes import forging
from training.fakes.ageing import Mask, generated, photographed, shared
from training.fakes.photos import Carrier
from training.fakes.swaps import Swap

SIDE_PX = 128

_FACES, _SWAPS = 0.45, 0.37
"""Shares of lessons on genuine faces (faked here) and on faces our engines swapped; the rest is on things."""

_OneFace = tuple[Carrier, Landmarks]


@dataclass(frozen=True, eq=False)
class Pair:
    """The same square before and after it was faked."""

    genuine: RGBImage
    faked: RGBImage
    mask: Mask
    """1 where pixels are faked."""


@dataclass(frozen=True, eq=False)
class Lessons:
    """All there is to learn from."""

    carriers: Sequence[Carrier]
    swaps: Sequence[Swap]

    def draw(self, rng: np.random.Generator, hardness: float = 1.0) -> Pair:
        """Squares of SIDE_PX and a mask of 0 and 1.

        Args:
            hardness: share of the pairs that are disguised and aged, 0..1: what is faked is learned first, and then
                what does not belong to it.
        """
        donors = [(carrier, face) for carrier in self.carriers for face in carrier.faces]
        people, chance = [one for one in donors if not one[0].painted], rng.random()
        if chance < _SWAPS and self.swaps:
            pair = _swap(self.swaps[int(rng.integers(len(self.swaps)))], rng)
        elif chance < _SWAPS + _FACES and people:
            pair = _face(people, donors, rng)
        else:
            photos = [carrier.rgb for carrier in self.carriers if not carrier.painted]
            pair = _thing(photos[int(rng.integers(len(photos)))], rng)
        return _aged(disguised(pair, rng) if rng.random() < hardness else pair, rng, hardness)


def disguised(pair: Pair, rng: np.random.Generator) -> Pair:
    """Both bent and recoloured alike, so that few people become many: nobody's face can be learned by heart."""
    n = pair.mask.shape[0]
    x, y = np.meshgrid(np.arange(n, dtype=np.float32), np.arange(n, dtype=np.float32))
    if rng.random() < 0.7:
        bend = cv2.resize(rng.normal(0, 0.022 * n, (4, 4, 2)).astype(np.float32), (n, n), interpolation=cv2.INTER_CUBIC)
        x, y = x + bend[..., 0], y + bend[..., 1]
    curves = _curves(rng) if rng.random() < 0.8 else None
    order = rng.permutation(3) if rng.random() < 0.35 else np.arange(3)

    def worn(rgb: RGBImage) -> RGBImage:
        bent = np.asarray(cv2.remap(rgb, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.uint8)
        coloured = bent if curves is None else np.take_along_axis(curves, bent.reshape(-1, 3), 0).reshape(bent.shape)
        return np.ascontiguousarray(coloured[..., order], dtype=np.uint8)

    mask = cv2.remap(pair.mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return Pair(worn(pair.genuine), worn(pair.faked), mask.astype(np.float32))


def _curves(rng: np.random.Generator) -> RGBImage:
    """(256, 3) for each channel what becomes of 0..255: smooth and rising."""
    x = np.arange(256)[:, None] / 255
    gamma, light = rng.uniform(0.6, 1.6) * rng.uniform(0.8, 1.25, 3), rng.uniform(-20, 20)
    return np.clip(255 * x**gamma * rng.uniform(0.8, 1.15, 3) + light, 0, 255).astype(np.uint8)


def _aged(pair: Pair, rng: np.random.Generator, hardness: float) -> Pair:
    """Both with the same history."""
    seed, hard = int(rng.integers(2**32)), rng.random() < hardness
    genuine, _ = shared(pair.genuine, np.zeros_like(pair.mask), SIDE_PX, np.random.default_rng(seed), hard)
    faked, mask = shared(pair.faked, pair.mask, SIDE_PX, np.random.default_rng(seed), hard)
    if rng.random() < 0.5:
        genuine, faked, mask = genuine[:, ::-1], faked[:, ::-1], mask[:, ::-1]
    return Pair(np.ascontiguousarray(genuine), np.ascontiguousarray(faked), (mask > 0.5).astype(np.float32))


def _swap(swap: Swap, rng: np.random.Generator) -> Pair:
    """Around a face that was swapped."""
    window = _window(swap.face, rng)
    genuine, faked = square_crop(swap.genuine, *window).rgb, square_crop(swap.rgb, *window).rgb
    marks = np.repeat((swap.mask * 255).astype(np.uint8)[..., None], 3, 2)
    return Pair(genuine, faked, (square_crop(marks, *window).rgb[..., 0] > 127).astype(np.float32))


def _face(people: Sequence[_OneFace], donors: Sequence[_OneFace], rng: np.random.Generator) -> Pair:
    """A genuine face changed or exchanged; painted ones are put on others and are never genuine."""
    carrier, face = people[int(rng.integers(len(people)))]
    crop = square_crop(carrier.rgb, *_window(face, rng))
    rgb, n = photographed(crop.rgb, rng), crop.rgb.shape[0]
    points = crop.points_to_crop(face)[:, :2].astype(np.float32)
    shape = forging.face_shape(points, n, rng)
    if rng.random() < 0.35:
        other = _laid_over(*donors[int(rng.integers(len(donors)))], points, n)
        other = forging.dressed(generated(other, rng) if rng.random() < 0.6 else other, rgb, shape, rng)
        return Pair(rgb, *forging.blended(rgb, other, shape, rng))
    return Pair(*forging.self_blended(rgb, shape, rng))


def _thing(picture: RGBImage, rng: np.random.Generator) -> Pair:
    h, w = picture.shape[:2]
    half = min(h, w) / 2 * rng.uniform(0.35, 1.0)
    centre = (rng.uniform(half, max(w - half, half + 1)), rng.uniform(half, max(h - half, half + 1)))
    rgb = photographed(square_crop(picture, centre, half, _side(half, rng)).rgb, rng)
    return Pair(*forging.self_blended(rgb, forging.any_shape(rgb.shape[0], rng), rng))


def _window(face: Landmarks, rng: np.random.Generator) -> tuple[tuple[float, float], float, int, float]:
    """Arguments of :func:`square_crop`: a square in which the face takes a third to four fifths of the side."""
    oval = face[list(OVAL), :2]
    low, high = oval.min(0), oval.max(0)
    size = float(max(high - low))
    half = size / rng.uniform(0.3, 0.8) / 2
    loose = max(half - 0.6 * size, 0.0)
    centre = (low + high) / 2 + rng.uniform(-loose, loose, 2)
    return (float(centre[0]), float(centre[1])), half, _side(half, rng), float(rng.normal(0, 6))


def _side(half: float, rng: np.random.Generator) -> int:
    """Pixels of the square before it is aged: near its own resolution, at least what is needed."""
    return int(np.clip(2 * half * rng.uniform(0.6, 1.2), SIDE_PX, 2 * SIDE_PX))


def _laid_over(donor: Carrier, face: Landmarks, points: forging.Points, side_px: int) -> RGBImage:
    """The donor's face where the landmarks ``points`` (478, 2) of the other lie, (side_px, side_px, 3)."""
    matrix, _ = cv2.estimateAffinePartial2D(face[:468, :2].astype(np.float32), points[:468])
    matrix = np.eye(2, 3) if matrix is None else matrix
    return np.asarray(
        cv2.warpAffine(
            donor.rgb, matrix, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        ),
        np.uint8,
    )
