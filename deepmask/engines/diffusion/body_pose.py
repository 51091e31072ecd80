"""The pose of a body as OpenPose draws it: the condition of a ControlNet that puts somebody else into the same pose.

MediaPipe's BlazePose (Bazarevsky et al., 2020) finds the joints; only those are kept of the person. The drawing is that
of OpenPose's COCO model (Cao et al., 2017), with the colours and the thickness the ControlNet was trained on.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area
from deepmask.engines.diffusion.hole import View
from deepmask.engines.quiet import native_stderr_muted
from deepmask.faces import RGBImage

FROM_BLAZEPOSE: tuple[tuple[int, ...], ...] = (
    (0,), (11, 12), (12,), (14,), (16,), (11,), (13,), (15,), (24,), (26,), (28,), (23,), (25,), (27,),
    (5,), (2,), (8,), (7,),
)  # fmt: skip
"""For each of OpenPose's 18 joints the landmarks of BlazePose whose mean it is: nose, neck, right arm, left arm, right
leg, left leg (three joints each), eyes, ears."""
LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11), (11, 12), (12, 13),
    (1, 0), (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
HUES_DEGREES = tuple(20 * n for n in range(18))
"""Of the joints, and of the limbs in their order: around the circle from red."""
DIM = 0.6
"""Brightness of limbs; joints are bright."""
THICKNESS = 4 / 512
"""Radius of joints and half width of limbs, of the shorter side of the picture."""

CROP_PX = 384
MARGIN = 1.2
"""Side of what is looked at, in those of the hole."""
GREY = 127
"""Around the person: next to somebody else BlazePose often finds nobody."""
SEEN_ABOVE = 0.5
"""Visibility of a joint that counts."""
LEAST_SEEN = 5
"""With fewer joints it is hardly a person, or hardly a pose."""


@dataclass(frozen=True)
class BodyPose:
    """Where the joints of one person lie in a picture."""

    joints: NDArray[np.float64] = field(repr=False, compare=False)
    """(18, 2) x, y in pixels; NaN where one is not seen."""

    def __post_init__(self) -> None:
        if self.joints.shape != (len(FROM_BLAZEPOSE), 2):
            raise ValueError(f"a body pose has ({len(FROM_BLAZEPOSE)}, 2) joints, got {self.joints.shape}")

    @classmethod
    def read(cls, image: RGBImage, person: Area) -> BodyPose | None:
        """The pose of the person in an area; None where none is found. What is around them is not looked at."""
        (x, y), (h, w) = person.origin_xy, person.mask.shape
        side = round(MARGIN * max(h, w))
        left, top = (side - w) // 2, (side - h) // 2
        alone = np.full((side, side, 3), GREY, np.uint8)
        np.copyto(alone[top : top + h, left : left + w], image[person.window], where=person.mask[..., None])
        way = cv2.INTER_AREA if side > CROP_PX else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(alone, (CROP_PX, CROP_PX), interpolation=way), np.uint8)
        found = _BlazePose.shared().landmarks(small)
        if found is None:
            return None
        points = np.array([(p.x, p.y) for p in found], np.float64) * float(side) + (x - left, y - top)
        points[[p.visibility < SEEN_ABOVE for p in found]] = np.nan
        joints = np.array([points[list(ids)].mean(0) for ids in FROM_BLAZEPOSE])
        joints = np.array([xy if _near(xy, person) else (np.nan, np.nan) for xy in joints])
        return cls(joints) if np.isfinite(joints).all(1).sum() >= LEAST_SEEN else None

    def draw(self, view: View) -> RGBImage:
        """(h, w, 3) on the canvas of the view: bright joints over dimmed limbs on black."""
        (w, h), (wide, high) = view.canvas_wh, view.size_wh
        canvas = np.zeros((h, w, 3), np.uint8)
        points = (self.joints - (view.columns.start, view.rows.start)) * (w / wide, h / high)
        radius = max(1, round(THICKNESS * min(w, h)))
        for (a, b), hue in zip(LIMBS, HUES_DEGREES, strict=False):
            if np.isfinite(points[[a, b]]).all():
                _limb(canvas, points[a], points[b], radius, [int(DIM * c) for c in _colour(hue)])
        for (x, y), hue in zip(points, HUES_DEGREES, strict=True):
            if np.isfinite([x, y]).all():
                cv2.circle(canvas, (int(x), int(y)), radius, _colour(hue), -1)
        return canvas


def _near(xy: NDArray[np.float64], person: Area) -> bool:
    """Whether a joint lies within the person, a hand's breadth more or less."""
    x1, y1, x2, y2 = person.box_xyxy
    slack = 0.03 * max(x2 - x1, y2 - y1)
    return bool(np.isfinite(xy).all() and x1 - slack <= xy[0] < x2 + slack and y1 - slack <= xy[1] < y2 + slack)


def _limb(canvas: RGBImage, a: NDArray[np.float64], b: NDArray[np.float64], radius: int, colour: list[int]) -> None:
    """A filled ellipse from joint to joint."""
    middle = (a + b) / 2
    length, angle = np.hypot(*(b - a)), np.degrees(np.arctan2(b[1] - a[1], b[0] - a[0]))
    centre, axes = (int(middle[0]), int(middle[1])), (int(length / 2), radius)
    outline = np.array(cv2.ellipse2Poly(centre, axes, int(angle), 0, 360, 1), np.int32)
    cv2.fillConvexPoly(canvas, outline, colour)


def _colour(hue_degrees: int) -> tuple[int, int, int]:
    """Fully saturated, as OpenPose rounds it."""
    step, rest = divmod(hue_degrees, 60)
    up, down = round(255 * rest / 60), round(255 * (60 - rest) / 60)
    return ((255, up, 0), (down, 255, 0), (0, 255, up), (0, down, 255), (up, 0, 255), (255, 0, down))[step]


class _BlazePose:
    """The model; its native code tells something on stderr the first time it sees a person, and only then."""

    def __init__(self) -> None:
        self._has_spoken = False
        with native_stderr_muted():
            from mediapipe.python.solutions.pose import Pose

            self._model: Any = Pose(static_image_mode=True, model_complexity=1, min_detection_confidence=0.4)
            self._model.process(np.zeros((CROP_PX, CROP_PX, 3), np.uint8))

    @classmethod
    @cache
    def shared(cls) -> Self:
        """One for the process."""
        return cls()

    def landmarks(self, picture: RGBImage) -> list[Any] | None:
        """33 landmarks in 0..1 of a square picture, each with its visibility; None where nobody is found."""
        with nullcontext() if self._has_spoken else native_stderr_muted():
            found = self._model.process(picture).pose_landmarks
        if found is None:
            return None
        self._has_spoken = True
        return list(found.landmark)
