"""What a seal says, as bytes: nothing is lost, and nothing else is believed."""

import numpy as np
import pytest

from deepmask.sealing.layout import Layout
from deepmask.sealing.message import Statement, opened, signed
from deepmask.sealing.regions import Regions, pack_maps, unpack_maps
from tests.tiny.seals import pictures, signer, statement

ME = signer()


@pytest.fixture(scope="module")
def message():
    image = pictures()["odd size"]
    fine = np.zeros(image.shape[:2], bool)
    fine[100:140, 60:90] = True
    return signed(statement(image, ME.public, fine=fine), ME)


def test_a_statement_comes_back_whole(message):
    read = opened(message + bytes(31))
    found = read.statement
    assert read.signature_holds
    assert read.message == message
    assert found.public_key.raw == ME.public.raw
    assert found.layout.size_wh == (217, 333)
    assert found.layout.fine.sum() == 2 * 2
    assert signed(found, ME) == message


def test_any_changed_byte_is_noticed(message):
    rng = np.random.default_rng(0)
    for at in rng.choice(len(message), 120, replace=False):
        changed = bytearray(message)
        changed[at] ^= 1 << int(rng.integers(8))
        try:
            holds = opened(bytes(changed)).signature_holds
        except ValueError:
            continue
        assert not holds


def test_no_bytes_make_it_stumble(message):
    rng = np.random.default_rng(1)
    for n in range(400):
        data = rng.bytes(int(rng.integers(0, 600))) if n % 2 else message[: int(rng.integers(0, len(message)))]
        with pytest.raises(ValueError, match=r"\w"):
            opened(data)


def test_a_statement_about_a_giant_picture_takes_no_memory(message):
    huge = bytearray(message[4:-64])
    huge[2:10] = b"\x00\x0f\xff\xff" * 2
    with pytest.raises(ValueError, match="this size"):
        Statement.from_bytes(bytes(huge))


def test_maps_come_back_with_the_classes_that_occur():
    names = ("background", "person", "skin", "hat")
    rng = np.random.default_rng(2)
    before = Regions("mesh", names, rng.integers(0, 3, (20, 32)).astype(np.uint8))
    after = Regions("mesh", names, before.cells.copy())
    after.cells[3, 4] = 3
    first, second = unpack_maps(pack_maps(before, after))
    assert first.digest() == before.digest()
    assert second.digest() == after.digest() != before.digest()
    assert set(first.agreement(second)) == set(names)
    assert first.agreement(first) == dict.fromkeys(("background", "person", "skin"), 1.0)


def test_names_of_classes_by_strangers_are_not_printed_unseen():
    maps = Regions("mesh", ("\x1b[2J", "skin"), np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match="segmentation"):
        unpack_maps(pack_maps(maps, maps))


def test_a_coarse_map_is_the_same_for_pictures_that_hardly_differ():
    parsed = np.zeros((640, 480), np.uint8)
    parsed[100:500, 100:400] = 1
    shifted = np.roll(parsed, 1, axis=1)
    a, b = (Regions.of(one, "mesh", ("background", "person")) for one in (parsed, shifted))
    assert a.digest() == b.digest()


@pytest.mark.parametrize("size", [(64, 64), (127, 64), (128, 300), (1000, 65), (641, 517)])
def test_blocks_cover_every_pixel_once(size):
    fine = np.random.default_rng(3).random((size[1], size[0])) < 0.0005
    layout = Layout.protecting(fine)
    count = np.zeros((size[1], size[0]), int)
    for block in layout.blocks:
        x, y, w, h = block.box
        assert min(w, h) >= 32
        count[y : y + h, x : x + w] += 1
    assert (count == 1).all()
    where = {block.box for block in layout.blocks if block.fine}
    for y, x in zip(*np.nonzero(fine), strict=True):
        assert any(bx <= x < bx + w and by <= y < by + h for bx, by, w, h in where)
