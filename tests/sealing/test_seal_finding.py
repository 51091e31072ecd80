"""Seals in pictures that were tampered with in every way an attacker or a friend may think of."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from deepmask.errors import EngineFailed
from deepmask.sealing import erasure, expansion
from deepmask.sealing.finding import TURNS, Found, Remains, find, read_share, turned
from deepmask.sealing.laying import lay, shares
from deepmask.sealing.message import signed
from deepmask.sealing.shares import Share, message_id
from tests.tiny.seals import pictures, sealed, signer, statement

ME, OTHER = signer(1), signer(2)
PICTURES = pictures()


@pytest.fixture(scope="module")
def fine():
    mask = np.zeros((512, 512), bool)
    mask[60:200, 160:290] = True
    return mask


@pytest.fixture(scope="module")
def copy(fine):
    return sealed(data.astronaut(), ME, fine=fine)


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_given_back_bit_for_bit(name):
    image = PICTURES[name]
    found = find(sealed(image, ME))
    assert isinstance(found, Found)
    assert found.signature_holds
    assert found.in_place
    assert set(found.states) == {"intact"}
    assert np.array_equal(found.restored, image)


def test_the_same_picture_and_key_give_the_same_bits(copy, fine):
    assert np.array_equal(sealed(data.astronaut(), ME, fine=fine), copy)
    assert not np.array_equal(sealed(data.astronaut(), OTHER, fine=fine), copy)


def test_nobody_sees_it(copy):
    error = np.square(copy.astype(float) - data.astronaut()).mean()
    assert 10 * np.log10(255**2 / error) > 55
    assert np.abs(copy.astype(int) - data.astronaut()).max() == 1


def test_any_single_pixel_is_missed_in_its_block_only(copy):
    rng = np.random.default_rng(5)
    for _ in range(25):
        y, x, c = (int(v) for v in rng.integers(0, (512, 512, 3)))
        changed = copy.copy()
        changed[y, x, c] ^= 1 << int(rng.integers(0, 8))
        found = find(changed)
        assert isinstance(found, Found)
        [(left, top, w, h)] = found.boxes("changed")
        assert left <= x < left + w
        assert top <= y < top + h
        assert found.states.count("intact") == len(found.states) - 1


def test_changes_where_more_is_protected_are_told_more_closely(copy):
    changed = copy.copy()
    changed[130, 220] = 0
    found = find(changed)
    assert isinstance(found, Found)
    assert found.boxes("changed") == [(192, 128, 32, 32)]


def test_a_replaced_part_is_outlined_and_the_rest_restored(copy):
    changed = copy.copy()
    changed[100:300, 100:300] = data.coffee()[100:300, 100:300]
    found = find(changed)
    assert isinstance(found, Found)
    inside = np.zeros((512, 512), bool)
    for x, y, w, h in found.boxes("changed"):
        inside[y : y + h, x : x + w] = True
    assert inside[100:300, 100:300].all()
    assert not inside[:64].any()
    assert not inside[:, 320:].any()
    assert np.array_equal(found.restored[~inside], data.astronaut()[~inside])


def test_a_third_of_the_picture_may_be_lost(copy):
    changed = copy.copy()
    changed[:, 320:] = 0
    found = find(changed)
    assert isinstance(found, Found)
    assert found.signature_holds
    assert Counter(found.states)["changed"] < len(found.states) / 2


def test_of_too_little_nothing_is_claimed(copy):
    found = find(np.ascontiguousarray(copy[:200, :140]))
    assert isinstance(found, Remains)
    assert found.parts < found.needed


@pytest.mark.parametrize("window", [(37, 450, 21, 490), (0, 448, 0, 512), (64, 512, 64, 512), (1, 512, 0, 512)])
def test_a_cropped_picture_is_told_as_part_of_the_sealed_one(copy, window):
    top, bottom, left, right = window
    found = find(np.ascontiguousarray(copy[top:bottom, left:right]))
    assert isinstance(found, Found)
    assert found.offset_xy == (-left, -top)
    assert not found.in_place
    assert set(found.states) == {"intact", "cut"}
    for x, y, w, h in found.boxes("intact"):
        part = data.astronaut()[top + y : top + y + h, left + x : left + x + w]
        assert np.array_equal(found.restored[y : y + h, x : x + w], part)


def test_a_picture_put_into_a_larger_one_is_found(copy):
    larger = np.full((600, 700, 3), 90, np.uint8)
    larger[23:535, 111:623] = copy
    found = find(larger)
    assert isinstance(found, Found)
    assert found.offset_xy == (111, 23)
    assert set(found.states) == {"intact"}
    assert not found.in_place


@pytest.mark.parametrize("turn", range(1, 8))
def test_turned_and_mirrored_pictures_are_recognised(copy, turn):
    done = np.ascontiguousarray(
        next(one for one in _all_turns(copy) if np.array_equal(turned(np.ascontiguousarray(one), turn), copy))
    )
    found = find(done)
    assert isinstance(found, Found)
    assert found.turn == turn
    assert TURNS[turn]
    assert set(found.states) == {"intact"}
    assert np.array_equal(found.restored, data.astronaut())


def _all_turns(image):
    for flipped in (image, image[:, ::-1]):
        yield from (np.rot90(flipped, n) for n in range(4))


def falsified(rgb, boxes, *, parts=lambda part: bytes(b ^ 1 for b in part)):
    """A copy in which the shares of some blocks are others, with checks that fit: anybody can do that."""
    changed = rgb.copy()
    for box in boxes:
        x, y, w, h = box
        found = read_share(rgb, box)
        if found is not None:
            share, changed[y : y + h, x : x + w] = found
            wrong = replace(share, parts=tuple(parts(part) for part in share.parts))
            assert expansion.write(changed, box, wrong.to_bits(), grey=False)
    return changed


def blocks_of(copy):
    found = find(copy)
    assert isinstance(found, Found)
    return [block.box for block in found.statement.layout.blocks]


@pytest.mark.parametrize("every", [100, 20, 7])
def test_false_shares_take_nothing_but_their_own_blocks_away(copy, every):
    boxes = blocks_of(copy)[::every]
    found = find(falsified(copy, boxes))
    assert isinstance(found, Found)
    assert found.signature_holds
    assert found.boxes("bare") == boxes
    assert set(found.states) == {"intact", "bare"}
    assert np.array_equal(found.restored, data.astronaut())


def test_false_shares_and_replaced_parts_are_told_apart(copy):
    changed = falsified(copy, [(0, 0, 64, 64), (64, 0, 64, 64)])
    changed[448:, :] = 0
    found = find(changed)
    assert isinstance(found, Found)
    assert found.boxes("bare") == [(0, 0, 64, 64), (64, 0, 64, 64)]
    assert {y for _, y, _, _ in found.boxes("changed")} == {448}


def test_of_too_many_false_shares_nothing_is_believed(copy):
    found = find(falsified(copy, blocks_of(copy)[::2]))
    assert isinstance(found, Remains)
    assert found.contradictory


def test_where_the_seal_was_taken_out_is_told_though_the_picture_is_the_original(copy):
    changed = copy.copy()
    changed[256:] = data.astronaut()[256:]
    found = find(changed)
    assert isinstance(found, Found)
    inside = np.zeros((512, 512), bool)
    for x, y, w, h in found.boxes("bare"):
        inside[y : y + h, x : x + w] = True
    assert not inside[:256].any()
    assert inside[(changed != copy).any(-1)].all()
    assert set(found.states) == {"intact", "bare"}
    assert np.array_equal(found.restored, data.astronaut())


def test_a_seal_that_was_laid_anew_in_other_parts_is_told(copy, fine):
    said = statement(data.astronaut(), ME.public, fine=fine)
    message = signed(said, ME)
    found = read_share(copy, (0, 0, 64, 64))
    assert found is not None
    again = data.astronaut()
    for block, share in zip(said.layout.blocks, shares(said.layout, message, len(found[0].parts[0]) + 2), strict=True):
        expansion.write(again, block.box, share.to_bits(), grey=False)
    assert (again != copy).any()
    found = find(again)
    assert isinstance(found, Found)
    assert found.signature_holds
    assert set(found.states) == {"bare"}


def test_one_picture_gives_one_seal_whatever_surrounds_it_now(copy):
    larger = np.full((600, 700, 3), 90, np.uint8)
    larger[23:535, 111:623] = copy
    larger[400, 300] ^= 1
    found = find(larger)
    assert isinstance(found, Found)
    assert Counter(found.states) == {"intact": len(found.states) - 1, "changed": 1}


def test_more_parts_than_such_a_picture_has_are_no_seal_of_ours():
    said = statement(data.astronaut(), OTHER.public)
    message = signed(said, OTHER)
    parts = erasure.spread(message, 4, 256)
    rgb = data.astronaut()
    for n, block in enumerate(said.layout.blocks):
        needed = erasure.count_needed(len(message), 4)
        share = Share(message_id(message), needed, 4 * n, tuple(parts[4 * n : 4 * n + 4]))
        assert expansion.write(rgb, block.box, share.to_bits(), grey=False)
    found = find(rgb)
    assert isinstance(found, Found)
    assert found.signature_holds
    assert set(found.states) == {"bare"}


def test_blocks_that_changed_places_are_told(copy):
    changed = copy.copy()
    changed[0:64, 0:64], changed[448:512, 0:64] = copy[448:512, 0:64], copy[0:64, 0:64]
    found = find(changed)
    assert isinstance(found, Found)
    assert Counter(found.states) == {"intact": len(found.states) - 2, "moved": 2}


def test_blocks_of_another_picture_of_the_same_person_are_told(copy):
    other = sealed(np.ascontiguousarray(data.astronaut()[::-1, ::-1]), ME)
    changed = copy.copy()
    changed[384:512, 384:512] = other[384:512, 384:512]
    found = find(changed)
    assert isinstance(found, Found)
    assert set(found.boxes("foreign")) <= {(384, 384, 64, 64), (448, 384, 64, 64), (384, 448, 64, 64),
                                           (448, 448, 64, 64)}  # fmt: skip
    assert len(found.boxes("foreign", "changed")) == 4


def test_a_seal_laid_over_another_picture_fits_nowhere():
    portrait = data.astronaut()
    stolen = lay(np.ascontiguousarray(portrait[::-1]), statement(portrait, ME.public), ME, grey=False).rgb
    found = find(stolen)
    assert isinstance(found, Found)
    assert found.states.count("intact") == 0


def test_a_forged_signature_is_noticed():
    said = statement(data.astronaut(), ME.public)
    found = find(lay(data.astronaut(), said, OTHER, grey=False).rgb)
    assert isinstance(found, Found)
    assert not found.signature_holds


def test_opacity_is_part_of_what_is_sealed():
    rgb = data.astronaut()
    alpha = np.full((512, 512), 255, np.uint8)
    alpha[:100] = 30
    copy = sealed(rgb, ME, alpha)
    found = find(copy, alpha)
    assert isinstance(found, Found)
    assert set(found.states) == {"intact"}
    alpha[300, 300] = 254
    found = find(copy, alpha)
    assert isinstance(found, Found)
    assert found.boxes("changed") == [(256, 256, 64, 64)]
    found = find(copy)
    assert isinstance(found, Found)
    assert {y for _, y, _, _ in found.boxes("changed")} == {0, 64}, "what was transparent is opaque now"


def test_opacity_added_later_is_a_change():
    copy = sealed(data.astronaut(), ME)
    alpha = np.full((512, 512), 255, np.uint8)
    assert isinstance(found := find(copy, alpha), Found)
    assert set(found.states) == {"intact"}
    alpha[10, 10] = 0
    assert isinstance(found := find(copy, alpha), Found)
    assert found.boxes("changed") == [(0, 0, 64, 64)]


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_found_in_what_was_never_sealed(name):
    assert find(PICTURES[name]) is None


def test_what_changes_all_pixels_takes_the_seal_away(copy):
    assert find((copy // 2 * 2).astype(np.uint8)) is None


def test_what_has_no_room_is_refused_in_a_sentence():
    noise = np.random.default_rng(6).integers(0, 256, (192, 192, 3)).astype(np.uint8)
    with pytest.raises(EngineFailed, match="noise"):
        sealed(noise, ME)
