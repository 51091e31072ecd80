"""Shadows and reflections of people, which tell that somebody stood there after they are removed.

Both are looked for where the person meets the ground, and rather missed than imagined: a shadow is darker than the
ground by about the same factor in all colours (Finlayson et al., 2006) and touches the feet; a reflection resembles the
person turned upside down about them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area, Mask
from deepmask.faces import RGBImage

WORK_PX = 160
"""Height of the person at which shadows are looked for."""

DARKER, HARDLY_DARKER, BLACK = 0.1, 0.05, 2.0
"""How much darker than the ground, as a natural logarithm: surely shadow, its soft edge, and too dark for one."""

NOISY = 0.03
"""Deviation of the ground's lightness, as a logarithm, from which its texture is smoothed away."""

OTHER_HUE = 0.14
"""Difference of the logarithms of a colour channel and of the mean, from which something has another colour."""

SIDEWAYS, BEHIND, BEFORE = 2.0, 0.5, 0.9
"""How far from the feet shadows are looked for, in heights of the person."""

LARGEST = 1.3
"""Size of the largest shadow, as a share of the person's pixels; larger dark places are ground of another kind."""

ALIKE = 0.6
"""Correlation from which the floor mirrors a person."""

Plane = NDArray[np.float32]


def shadow_of(image: RGBImage, area: Area, others: Area | None = None) -> Area | None:
    """Shadow and reflection that touch the feet of the person in ``area``; None where there are none.

    Args:
        image: (H, W, 3).
        others: what is not ground: all other people.
    """
    scene = _Scene.around(image, area, others)
    if scene is None:
        return None
    found = _shadow(scene) | _reflection(scene)
    return scene.in_picture(found, area, others) if found.any() else None


@dataclass(frozen=True)
class _Scene:
    """The surroundings of the feet, so small that the person is about ``WORK_PX`` high."""

    rgb: NDArray[np.float32]
    """(h, w, 3), 0..255, slightly smoothed."""
    person: Mask
    free: Mask
    """Neither person nor somebody else."""
    feet_y: int
    """First row below the person."""
    height: float
    """Of the person, in pixels of this picture."""
    window: tuple[slice, slice]

    @classmethod
    def around(cls, image: RGBImage, area: Area, others: Area | None) -> _Scene | None:
        """None where the feet are not in the picture."""
        (w, h), (x1, y1, x2, y2) = area.size_wh, area.box_xyxy
        tall = max(y2 - y1, 0.6 * (x2 - x1))
        if y2 > h - 0.02 * tall - 1 or tall < 12:
            return None
        window = (
            slice(max(0, int(y1)), min(h, int(y2 + BEFORE * tall))),
            slice(max(0, int(x1 - SIDEWAYS * tall)), min(w, int(x2 + SIDEWAYS * tall))),
        )
        scale = min(2.0, WORK_PX / tall)
        size = tuple(max(2, round((s.stop - s.start) * scale)) for s in window[::-1])
        small = cv2.resize(image[window], size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        small = cv2.GaussianBlur(small.astype(np.float32), (0, 0), max(0.8, 0.008 * tall * scale))
        taken = area.grown(1 + 0.015 * tall)
        person = _shrunk(area.full()[window], size)
        free = ~_shrunk(taken.full()[window], size)
        if others is not None:
            free &= ~_shrunk(others.full()[window], size)
        feet = int(np.flatnonzero(person.any(axis=1))[-1]) + 1
        return cls(np.asarray(small, np.float32), person, free, feet, tall * scale, window)

    def in_picture(self, found: Mask, area: Area, others: Area | None) -> Area | None:
        """``found`` in the size of the picture, without person and others."""
        rows, columns = self.window
        size = columns.stop - columns.start, rows.stop - rows.start
        sharp = cv2.resize(found.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5
        whole = np.zeros((area.size_wh[1], area.size_wh[0]), bool)
        whole[self.window] = sharp
        whole[area.window] &= ~area.mask
        if others is not None:
            whole[others.window] &= ~others.mask
        return Area.of(whole) if whole.any() else None


def _shrunk(mask: Mask, size_wh: tuple[int, ...]) -> Mask:
    return cv2.resize(mask.astype(np.float32), size_wh, interpolation=cv2.INTER_AREA) > 0.3


def _shadow(scene: _Scene) -> Mask:
    """What touches the feet and is darker than the ground in all colours alike."""
    none = np.zeros(scene.free.shape, bool)
    rows = np.arange(scene.free.shape[0])[:, None]
    near = (rows > scene.feet_y - BEHIND * scene.height) & scene.free
    if near.sum() < 60:
        return none
    log = np.log(np.maximum(scene.rgb, 4.0))
    darkness = _ground(log, near, scene) - log
    noise = _deviation(darkness.mean(axis=2)[near])
    if noise > NOISY:
        darkness = _smoothed(darkness, near, 0.02 * scene.height)
        noise = _deviation(darkness.mean(axis=2)[near])
    mean = darkness.mean(axis=2)
    same_hue = np.abs(darkness - mean[..., None]).max(axis=2) < OTHER_HUE + 0.12 * np.clip(mean, 0, 1.5)
    sure = near & same_hue & (mean > max(DARKER, 3 * noise)) & (mean < BLACK)
    sure = cv2.morphologyEx(sure.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 4), np.uint8)) > 0
    reach = max(3, round(0.05 * scene.height))
    lowest = scene.person & (rows >= scene.feet_y - 0.12 * scene.height)
    touching = _widened(lowest, reach + 2)
    found = _connected(sure, touching)
    if not _plausible(found, near, mean, noise, scene):
        return none
    soft = near & same_hue & (mean > max(HARDLY_DARKER, 1.5 * noise)) & _widened(found, reach)
    return _widened(found | soft, max(1, round(0.012 * scene.height))) & scene.free


def _deviation(values: Plane) -> float:
    """Standard deviation, of most values (Hampel)."""
    return float(1.48 * np.median(np.abs(values - np.median(values))))


def _smoothed(values: Plane, where: Mask, sigma: float) -> Plane:
    """Gaussian means of the pixels ``where``."""
    share = cv2.GaussianBlur(where.astype(np.float32), (0, 0), sigma)
    total = cv2.GaussianBlur(np.where(where[..., None], values, 0).astype(np.float32), (0, 0), sigma)
    return np.asarray(total / np.maximum(share, 1e-3)[..., None], np.float32)


def _ground(log: Plane, near: Mask, scene: _Scene) -> Plane:
    """The ground's colour everywhere, as a logarithm: a plane through most pixels around the feet, in which the dark
    ones count less with every round."""
    ys, xs = np.nonzero(near)
    step = max(1, len(ys) // 6000)
    ys, xs = ys[::step], xs[::step]
    h, w = near.shape
    design = np.stack([np.ones(len(ys)), xs / w - 0.5, ys / h - 0.5], axis=1)
    values = log[ys, xs].astype(np.float64)
    # what lies at the height of the feet is more likely ground than what lies far behind
    prior = np.exp(-np.abs(ys - scene.feet_y) / (0.5 * scene.height))
    weights = prior * (values.mean(axis=1) >= np.percentile(values.mean(axis=1), 30))
    solution = np.zeros((3, 3))
    for _ in range(6):
        weighted = design * weights[:, None]
        solution = np.linalg.lstsq(weighted.T @ design + 1e-3 * np.eye(3), weighted.T @ values, rcond=None)[0]
        off = (values - design @ solution).mean(axis=1)
        weights = prior / (1 + (np.where(off < 0, off / 0.06, off / 0.15)) ** 2)
    rows, columns = np.mgrid[0:h, 0:w]
    plane = np.stack([np.ones((h, w)), columns / w - 0.5, rows / h - 0.5], axis=2) @ solution
    return plane.astype(np.float32)


def _plausible(found: Mask, near: Mask, darkness: Plane, noise: float, scene: _Scene) -> bool:
    """Whether it has the size of a shadow, and the ground around it is really lighter and even."""
    size, person = int(found.sum()), int(scene.person.sum())
    if size < 0.012 * person or size > LARGEST * person or size > 0.4 * near.sum():
        return False
    reach = max(3, round(0.06 * scene.height))
    around = _widened(found, 2 * reach) & ~_widened(found, reach) & near
    if around.sum() < 20:
        return False
    depth, lit = np.median(darkness[found]), np.median(darkness[around])
    elsewhere = np.percentile(darkness[near & ~_widened(found, reach)], 93)
    return bool(depth - lit > max(0.8 * DARKER, 3.5 * noise) and elsewhere < 0.75 * depth)


def _reflection(scene: _Scene) -> Mask:
    """The person upside down below the feet, where the floor shows it."""
    none = np.zeros(scene.free.shape, bool)
    depth = min(scene.feet_y, scene.free.shape[0] - scene.feet_y)
    if depth < 0.2 * scene.height:
        return none
    columns = np.flatnonzero(scene.person.any(axis=0))
    margin = round(0.12 * scene.height)
    across = slice(max(0, columns[0] - margin), columns[-1] + 1 + margin)
    best, place = ALIKE, none
    for shift in range(-round(0.05 * scene.height), round(0.05 * scene.height) + 1, 2):
        line = scene.feet_y + shift
        deep = min(depth, line, scene.free.shape[0] - line)
        above, below = np.s_[line - deep : line, across], np.s_[line : line + deep, across]
        mirrored, colours = scene.person[above][::-1], scene.rgb[above][::-1]
        floor = scene.rgb[below]
        beside = ~mirrored & scene.free[below]
        if beside.sum() < 30 or mirrored.sum() < 30 or not (mirrored & scene.free[below]).any():
            continue
        expected = np.where(mirrored[..., None], colours, np.median(floor[beside], axis=0))
        score = _alike(expected, floor, scene.free[below], mirrored)
        if score > best:
            best, place = score, none.copy()
            place[below] = cv2.dilate(mirrored.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return place & scene.free


def _alike(expected: Plane, floor: Plane, where: Mask, mirrored: Mask) -> float:
    """Correlation of both over all colours, and of their detail within the mirrored person; the lesser of the two."""

    def correlation(inside: Mask) -> float:
        a, b = expected[inside], floor[inside]
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
        strength = np.sqrt((a**2).sum() * (b**2).sum())
        return float((a * b).sum() / strength) if strength > 30.0 * len(a) else 0.0

    return min(correlation(where), correlation(where & mirrored) + 0.15)


def _widened(mask: Mask, px: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * px + 1, 2 * px + 1))) > 0


def _connected(mask: Mask, seeds: Mask) -> Mask:
    """Parts of ``mask`` that touch ``seeds``."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    wanted = np.unique(labels[seeds & mask])
    return np.isin(labels, wanted[wanted > 0])
