"""Where people are looked for: where a detector sees heads, below known faces, and where a mask of everybody shows
more than is known. Whoever is found has been confirmed by the network for one person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.crops import square_crop
from deepmask.engines.people.layers import head
from deepmask.engines.people.networks import DETECTOR_PX, POSE_PX, Detection
from deepmask.engines.people.poses import Person, Roi, into_picture, overlap
from deepmask.engines.people.scene import Scene, belongs, plausible
from deepmask.faces import Box, RGBImage, iou

OVERLAP = 0.34
"""Of neighbouring tiles, in their sides."""

SMALLEST_TILE_PX = 48

FLAT = 6.0
"""Standard deviation of brightness; a tile with less shows sky or a wall."""

CANDIDATE = 0.45
"""Score of the detector from which the network for one person looks."""

NOBODY = 0.02
"""Presence below which no other square of the same place is tried."""

LEAST_PRESENCE = 0.5
"""What that one must say of somebody who has no face."""

SMALL_SURE, LARGE_SURE = 0.71, 0.79
"""Certainty that somebody without a face needs who fills less than .3, more than .6 of the picture's longer side."""

OWN = 0.6
"""Presence from which a face has a body of its own, however much of it others claim."""

LEAST_FACE = 0.4
"""Share of a face that the mask of everybody must show, and nobody else have, for somebody of whom no more is seen."""

Points = NDArray[np.float64]


# ------------------------------------------------------------------------------------------------------------- by tiles
def detections(scene: Scene, level: float) -> list[Detection]:
    """What the detector sees in tiles of ``level`` longer sides of the picture, best first.

    It sees people who fill a third to all of a tile. Tiles that are flat, or all somebody's, are passed over.
    """
    side = max(scene.size_wh) * level
    found: list[Detection] = []
    if side < SMALLEST_TILE_PX:
        return found
    for x1, y1, x2, y2 in tiles(scene.size_wh, side):
        tile = scene.image[y1:y2, x1:x2]
        if level < 1 and (scene.taken[y1:y2, x1:x2].mean() > 0.9 or _flat(tile)):
            continue
        small, factor = _fitted(tile)
        for one in scene.networks.detector.detect(small):
            found.append(_moved(one, lambda p, f=factor, x=x1, y=y1: p / f + (x, y)))
    return sorted(found, key=lambda one: -one.score)


def by_detections(scene: Scene, found: list[Detection]) -> None:
    """Find the people of detections who are not known yet."""
    for one in found:
        if one.score < CANDIDATE or _known(scene, one):
            continue
        person = scene.fit(Roi.of(one.points[:2]))
        if person.presence < LEAST_PRESENCE or not plausible(person) or scene.explained(person):
            continue
        sure = certainty(scene, person, one.score)
        if sure > _least_certainty(scene, person):
            scene.accept(replace(person, score=sure))


def certainty(scene: Scene, person: Person, detected: float) -> float:
    """0..1, how sure it is that somebody without a face is a person: detector, network for one person and mask of
    everybody must agree, and the mask must be clear."""
    agreed, inside = 0.0, person.soft > 0.5
    for roi in (person.roi, Roi.around(person.visible_box() or (0.0, 0.0, 1.0, 1.0))):
        crop = roi.crop(scene.image)
        soft, origin = into_picture(scene.networks.crowd.mask(crop.rgb), crop, scene.size_wh)
        agreed = max(agreed, overlap(person, replace(person, soft=soft, origin_xy=origin)) / max(1, inside.sum()))
    unclear = np.count_nonzero((person.soft > 0.2) & (person.soft < 0.8)) / max(1, inside.sum())
    sure = (person.presence + detected) / 2 * (0.5 + 0.5 * agreed) - 0.1 * max(0.0, unclear - 0.3)
    return float(np.clip(sure, 0, 1))


def _least_certainty(scene: Scene, person: Person) -> float:
    """More is asked of somebody large whose face nobody saw: cats, flowers and cups lie here."""
    x1, y1, x2, y2 = person.visible_box() or (0.0, 0.0, 1.0, 1.0)
    large = max(x2 - x1, y2 - y1) / max(scene.size_wh)
    return float(np.interp(large, (0.3, 0.6), (SMALL_SURE, LARGE_SURE)))


def _known(scene: Scene, one: Detection) -> bool:
    """Whether somebody is there already: the head, or the chest, is theirs."""
    head = (one.head_xyxy[:2] + one.head_xyxy[2:]) / 2
    return scene.is_taken(head) or scene.is_taken((head + one.points[2]) / 2)


def tiles(size_wh: tuple[int, int], side: float) -> Iterator[tuple[int, int, int, int]]:
    """Squares of ``side`` that cover a picture, cut at its borders: x1, y1, x2, y2."""
    columns, rows = (_starts(length, side) for length in size_wh)
    for y in rows:
        for x in columns:
            yield x, y, min(size_wh[0], round(x + side)), min(size_wh[1], round(y + side))


def _starts(length: int, side: float) -> list[int]:
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side * (1 - OVERLAP)))) + 1
    return np.linspace(0, length - side, count).round().astype(int).tolist()


def _flat(tile: RGBImage) -> bool:
    return float(cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY).std()) < FLAT


def _fitted(tile: RGBImage) -> tuple[RGBImage, float]:
    """The tile at the size of the detector's square, and the factor to it."""
    h, w = tile.shape[:2]
    factor = DETECTOR_PX / max(h, w)
    size = max(1, round(w * factor)), max(1, round(h * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(tile, size, interpolation=how), np.uint8), factor


def _moved(one: Detection, move: Callable[[Points], Points]) -> Detection:
    return Detection(one.score, move(one.head_xyxy.reshape(2, 2)).ravel(), move(one.points))


# ------------------------------------------------------------------------------------------------------------- by faces
def by_faces(scene: Scene, found: list[Detection]) -> None:
    """Find whose faces these are: those who stand free first, then those behind them."""
    fits = {n: person for n in range(len(scene.faces)) if (person := _whose(scene, n, found, behind=False))}
    for person in sorted(fits.values(), key=lambda person: -person.presence):
        if person.presence > OWN or not scene.explained(person):
            scene.accept(person)
    for n in sorted(scene.faceless(), key=lambda n: -(scene.faces[n][3] - scene.faces[n][1])):
        if n in scene.faceless() and (person := _whose(scene, n, found, behind=True)) and not scene.explained(person):
            scene.accept(person, behind=True)


def _whose(scene: Scene, number: int, found: list[Detection], *, behind: bool) -> Person | None:
    """The person of a face, None where the network sees none."""
    face, best = scene.faces[number], None
    for roi in _rois_of_face(scene, face, found, behind=behind):
        person = scene.fit(roi, behind=behind)
        if person.presence < 0.1 or not belongs(person, face) or not plausible(person):
            continue
        if best is None or person.presence > best.presence:
            best = person
        if best.presence > 0.7:
            break
    if best and not behind and scene.has_others(best, number):
        alone = scene.fit(Roi.below(face), alone=number)
        if alone.presence > 0.3 and belongs(alone, face) and plausible(alone):
            best = alone
    return best and replace(best, face=number, score=max(best.presence, 0.5))


def _rois_of_face(scene: Scene, face: Box, found: list[Detection], *, behind: bool) -> Iterator[Roi]:
    """Likely squares, most likely first."""
    x1, y1, x2, y2 = face
    size, middle = max(x2 - x1, y2 - y1), ((x1 + x2) / 2, (y1 + y2) / 2)
    here = [one for one in found if _is_head(one, middle, size)]
    yield from (Roi.of(one.points[:2]) for one in here[:1])
    yield Roi.below(face)
    if here and not behind:
        return
    for half in (4.0, 2.4):
        crop = square_crop(scene.image, (middle[0], middle[1] + 0.7 * half * size), half * size, DETECTOR_PX)
        seen = [_moved(one, crop.points_to_picture) for one in scene.networks.detector.detect(crop.rgb)]
        here = [one for one in seen if _is_head(one, middle, size)]
        if here:
            yield Roi.of(max(here, key=lambda one: one.score).points[:2])


def _is_head(one: Detection, middle: tuple[float, float], size: float) -> bool:
    x1, y1, x2, y2 = one.head_xyxy
    return bool(x1 <= middle[0] <= x2 and y1 <= middle[1] <= y2 and 0.6 * size < x2 - x1 < 4 * size)


def by_crowd(scene: Scene, number: int) -> None:
    """Find what is visible of somebody hardly more than whose face is seen: what the mask of everybody shows there."""
    face = scene.faces[number]
    x1, y1, x2, y2 = face
    size = max(x2 - x1, y2 - y1)
    crop = square_crop(scene.image, ((x1 + x2) / 2, (y1 + y2) / 2 + 1.5 * size), 3.5 * size, POSE_PX)
    soft, origin = into_picture(scene.networks.crowd.mask(crop.rgb), crop, scene.size_wh)
    person = Person.known_by_face(face, number, soft, origin)
    free = (soft > 0.5) & ~scene.taken[person.window]
    columns = np.arange(soft.shape[1]) + origin[0]
    free &= (columns > x1 - 1.5 * size) & (columns < x2 + 1.5 * size)
    _, labels = cv2.connectedComponents(free.astype(np.uint8))
    theirs = head(face, scene.size_wh)[person.window]
    inside = np.bincount(labels[theirs & free], minlength=1)
    if not inside.any() or inside.sum() < LEAST_FACE * theirs.sum():
        return
    person = replace(person, soft=np.where(labels == inside.argmax(), soft, 0).astype(np.float32))
    if plausible(person):
        scene.accept(person)


# --------------------------------------------------------------------------------------------------------- by leftovers
@dataclass(frozen=True)
class Leftover:
    """What the mask of everybody shows beside those who are known."""

    box_xyxy: Box
    pixels: int


def by_leftovers(scene: Scene, roi: Roi) -> None:
    """Find people in a square whom the detector overlooks, such as somebody close beside another."""
    for left in _leftovers(scene, roi):
        if any(iou(left.box_xyxy, box) > 0.5 for box in scene.tried):
            continue
        scene.tried.append(left.box_xyxy)
        for person in (scene.fit(square) for square in _squares(left.box_xyxy)):
            if person.presence < NOBODY:
                break
            seen = person.visible_box()
            if person.presence < LEAST_PRESENCE or seen is None or not plausible(person) or scene.explained(person):
                continue
            if iou(seen, left.box_xyxy) > 0.5:
                scene.accept(replace(person, score=max(0.3, person.presence / 2)))
                break


def _leftovers(scene: Scene, roi: Roi) -> Iterator[Leftover]:
    crop = roi.crop(scene.image)
    mask, (x, y) = into_picture(scene.networks.crowd.mask(crop.rgb), crop, scene.size_wh)
    rows, columns = slice(y, y + mask.shape[0]), slice(x, x + mask.shape[1])
    margin = max(1, round(0.04 * roi.reach_px))
    near = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    taken = cv2.dilate(scene.taken[rows, columns].astype(np.uint8), near)
    _, _, stats, _ = cv2.connectedComponentsWithStats(((mask > 0.5) & (taken == 0)).astype(np.uint8))
    for left, top, width, height, pixels in stats[1:].tolist():
        if height > 0.25 * roi.reach_px and pixels > 0.01 * roi.reach_px**2:
            box = float(x + left), float(y + top), float(x + left + width), float(y + top + height)
            yield Leftover(box, pixels)


def _squares(box: Box) -> Iterator[Roi]:
    """Squares for somebody who may fill the rectangle to different extents."""
    whole = Roi.around(box)
    yield whole
    yield replace(whole, reach_px=1.35 * whole.reach_px)
