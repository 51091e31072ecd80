"""Who is known so far in one picture, and what they explain of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from deepmask.area import Mask
from deepmask.engines.people.layers import head, nearness
from deepmask.engines.people.networks import Networks
from deepmask.engines.people.poses import MOST_AREA, Person, Roi, Soft, agreement, closer, fit, hull, overlap
from deepmask.faces import Box, RGBImage, enlarge

MOST_EXPLAINED = 0.5
"""Share of a new person's pixels that others may have already, or of another's that the new one may claim."""

LEAST_DISPUTED = 0.03
"""Share of somebody's pixels that others must claim for a second look."""

YIELDING = 0.51
"""Of a mask: still inside, but less sure than anybody else."""

CLEARLY_NEARER = 0.15
"""By how much the nearness of others must be greater for a pixel to be theirs at the second look."""


@dataclass
class Scene:
    """A picture and the people found in it."""

    image: RGBImage
    networks: Networks
    faces: list[Box] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    tried: list[Box] = field(default_factory=list)
    """Where something was left unexplained and the network for one person has looked."""

    def __post_init__(self) -> None:
        self.taken = np.zeros(self.image.shape[:2], bool)
        """Whether a pixel is somebody's."""
        self._gone: Mask | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Of the picture."""
        return self.image.shape[1], self.image.shape[0]

    def fit(self, roi: Roi, *, behind: bool = False, alone: int | None = None) -> Person:
        """Who stands in a square.

        Args:
            behind: as if those who are known were not there.
            alone: number of a face; as if the heads of all others were not there.
        """
        gone = self._known() if behind else None
        if alone is not None:
            gone = self._heads_but(alone)
        return fit(self.networks.pose, self.image, roi, gone)

    def has_others(self, person: Person, number: int) -> bool:
        """Whether the mask of a face's person has the face of somebody else."""
        others = (face for n, face in enumerate(self.faces) if n != number)
        return any(_mean_inside(person, face) > 0.5 for face in others)

    def _heads_but(self, number: int) -> Mask:
        gone = np.zeros(self.taken.shape, bool)
        for n, face in enumerate(self.faces):
            if n != number:
                gone |= head(enlarge(face, 1.4), self.size_wh)
        return gone & ~head(enlarge(self.faces[number], 1.3), self.size_wh)

    def accept(self, person: Person, *, behind: bool = False) -> None:
        """Add somebody, with a finer mask if there is one, and with a face that nobody has if it is theirs."""
        if person.presence:
            person = closer(self.networks.pose, self.image, person, self._known() if behind else None)
        if person.face is None:
            theirs = [n for n in self.faceless() if belongs(person, self.faces[n])]
            if theirs:
                person = replace(person, face=max(theirs, key=lambda n: _size(self.faces[n])))
        self.people.append(person)
        self.taken[person.window] |= person.soft > 0.5
        self._gone = None

    def faceless(self) -> list[int]:
        """Numbers of faces that nobody has."""
        had = {person.face for person in self.people}
        return [n for n in range(len(self.faces)) if n not in had]

    def is_taken(self, point: NDArray[np.float64]) -> bool:
        """Whether a point is somebody's."""
        h, w = self.taken.shape
        x, y = int(np.floor(point[0])), int(np.floor(point[1]))
        return 0 <= x < w and 0 <= y < h and bool(self.taken[y, x])

    def explained(self, person: Person) -> bool:
        """Whether somebody who is known, or several, were found once more."""
        mine = person.soft > 0.5
        share = float((self.taken[person.window] & mine).sum() / max(1, mine.sum()))
        others = (overlap(person, other) / max(1, other.pixels) for other in self.people)
        return max([share, *others]) > MOST_EXPLAINED

    def _known(self) -> Mask:
        """(H, W) what is somebody's, without the faces that nobody has."""
        if self._gone is None:
            self._gone = self.taken.copy()
            for n in self.faceless():
                x1, y1, x2, y2 = (max(0, round(v)) for v in self.faces[n])
                self._gone[y1:y2, x1:x2] = False
        return self._gone

    def settle(self) -> None:
        """Look again at everybody who claims what others do, without what is more likely the others'."""
        near = [nearness(person) for person in self.people]
        for n in sorted(range(len(self.people)), key=lambda n: self.people[n].presence):
            person = self.people[n]
            if not person.presence:
                continue
            rivals = [m for m, other in enumerate(self.people) if m != n and overlap(person, other) > 0]
            if sum(overlap(person, self.people[m]) for m in rivals) < LEAST_DISPUTED * person.pixels:
                continue
            mine, gone = self._spread(person, near[n]), np.zeros_like(self.taken)
            for m in rivals:
                rows, columns = self.people[m].window
                gone[rows, columns] |= (self.people[m].soft > 0.5) & (near[m] > mine[rows, columns] + CLEARLY_NEARER)
            again = fit(self.networks.pose, self.image, person.roi, gone)
            again = closer(self.networks.pose, self.image, again, gone)
            same = person.face is None or belongs(again, self.faces[person.face])
            if again.presence > 0.3 and same and agreement(again, person) > 0.4:
                self.people[n] = replace(self._merged(again, person, gone), score=person.score, face=person.face)
                near[n] = nearness(self.people[n])

    def _merged(self, again: Person, before: Person, gone: Mask) -> Person:
        """The second look; what it could not see stays, but yields to any other claim."""
        soft = self._spread(again, again.soft)
        unseen = (self._spread(before, before.soft) > 0.5) & gone
        soft[unseen] = np.maximum(soft[unseen], YIELDING)
        rows, columns = (hull(a, b) for a, b in zip(again.window, before.window, strict=True))
        return replace(again, soft=soft[rows, columns], origin_xy=(columns.start, rows.start))

    def _spread(self, person: Person, values: Soft) -> Soft:
        whole = np.zeros(self.taken.shape, np.float32)
        whole[person.window] = values
        return whole


def belongs(person: Person, face: Box) -> bool:
    """Whether a pose is that of the face: nose within, size alike, most of the face inside the mask."""
    x1, y1, x2, y2 = face
    size = _size(face)
    away = np.abs(person.points[0] - ((x1 + x2) / 2, (y1 + y2) / 2))
    return bool(
        away[0] < 0.6 * size
        and away[1] < 0.7 * size
        and 1.5 * size < person.roi.reach_px < 11 * size
        and _mean_inside(person, face) > 0.4
    )


def plausible(person: Person) -> bool:
    """Whether the mask is neither nothing nor far more than such a person can fill."""
    square = person.roi.reach_px**2
    return person.pixels > 40 and 0.02 * square < person.pixels < MOST_AREA * square


def _size(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _mean_inside(person: Person, box: Box) -> float:
    x, y = person.origin_xy
    x1, y1, x2, y2 = (int(v) for v in (box[0] - x, box[1] - y, box[2] - x, box[3] - y))
    part = person.soft[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
    return float(part.sum() / max(1, (x2 - x1) * (y2 - y1)))
