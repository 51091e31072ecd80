"""The attack all cloaks share: projected gradient ascent with momentum (Madry et al., 2018; Dong et al., 2018), under
what happens to published pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from deepmask.engines.cloak.publishing import published, shaken
from deepmask.engines.cloak.region import LEVELS, Region, region_of
from deepmask.engines.cloak.warping import Cut, Floats, Matrix, resized
from deepmask.errors import InputError
from deepmask.faces import Face, RGBImage
from deepmask.look import FaceRegion
from deepmask.progress import Progress, part

STEPS = 60
_MOMENTUM = 0.9
_COLOUR = 0.5
"""Share of the change of colours that is kept: people notice a green cheek before a dark one."""
_SMOOTH = 0.006
"""Gradients are smoothed over this part of the region: shades look like light or make-up, fine patterns do not."""

_WAYS = ((0, 3), (1, 2))
"""Ways of :func:`published` that a step tries, in turn."""


class Aim(Protocol):
    """One face as one network sees it, and what is to be raised there."""

    side_px: int
    """Of the square the network sees."""
    to_square: Sequence[Matrix]
    """Alignments, from pixels of the picture to pixels of the square: programs differ."""

    def score(self, squares: Floats) -> tuple[Floats, Floats]:
        """How well the network is deceived by each of (N, side, side, 3) squares (N,), and the gradient of that."""
        ...


class Victim(Protocol):
    """A network that can be aimed at."""

    def aim(self, image: RGBImage, face: Face) -> Aim:
        """What to raise for a face of a picture."""
        ...


def cloaked(
    image: RGBImage,
    faces: Sequence[Face],
    victims: Sequence[Victim],
    strength: int,
    extent: FaceRegion,
    seed: int,
    progress: Progress,
) -> RGBImage:
    """A copy of the picture in which the faces deceive the victims.

    Raises:
        InputError: no such strength.
    """
    if strength not in LEVELS:
        raise InputError(f"The strength must be {min(LEVELS)} to {max(LEVELS)}, got {strength}.")
    result = image.astype(np.float32)
    for n, face in enumerate(faces):
        step = part(progress, n / len(faces), (n + 1) / len(faces))
        region = region_of(image, face, strength, extent)
        if region is not None:
            rng = np.random.default_rng([seed, n])
            _attack(result, region, [victim.aim(image, face) for victim in victims], rng, step)
    limit = LEVELS[strength]
    low, high = image.astype(np.float32) - limit, image.astype(np.float32) + limit
    return np.rint(np.clip(np.clip(result, low, high), 0, 255)).astype(np.uint8)


def _attack(result: Floats, region: Region, aims: list[Aim], rng: np.random.Generator, progress: Progress) -> None:
    """Change ``result`` within the region."""
    w, h = region.canvas_wh
    before = resized(result[region.window], (w, h))
    limits = np.maximum(resized(region.limits[..., 0], (w, h)), 0)[..., None]
    change, momentum = np.zeros_like(before), np.zeros_like(before)
    colour = 0.0 if _is_grey(before) else _COLOUR
    blur = _SMOOTH * max(w, h)
    for n in range(STEPS):
        progress(n / STEPS, f"Cloaking, step {n + 1} of {STEPS}")
        gradient = np.zeros_like(change)
        for aim in aims:
            gradient += _unit(_gradient(before + change, region, aim, _WAYS[n % len(_WAYS)], rng))
        smooth = cv2.GaussianBlur(_paler(gradient, colour), (0, 0), blur)
        momentum = _MOMENTUM * momentum + _unit(np.asarray(smooth, np.float32))
        step = np.clip(momentum / (2 * np.abs(momentum).mean() + 1e-12), -1, 1)
        rate = 0.25 * (1 - n / STEPS) + 0.02
        change = _paler(np.clip(change + rate * limits * step, -limits, limits), colour)
        change = np.clip(before + change, 0, 255) - before
    wide = cv2.resize(change, region.limits.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    result[region.window] += np.clip(wide, -region.limits, region.limits)


def _gradient(picture: Floats, region: Region, aim: Aim, ways: Sequence[int], rng: np.random.Generator) -> Floats:
    """How the scores of several published versions of the canvas rise with its pixels."""
    to_picture = np.vstack([cv2.invertAffineTransform(region.to_canvas), [0, 0, 1]])
    cuts, squares = [], []
    for way in ways:
        to_square = shaken(aim.to_square[rng.integers(len(aim.to_square))], aim.side_px, rng)
        cuts.append(Cut(to_square @ to_picture, aim.side_px, region.canvas_wh))
        squares.append(cuts[-1].square(published(picture, way, rng)))
    _, gradients = aim.score(np.stack(squares))
    return np.sum([cut.spread(one) for cut, one in zip(cuts, gradients, strict=True)], axis=0)


def _paler(values: Floats, colour: float) -> Floats:
    """With only a part of what differs between the channels."""
    grey = values.mean(2, keepdims=True)
    return grey + (values - grey) * colour


def _is_grey(picture: Floats) -> bool:
    return bool((picture == picture[..., :1]).all())


def _unit(gradient: Floats) -> Floats:
    return gradient / max(float(np.abs(gradient).mean()), 1e-12)
