"""The mesh sits on the face, however the head lies, or there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask.engines.crops import square_crop, warped
from deepmask.engines.landmarks import FaceMesh
from deepmask.faces import Box, Landmarks
from deepmask.head_pose import face_size, frontal_face, head_pose, shape_error, similarity_fit
from deepmask.landmark_points import CHIN, FOREHEAD, LEFT_EYE, LEFT_IRIS, LIPS, MESH_SIZE, OVAL, RIGHT_EYE

FACE: Box = (172.0, 63.0, 274.0, 190.0)
EYE_DISTANCE = 50.0
"""Between the astronaut's outer eye corners, pixels."""


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    return FaceMesh()


@pytest.fixture(scope="module")
def landmarks(mesh: FaceMesh) -> Landmarks:
    found = mesh.fit(data.astronaut(), FACE)
    assert found is not None
    return found


def test_the_mesh_sits_on_the_face(landmarks: Landmarks) -> None:
    assert landmarks.shape == (478, 3)
    left, right = landmarks[list(LEFT_EYE), :2].mean(0), landmarks[list(RIGHT_EYE), :2].mean(0)
    np.testing.assert_allclose(right, (204, 102), atol=4)
    np.testing.assert_allclose(left, (243, 102), atol=5)
    assert np.hypot(*(landmarks[LEFT_IRIS[0], :2] - left)) < 6
    assert landmarks[FOREHEAD, 1] < left[1] < landmarks[list(LIPS), 1].mean() < landmarks[CHIN, 1]
    assert 80 < face_size(landmarks) < 130


def test_a_frontal_head_has_no_turn(mesh: FaceMesh, landmarks: Landmarks) -> None:
    assert mesh.yaw_degrees(landmarks) < 8
    assert abs(head_pose(landmarks).roll) < 8
    assert shape_error(landmarks) < 0.04


@pytest.mark.parametrize("turn", [30, 60, 90, 135, 180, -90, -45])
def test_the_mesh_turns_with_the_head(mesh: FaceMesh, landmarks: Landmarks, turn: int) -> None:
    turned = square_crop(data.astronaut(), (223.0, 127.0), 120, 480, turn)
    truth = turned.points_to_crop(landmarks)
    (x1, y1), (x2, y2) = truth[list(OVAL), :2].min(0), truth[list(OVAL), :2].max(0)
    found = mesh.fit(turned.rgb, (x1, y1, x2, y2))
    assert found is not None
    error = np.linalg.norm(found[:MESH_SIZE, :2] - truth[:MESH_SIZE, :2], axis=1).mean() / (EYE_DISTANCE * 2)
    assert error < 0.05


def test_a_face_of_24_pixels_still_gets_its_mesh(mesh: FaceMesh, landmarks: Landmarks) -> None:
    scale = 0.2
    small = cv2.resize(data.astronaut(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
    x1, y1, x2, y2 = (v * scale for v in FACE)
    found = mesh.fit(small, (x1, y1, x2, y2))
    assert found is not None
    error = np.linalg.norm(found[:MESH_SIZE, :2] / scale - landmarks[:MESH_SIZE, :2], axis=1).mean()
    assert error / EYE_DISTANCE < 0.1


@pytest.mark.parametrize("box", [(10, 300, 110, 400), (300, 20, 420, 140), (380, 380, 500, 500)])
def test_no_mesh_where_no_face_is(mesh: FaceMesh, box: Box) -> None:
    """Nor one of the face beside the box."""
    assert mesh.fit(data.astronaut(), box) is None


@pytest.mark.parametrize("box", [(-400, -400, -300, -300), (0, 0, 1, 1), (600, 600, 700, 750), (0, 0, 9000, 9000)])
def test_odd_boxes_give_no_mesh(mesh: FaceMesh, box: Box) -> None:
    assert mesh.fit(data.astronaut(), box) is None


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (35, 0, 0), (0, 20, 0), (0, 0, -70), (-25, 10, 15)])
def test_the_pose_of_a_turned_mean_face_is_read_back(yaw: float, pitch: float, roll: float) -> None:
    """Positive yaw: the nose points right; positive pitch: down; positive roll: clockwise."""
    y, p, r = np.deg2rad([yaw, pitch, roll])
    turn_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    turn_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    if yaw and pitch and roll:
        posed = frontal_face() @ (turn_z @ turn_x @ turn_y).T
        assert head_pose(posed).yaw < -15
        return
    posed = frontal_face() @ (turn_z @ turn_x @ turn_y).T * 12 + 300
    np.testing.assert_allclose(head_pose(posed), (yaw, pitch, roll), atol=0.01)


def test_a_similarity_is_recovered() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    rotation = similarity_fit(points, points[:, [1, 2, 0]]).rotation
    fit = similarity_fit(points, 3 * points @ rotation.T + [1, 2, 3])
    assert fit.scale == pytest.approx(3)
    np.testing.assert_allclose(fit.apply(points), 3 * points @ rotation.T + [1, 2, 3], atol=1e-9)


def test_a_crop_and_its_way_back_agree() -> None:
    image = np.zeros((300, 40000, 3), np.uint8)
    image[148:153, 39000:39005] = 255
    crop = square_crop(image, (38990.0, 160.0), 50, 64, 30)
    rows, columns = np.nonzero(crop.rgb[..., 0] > 127)
    seen = crop.points_to_picture(np.array([[columns.mean(), rows.mean()]]))
    np.testing.assert_allclose(seen, [[39002, 150]], atol=0.7)


def test_shrinking_does_not_alias() -> None:
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    small = warped(stripes, np.array([[0.1, 0, 0], [0, 0.1, 0]]), 90)
    assert abs(small[5:-5, 5:-5].astype(float) - 127.5).max() < 6


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    FaceMesh().fit(data.astronaut(), FACE)
    assert capfd.readouterr() == ("", "")
