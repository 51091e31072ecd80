"""Bits in a block of pixels, and the block as it was."""

import numpy as np
import pytest
from skimage import data

from deepmask.sealing import expansion

RNG = np.random.default_rng(11)


def _blocks():
    photo = data.astronaut()
    for _ in range(40):
        w, h = (int(v) for v in RNG.integers(32, 128, 2))
        y, x = int(RNG.integers(0, 512 - h)), int(RNG.integers(0, 512 - w))
        yield photo[y : y + h, x : x + w]
        yield RNG.choice([0, 1, 2, 3, 252, 253, 254, 255], (h, w, 3)).astype(np.uint8)
        yield np.clip(RNG.normal(254, 2, (h, w, 3)), 0, 255).astype(np.uint8)
        yield np.clip(RNG.normal(1, 2, (h, w, 3)), 0, 255).astype(np.uint8)
        yield np.full((h, w, 3), RNG.integers(0, 256), np.uint8)
        yield np.where(RNG.random((h, w, 3)) < 0.05, RNG.choice([0, 255], (h, w, 3)), 128).astype(np.uint8)


def test_whatever_is_laid_comes_out_and_leaves_no_trace():
    laid = 0
    for block in _blocks():
        grey = bool(RNG.random() < 0.3)
        before = np.repeat(block[..., 1:2], 3, 2) if grey else np.array(block)
        box = (0, 0, before.shape[1], before.shape[0])
        room = expansion.room(before, box, grey=grey)
        bits = RNG.integers(0, 2, int(room * RNG.uniform(0.05, 0.9))).astype(np.uint8)
        image = before.copy()
        if not expansion.write(image, box, bits, grey=grey):
            assert np.array_equal(image, before), "what has no room stays as it was"
            continue
        laid += 1
        found = expansion.read(image, box)
        assert found is not None
        assert np.array_equal(found[0], bits)
        assert np.array_equal(found[1], before)
        assert np.abs(image.astype(int) - before).max() <= 1 + grey
        assert not grey or (image == image[..., :1]).all()
    assert laid > 150


def test_a_block_is_read_without_its_neighbours():
    image = data.astronaut()
    bits = RNG.integers(0, 2, 300).astype(np.uint8)
    assert expansion.write(image, (128, 64, 64, 64), bits, grey=False)
    outside = np.ones(image.shape[:2], bool)
    outside[64:128, 128:192] = False
    assert np.array_equal(image[outside], data.astronaut()[outside])
    image[outside] = 77
    found = expansion.read(image, (128, 64, 64, 64))
    assert found is not None
    assert np.array_equal(found[0], bits)


@pytest.mark.parametrize("value", [0, 1, 128, 254, 255])
def test_plain_paper_has_room_whatever_its_tone(value):
    image = np.full((64, 64, 3), value, np.uint8)
    assert expansion.write(image, (0, 0, 64, 64), RNG.integers(0, 2, 2000).astype(np.uint8), grey=True)


def test_more_than_there_is_room_for_is_refused():
    image = RNG.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    before = image.copy()
    assert not expansion.write(image, (0, 0, 64, 64), np.ones(4000, np.uint8), grey=False)
    assert np.array_equal(image, before)


def test_noise_is_never_taken_for_a_block_with_room_for_wrong_reasons():
    for _ in range(300):
        image = RNG.integers(0, 256, (64, 64, 3)).astype(np.uint8)
        found = expansion.read(image, (0, 0, 64, 64))
        assert found is None or len(found[0]) < 8192


def test_colour_in_a_block_of_greys_is_noticed():
    image = np.repeat(data.camera()[:64, :64, None], 3, 2)
    assert expansion.write(image, (0, 0, 64, 64), np.ones(200, np.uint8), grey=True)
    image[50, 50, 0] ^= 1
    assert expansion.read(image, (0, 0, 64, 64)) is None


def test_headers_are_found_where_they_are():
    image = np.zeros((80, 90, 3), np.uint8)
    image[9:73, 11:75] = data.astronaut()[:64, :64]
    assert expansion.write(image, (11, 9, 64, 64), np.ones(160, np.uint8), grey=False)
    places = expansion.headers(expansion.lowest_bits(image[..., 1]))
    assert [9, 11] in places.tolist()
