"""Landmarks and light that tremble become steady, and follow what really changes."""

from __future__ import annotations

import cv2
import numpy as np
from skimage import data

from deepmask.faces import Landmarks
from pipelines.video.steadying import REACH_FRAMES, Grey, averaged, steady


def moving(frames: int, step: float) -> tuple[list[Grey], list[Landmarks]]:
    """A textured picture that moves to the right, and points that move with it."""
    photo = cv2.resize(data.astronaut(), (320, 320), interpolation=cv2.INTER_AREA)
    places = np.random.default_rng(1).uniform(100, 200, (478, 2))
    places[33], places[263] = (110, 150), (190, 150)
    greys, points = [], []
    for n in range(frames):
        shift = np.array([[1.0, 0, step * n], [0, 1, 0]])
        greys.append(Grey.of(np.asarray(cv2.warpAffine(photo, shift, (320, 320)), np.uint8)))
        points.append(np.column_stack([places + (step * n, 0), np.zeros(478)]))
    return greys, points


def test_trembling_landmarks_become_steady_and_neither_lag_nor_lead() -> None:
    greys, truth = moving(20, 1.5)
    noise = np.random.default_rng(2)
    found = [points + noise.normal(0, 1.2, points.shape) for points in truth]
    result = steady(found, greys)
    errors = [
        np.abs(one[:, :2] - points[:, :2]).mean() for one, points in zip(result, truth, strict=True) if one is not None
    ]
    raw = np.mean([np.abs(one[:, :2] - points[:, :2]).mean() for one, points in zip(found, truth, strict=True)])
    assert np.mean(errors) < 0.75 * raw
    off = np.mean([(one - points)[:, 0].mean() for one, points in zip(result, truth, strict=True) if one is not None])
    assert abs(off) < 0.3


def test_a_frame_without_a_mesh_stays_without() -> None:
    greys, points = moving(5, 1.0)
    found: list[Landmarks | None] = [*points]
    found[2] = None
    assert [one is None for one in steady(found, greys)] == [False, False, True, False, False]


def test_light_that_flickers_is_averaged() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 60)
    values = averaged([np.array([1.0 + one]) for one in noise])
    assert np.std([one[0] for one in values if one is not None][10:-10]) < 0.4 * noise.std()


def test_light_that_changes_is_followed_without_delay() -> None:
    values = averaged([np.array([n / 60]) for n in range(60)])
    middle = [one[0] for one in values if one is not None][15:-15]
    np.testing.assert_allclose(middle, np.arange(15, 45) / 60, atol=1e-9)


def test_light_of_a_frame_depends_on_its_neighbours_alone() -> None:
    values: list[np.ndarray | None] = [np.array([float(n % 7)]) for n in range(80)]
    values[35] = None
    whole = averaged(values)
    start, stop = 30 - REACH_FRAMES, 45 + REACH_FRAMES
    piece = averaged(values[start:stop])[REACH_FRAMES:-REACH_FRAMES]
    for one, other in zip(whole[30:45], piece, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            np.testing.assert_array_equal(one, other)


def test_light_is_told_between_looks_and_not_where_nothing_is_near() -> None:
    values = averaged([np.array([1.0]), None, None, np.array([1.0]), *[None] * (REACH_FRAMES + 5)])
    assert [one is not None and one[0] == 1.0 for one in values[:4]] == [True] * 4
    assert values[-1] is None
