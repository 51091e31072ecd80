"""Removing: what was there is gone, the background goes on, and nothing else changes."""

import numpy as np
import pytest
import skimage.data

from deepmask.area import Area
from deepmask.engines import load
from deepmask.engines.patchmatch import PatchMatch, can_rebuild
from deepmask.errors import Cancelled, EngineFailed
from deepmask.faces import RGBImage

SIZE = (200, 150)
HORIZON = 60


@pytest.fixture(scope="module")
def beach() -> RGBImage:
    """Sky, a horizon, and sand with grains."""
    w, h = SIZE
    rng = np.random.default_rng(3)
    image = np.empty((h, w, 3), np.float32)
    image[:HORIZON] = (150, 190, 240)
    image[HORIZON:] = np.array((214, 196, 160)) + rng.normal(0, 9, (h - HORIZON, w, 1))
    return np.clip(image, 0, 255).astype(np.uint8)


def someone(x: int, half_width: int = 9, top: int = 40, bottom: int = 110) -> Area:
    w, h = SIZE
    return Area.of_ellipse((x - half_width, top, x + half_width, bottom), (w, h))


def painted(image: RGBImage, area: Area, colour: tuple[int, int, int]) -> RGBImage:
    result = image.copy()
    result[area.window][area.mask] = colour
    return result


def filled(image: RGBImage, hole: Area, **options) -> RGBImage:
    result = image.copy()
    PatchMatch().fill(image, hole, **options).paste(result)
    return result


def test_a_person_is_gone_and_the_horizon_goes_on(beach):
    person = someone(100)
    image = painted(beach, person, (200, 20, 30))
    hole = person.grown(2)
    result = filled(image, hole)
    assert np.array_equal(result[~hole.full()], image[~hole.full()])
    red = result[..., 0].astype(int) - result[..., 2] > 100
    assert not red.any()
    blue = result[..., 2].astype(int) - result[..., 0] > 40
    inside = hole.full()
    rows = np.arange(SIZE[1])[:, None]
    assert blue[inside & (rows < HORIZON - 2)].mean() > 0.98
    assert blue[inside & (rows >= HORIZON + 2)].mean() < 0.02


def test_sand_stays_grainy(beach):
    hole = someone(100, top=75, bottom=140)
    result = filled(beach, hole)
    inner = hole.grown(-3).full()
    grain = np.abs(np.diff(result[..., 1].astype(float), axis=1))[:, :-1]
    assert grain[inner[:, 1:-1]].mean() > 0.6 * grain[HORIZON + 5 :].mean()


def test_nobody_else_is_copied_into_the_hole(beach):
    person, neighbour = someone(90, 12), someone(118, 12)
    image = painted(painted(beach, neighbour, (20, 160, 40)), person, (200, 20, 30))
    hole = person.grown(2).without(neighbour)
    assert hole is not None
    result = filled(image, hole, avoid=neighbour)
    green = result[..., 1].astype(int) - result[..., 0] > 60
    assert not green[hole.full()].any()
    assert np.array_equal(result[neighbour.full()], image[neighbour.full()])


def test_the_same_seed_gives_the_same_bits_and_another_other_ones(beach):
    hole = someone(100)
    first, again, other = (PatchMatch().fill(beach, hole, seed=seed).rgb for seed in (1, 1, 2**32 - 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_bricks_go_on_as_bricks():
    image = np.ascontiguousarray(np.dstack([skimage.data.brick()[:256:2, :256:2]] * 3))
    hole = Area.of_ellipse((50, 40, 78, 88), (128, 128))
    result = filled(painted(image, hole, (255, 0, 255)), hole)
    inside = hole.full()
    joints = image[..., 0] > 150
    filled_joints = result[..., 0] > 150
    assert 0.5 < filled_joints[inside].mean() / joints[inside].mean() < 1.6


def test_light_meets_at_the_seam():
    """Where the sky gets brighter from left to right no edge shows where the hole was."""
    image = np.empty((100, 160, 3), np.uint8)
    image[:] = np.linspace(90, 210, 160)[None, :, None]
    hole = Area.of_ellipse((60, 25, 100, 75), (160, 100))
    result = filled(image, hole).astype(int)
    seam = hole.grown(2).full() & ~hole.grown(-3).full()
    steps = np.abs(np.diff(result[..., 0], axis=1))[seam[:, 1:]]
    assert np.percentile(steps, 97) <= 6


@pytest.mark.parametrize(
    "box", [(0, 0, 30, 150), (170, 100, 200, 150), (60, 0, 140, 20), (99, 70, 100, 71), (0, 0, 200, 75)]
)
def test_holes_at_the_frame_tiny_and_large_ones_are_filled(beach, box):
    hole = Area.of_box(box, SIZE)
    image = painted(beach, hole, (255, 0, 255))
    result = filled(image, hole)
    assert not (result == (255, 0, 255)).all(axis=2).any()


def test_a_large_photo_is_filled_at_its_full_detail():
    rng = np.random.default_rng(0)
    image = rng.integers(60, 200, (900, 1400, 1), np.uint8).repeat(3, 2)
    hole = Area.of_ellipse((600, 300, 800, 700), (1400, 900))
    result = filled(image, hole)
    inner = hole.grown(-10).full()
    assert result[..., 0][inner].std() > 0.6 * image[..., 0].std()


def test_without_anything_to_copy_it_says_so(beach):
    w, h = SIZE
    hole = Area.of_box((0, 0, w / 2, h), SIZE)
    with pytest.raises(EngineFailed, match="too little background"):
        PatchMatch().fill(beach, hole, avoid=Area.of_box((w / 2, 0, w, h), SIZE))
    with pytest.raises(EngineFailed, match="too little background"):
        PatchMatch().fill(beach, Area.of_box((0, 0, w, h), SIZE))


def test_it_can_be_stopped(beach):
    def stop(fraction: float, message: str) -> None:
        if fraction > 0:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        PatchMatch().fill(beach, someone(100), progress=stop)


def test_progress_rises_to_the_end(beach):
    told: list[float] = []
    PatchMatch().fill(beach, someone(100), progress=lambda fraction, message: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1


def test_auto_finds_it():
    assert load("inpainter", "patchmatch").heeds_prompt is False


def test_a_small_person_before_sand_and_sky_can_be_removed(beach):
    assert can_rebuild(beach, someone(100)) is None


def test_a_picture_that_is_mostly_hole_cannot_be_rebuilt(beach):
    assert "of the picture" in (can_rebuild(beach, Area.of_box((0, 0, 160, 150), SIZE)) or "")


def test_a_person_in_a_crowd_cannot_be_removed(beach):
    person = someone(100)
    crowd = person.grown(25).without(person)
    assert "is background" in (can_rebuild(beach, person, crowd) or "")


def test_what_is_unique_cannot_be_continued():
    cup = np.ascontiguousarray(skimage.data.coffee())
    hole = Area.of_ellipse((240, 130, 360, 250), (cup.shape[1], cup.shape[0]))
    assert "like nothing else" in (can_rebuild(cup, hole) or "")
