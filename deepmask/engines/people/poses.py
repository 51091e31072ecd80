"""One person: the square they stand in, and what the networks make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Mask
from deepmask.engines.crops import Crop, square_crop
from deepmask.engines.people.networks import LANDMARKS, POSE_PX, PoseFit, PoseNetwork
from deepmask.faces import Box, RGBImage

Soft = NDArray[np.float32]
"""(h, w) 0..1, whether a pixel belongs to somebody."""

REACH = 1.25
"""Half the side of a square in distances from the middle of the hips to the end of the body, as in training."""

TIGHT = 1.3
"""Side of the second, closer square around what is visible of a person, in longer sides of its rectangle."""

RIM = 0.04
"""Width by which the inner part of a coarse mask is smaller, in reaches of the body."""

BODY_IN_FACES = 4.7
"""Distance from the middle of the hips to the top of a standing body, in sides of its face's box (adults 4 to 5.5)."""

MOST_AREA = 2.4
"""Pixels of a person in squares of the distance from hips to end; standing people .6 to 1, wide coats and skirts 2."""


@dataclass(frozen=True)
class Roi:
    """The square of a picture in which somebody is expected, turned so that they stand upright."""

    centre_xy: tuple[float, float]
    """Middle of the hips."""
    reach_px: float
    """From there to the end of the body."""
    turn_degrees: float = 0.0

    @classmethod
    def of(cls, points: NDArray[np.float64]) -> Roi:
        """From the middle of the hips and the point that tells size and direction, (2, 2)."""
        (x, y), (dx, dy) = points[0], points[1] - points[0]
        return cls((float(x), float(y)), max(1.0, float(np.hypot(dx, dy))), float(np.degrees(np.arctan2(dx, -dy))))

    @classmethod
    def below(cls, face: Box) -> Roi:
        """Where somebody who stands upright has their body."""
        x1, y1, x2, y2 = face
        reach = BODY_IN_FACES * max(x2 - x1, y2 - y1)
        return cls(((x1 + x2) / 2, (y1 + y2) / 2 + 0.82 * reach), reach)

    @classmethod
    def around(cls, box: Box) -> Roi:
        """Of somebody who fills a rectangle."""
        x1, y1, x2, y2 = box
        return cls(((x1 + x2) / 2, (y1 + y2) / 2), 0.52 * max(x2 - x1, y2 - y1))

    def differs(self, other: Roi) -> bool:
        """Whether the other is so different that the network sees something else."""
        away = np.hypot(self.centre_xy[0] - other.centre_xy[0], self.centre_xy[1] - other.centre_xy[1])
        size = self.reach_px / other.reach_px
        turn = abs((self.turn_degrees - other.turn_degrees + 180) % 360 - 180)
        return bool(away > 0.15 * other.reach_px or not 0.8 < size < 1.25 or turn > 15)

    def crop(self, image: RGBImage) -> Crop:
        """The square."""
        return square_crop(image, self.centre_xy, REACH * self.reach_px, POSE_PX, self.turn_degrees)


@dataclass(frozen=True)
class Person:
    """Somebody in a picture."""

    presence: float
    """0..1, whether there is somebody."""
    score: float
    """0..1, how sure it is that this is a person."""
    roi: Roi
    points: NDArray[np.float64]
    """(33, 2) in pixels of the picture."""
    visibility: NDArray[np.float64]
    """(33,)."""
    soft: Soft
    """Of the rectangle that starts at ``origin_xy``."""
    origin_xy: tuple[int, int]
    face: int | None = None
    """Number of the face that is theirs."""

    @classmethod
    def known_by_face(cls, face: Box, number: int, soft: Soft, origin_xy: tuple[int, int]) -> Person:
        """Somebody without a pose."""
        points = np.tile([(face[0] + face[2]) / 2, (face[1] + face[3]) / 2], (LANDMARKS, 1))
        return cls(0.0, 0.3, Roi.below(face), points, np.zeros(LANDMARKS), soft, origin_xy, number)

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that ``soft`` lies on."""
        (x, y), (rows, columns) = self.origin_xy, self.soft.shape
        return slice(y, y + rows), slice(x, x + columns)

    @property
    def pixels(self) -> int:
        """How many are theirs."""
        return int(np.count_nonzero(self.soft > 0.5))

    @property
    def head_xy(self) -> NDArray[np.float64]:
        """(2,) mean of nose, eyes and ears."""
        return self.points[:9].mean(0)

    def visible_box(self) -> Box | None:
        """The rectangle around what is visible."""
        inside = self.soft > 0.5
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        if not len(rows):
            return None
        x, y = self.origin_xy
        return x + float(columns[0]), y + float(rows[0]), x + float(columns[-1] + 1), y + float(rows[-1] + 1)


def fit(network: PoseNetwork, image: RGBImage, roi: Roi, gone: Mask | None = None) -> Person:
    """Who stands in ``roi``; looked at once more where the network would put the square elsewhere.

    Args:
        gone: (H, W) pixels of the picture to be taken for background, such as people who are known.
    """
    person = _fit(network, image, roi, gone)
    if person.presence > 0.05 and person.roi.differs(roi):
        again = _fit(network, image, person.roi, gone)
        if again.presence > 0.5 * person.presence:
            return again
    return person


def closer(network: PoseNetwork, image: RGBImage, person: Person, gone: Mask | None = None) -> Person:
    """The same person with a finer mask, from a square that holds only what is visible of them.

    People cut by the frame fill little of the square that would hold all of them.
    """
    box = person.visible_box()
    if box is None:
        return person
    side = TIGHT * max(box[2] - box[0], box[3] - box[1])
    if side > 0.8 * 2 * REACH * person.roi.reach_px:
        return person
    near = _fit(network, image, Roi(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), side / (2 * REACH)), gone)
    if near.presence < 0.5 or agreement(near, person) < 0.75:
        return person
    return united(person, near)


def united(person: Person, near: Person) -> Person:
    """``person`` with the finer mask of ``near``, and the inner part of the coarser one: a limb that one of them misses
    is not lost."""
    rows, columns = (hull(a, b) for a, b in zip(person.window, near.window, strict=True))
    width = max(3, round(RIM * person.roi.reach_px))
    inner = cv2.erode(person.soft, np.ones((width, width), np.uint8))
    soft = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
    for part, (x, y) in ((inner, person.origin_xy), (near.soft, near.origin_xy)):
        there = soft[
            y - rows.start : y - rows.start + part.shape[0], x - columns.start : x - columns.start + part.shape[1]
        ]
        np.maximum(there, part, out=there)
    return replace(person, soft=soft, origin_xy=(columns.start, rows.start))


def hull(a: slice, b: slice) -> slice:
    """The smallest slice that holds both."""
    return slice(min(a.start, b.start), max(a.stop, b.stop))


def _fit(network: PoseNetwork, image: RGBImage, roi: Roi, gone: Mask | None) -> Person:
    crop = roi.crop(image)
    square = crop.rgb
    if gone is not None:
        there = cv2.warpAffine(gone.astype(np.uint8), crop.to_crop, (POSE_PX, POSE_PX), flags=cv2.INTER_NEAREST)
        square = emptied(square, there > 0) if there.any() else square
    found: PoseFit = network.fit(square)
    soft, origin = into_picture(found.mask, crop, (image.shape[1], image.shape[0]))
    return Person(
        presence=found.presence,
        score=found.presence,
        roi=Roi.of(crop.points_to_picture(found.middle)),
        points=crop.points_to_picture(found.points),
        visibility=found.visibility,
        soft=soft,
        origin_xy=origin,
    )


def into_picture(mask: Soft, crop: Crop, size_wh: tuple[int, int]) -> tuple[Soft, tuple[int, int]]:
    """A mask of a square on the pixels of the picture around what is inside, and where they begin."""
    rows, columns = np.nonzero(mask > 0.1)
    if not len(rows):
        return np.zeros((1, 1), np.float32), (0, 0)
    ends = [(x, y) for x in (columns.min() - 2, columns.max() + 2) for y in (rows.min() - 2, rows.max() + 2)]
    corners = crop.points_to_picture(np.array(ends, np.float64))
    x1, y1 = np.floor(corners.min(0)).clip(0, np.array(size_wh) - 1).astype(int).tolist()
    x2, y2 = np.ceil(corners.max(0)).clip((x1 + 1, y1 + 1), size_wh).astype(int).tolist()
    matrix = crop.to_picture.copy()
    matrix[:, 2] -= (x1, y1)
    soft = cv2.warpAffine(mask, matrix, (x2 - x1, y2 - y1), flags=cv2.INTER_LINEAR)
    return np.asarray(soft, np.float32), (x1, y1)


def emptied(square: RGBImage, gone: Mask) -> RGBImage:
    """``square`` with its blurred surroundings where ``gone`` is True (normalised convolution, Knutsson and Westin
    1993)."""
    h, w = gone.shape
    size = max(1, w // 4), max(1, h // 4)
    weight = (~gone).astype(np.float32)
    colours = cv2.resize(square * weight[..., None], size, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    mean = colours.sum((0, 1)) / max(1e-3, float(weight.sum()))
    colours, weight = (cv2.GaussianBlur(part, (0, 0), size[0] / 8) for part in (colours, weight))
    coarse = (colours + 0.01 * mean) / (weight + 0.01)[..., None]
    large = cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR).clip(0, 255).astype(np.uint8)
    return np.where(gone[..., None], large, square)


def overlap(a: Person, b: Person) -> int:
    """Pixels that both claim."""
    (ar, ac), (br, bc) = a.window, b.window
    rows = slice(max(ar.start, br.start), min(ar.stop, br.stop))
    columns = slice(max(ac.start, bc.start), min(ac.stop, bc.stop))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return 0
    in_a = a.soft[rows.start - ar.start : rows.stop - ar.start, columns.start - ac.start : columns.stop - ac.start]
    in_b = b.soft[rows.start - br.start : rows.stop - br.start, columns.start - bc.start : columns.stop - bc.start]
    return int(np.count_nonzero((in_a > 0.5) & (in_b > 0.5)))


def agreement(a: Person, b: Person) -> float:
    """Intersection over union of two masks."""
    common = overlap(a, b)
    return common / max(1, a.pixels + b.pixels - common)
