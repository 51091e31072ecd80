"""Whose pixel it is where several people claim it, and outlines that follow the edges of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Mask
from deepmask.engines.people.poses import Person, Soft
from deepmask.faces import Box, RGBImage, enlarge

Owners = NDArray[np.int16]
"""(H, W) number of the person, -1 for nobody."""

BONES = (
    (7, 8), (0, 11), (0, 12), (11, 12), (11, 13), (13, 15), (15, 19), (12, 14), (14, 16), (16, 20), (11, 23), (12, 24),
    (23, 24), (23, 25), (25, 27), (27, 31), (24, 26), (26, 28), (28, 32),
)  # fmt: skip
"""Pairs of landmarks that are joined."""

SKELETON_PX = 128
"""Longer side of the coarse picture of a skeleton."""

NEAR = 0.15
"""Distance from the skeleton at which a claim has lost most of what nearness adds, in reaches of the body."""

FRONT = 0.15
"""What being the largest adds to a claim: larger people are nearer."""

GUIDED = 0.03
"""Radius of the filter that draws outlines to edges, in reaches of the body."""

WELL_SEEN = 0.9
"""Share of a face that a mask must hold to be trusted with the rest of the head."""

LEAST_ISLAND = 0.02
"""Parts of somebody smaller than this share of them are noise, as are holes of a tenth of it."""


def owners(people: Sequence[Person], faces: Sequence[Box], size_wh: tuple[int, int]) -> Owners:
    """Whose each pixel is: the surer claim, nearer to its skeleton, of the larger; faces belong to whom they belong."""
    w, h = size_wh
    best = np.full((h, w), 0.5, np.float32)
    owner = np.full((h, w), -1, np.int16)
    most = max((person.roi.reach_px for person in people), default=1.0)
    for number, person in enumerate(people):
        rows, columns = person.window
        size = person.roi.reach_px / most
        claim = np.where(person.soft > 0.5, 0.5 + person.soft * (0.4 + 0.6 * nearness(person)) + FRONT * size, 0)
        won = claim > best[rows, columns]
        best[rows, columns][won] = claim[won]
        owner[rows, columns][won] = number
    heads = [(number, faces[person.face]) for number, person in enumerate(people) if person.face is not None]
    for number, face in sorted(heads, key=lambda pair: pair[1][3] - pair[1][1]):
        core = head(enlarge(face, 0.75), size_wh)
        seen = np.count_nonzero(owner[core] == number) > WELL_SEEN * np.count_nonzero(core)
        owner[core if seen else head(face, size_wh)] = number
    return owner


def nearness(person: Person) -> Soft:
    """1 on the skeleton of a person, towards 0 away from it; on the rectangle of their mask."""
    rows, columns = person.soft.shape
    factor = min(1.0, SKELETON_PX / max(rows, columns))
    size = max(1, round(columns * factor)), max(1, round(rows * factor))
    away = np.ones((size[1], size[0]), np.uint8)
    reach = person.roi.reach_px * factor
    points = (person.points - person.origin_xy) * factor
    for a, b in BONES:
        if min(person.visibility[a], person.visibility[b]) > 0.1:
            ends = (tuple(np.round(points[n]).astype(int).tolist()) for n in (a, b))
            cv2.line(away, *ends, color=(0,), thickness=max(1, round(0.08 * reach)))
    torso = np.round(points[[11, 12, 24, 23]]).astype(np.int32)
    if person.visibility[[11, 12, 23, 24]].min() > 0.3:
        cv2.fillPoly(away, [torso], color=(0,))
    if away.all():
        return np.ones((rows, columns), np.float32)
    distance = cv2.distanceTransform(away, cv2.DIST_L2, 3)
    near = np.exp(-distance / max(1.0, NEAR * reach)).astype(np.float32)
    return np.asarray(cv2.resize(near, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def head(face: Box, size_wh: tuple[int, int]) -> Mask:
    """(H, W) the ellipse around the box of a face."""
    x1, y1, x2, y2 = face
    canvas = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    middle, axes = ((x1 + x2) / 2, (y1 + y2) / 2), ((x2 - x1) * 1.0, (y2 - y1) * 1.1)
    cv2.ellipse(canvas, (middle, axes, 0.0), color=(1,), thickness=-1)
    return canvas > 0


def without_noise(mask: Mask) -> Mask:
    """The mask (h, w) without islands and holes that are too small to be anything."""
    total = int(np.count_nonzero(mask))
    for inside, least in ((True, LEAST_ISLAND * total), (False, 0.1 * LEAST_ISLAND * total)):
        _, labels, stats, _ = cv2.connectedComponentsWithStats((mask == inside).astype(np.uint8), connectivity=4)
        small = stats[:, cv2.CC_STAT_AREA] < least
        small[0] = False
        mask = np.where(small[labels], not inside, mask)
    return mask


def refined(image: RGBImage, person: Person) -> Person:
    """The person with a mask whose edges are those of the picture: a guided filter by brightness (He et al., 2010)."""
    radius = max(1, round(GUIDED * person.roi.reach_px))

    def mean(values: Soft) -> Soft:
        return np.asarray(cv2.blur(values, (2 * radius + 1, 2 * radius + 1)), np.float32)

    guide = cv2.cvtColor(image[person.window], cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    guide_mean, soft_mean = mean(guide), mean(person.soft)
    variance = mean(guide * guide) - guide_mean**2
    slope = (mean(guide * person.soft) - guide_mean * soft_mean) / (variance + 1e-3)
    soft = mean(slope) * guide + mean(soft_mean - slope * guide_mean)
    return replace(person, soft=soft.clip(0, 1))
