"""What happens to pictures on their way through the net, done at random in every step of an attack, so that what it
finds survives more than the file it was made for (expectation over transformation, Athalye et al., 2018).

Gradients go through as if nothing had happened: both keep most of a picture.
"""

from __future__ import annotations

import cv2
import numpy as np

from deepmask.engines.cloak.warping import Floats, Matrix, resized

JPEG_QUALITIES = (60, 92)
LEAST_SIZE = 0.4
"""Of what is left when a picture is made smaller."""

_SHIFT, _ZOOM, _TURN_DEGREES = 0.012, 0.03, 2.0
"""Standard deviations of how far programs disagree about where a face lies, in sides of the square."""


def published(picture: Floats, way: int, rng: np.random.Generator) -> Floats:
    """The picture as it might arrive: as it is (way 0), as JPEG (1), smaller (2), or both (3)."""
    smaller, coded = way in (2, 3), way in (1, 3)
    size_wh = (picture.shape[1], picture.shape[0])
    if smaller:
        factor = rng.uniform(LEAST_SIZE, 0.9)
        picture = resized(picture, (max(8, round(size_wh[0] * factor)), max(8, round(size_wh[1] * factor))))
    if coded:
        picture = as_jpeg(picture, int(rng.integers(*JPEG_QUALITIES)))
    return resized(picture, size_wh)


def as_jpeg(picture: Floats, quality: int) -> Floats:
    """The picture after it was a JPEG file."""
    whole = np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
    _, content = cv2.imencode(".jpg", whole[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32)


def shaken(to_square: Matrix, side_px: int, rng: np.random.Generator) -> Matrix:
    """An alignment as another program might have it: a little shifted, turned and scaled."""
    zoom, angle = 1 + rng.normal(0, _ZOOM), np.deg2rad(rng.normal(0, _TURN_DEGREES))
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.full(2, (side_px - 1) / 2)
    shift = middle - turn @ middle + rng.normal(0, _SHIFT * side_px, 2)
    return np.column_stack([turn @ to_square[:, :2], turn @ to_square[:, 2] + shift])
