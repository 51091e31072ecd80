"""Faces large and small are found once each, in pictures of any size."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from skimage import data

from deepmask.engines.insight import ScrfdFinder
from deepmask.engines.insight.finder import OVERLAP_PX, TILE_PX, _starts
from deepmask.faces import RGBImage, iou
from tests.engines.insight.conftest import COLLINS, HOPPER

pytestmark = pytest.mark.usefixtures("tiny_insight")


def test_each_face_is_found_once(collins: RGBImage, hopper: RGBImage) -> None:
    for image, box in ((collins, COLLINS), (hopper, HOPPER)):
        (face,) = ScrfdFinder().find(image)
        assert iou(face.box_xyxy, box) > 0.5
        assert 0.5 < face.score <= 1
        assert face.landmarks is None


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_lying_head_is_found(collins: RGBImage, turns: int) -> None:
    upright = np.zeros((512, 512), bool)
    upright[63:190, 172:274] = True
    rows, columns = np.nonzero(np.rot90(upright, turns))
    (face,) = ScrfdFinder().find(np.ascontiguousarray(np.rot90(collins, turns)))
    assert iou(face.box_xyxy, (columns.min(), rows.min(), columns.max(), rows.max())) > 0.5


def test_a_small_face_in_a_large_picture_is_found(collins: RGBImage) -> None:
    wide = np.full((2200, 3000, 3), 90, np.uint8)
    small = cv2.resize(collins, (180, 180), interpolation=cv2.INTER_AREA)
    wide[1900:2080, 2700:2880] = small
    (face,) = ScrfdFinder().find(wide)
    there = [2700 + COLLINS[0] * 0.35, 1900 + COLLINS[1] * 0.35, 2700 + COLLINS[2] * 0.35, 1900 + COLLINS[3] * 0.35]
    assert iou(face.box_xyxy, (there[0], there[1], there[2], there[3])) > 0.5


def test_nothing_is_found_where_nobody_is() -> None:
    assert ScrfdFinder().find(data.coffee()) == []
    assert ScrfdFinder().find(np.zeros((3, 900, 3), np.uint8)) == []


def test_boxes_stay_inside_the_picture_and_progress_ends(collins: RGBImage) -> None:
    told: list[float] = []
    cut = collins[80:, 180:]
    for face in ScrfdFinder().find(cut, progress=lambda done, _: told.append(done)):
        x1, y1, x2, y2 = face.box_xyxy
        assert 0 <= x1 < x2 <= cut.shape[1]
        assert 0 <= y1 < y2 <= cut.shape[0]
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("length", [1, 640, 1280, 1281, 1800, 2400])
def test_tiles_cover_everything_and_overlap(length: int) -> None:
    starts = _starts(length)
    assert starts[0] == 0
    assert starts[-1] + TILE_PX >= length
    assert all(later - earlier <= TILE_PX - OVERLAP_PX for earlier, later in pairwise(starts))


def test_it_says_where_it_runs() -> None:
    assert ScrfdFinder().providers == ["CPUExecutionProvider"]
