"""Writing is found where it is: signs, plates, small and slanted; faces and bricks are none."""

import matplotlib
import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageFont

from deepmask.area import Area
from deepmask.engines import load
from deepmask.engines.coverings import Pixelate
from deepmask.faces import RGBImage

FONT = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans-Bold.ttf"


def plate(size_px: int, turn_degrees: float = 0.0) -> Image.Image:
    """A licence plate whose letters are ``size_px`` high, on the grey of a car."""
    image = Image.new("RGB", (size_px * 7, round(size_px * 1.6)), (240, 240, 235))
    font = ImageFont.truetype(FONT, size_px)
    ImageDraw.Draw(image).text((size_px * 0.4, size_px * 0.2), "B MX 4821", fill=(20, 20, 20), font=font)
    return image.rotate(turn_degrees, expand=True, fillcolor=(90, 90, 90))


def with_plate(background: RGBImage, at: tuple[int, int], *args: float) -> tuple[RGBImage, Area]:
    picture, sign = Image.fromarray(background), plate(*args)
    picture.paste(sign, at)
    box = (at[0], at[1], at[0] + sign.width, at[1] + sign.height)
    return np.array(picture), Area.of_box(box, picture.size)


def found_in(image: RGBImage, where: Area) -> list[Area]:
    return [area for area, _ in load("text_finder").find(image) if area.overlap(where) > 0.5 * area.pixels]


@pytest.mark.parametrize(("size", "turn"), [(40, 0), (14, 0), (20, 10), (20, -25), (24, 90)])
def test_a_licence_plate_is_found(size, turn):
    image, where = with_plate(np.ascontiguousarray(skimage.data.coffee()), (180, 180), size, turn)
    found = found_in(image, where)
    assert found
    letters = np.zeros(image.shape[:2], bool)
    letters[where.window] = image[where.window].max(axis=2) < 60
    covered = np.any([area.full() for area in found], axis=0)
    assert covered[letters].mean() > 0.9


def test_slanted_writing_gets_a_slanted_area():
    image, where = with_plate(np.full((400, 600, 3), 90, np.uint8), (150, 100), 26, 30)
    (area,) = found_in(image, where)
    assert area.pixels < 0.7 * area.mask.size


def test_small_writing_in_a_large_photo_is_found():
    image, where = with_plate(np.full((1500, 2400, 3), 90, np.uint8), (1700, 1100), 13)
    assert found_in(image, where)


def test_a_page_is_found_line_by_line():
    page = np.ascontiguousarray(np.dstack([skimage.data.page()] * 3))
    lines = load("text_finder").find(page)
    assert 6 <= len(lines) <= 9
    scores = [score for _, score in lines]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize("name", ["chelsea", "coffee", "brick", "coins"])
def test_pictures_without_writing_have_none(name):
    image = getattr(skimage.data, name)()
    image = image if image.ndim == 3 else np.dstack([image] * 3)
    assert load("text_finder").find(np.ascontiguousarray(image)) == []


def test_a_face_is_no_writing():
    image = np.ascontiguousarray(skimage.data.astronaut())
    face = Area.of_box((160, 60, 290, 210), (512, 512))
    assert not [area for area, _ in load("text_finder").find(image) if area.overlap(face)]


def test_writing_that_was_covered_is_not_found_again():
    image, where = with_plate(np.ascontiguousarray(skimage.data.coffee()), (180, 180), 30)
    for area, _ in load("text_finder").find(image):
        Pixelate().cover(image, area.grown(3), feather_px=2).paste(image)
    assert not found_in(image, where)


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (40, 2)])
def test_pictures_of_any_shape(shape):
    assert load("text_finder").find(np.full((*shape, 3), 128, np.uint8)) == []
