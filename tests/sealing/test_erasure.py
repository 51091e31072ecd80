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
