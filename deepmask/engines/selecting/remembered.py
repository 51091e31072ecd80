"""What was found out about the last pictures, so that only the first click on one is slow."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from deepmask.faces import RGBImage

PICTURES = 4
"""How many are remembered."""

Known = TypeVar("Known")


class Remembered(Generic[Known]):
    """The last pictures by their pixels; the one that was not asked for the longest is forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Known] = OrderedDict()

    def of(self, image: RGBImage, find_out: Callable[[], Known]) -> Known:
        """What is known of a picture; found out if it was not seen lately."""
        digest = hashlib.blake2b(repr(image.shape).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(image).data)
        key = digest.digest()
        if key not in self._known:
            self._known[key] = find_out()
            while len(self._known) > PICTURES:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()
