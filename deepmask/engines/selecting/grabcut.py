"""Outlining without weights: which thing is meant is read from superpixels and from who was found in the picture, and
GrabCut (Rother et al., 2004) finds its edge by colours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from deepmask import engines
from deepmask.area import Area, Mask, Selection
from deepmask.engines.selecting import superpixels
from deepmask.engines.selecting.candidates import satisfied, tidied
from deepmask.engines.selecting.remembered import Remembered
from deepmask.engines.selecting.superpixels import Superpixels
from deepmask.errors import EngineError, EngineFailed
from deepmask.faces import RGBImage, clip_box
from deepmask.progress import Progress, silent

VIEW_PX = 512
"""Long side on which things are sought."""
CUT_PX = 384
"""Long side on which a thing is cut out; GrabCut's time grows faster than the pixels."""
EDGE_PX = 1600
"""Long side on which the outline of a larger thing is sharpened."""
MARGIN = 0.2
"""How far around a thing its colours are compared with, in long sides of it."""
_BAND = 0.04
"""How far GrabCut may move the outline, in long sides of the thing."""
_ITERATIONS = 4
_BOX_FILLED = 0.04
"""Of a box; less of it is nothing that somebody would draw a box around."""
_BOX_FITS = 0.5
"""IoU of a box with the one around a person, from which it means that person."""
_SAME = 0.5
"""IoU of what was sought and what GrabCut made of it, below which it ran away and is not believed."""
_CLICK_PX = 3
"""Radius around a click that surely belongs to the same as the click, in the view."""


@dataclass(frozen=True)
class _View:
    """A window of the picture, scaled down."""

    rgb: RGBImage
    window: tuple[slice, slice]
    size_wh: tuple[int, int]
    """Of the picture."""

    @classmethod
    def of(cls, image: RGBImage, window: tuple[slice, slice], long_side_px: int) -> _View:
        """At most ``long_side_px`` a side."""
        part = image[window]
        scale = min(1.0, long_side_px / max(part.shape[:2]))
        size = tuple(max(1, round(side * scale)) for side in part.shape[1::-1])
        rgb = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        return cls(rgb, window, (image.shape[1], image.shape[0]))

    def shrunk(self, mask: Mask) -> Mask:
        """The part of a picture's mask (H, W) that is in view."""
        part = mask[self.window].astype(np.uint8) * 255
        return cv2.resize(part, self.rgb.shape[1::-1], interpolation=cv2.INTER_AREA) >= 128

    def enlarged(self, soft: np.ndarray) -> Mask:
        """A mask of the view (h, w), 0..1, as one of the picture."""
        whole = np.zeros(self.size_wh[::-1], bool)
        h, w = whole[self.window].shape
        whole[self.window] = cv2.resize(soft.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR) > 0.5
        return whole

    def clicks(self, selection: Selection, inside: bool) -> list[tuple[int, int]]:
        """x, y of the clicks in view that are inside, or of those that are not."""
        h, w = self.rgb.shape[:2]
        rows, columns = self.window
        scale_x, scale_y = w / (columns.stop - columns.start), h / (rows.stop - rows.start)
        here = [
            (int((c.x - columns.start) * scale_x), int((c.y - rows.start) * scale_y))
            for c in selection.clicks
            if c.inside == inside
        ]
        return [(x, y) for x, y in here if 0 <= x < w and 0 <= y < h]


class _Picture:
    """What is known of a picture; the picture itself is not kept."""

    def __init__(self, image: RGBImage) -> None:
        everything = slice(0, image.shape[0]), slice(0, image.shape[1])
        self.view = _View.of(image, everything, VIEW_PX)
        self.people = _people(image)

    @cached_property
    def superpixels(self) -> Superpixels:
        """Of the whole picture, cut when they are first asked for."""
        return superpixels.cut(self.view.rgb)


def _people(image: RGBImage) -> list[Area]:
    """Everybody a segmenter finds, where one is installed."""
    if all(row.missing() for row in engines.rows("person_segmenter")):
        return []
    try:
        return [body.area for body in engines.load("person_segmenter").segment(image)]
    except EngineError:  # the selection is then read from colours alone
        return []


class GrabCut:
    """Outlines by colours and edges. The same selection of the same picture gives the same bits."""

    def __init__(self) -> None:
        self._pictures: Remembered[_Picture] = Remembered()

    def select(self, image: RGBImage, selection: Selection, *, progress: Progress = silent) -> Area:
        """The area that is meant.

        Raises:
            InputError: a point or the box lies outside the picture.
            EngineFailed: nothing there stands out from its surroundings, or the points contradict each other.
        """
        selection.check((image.shape[1], image.shape[0]))
        progress(0.0, "Looking at the picture")
        picture = self._pictures.of(image, lambda: _Picture(image))
        person = _person(picture.people, selection)
        progress(0.4, "Looking for what is meant")
        if person is not None:
            mask = _without_excluded(image, person.full(), picture, selection)
        elif selection.box_xyxy is None:
            mask = _sharpened(image, _cut_out(image, _around(picture, selection), selection))
        else:
            mask = _sharpened(image, _in_box(image, selection))
        mask = _honoured(tidied(mask, selection), selection)
        if not mask.any() or not satisfied(mask, selection):
            raise EngineFailed(
                "Nothing there stands out from its surroundings that has all points inside and none of the excluded "
                "ones; move the points, or draw a box around what you mean."
            )
        progress(1.0, "Outlined")
        return Area.of(mask)


def _person(people: list[Area], selection: Selection) -> Area | None:
    """Who is pointed at: has all points inside, and fits the box."""
    inside = [click for click in selection.clicks if click.inside]
    able = [area for area in people if all(area.contains(click.x, click.y) for click in inside)]
    if selection.box_xyxy is None:
        return able[0] if able else None
    drawn = {area.size_wh: Area.of_box(selection.box_xyxy, area.size_wh) for area in able}
    fits = [(Area.of_box(area.box_xyxy, area.size_wh).iou(drawn[area.size_wh]), area) for area in able]
    fit, best = max(fits, key=lambda pair: pair[0], default=(0.0, None))
    return best if fit >= _BOX_FITS else None


def _around(picture: _Picture, selection: Selection) -> Mask:
    """The thing the points are in, of the whole picture (H, W)."""
    cells, view = picture.superpixels, picture.view
    inside, outside = _under(picture, selection, True), _under(picture, selection, False)
    members = superpixels.meant(cells, inside, [cell for cell in outside if cell not in inside])
    return view.enlarged(_filled(cells.mask(members), view, selection))


def _without_excluded(image: RGBImage, mask: Mask, picture: _Picture, selection: Selection) -> Mask:
    """Without the things that points exclude (H, W)."""
    if not any(mask[int(click.y), int(click.x)] for click in selection.clicks if not click.inside):
        return mask
    opposite = Selection(tuple(replace(click, inside=not click.inside) for click in selection.clicks))
    return mask & ~_cut_out(image, _around(picture, opposite), opposite)


def _under(picture: _Picture, selection: Selection, inside: bool) -> list[int]:
    """The superpixels that were clicked."""
    return [int(picture.superpixels.labels[y, x]) for x, y in picture.view.clicks(selection, inside)]


def _in_box(image: RGBImage, selection: Selection) -> Mask:
    """What in the box has other colours than what is around it (H, W); all of it where nothing has."""
    assert selection.box_xyxy is not None
    x1, y1, x2, y2 = clip_box(selection.box_xyxy, (image.shape[1], image.shape[0]))
    box = np.zeros(image.shape[:2], bool)
    box[y1:y2, x1:x2] = True
    view = _View.of(image, _window(box, MARGIN), CUT_PX)
    inside = view.shrunk(box)
    if inside.all():
        inside[[0, -1]] = inside[:, [0, -1]] = False
    if not inside.any():
        return box
    trimap = np.where(inside, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    _sow(trimap, view, selection)
    found = _grabcut(view.rgb, trimap) & inside
    return box if found.sum() < _BOX_FILLED * inside.sum() else view.enlarged(_filled(_largest(found), view, selection))


def _cut_out(image: RGBImage, about: Mask, selection: Selection) -> Mask:
    """A mask (H, W) that is about right, with the edge where colours change."""
    view = _View.of(image, _window(about, MARGIN), CUT_PX)
    sought = view.shrunk(about)
    if not sought.any():
        return about
    reach = max(2.0, _BAND * max(np.ptp(axis) + 1 for axis in np.nonzero(sought)))
    to_it = cv2.distanceTransform((~sought).astype(np.uint8), cv2.DIST_L2, 5)
    in_it = cv2.distanceTransform(np.pad(sought, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    trimap = np.where(sought, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    trimap[to_it > reach] = cv2.GC_BGD
    trimap[in_it > 2 * reach] = cv2.GC_FGD
    _sow(trimap, view, selection)
    found = _grabcut(view.rgb, trimap)
    common, either = np.count_nonzero(found & sought), np.count_nonzero(found | sought)
    return view.enlarged(_filled(found if common >= _SAME * either else sought, view, selection))


def _sharpened(image: RGBImage, mask: Mask) -> Mask:
    """The outline of a large thing laid on the edges of the picture (guided filter; He et al., 2013)."""
    if not mask.any():
        return mask
    window = _window(mask, 0.02)
    if max(mask[window].shape) <= CUT_PX:
        return mask
    view = _View.of(image, window, EDGE_PX)
    radius = max(2, round(2 * max(view.rgb.shape) / CUT_PX))
    soft = cv2.resize(mask[window].astype(np.float32), view.rgb.shape[1::-1], interpolation=cv2.INTER_AREA)
    return view.enlarged(cv2.ximgproc.guidedFilter(view.rgb, soft, radius, 60.0))


def _grabcut(rgb: RGBImage, trimap: np.ndarray) -> Mask:
    """Where a trimap of GrabCut's four values ends up inside."""
    if not {cv2.GC_FGD, cv2.GC_PR_FGD} & set(np.unique(trimap)) or not {cv2.GC_BGD, cv2.GC_PR_BGD} & set(
        np.unique(trimap)
    ):
        return (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(rgb, trimap, None, *models, _ITERATIONS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    return (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)


def _filled(mask: Mask, view: _View, selection: Selection) -> Mask:
    """What a thing surrounds belongs to it, unless somebody says that it does not."""
    background = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(background, connectivity=4)
    open_ones = {int(labels[0, 0]), *(int(labels[y + 1, x + 1]) for x, y in view.clicks(selection, False))} - {0}
    return ~np.isin(labels, list(open_ones))[1:-1, 1:-1]


def _sow(trimap: np.ndarray, view: _View, selection: Selection) -> None:
    """What was clicked is sure."""
    for inside, value in ((True, cv2.GC_FGD), (False, cv2.GC_BGD)):
        for point in view.clicks(selection, inside):
            cv2.circle(trimap, point, _CLICK_PX, (int(value),), -1)


def _honoured(mask: Mask, selection: Selection) -> Mask:
    """The mask with what was clicked, should an edge have passed beside it."""
    out = mask.astype(np.uint8)
    radius = max(1, round(_CLICK_PX * max(mask.shape) / VIEW_PX))
    for click in selection.clicks:
        if mask[int(click.y), int(click.x)] != click.inside:
            cv2.circle(out, (int(click.x), int(click.y)), radius, (int(click.inside),), -1)
    return out.astype(bool)


def _largest(mask: Mask) -> Mask:
    """Its largest part and what is a tenth of that."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    sizes = stats[:, cv2.CC_STAT_AREA].astype(float)
    sizes[0] = 0
    return (sizes >= max(1.0, 0.1 * sizes.max()))[np.asarray(labels, int)]


def _window(mask: Mask, margin: float) -> tuple[slice, slice]:
    """Rows and columns around a mask that is not empty, with a margin in long sides of it."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    more = int(np.ceil(margin * max(np.ptp(rows) + 1, np.ptp(columns) + 1))) + 2
    return (
        slice(max(0, int(rows[0]) - more), min(mask.shape[0], int(rows[-1]) + 1 + more)),
        slice(max(0, int(columns[0]) - more), min(mask.shape[1], int(columns[-1]) + 1 + more)),
    )
