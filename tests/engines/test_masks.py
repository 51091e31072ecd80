"""Masks without a persona: the face is gone, everything else is as it was, and nothing makes them fail."""

import numpy as np
import pytest
import skimage.data

from deepmask.engines import load
from deepmask.engines.masks import Pixelate, Solid, VectorMask
from deepmask.errors import EngineFailed
from deepmask.faces import Face, RGBImage, iou
from deepmask.landmark_points import OVAL

HIDDEN = 0.65


def measured(image: RGBImage) -> Face:
    """The one face of a picture, with landmarks."""
    found = load("face_finder", "thorough").find(image)[0]
    landmarks = load("face_landmarker").fit(image, found.box_xyxy)
    return Face(found.box_xyxy, found.score, landmarks)


@pytest.fixture(scope="module")
def astronaut() -> tuple[RGBImage, Face]:
    image = np.ascontiguousarray(skimage.data.astronaut()[:320, 80:370])
    return image, measured(image)


@pytest.fixture(scope="module")
def close_up(astronaut) -> tuple[RGBImage, Face]:
    """The face fills the frame; forehead and chin are cut off."""
    whole, face = astronaut
    image = np.ascontiguousarray(whole[75:170, 100:185].repeat(5, 0).repeat(5, 1))
    landmarks = (face.landmarks - (100, 75, 0)) * 5
    x1, y1, x2, y2 = face.box_xyxy
    return image, Face(((x1 - 100) * 5, (y1 - 75) * 5, (x2 - 100) * 5, (y2 - 75) * 5), 1.0, landmarks)


def masked(engine: Pixelate | Solid | VectorMask, image: RGBImage, face: Face) -> RGBImage:
    result = image.copy()
    engine.swap(image, face, None).paste(result)
    return result


def identity_distance(before: RGBImage, after: RGBImage, face: Face) -> float:
    judge = load("face_recognizer")
    return float(np.linalg.norm(judge.embed(before, face) - judge.embed(after, face)))


@pytest.mark.parametrize("engine", [Pixelate(), Solid(), VectorMask()])
def test_the_person_is_somebody_else(astronaut, close_up, engine):
    for image, face in (astronaut, close_up):
        assert identity_distance(image, masked(engine, image, face), face) >= HIDDEN


@pytest.mark.parametrize("engine", [Pixelate(), Solid()])
def test_no_face_is_found_any_more(astronaut, engine):
    image, face = astronaut
    for with_landmarks in (face, Face(face.box_xyxy)):
        again = load("face_finder", "thorough").find(masked(engine, image, with_landmarks))
        assert not [f for f in again if iou(f.box_xyxy, face.box_xyxy) > 0.2]


@pytest.mark.parametrize("size", [(12, 16), (90, 120), (400, 300)])
@pytest.mark.parametrize("engine", [Pixelate(), Solid()])
def test_without_a_mesh_the_whole_face_is_covered_up_to_the_sides_of_its_box(engine, size):
    (width, height), image = size, np.zeros((700, 700, 3), np.uint8)
    box = (150.0, 140.0, 150.0 + width, 140.0 + height)
    patch = engine.swap(image, Face(box), None)
    y, x = np.mgrid[0 : patch.alpha.shape[0], 0 : patch.alpha.shape[1]] + 0.5
    x, y = x + patch.origin_xy[0] - 150 - width / 2, y + patch.origin_xy[1] - 140 - height / 2
    oval = (x / (width / 2)) ** 2 + (y / (height / 2)) ** 2 <= 1
    assert abs(oval.sum() - np.pi / 4 * width * height) < 0.05 * width * height
    assert patch.alpha[oval].min() > 0.99


@pytest.mark.parametrize("engine", [Pixelate(), Solid(), VectorMask()])
def test_only_the_patch_changes_and_it_covers_the_face(astronaut, engine):
    image, face = astronaut
    assert face.landmarks is not None
    patch = engine.swap(image, face, None)
    x, y = patch.origin_xy
    result = masked(engine, image, face)
    h, w = patch.alpha.shape
    touched = np.zeros(image.shape[:2], bool)
    touched[y : y + h, x : x + w] = patch.alpha > 0
    assert np.array_equal(result[~touched], image[~touched])
    assert not touched[300:].any()
    for px, py in face.landmarks[:468, :2].round().astype(int):
        assert patch.alpha[py - y, px - x] > 0.99
    above = face.landmarks[10, :2] + 0.08 * (face.landmarks[10, :2] - face.landmarks[152, :2])
    ax, ay = above.round().astype(int)
    assert patch.alpha[ay - y, ax - x] > 0.99


@pytest.mark.parametrize("engine", [Pixelate(), Solid(), VectorMask()])
def test_the_same_again_gives_the_same_bits(astronaut, engine):
    image, face = astronaut
    first, second = engine.swap(image, face, None), engine.swap(image.copy(), face, None)
    assert np.array_equal(first.rgb, second.rgb)
    assert np.array_equal(first.alpha, second.alpha)


BOXES = {
    "upper left corner": (-40.0, -50.0, 30.0, 40.0),
    "lower right corner": (260.0, 280.0, 340.0, 390.0),
    "larger than the picture": (-300.0, -300.0, 900.0, 900.0),
    "one pixel": (100.0, 100.0, 101.0, 101.0),
    "less than a pixel": (289.2, 3.1, 289.6, 3.3),
    "outside": (2000.0, 2000.0, 2100.0, 2100.0),
    "thin": (10.0, 200.0, 280.0, 203.0),
}


@pytest.mark.parametrize("engine", [Pixelate(), Solid()])
@pytest.mark.parametrize("where", BOXES)
def test_any_box_is_covered(astronaut, engine, where):
    image, _ = astronaut
    box = BOXES[where]
    patch = engine.swap(image, Face(box), None)
    x, y = patch.origin_xy
    x1, y1, x2, y2 = box
    assert patch.alpha[round((y1 + y2) / 2) - y, round((x1 + x2) / 2) - x] > 0.99
    result = masked(engine, image, Face(box))
    reach = 0.4 * Face(box).size_px + 6
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    away = (columns < x1 - reach) | (columns > x2 + reach) | (rows < y1 - reach) | (rows > y2 + reach)
    assert np.array_equal(result[away], image[away])


@pytest.mark.parametrize("engine", [Pixelate(), Solid()])
def test_a_picture_of_one_pixel(engine):
    image = np.full((1, 1, 3), 200, np.uint8)
    assert masked(engine, image, Face((0.0, 0.0, 1.0, 1.0))).shape == (1, 1, 3)


def test_cells_follow_the_size_of_the_face(astronaut, close_up):
    """Close-ups keep no more of the face than small ones: the mosaic has few different levels in either."""
    for image, face in (astronaut, close_up):
        patch = Pixelate().swap(image, face, None)
        across = patch.rgb[patch.rgb.shape[0] // 2].astype(int)
        steps = (np.abs(np.diff(across, axis=0)).max(1) > 6).sum()
        assert steps <= 9


def test_the_flat_shape_has_nothing_of_the_face(astronaut):
    image, face = astronaut
    painted_over = image.copy()
    x1, y1, x2, y2 = (round(v) for v in face.box_xyxy)
    painted_over[y1:y2, x1:x2] = (255, 0, 255)
    first, second = Solid().swap(image, face, None), Solid().swap(painted_over, face, None)
    assert np.array_equal(first.rgb, second.rgb)
    assert len(np.unique(first.rgb.reshape(-1, 3), axis=0)) == 1


def test_the_drawn_mask_does_not_show_what_is_beneath(astronaut):
    """Two faces in the same pose and light get the same mask: details of the picture do not come through."""
    image, face = astronaut
    assert face.landmarks is not None
    scribbled = image.copy()
    eyes = face.landmarks[[33, 133, 362, 263], :2].mean(0).round().astype(int)
    scribbled[eyes[1] - 3 : eyes[1] + 3, eyes[0] - 30 : eyes[0] + 30] = 0
    first, second = VectorMask().swap(image, face, None), VectorMask().swap(scribbled, face, None)
    assert np.array_equal(first.alpha, second.alpha)
    change = first.rgb.astype(int) - second.rgb.astype(int)
    assert np.abs(change).max() <= 24
    assert np.abs(np.diff(change, axis=1)).max() <= 10


def test_the_drawn_mask_follows_the_light(astronaut):
    image, face = astronaut
    dark = (image * 0.25).astype(np.uint8)
    bright, dim = (VectorMask().swap(picture, face, None) for picture in (image, dark))
    solid = bright.alpha > 0.99
    assert dim.rgb[solid].mean() < 0.7 * bright.rgb[solid].mean()
    assert face.landmarks is not None
    left = int(face.landmarks[list(OVAL), 0].min())
    right = int(face.landmarks[list(OVAL), 0].max())
    ramp = np.interp(np.arange(image.shape[1]), [left, right], [0.45, 1.0])[None, :, None]
    side_lit = VectorMask().swap((image * ramp).astype(np.uint8), face, None)
    halves = np.s_[:, : solid.shape[1] // 2], np.s_[:, solid.shape[1] // 2 :]
    left_gain, right_gain = (side_lit.rgb[p][solid[p]].mean() / bright.rgb[p][solid[p]].mean() for p in halves)
    assert right_gain > 1.08 * left_gain


def test_the_drawn_mask_says_when_it_cannot(astronaut):
    image, face = astronaut
    with pytest.raises(EngineFailed, match="needs the landmarks"):
        VectorMask().swap(image, Face(face.box_xyxy), None)
    assert face.landmarks is not None
    angle = np.deg2rad(75)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    centre = face.landmarks.mean(0)
    profile = (face.landmarks - centre) @ turn.T + centre
    with pytest.raises(EngineFailed, match="works up to 60"):
        VectorMask().swap(image, Face(face.box_xyxy, landmarks=profile), None)


@pytest.mark.parametrize("degrees", [-55, -30, 30, 55])
def test_the_drawn_mask_covers_turned_heads(astronaut, degrees):
    image, face = astronaut
    assert face.landmarks is not None
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    centre = face.landmarks.mean(0)
    turned = (face.landmarks - centre) @ turn.T + centre
    patch = VectorMask().swap(image, Face(face.box_xyxy, landmarks=turned), None)
    x, y = patch.origin_xy
    for px, py in turned[:468, :2].round().astype(int):
        assert patch.alpha[py - y, px - x] > 0.95
