"""Tags: 64 bits over a whole picture, as a keyed pattern of small tiles that is read after what happens to pictures.

Spread spectrum in the pixels (I. J. Cox et al., Secure spread spectrum watermarking for multimedia, IEEE Transactions
on Image Processing 6, 1997), repeated over the picture so that a crop holds it, too, with lines in its spectrum that
tell how the picture was turned and scaled. Where a face was replaced afterwards the pattern is missing, which shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.protocols import TagFound
from deepmask.engines.tiles.embedding import embedded
from deepmask.engines.tiles.geometry import Lay
from deepmask.engines.tiles.pattern import SHORT_PX, SMALLEST_PX, TILE_PX, Keyed, keyed
from deepmask.engines.tiles.presence import presence
from deepmask.engines.tiles.reading import WORTH_REFINING, Greys, look, refined, told
from deepmask.engines.tiles.searching import Spectrum, guesses
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage

_LONGEST = 3
"""Of a picture that is longer than so many times its shorter side only the middle is searched."""


class Tiles:
    """The tagger that is part of Deepmask."""

    def embed(self, image: RGBImage, tag_id: int, key: bytes, *, strength: float = 2.0) -> RGBImage:
        """A tagged copy; see :class:`deepmask.engines.protocols.Tagger`."""
        if min(image.shape[:2]) < SMALLEST_PX:
            raise EngineFailed(
                f"A picture of {image.shape[1]} x {image.shape[0]} pixels is too small for a tag; "
                f"each side needs {SMALLEST_PX} or more."
            )
        if not 0 <= tag_id < 1 << 64:
            raise ValueError(f"an id has 64 bits, got {tag_id}")
        return embedded(image, tag_id, key, strength)

    def read(self, image: RGBImage, key: bytes, *, thorough: bool = True) -> TagFound | None:
        """The tag; None where none is found."""
        return self.read_all([image], key, thorough=thorough)

    def read_all(self, images: Sequence[RGBImage], key: bytes, *, thorough: bool = True) -> TagFound | None:
        """The tag that all of them carry in the same place, such as the pictures of a video."""
        if not images or min(images[0].shape[:2]) < SMALLEST_PX // 2:
            return None
        greys, pattern = [_grey(image) for image in images], keyed(key)
        return _whole(greys, pattern) or (_searched(greys, pattern) if thorough else None)

    def intact(self, image: RGBImage, found: TagFound, key: bytes) -> NDArray[np.float32]:
        """(H, W) about 1 where the tag is as it was laid, near 0 where pixels were replaced since."""
        return presence(_grey(image), keyed(key), found)


def _whole(greys: Greys, pattern: Keyed) -> TagFound | None:
    """The tag of pictures that were not cropped; 256 is the scale of small ones, and of crops to half the side."""
    for short in (SHORT_PX, SHORT_PX // 2):
        found = told(greys, pattern, look(greys, pattern, Lay(short / min(greys[0].shape))))
        if found is not None:
            return found
    return None


def _searched(greys: Greys, pattern: Keyed) -> TagFound | None:
    """The tag of pictures that were cropped, turned, mirrored or stretched; of long ones the middle is looked at."""
    height, width = greys[0].shape
    longest = _LONGEST * min(height, width)
    origin = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    greys = [grey[origin[1] : origin[1] + longest, origin[0] : origin[0] + longest] for grey in greys]
    spectrum = Spectrum.of(greys)
    for stretched in (False, True):
        for guess in guesses(spectrum, pattern, stretched=stretched):
            for half_turn in (0.0, 180.0):
                sight = look(greys, pattern, guess.lay.changed(degrees=half_turn))
                if sight.confidence < WORTH_REFINING:
                    continue
                found = told(greys, pattern, refined(greys, pattern, sight))
                if found is not None:
                    return _whole_picture(found, origin)
    return None


def _whole_picture(found: TagFound, origin: tuple[int, int]) -> TagFound:
    """What was found in a part of a picture that begins at ``origin``, told of all of it."""
    x, y = Lay.of(found).matrix @ np.array(origin, np.float64)
    left, top = found.offset_xy
    return replace(found, offset_xy=((left + float(x)) % TILE_PX, (top + float(y)) % TILE_PX))


def _grey(image: RGBImage) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
