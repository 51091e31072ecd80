"""Whether a tagged picture is the one its record was made for.

The tag itself says how the picture lies in the one that was tagged, but for whole tiles; so only these are tried.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.protocols import TagFound
from deepmask.engines.tiles.geometry import Lay, spread
from deepmask.engines.tiles.pattern import TILE_PX, pattern_scale
from deepmask.faces import RGBImage
from deepmask.likeness import CELLS_SHORT, Likeness, Likenesses, plain
from deepmask.records import Record
from deepmask.tag_report import Fit

_FITS = 0.7
"""Agreement from which on it is the same picture. Crops, turned and mirrored copies have .99, pictures with a face
swapped that fills half of them .72 and more, pictures of a video .87 even cropped; similar portraits .7."""
_OTHER: dict[str, float] = {"photo": 0.6, "video": 0.55}
"""Agreement up to which it is another. Other photos have .5 at most, pictures of other videos .53. Of a video with
very many scenes not all pictures are remembered: in doubt it is the same."""
_KNOWN = 0.8
"""Agreement with one that is remembered from which on a picture of a video need not be remembered itself."""
_MOST = 600
"""Likenesses of one video, of 100 to 200 bytes."""


def likeness_of(image: RGBImage) -> Likeness:
    """The likeness of a picture as it is tagged."""
    return Likeness.of(_cells(image))


class Memory:
    """Likenesses of a video, of which all its pictures agree with one: shown all pictures, it keeps those it needs.

    Where there are too many, every second one is forgotten, and fewer are taken from then on.
    """

    def __init__(self) -> None:
        self.likenesses: list[Likeness] = []
        self._last: Likeness | None = None
        self._stride, self._unlike = 1, 0

    def see(self, image: RGBImage) -> None:
        """The next picture."""
        cells = _cells(image)
        if plain(cells) or (self._last is not None and self._last.agreement(cells, (0, 0)) >= _KNOWN):
            return
        self._last = Likeness.of(cells)
        if self._unlike % self._stride == 0:
            self.likenesses.append(self._last)
        self._unlike += 1
        if len(self.likenesses) > _MOST:
            del self.likenesses[1::2]
            self._stride *= 2


def fit(images: Sequence[RGBImage], found: TagFound, record: Record) -> tuple[Fit, float | None]:
    """Whether pictures, in which ``found`` was read, are what ``record`` was made for, and how well both agree.

    Of several, as of a video, three quarters must fit: a video is more than one of its pictures. It is another one if
    half of them are. Plain ones are not counted.
    """
    if not record.likenesses:
        return "", None
    agreements = [one for image in images if (one := _agreement(image, found, record)) is not None]
    if not agreements:
        return "unsure", None
    quarter, middle = (float(one) for one in np.quantile(agreements, (0.25, 0.5)))
    if quarter >= _FITS:
        return "fits", middle
    return ("other" if middle <= _OTHER[record.medium] else "unsure"), middle


def _agreement(image: RGBImage, found: TagFound, record: Record) -> float | None:
    """Of one picture with the likeness, and in the place, where it is highest; None for plain pictures."""
    cell = _cell_px(record.size_wh)
    sheet = spread(_grey(image), Lay.of(found).matrix)
    grey = sheet.grey
    if sheet.inside is not None:
        grey = np.where(sheet.inside, grey, np.nan)
    begins = (found.offset_xy[0] - sheet.origin[0]) % TILE_PX, (found.offset_xy[1] - sheet.origin[1]) % TILE_PX
    cells = _means(grey, (begins[0] % cell, begins[1] % cell), cell)
    if plain(cells):
        return None
    # the cell of the sheet at which a tile begins
    first = round(begins[1] // cell), round(begins[0] // cell)
    shapes = {likeness.shape for likeness in record.likenesses}
    alike = [Likenesses.of([one for one in record.likenesses if one.shape == shape]) for shape in shapes]
    return max(_best(one, cells, first, TILE_PX // cell) for one in alike)


def placed(size_wh: tuple[int, int], found: TagFound, record: Record) -> tuple[float, float]:
    """By which factor a picture was resized since it was tagged, and the share of the tagged area that it can show."""
    (width, height), (tagged_width, tagged_height) = size_wh, record.size_wh
    resized = pattern_scale(tagged_height, tagged_width) / found.scale
    return resized, min(1.0, width * height / resized**2 / (tagged_width * tagged_height))


def _best(likenesses: Likenesses, cells: NDArray[np.float32], first: tuple[int, int], step: int) -> float:
    """Agreement in the place where it is highest."""
    rows, columns = likenesses.shape
    downs = range(-(cells.shape[0] // step + 1), rows // step + 1)
    acrosses = range(-(cells.shape[1] // step + 1), columns // step + 1)
    return max(
        float(likenesses.agreements(cells, (down * step - first[0], across * step - first[1])).max())
        for down in downs
        for across in acrosses
    )


def _cells(image: RGBImage) -> NDArray[np.float32]:
    """(rows, columns) means of the whole cells of a picture as it is tagged."""
    height, width = image.shape[:2]
    side = _cell_px((width, height)) / pattern_scale(height, width)
    rows, columns = int(height / side + 1e-6), int(width / side + 1e-6)
    whole = image[: max(1, round(rows * side)), : max(1, round(columns * side))]
    return cv2.resize(_grey(whole), (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)


def _grey(image: RGBImage) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _cell_px(size_wh: tuple[int, int]) -> int:
    """Side of a cell in pixels of the pattern."""
    width, height = size_wh
    return round(pattern_scale(height, width) * min(width, height)) // CELLS_SHORT


def _means(grey: NDArray[np.float32], begins: tuple[float, float], cell: int) -> NDArray[np.float32]:
    """(rows, columns) means of whole cells; NaN where a part of the cell is none.

    Args:
        begins: x and y of the first cell's corner.
    """
    x, y = round(begins[0]), round(begins[1])
    rows, columns = (grey.shape[0] - y) // cell, (grey.shape[1] - x) // cell
    whole = grey[y : y + rows * cell, x : x + columns * cell]
    return whole.reshape(rows, cell, columns, cell).mean((1, 3))
