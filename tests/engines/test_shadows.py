"""Shadows and reflections at the feet are found, and none where there are none."""

import cv2
import numpy as np
import pytest

from deepmask.area import Area, Mask
from deepmask.faces import RGBImage
from deepmask.shadows import shadow_of

W, H = 400, 320
SHADOW = [(182, 238), (218, 238), (330, 268), (345, 285), (300, 285)]


def polygon(points: list[tuple[int, int]]) -> Mask:
    mask = np.zeros((H, W), np.uint8)
    cv2.fillPoly(mask, [np.array(points, np.int32)], (1,))
    return mask > 0


def person() -> Area:
    body = polygon([(180, 110), (220, 110), (224, 190), (218, 240), (204, 240), (201, 195), (196, 240), (182, 240)])
    return Area.of(body | Area.of_ellipse((182, 80, 218, 118), (W, H)).full())


def ground(grain: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    image = np.linspace(0.85, 1.05, H)[:, None, None] * np.array((196.0, 176.0, 140.0)) * np.ones((H, W, 1))
    noise = cv2.GaussianBlur(rng.normal(0, 1, (H, W)), (0, 0), 1.2)
    return image * (1 + grain * noise / noise.std())[..., None]


def with_person(image: np.ndarray) -> RGBImage:
    area = person()
    image = image.copy()
    image[area.window][area.mask] = (40, 60, 150)
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("grain", "soft"), [(0.0, 0.5), (0.0, 4.0), (0.06, 3.0), (0.15, 2.0)])
def test_a_shadow_is_found(grain, soft):
    depth = cv2.GaussianBlur(polygon(SHADOW).astype(np.float64), (0, 0), soft)
    image = with_person(ground(grain) * (1 - 0.45 * depth[..., None]))
    found = shadow_of(image, person())
    assert found is not None
    truth = Area.of((depth > 0.15) & ~person().full())
    assert found.iou(truth) > 0.5
    assert (found.full() & (depth > 0.5)).sum() / ((depth > 0.5) & ~person().full()).sum() > 0.85
    assert found.overlap(person()) == 0


@pytest.mark.parametrize("grain", [0.0, 0.06, 0.15])
def test_plain_ground_has_none(grain):
    assert shadow_of(with_person(ground(grain)), person()) is None


def test_a_carpet_of_another_colour_is_no_shadow():
    image = ground(0.02)
    image[polygon(SHADOW)] = (150, 60, 60)
    assert shadow_of(with_person(image), person()) is None


def test_a_dark_floor_is_no_shadow():
    image = ground(0.02)
    image[225:] *= 0.55
    assert shadow_of(with_person(image), person()) is None


def test_other_people_are_never_part_of_it():
    depth = cv2.GaussianBlur(polygon(SHADOW).astype(np.float64), (0, 0), 1)
    image = with_person(ground(0.02) * (1 - 0.45 * depth[..., None]))
    other = Area.of_box((270, 150, 300, 290), (W, H))
    image[other.window] = (70, 66, 60)
    found = shadow_of(image, person(), other)
    assert found is not None
    assert found.overlap(other) == 0


def test_a_reflection_is_found():
    image = with_person(ground(0.03))
    area = person()
    mirror = np.zeros((H, W), bool)
    mirror[240:H] = area.full()[240 - (H - 240) : 240][::-1]
    upside_down = np.zeros_like(image)
    upside_down[240:H] = image[240 - (H - 240) : 240][::-1]
    image[mirror] = (0.5 * image[mirror] + 0.5 * upside_down[mirror]).astype(np.uint8)
    found = shadow_of(image, area)
    assert found is not None
    assert found.iou(Area.of(mirror)) > 0.7


def test_a_person_whose_feet_are_outside_has_none():
    image = with_person(ground(0.0))[:200]
    cut = Area.of(person().full()[:200])
    assert shadow_of(image, cut) is None


def test_a_tiny_person_and_a_tiny_picture_are_no_trouble():
    assert shadow_of(np.zeros((1, 1, 3), np.uint8), Area.of_box((0, 0, 1, 1), (1, 1))) is None
    image = with_person(ground(0.0))
    assert shadow_of(image, Area.of_box((100, 100, 104, 108), (W, H))) is None
