"""What the network is shown of a picture with a hole, and how what it makes is put back; without any network."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from deepmask.area import Area
from deepmask.engines.diffusion.body_pose import BodyPose
from deepmask.engines.diffusion.hole import CELL, continued, matched, patch, scene, view

NATIVE = 512


def ellipse(size_wh, box):
    x1, y1, x2, y2 = box
    mask = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    cv2.ellipse(mask, ((x1 + x2) // 2, (y1 + y2) // 2), ((x2 - x1) // 2, (y2 - y1) // 2), 0, 0, 360, 1, -1)
    return Area.of(mask.astype(bool))


def pasted(image, made):
    result = image.copy()
    made.paste(result)
    return result


@pytest.mark.parametrize(
    ("size_wh", "box"),
    [
        ((4000, 3000), (1500, 200, 2300, 2800)), ((4000, 3000), (0, 0, 40, 60)),
        ((4000, 3000), (3900, 2900, 4000, 3000)),
        ((40, 30), (10, 5, 25, 25)), ((641, 479), (100, 100, 333, 401)), ((3000, 200), (20, 20, 2900, 180)),
        ((7, 900), (1, 100, 6, 800)),
    ],
)  # fmt: skip
def test_a_view_holds_the_hole_and_fits_picture_and_network(size_wh, box):
    hole = Area.of_box(box, size_wh)
    seen = view(hole, NATIVE)
    assert 0 <= seen.columns.start <= box[0] < box[2] <= seen.columns.stop <= size_wh[0]
    assert 0 <= seen.rows.start <= box[1] < box[3] <= seen.rows.stop <= size_wh[1]
    assert all(side % 64 == 0 and NATIVE / 2 <= side <= 2 * NATIVE for side in seen.canvas_wh)
    assert all(side % CELL == 0 for side in view(hole, NATIVE, 0.75).canvas_wh)


def test_a_small_hole_is_seen_at_the_pictures_own_scale_and_a_large_one_with_its_surroundings():
    small = view(Area.of_box((2000, 1500, 2050, 1600), (4000, 3000)), NATIVE)
    assert (small.size_wh, small.canvas_wh) == ((NATIVE, NATIVE), (NATIVE, NATIVE))
    large = view(Area.of_box((1500, 800, 1900, 2000), (4000, 3000)), NATIVE)
    assert large.size_wh == (2100, 2100)


@pytest.mark.parametrize("size_wh", [(512, 512), (300, 211), (1201, 903)])
def test_nothing_of_the_hole_is_shown_not_even_mixed_into_its_neighbours(size_wh):
    image = cv2.resize(astronaut(), size_wh)
    w, h = size_wh
    hole = ellipse(size_wh, (w // 4, h // 5, w // 2, h))
    other = image.copy()
    other[hole.window][hole.mask] = np.random.default_rng(0).integers(0, 256, (hole.pixels, 3))
    seen = view(hole, NATIVE)
    first, second = scene(image, hole, seen), scene(other, hole, seen)
    assert np.array_equal(first.picture, second.picture)
    assert np.array_equal(first.hole, second.hole)
    cells = first.hole[::CELL, ::CELL]
    assert np.array_equal(first.hole, cells.repeat(CELL, 0).repeat(CELL, 1))


def test_who_is_to_be_avoided_is_not_shown_either():
    image = astronaut()
    hole, friend = ellipse((512, 512), (60, 100, 220, 500)), ellipse((512, 512), (300, 100, 460, 500))
    seen = view(hole, NATIVE)
    other = image.copy()
    other[friend.window][friend.mask] = 255
    assert np.array_equal(scene(image, hole, seen, friend).picture, scene(other, hole, seen, friend).picture)
    assert not np.array_equal(scene(image, hole, seen).picture, scene(other, hole, seen).picture)


def test_colours_are_led_on_smoothly_and_stay_where_they_are_known():
    ramp = np.linspace(0, 255, 96, dtype=np.float32)[None, :, None].repeat(64, 0).repeat(3, 2)
    known = np.ones((64, 96), bool)
    known[16:48, 30:60] = False
    led = continued(ramp, known)
    assert np.array_equal(led[known], ramp[known])
    assert np.abs(led - ramp).max() < 60
    assert np.all(continued(ramp, np.zeros((64, 96), bool)) == 127.5)


def test_a_tint_of_the_network_is_taken_away():
    image = cv2.GaussianBlur(astronaut(), (0, 0), 4)
    hole = ellipse((512, 512), (200, 150, 330, 420))
    seen = view(hole, NATIVE)
    shown = scene(image, hole, seen)
    tinted = np.clip(shown.picture.astype(int) + (12, -6, 8), 0, 255).astype(np.uint8)
    off = np.abs(matched(tinted, shown).astype(int) - shown.picture)
    assert np.median(off[shown.hole]) <= 1
    assert np.percentile(off, 99) <= 4
    everything = scene(image, Area.of(np.ones((512, 512), bool)), view(Area.of(np.ones((512, 512), bool)), NATIVE))
    assert np.array_equal(matched(tinted, everything), tinted)


@pytest.mark.parametrize(
    ("size_wh", "box"),
    [((512, 512), (100, 60, 300, 500)), ((40, 30), (10, 5, 25, 30)), ((1537, 901), (0, 0, 700, 900))],
)
def test_a_patch_covers_the_hole_and_nothing_else_and_meets_its_surroundings(size_wh, box):
    image = np.full((size_wh[1], size_wh[0], 3), 120, np.uint8)
    image[:, :, 0] = np.linspace(60, 200, size_wh[0])
    hole = ellipse(size_wh, box)
    seen = view(hole, NATIVE)
    foreign = np.full((seen.canvas_wh[1], seen.canvas_wh[0], 3), 90, np.uint8)
    made = patch(image, hole, seen, foreign)
    assert np.array_equal(made.alpha == 1, hole.mask)
    assert np.array_equal(made.alpha == 0, ~hole.mask)
    result = pasted(image, made)
    assert np.array_equal(result[~hole.full()], image[~hole.full()])
    core = hole.grown(-0.25 * min(hole.mask.shape))
    assert np.array_equal(result[core.full()], np.full((core.pixels, 3), 90))
    rim = hole.full() & ~hole.grown(-1).full()
    assert np.abs(result[rim].astype(int) - image[rim]).mean() < 0.75 * np.abs(90 - image[rim].astype(int)).mean()


def test_what_was_in_the_hole_does_not_come_back_through_the_seam():
    image = astronaut()
    hole = ellipse((512, 512), (100, 60, 300, 500))
    other = image.copy()
    other[hole.window][hole.mask] = 255 - other[hole.window][hole.mask]
    seen = view(hole, NATIVE)
    grey = np.full((seen.canvas_wh[1], seen.canvas_wh[0], 3), 90, np.uint8)
    assert np.array_equal(patch(image, hole, seen, grey).rgb, patch(other, hole, seen, grey).rgb)


def test_colours_are_not_led_to_those_of_somebody_else():
    image = np.full((512, 512, 3), 50, np.uint8)
    image[:, 256:] = 250
    hole, friend = Area.of_box((200, 100, 256, 400), (512, 512)), Area.of_box((256, 0, 512, 512), (512, 512))
    seen = view(hole, NATIVE)
    grey = np.full((512, 512, 3), 50, np.uint8)
    assert patch(image, hole, seen, grey, friend).rgb.max() == 50
    assert patch(image, hole, seen, grey).rgb.max() > 150


def test_what_is_enlarged_gets_the_grain_of_the_photo_and_what_is_clean_stays_clean():
    rng = np.random.default_rng(0)
    hole = ellipse((2000, 1500), (500, 200, 1100, 1400))
    seen = view(hole, NATIVE)
    grey = np.full((seen.canvas_wh[1], seen.canvas_wh[0], 3), 120, np.uint8)
    for sigma in (0.0, 3.0, 6.0):
        noise = rng.normal(0, sigma, (1500, 2000, 1))
        image = np.rint(120 + noise).clip(0, 255).astype(np.uint8).repeat(3, 2)
        made = patch(image, hole, seen, grey, seed=1)
        core = made.rgb[hole.grown(-40).full()[hole.window]]
        assert core.std() == pytest.approx(sigma, rel=0.2, abs=0.1)
        assert np.array_equal(made.rgb, patch(image, hole, seen, grey, seed=1).rgb)


# -- poses ------------------------------------------------------------------------------------------------------------


def test_the_pose_of_a_person_is_read_and_drawn_where_they_are():
    image = astronaut()
    hole = ellipse((512, 512), (20, 0, 400, 511))
    pose = BodyPose.read(image, hole)
    nose, neck, right, left = pose.joints[0], pose.joints[1], pose.joints[2], pose.joints[5]
    assert np.hypot(*(nose - (222, 115))) < 25
    assert right[0] < neck[0] < left[0]
    assert nose[1] < neck[1]
    drawn = pose.draw(view(hole, NATIVE))
    assert drawn.shape == (512, 512, 3)
    assert 0.002 < drawn.any(2).mean() < 0.1
    x, y = np.rint(neck).astype(int)
    assert tuple(drawn[y, x]) == (255, 85, 0), "OpenPose's colour of the neck"


def test_a_pose_is_read_of_the_person_in_the_area_alone_and_of_nobody_where_nobody_is():
    image = astronaut()
    hole = ellipse((512, 512), (20, 0, 400, 511))
    elsewhere = image.copy()
    elsewhere[~hole.full()] = 255
    assert np.array_equal(BodyPose.read(image, hole).joints, BodyPose.read(elsewhere, hole).joints, equal_nan=True)
    assert BodyPose.read(image, Area.of_box((420, 0, 512, 120), (512, 512))) is None
    assert BodyPose.read(image, Area.of_box((3, 3, 4, 4), (512, 512))) is None
