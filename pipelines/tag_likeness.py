"""Whether a tagged picture is the one its record was made for.

The tag itself says how the picture lies in the one that was tagged, but for whole tiles; so only these are tried.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.protocols import TagFound
from deepmask.engines.tiles.geometry import Lay, spread
from deepmask.engines.tiles.pattern import TILE_PX, pattern_scale
from deepmask.faces import RGBImage
from deepmask.likeness import CELLS_SHORT, Likeness
from deepmask.records import Record
from deepmask.tag_report import Fit

_FITS, _OTHER = 0.7, 0.6
"""Agreement from which on it is the same picture, and up to which it is another. Crops, turned and mirrored copies
have .99, pictures with a face swapped that fills half of them .72 and more; other pictures .5, similar portraits .7."""


def likeness_of(image: RGBImage) -> Likeness:
    """The likeness of a picture as it is tagged."""
    height, width = image.shape[:2]
    scale = pattern_scale(height, width)
    sheet = spread(_grey(image), Lay(scale).matrix)
    return Likeness.of(_means(sheet.grey, (0.0, 0.0), _cell_px((width, height))))


def fit(image: RGBImage, found: TagFound, record: Record) -> tuple[Fit, float | None]:
    """Whether ``image``, in which ``found`` was read, is what ``record`` was made for, and how well both agree."""
    if not record.likenesses:
        return "", None
    cell = _cell_px(record.size_wh)
    sheet = spread(_grey(image), Lay.of(found).matrix)
    grey = sheet.grey
    if sheet.inside is not None:
        grey = np.where(sheet.inside, grey, np.nan)
    begins = (found.offset_xy[0] - sheet.origin[0]) % TILE_PX, (found.offset_xy[1] - sheet.origin[1]) % TILE_PX
    cells = _means(grey, (begins[0] % cell, begins[1] % cell), cell)
    # the cell of the sheet at which a tile begins
    first = round(begins[1] // cell), round(begins[0] // cell)
    best = max(_best(likeness, cells, first, TILE_PX // cell) for likeness in record.likenesses)
    if best >= _FITS:
        return "fits", best
    return ("other" if best <= _OTHER and record.medium == "photo" else "unsure"), best


def placed(size_wh: tuple[int, int], found: TagFound, record: Record) -> tuple[float, float]:
    """By which factor a picture was resized since it was tagged, and the share of the tagged area that it can show."""
    (width, height), (tagged_width, tagged_height) = size_wh, record.size_wh
    resized = pattern_scale(tagged_height, tagged_width) / found.scale
    return resized, min(1.0, width * height / resized**2 / (tagged_width * tagged_height))


def _best(likeness: Likeness, cells: NDArray[np.float32], first: tuple[int, int], step: int) -> float:
    """Agreement in the place where it is highest."""
    rows, columns = likeness.shape
    downs = range(-(cells.shape[0] // step + 1), rows // step + 1)
    acrosses = range(-(cells.shape[1] // step + 1), columns // step + 1)
    return max(
        likeness.agreement(cells, (down * step - first[0], across * step - first[1]))
        for down in downs
        for across in acrosses
    )


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
