"""The renderer beneath portraits and masks."""

from __future__ import annotations

import numpy as np
import pytest

from deepmask.engines.painter import shading
from deepmask.engines.painter.avatar import Avatar, avatar_for
from deepmask.engines.painter.cage import MEAN, SUBDIVIDE, head_cage
from deepmask.engines.painter.expression import MOODS, Expression, express
from deepmask.engines.painter.geometry import loop_subdivision, rotation, smooth_curve, transform
from deepmask.engines.painter.render import HEAD_MATERIALS, render
from deepmask.persona import Attributes


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return avatar_for(Attributes(gender="male", hair_style="buzz", beard="goatee", glasses="round"), 4)


def draw(avatar: Avatar, **options):
    return render(avatar, 72, 1, **{"px_per_cm": 2.0, "shadow_size": 120, **options})


@pytest.mark.parametrize("yaw", [-1.4, 0.0, 0.7])
@pytest.mark.parametrize("mood", ["neutral", "laughing", "surprised"])
def test_every_pose_and_mood_gives_a_sound_picture(avatar, yaw, mood):
    image, alpha = draw(avatar, R=rotation(yaw, 0.1, 0.05), expression=MOODS[mood])
    assert np.isfinite(image).all()
    assert image.min() >= 0
    assert alpha.min() >= 0
    assert alpha.max() <= 1.0001
    assert 0.2 < alpha.mean() < 0.9
    assert image[alpha == 0].max() == 0, "premultiplied: nothing outside"


def test_a_mask_shows_the_face_and_no_body(avatar):
    options = {"materials": HEAD_MATERIALS, "hair": ("face",), "body": False, "camera": None, "centre": (0.0, 0.0, 0.0)}
    _, head = draw(avatar, R=np.eye(3), **options)
    _, whole = draw(avatar, R=np.eye(3), camera=None, centre=(0.0, 0.0, 0.0))
    rows = np.flatnonzero(head.any(1))
    assert (36 - rows[-1]) / 2.0 > -12, "nothing below the chin and its beard"
    assert head.sum() < 0.8 * whole.sum()


def test_shift_moves_by_output_pixels(avatar):
    _, still = draw(avatar)
    _, moved = draw(avatar, shift=(5.0, -3.0))
    assert np.abs(moved[:-3, 5:] - still[3:, :-5]).mean() < 0.01 < np.abs(moved - still).mean()


def test_rendering_twice_gives_the_same_bits(avatar):
    first, again = draw(avatar), draw(avatar)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])


def test_subdivision_keeps_constants_and_doubles_detail():
    assert np.allclose(SUBDIVIDE.sum(1), 1)
    matrix, fine = loop_subdivision(4, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    assert matrix.shape == (9, 4)
    assert len(fine) == 8


def test_heads_are_symmetric():
    surface = SUBDIVIDE @ head_cage(MEAN)
    assert abs(surface[:, 0].min() + surface[:, 0].max()) < 0.05


def test_expressions_do_what_they_say():
    neutral = express(MEAN, Expression())
    assert np.array_equal(neutral, MEAN)
    smile = express(MEAN, Expression(smile_left=1.0))
    assert smile[291, 1] > MEAN[291, 1] + 0.3
    assert abs(smile[61, 1] - MEAN[61, 1]) < 0.2, "only one corner rises"
    closed = express(MEAN, Expression(blink_left=1.0, blink_right=1.0))
    assert np.linalg.norm(closed[159] - closed[145]) < 0.3 * np.linalg.norm(MEAN[159] - MEAN[145])


def test_curves_pass_through_their_points():
    points = np.array([[0.0, 0], [1, 2], [3, 1], [4, 4]])
    assert np.allclose(smooth_curve(points, 4), points)


def test_transform_is_a_matrix_product():
    points, turn = np.random.default_rng(0).normal(size=(50, 3)), rotation(0.3, -0.2, 0.1)
    assert np.allclose(transform(points, turn), points @ turn.T)


def test_materials_are_distinct():
    names = ("SKIN", "FLESH", "EYE", "TOOTH", "CAVITY", "CLOTH", "TRIM", "GLASSES")
    assert len({getattr(shading, name) for name in names}) == len(names)
