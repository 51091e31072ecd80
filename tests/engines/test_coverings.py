"""Coverings: nothing of the person shows, nothing else changes, and nothing makes them fail."""

import numpy as np
import pytest
import skimage.data

from deepmask.area import Area
from deepmask.engines import load
from deepmask.engines.coverings import Pixelate, Silhouette
from deepmask.faces import RGBImage, iou

SIZE = (512, 512)


@pytest.fixture(scope="module")
def astronaut() -> RGBImage:
    return np.ascontiguousarray(skimage.data.astronaut())


@pytest.fixture(scope="module")
def head() -> Area:
    return Area.of_ellipse((150, 5, 300, 220), SIZE)


def covered(engine: Pixelate | Silhouette, image: RGBImage, area: Area, feather_px: float = 0.0) -> RGBImage:
    result = image.copy()
    engine.cover(image, area, feather_px=feather_px).paste(result)
    return result


ENGINES = [Silhouette(), Pixelate()]


@pytest.mark.parametrize("feather", [0.0, 1.0, 8.0])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_area_is_opaque_and_beyond_the_feather_nothing_changes(astronaut, head, engine, feather):
    patch = engine.cover(astronaut, head, feather_px=feather)
    result = astronaut.copy()
    patch.paste(result)
    away = ~head.grown(feather + 1e-6).full() if feather else ~head.full()
    assert np.array_equal(result[away], astronaut[away])
    alpha = np.zeros(SIZE[::-1], np.float32)
    x, y = patch.origin_xy
    alpha[y : y + patch.alpha.shape[0], x : x + patch.alpha.shape[1]] = patch.alpha
    assert (alpha[head.full()] == 1).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_no_face_is_found_and_it_is_somebody_else(astronaut, head, engine):
    result = covered(engine, astronaut, head, 4)
    face = load("face_finder", "fast").find(astronaut)[0]
    judge = load("face_recognizer")
    assert np.linalg.norm(judge.embed(astronaut, face) - judge.embed(result, face)) >= judge.hidden_above
    again = load("face_finder", "fast").find(result)
    assert not [other for other in again if iou(other.box_xyxy, face.box_xyxy) > 0.2]


def test_a_silhouette_does_not_depend_on_what_it_hides(astronaut, head):
    other = astronaut.copy()
    other[head.window][head.mask] = (255, 0, 200)
    first, second = (Silhouette().cover(image, head, feather_px=5) for image in (astronaut, other))
    assert np.array_equal(first.rgb, second.rgb)
    assert np.array_equal(first.alpha, second.alpha)
    assert len(np.unique(first.rgb.reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize("level", [0, 30, 128, 255])
def test_a_silhouette_can_be_seen_before_any_background(level):
    image = np.full((100, 100, 3), level, np.uint8)
    area = Area.of_ellipse((30, 20, 70, 90), (100, 100))
    tone = Silhouette().cover(image, area).rgb[0, 0].astype(int)
    assert np.abs(tone - level).max() > 12


def test_the_feather_takes_single_hairs_out_of_the_outline():
    mask = np.zeros((200, 200), bool)
    mask[80:180, 60:140] = True
    mask[40:80, 100:102] = True
    hair = Area.of(mask)
    plain = Area.of_box((60, 80, 140, 180), (200, 200))
    image = np.full((200, 200, 3), 200, np.uint8)
    wide, straight = (Silhouette().cover(image, area, feather_px=10) for area in (hair, plain))
    around = wide.alpha.sum() - hair.pixels
    assert (wide.alpha[:25] > 0.5).sum() < 0.5 * 25 * 20, "beside a hair the covering is as narrow as it is"
    assert abs(around - (straight.alpha.sum() - plain.pixels)) < 0.5 * around


def test_cells_are_few_whatever_the_size(astronaut):
    """A close-up keeps no more of the person than a small picture."""
    for scale in (1, 4):
        image = astronaut[:256, 100:356].repeat(scale, 0).repeat(scale, 1)
        area = Area.of_box((50 * scale, 10 * scale, 200 * scale, 250 * scale), (256 * scale, 256 * scale))
        rgb = Pixelate().cover(image, area).rgb
        across = rgb[rgb.shape[0] // 2].astype(int)
        assert (np.abs(np.diff(across, axis=0)).max(1) > 6).sum() <= 10


def test_no_pixel_of_a_mosaic_is_as_it_was(astronaut, head):
    result = covered(Pixelate(), astronaut, head)
    inside = head.full()
    same = (np.abs(result.astype(int) - astronaut).max(axis=2) <= 2)[inside]
    assert same.mean() < 0.02


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("box", [(0, 0, 1, 1), (0, 0, 512, 512), (511, 0, 512, 512), (10, 300, 500, 301)])
def test_any_area_of_any_picture_is_covered(astronaut, engine, box):
    area = Area.of_box(box, SIZE)
    for feather in (0.0, 6.0):
        assert covered(engine, astronaut, area, feather).shape == astronaut.shape


@pytest.mark.parametrize("engine", ENGINES)
def test_a_picture_of_one_pixel(engine):
    image = np.full((1, 1, 3), 200, np.uint8)
    assert covered(engine, image, Area.of_box((0, 0, 1, 1), (1, 1)), 3).shape == (1, 1, 3)


def test_the_silhouette_is_the_first():
    assert isinstance(load("body_masker"), Silhouette)
