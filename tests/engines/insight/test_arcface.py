"""The same person is near, another one is far, no box is odd enough to raise, and the bars are InsightFace's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from insightface.app import FaceAnalysis

from deepmask.engines.insight import ArcFace
from deepmask.engines.insight.alignment import aligned
from deepmask.engines.insight.recognizer import distance_at, embedding
from deepmask.faces import Box, Face, RGBImage
from tests.engines.insight.conftest import COLLINS, HOPPER, with_mesh

pytestmark = pytest.mark.usefixtures("tiny_insight")


def test_an_embedding_is_a_unit_vector_and_repeats(collins: RGBImage, collins_face: Face) -> None:
    first = ArcFace().embed(collins, collins_face)
    assert first.shape == (512,)
    assert first.dtype == np.float32
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(ArcFace().embed(collins, collins_face), first)


def test_another_person_is_beyond_the_bar_of_hiding(collins: RGBImage, hopper: RGBImage, collins_face: Face) -> None:
    engine = ArcFace()
    distance = np.linalg.norm(engine.embed(collins, collins_face) - engine.embed(hopper, with_mesh(hopper, HOPPER)))
    assert distance > engine.hidden_above > engine.match_below + engine.match_margin


@pytest.mark.parametrize("change", ["mirrored", "dark", "soft", "small"])
def test_the_same_person_in_another_picture_matches(collins: RGBImage, collins_face: Face, change: str) -> None:
    image, box = collins, COLLINS
    if change == "mirrored":
        image, box = np.ascontiguousarray(image[:, ::-1]), (512 - box[2], box[1], 512 - box[0], box[3])
    elif change == "dark":
        image = (image * 0.35).astype(np.uint8)
    elif change == "soft":
        image = cv2.GaussianBlur(image, (0, 0), 2).astype(np.uint8)
    else:
        image = cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA).astype(np.uint8)
        box = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
    engine = ArcFace()
    distance = np.linalg.norm(engine.embed(collins, collins_face) - engine.embed(image, with_mesh(image, box)))
    assert distance < engine.match_below


def test_without_a_mesh_the_points_of_scrfd_are_used(collins: RGBImage, collins_face: Face) -> None:
    engine = ArcFace()
    known = engine.embed(collins, collins_face)
    assert np.linalg.norm(engine.embed(collins, Face(COLLINS)) - known) < engine.match_below


def test_it_agrees_with_insightface(collins: RGBImage, own_home: object) -> None:
    """From the same five points, insightface's own analysis gets the same vector."""
    analysis = FaceAnalysis("buffalo_l", root=str(own_home), providers=["CPUExecutionProvider"])
    analysis.prepare(ctx_id=-1, det_size=(640, 640))
    assert set(analysis.models) == {
        "detection", "recognition", "landmark_2d_106", "landmark_3d_68", "genderage",
    }  # fmt: skip
    (theirs,) = analysis.get(np.ascontiguousarray(collins[..., ::-1]))
    ours = embedding(aligned(collins, theirs.kps.astype(np.float64), 112).rgb)
    assert ours @ theirs.normed_embedding > 0.98


def test_the_bars_are_cosines_of_insightface() -> None:
    """Its demonstration calls pairs below .2 different people, its desktop program asks for .4 to name somebody."""
    engine = ArcFace()
    assert engine.match_below == pytest.approx(distance_at(0.4))
    assert engine.hidden_above == pytest.approx(distance_at(0.2))
    assert distance_at(1) == 0
    assert distance_at(0) == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    "box", [(-500, -500, -400, -450), (0, 0, 0.01, 0.01), (511, 511, 512, 512), (0, 0, 1e5, 1e5), (100, 0, 101, 500)]
)
def test_no_box_raises(collins: RGBImage, box: Box) -> None:
    assert np.isfinite(ArcFace().embed(collins, Face(box))).all()
    assert np.isfinite(ArcFace().embed(np.zeros((1, 1, 3), np.uint8), Face(box))).all()


def test_collapsed_landmarks_do_not_raise(collins: RGBImage) -> None:
    spot = Face(COLLINS, landmarks=np.full((478, 3), 50.0))
    assert np.isfinite(ArcFace().embed(collins, spot)).all()
