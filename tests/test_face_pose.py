"""Poses of a face: templates, photos, and how they are drawn."""

import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.errors import UnknownName
from deepmask.face_pose import FROM_MESH, POINTS, FacePose


def test_templates_lie_in_the_portrait_and_differ():
    templates = FacePose.templates()
    assert len({pose.name for pose in templates}) == len(templates) >= 8
    assert templates[0].name == "front"
    for pose in templates:
        assert np.isfinite(pose.points).all()
        assert pose.points.min() > 0.1
        assert pose.points.max() < 0.9
    assert FacePose.template("close-up").points.ptp(0).max() > 1.2 * templates[0].points.ptp(0).max()
    with pytest.raises(UnknownName, match="three-quarter-left"):
        FacePose.template("sideways")


def test_templates_look_where_their_names_say():
    def nose_in_jaw(name):
        """Where the tip of the nose lies between the sides of the jaw: x from 0 to 1, and how far below the eyes."""
        points = FacePose.template(name).points
        x = (points[30, 0] - points[0, 0]) / (points[16, 0] - points[0, 0])
        return x, (points[30, 1] - points[36:48, 1].mean()) / np.ptp(points[:, 1])

    front = nose_in_jaw("front")
    assert front[0] == pytest.approx(0.5, abs=0.01)
    assert nose_in_jaw("three-quarter-left")[0] < nose_in_jaw("slight-left")[0] < 0.45
    assert nose_in_jaw("three-quarter-right")[0] > nose_in_jaw("slight-right")[0] > 0.55
    assert nose_in_jaw("up")[1] < front[1] < nose_in_jaw("down")[1]
    eyes = FacePose.template("tilted-left").points[[36, 45]]
    assert eyes[1, 1] < eyes[0, 1]


def test_a_pose_is_drawn_as_white_discs_on_black():
    canvas = FacePose.template("front").draw(512)
    assert canvas.shape == (512, 512, 3)
    assert set(np.unique(canvas)) == {0, 255}
    assert 40 * 25 < (canvas[..., 0] > 0).sum() < POINTS * 40


def test_points_that_are_not_seen_are_not_drawn_and_survive_saving():
    points = FacePose.template("front").points.copy()
    points[:17] = np.nan
    pose = FacePose.from_json(FacePose(points, "half").to_json())
    assert np.isnan(pose.points[:17]).all()
    assert (pose.draw(256) > 0).sum() < (FacePose.template("front").draw(256) > 0).sum()


def test_a_photographed_face_is_framed_as_a_portrait_wherever_it_stood():
    image = data.astronaut()
    box = engines.load("face_finder", "fast").find(image)[0].box_xyxy
    landmarks = engines.load("face_landmarker").fit(image, box)
    pose = FacePose.from_landmarks(landmarks, name="astronaut")
    assert pose.points.shape == (POINTS, 2)
    assert 0.3 < np.ptp(pose.points[:, 0]) < 0.5
    assert np.abs(pose.points.mean(0) - 0.5).max() < 0.12
    moved = FacePose.from_landmarks(landmarks * 3 + [400, -90, 0])
    assert moved.points == pytest.approx(pose.points, abs=1e-6)
    front = FacePose.template("front")
    assert np.linalg.norm(pose.points - front.points, axis=1).mean() < 0.05


def test_the_mapping_covers_the_face_model_of_openpose():
    assert len(FROM_MESH) == POINTS
    assert max(max(ids) for ids in FROM_MESH) == 473


def test_points_far_outside_are_not_drawn():
    assert FacePose(np.full((POINTS, 2), 1e12)).draw(64).max() == 0


def test_openpose_points_alone_are_framed_as_the_mesh_would_be():
    image = data.astronaut()
    box = engines.load("face_finder", "fast").find(image)[0].box_xyxy
    landmarks = engines.load("face_landmarker").fit(image, box)
    points = np.array([landmarks[list(ids), :2].mean(0) for ids in FROM_MESH])
    by_mesh = FacePose.from_landmarks(landmarks).points
    pose = FacePose.from_points(points)
    assert pose is not None
    assert np.abs(pose.points - by_mesh).max() < 0.02
    points[2:14] = np.nan
    points[48:] = np.nan
    half_hidden = FacePose.from_points(points)
    assert half_hidden is not None
    assert np.isnan(half_hidden.points[48:]).all()
    assert np.nanmax(np.abs(half_hidden.points - by_mesh)) < 0.02


def test_points_that_make_no_face_have_no_pose():
    scattered = np.random.default_rng(5).uniform(0, 300, (POINTS, 2))
    assert FacePose.from_points(scattered) is None
    assert FacePose.from_points(np.full((POINTS, 2), 40.0)) is None
    assert FacePose.from_points(np.full((POINTS, 2), np.nan)) is None
