"""A message in parts, of which any sufficient number gives it back."""

import numpy as np
import pytest

from deepmask.sealing import erasure


@pytest.mark.parametrize(("length", "part_bytes", "parts"), [(5000, 30, 400), (7, 2, 9), (1, 2, 1), (640, 64, 10)])
def test_any_sufficient_number_of_parts_gives_the_message_back(length, part_bytes, parts):
    rng = np.random.default_rng(length)
    message = rng.bytes(length)
    spread = erasure.spread(message, part_bytes, parts)
    needed = erasure.count_needed(length, part_bytes)
    for _ in range(5):
        kept = {int(i): spread[i] for i in rng.permutation(parts)[:needed]}
        found = erasure.gather(kept, needed)
        assert found is not None
        assert found[:length] == message
        assert not found[length:].strip(b"\0")


def test_too_few_parts_give_nothing():
    spread = erasure.spread(b"a message of some length", 4, 12)
    assert erasure.gather(dict(enumerate(spread[:5])), 6) is None


def test_the_first_parts_are_the_message_itself():
    assert b"".join(erasure.spread(b"0123456789", 2, 9)[:5]) == b"0123456789"


def test_a_message_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        erasure.spread(bytes(100), 2, 49)


@pytest.mark.parametrize("wrong", [0, 1, 7, 27])
def test_parts_that_contradict_the_others_are_named(wrong):
    rng = np.random.default_rng(wrong)
    message = rng.bytes(1200)
    parts = dict(enumerate(erasure.spread(message, 12, 160)))
    for lost in (3, 99, 104):
        del parts[lost]
    changed = frozenset(int(n) for n in rng.choice(list(parts), wrong, replace=False))
    for n in changed:
        spoilt = bytearray(parts[n])
        spoilt[int(rng.integers(12))] ^= int(rng.integers(1, 256))
        parts[n] = bytes(spoilt)
    assert erasure.misfits(parts, 100) == changed
    found = erasure.gather({n: part for n, part in parts.items() if n not in changed}, 100)
    assert found is not None
    assert found[:1200] == message


def test_a_part_of_nothing_but_zeros_and_the_first_part_are_named_too():
    parts = dict(enumerate(erasure.spread(bytes(range(1, 61)), 6, 30)))
    parts[0] = parts[20] = bytes(6)
    assert erasure.misfits(parts, 10) == {0, 20}


def test_of_too_many_contradictions_nothing_is_said():
    rng = np.random.default_rng(9)
    parts = {n: rng.bytes(8) for n in range(90)}
    assert erasure.misfits(parts, 50) is None
    assert erasure.misfits(dict(enumerate(erasure.spread(bytes(30), 2, 16))), 15) is None
