import time

import cv2
import numpy as np
import pytest
from skimage import data

from benchmarks.bodies import empty
from benchmarks.body_truth import compose, drawn
from deepmask import engines
from deepmask.area import Area
from deepmask.faces import Face

ASTRONAUT = next(one for one in drawn() if one.name == "astronaut")
HER_FACE = Face((177.0, 75.0, 272.0, 190.0))


@pytest.fixture(scope="module")
def segmenter():
    return engines.load("person_segmenter", "poses")


def faces_of(image):
    return engines.load("face_finder", "fast").find(image)


def disjoint(bodies):
    return sum(body.area.full().astype(int) for body in bodies).max() <= 1


def test_a_person_is_outlined_and_has_the_face(segmenter):
    (body,) = segmenter.segment(ASTRONAUT.image, [HER_FACE])
    assert body.area.iou(Area.of(ASTRONAUT.people[0])) > 0.93
    assert body.face == HER_FACE.box_xyxy
    assert 0.5 < body.score <= 1


def test_a_person_is_found_without_a_face_being_known(segmenter):
    (body,) = segmenter.segment(ASTRONAUT.image)
    assert body.area.iou(Area.of(ASTRONAUT.people[0])) > 0.9
    assert body.face is None


def test_somebody_turned_away_is_found(segmenter):
    scene = compose("turned away")
    bodies = segmenter.segment(scene.image)
    assert max(body.area.iou(Area.of(scene.people[0])) for body in bodies) > 0.85


@pytest.mark.parametrize(("scene", "least"), [("two beside each other", 0.9), ("near and far", 0.75)])
def test_people_are_told_apart(segmenter, scene, least):
    truth = compose(scene)
    bodies = segmenter.segment(truth.image, faces_of(truth.image))
    assert len(bodies) == len(truth.people)
    assert disjoint(bodies)
    for person in truth.people:
        assert max(body.area.iou(Area.of(person)) for body in bodies) > least
    assert len({body.face for body in bodies}) == len(bodies)


def test_people_who_overlap_keep_a_body_each(segmenter):
    truth = compose("one behind the other")
    bodies = segmenter.segment(truth.image, faces_of(truth.image))
    assert len(bodies) == 2
    assert disjoint(bodies)
    for person in truth.people:
        assert max(body.area.iou(Area.of(person)) for body in bodies) > 0.5


def test_people_cut_by_the_frame_are_outlined_within_it(segmenter):
    truth = compose("cut by the frame")
    bodies = segmenter.segment(truth.image, faces_of(truth.image))
    for person in truth.people:
        assert max(body.area.iou(Area.of(person)) for body in bodies) > 0.9


def test_the_face_of_a_found_body_lies_inside_it(segmenter):
    truth = compose("two beside each other")
    for body in segmenter.segment(truth.image, faces_of(truth.image)):
        assert body.face is not None
        x1, y1, x2, y2 = body.face
        across, down = np.meshgrid(np.linspace(-0.35, 0.35, 9), np.linspace(-0.4, 0.4, 9))
        inside = across**2 / 0.35**2 + down**2 / 0.4**2 < 1
        points = zip(across[inside] * (x2 - x1) + (x1 + x2) / 2, down[inside] * (y2 - y1) + (y1 + y2) / 2, strict=True)
        assert all(body.area.contains(x, y) for x, y in points)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "coins"])
def test_no_person_in(segmenter, name):
    assert segmenter.segment(empty(name)) == []


def test_a_false_face_on_a_wall_has_no_body(segmenter):
    assert segmenter.segment(empty("brick"), [Face((100.0, 100.0, 180.0, 190.0))]) == []


def test_a_face_at_the_very_corner_is_no_trouble(segmenter):
    faces = [Face((-20.0, -20.0, 6.0, 6.0)), Face((500.0, 500.0, 540.0, 545.0))]
    assert segmenter.segment(empty("gravel"), faces) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 3), (16, 16), (40, 2000)])
def test_pictures_of_odd_sizes_show_nobody(segmenter, shape):
    assert segmenter.segment(np.full((*shape, 3), 120, np.uint8)) == []


def test_twelve_megapixels_take_as_long_as_two(segmenter):
    large = np.asarray(cv2.resize(data.astronaut(), (3464, 3464), interpolation=cv2.INTER_LINEAR), np.uint8)
    k = 3464 / 512
    start = time.process_time()
    (body,) = segmenter.segment(large, [Face(tuple(v * k for v in HER_FACE.box_xyxy))])
    assert time.process_time() - start < 8
    truth = cv2.resize(ASTRONAUT.people[0].astype(np.uint8), (3464, 3464), interpolation=cv2.INTER_NEAREST) > 0
    assert body.area.iou(Area.of(truth)) > 0.93


def test_the_same_picture_gives_the_same_people(segmenter):
    scene = compose("cut by the frame")
    first, second = (segmenter.segment(scene.image) for _ in range(2))
    assert [body.area.to_json() for body in first] == [body.area.to_json() for body in second]
