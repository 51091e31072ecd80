"""The pose of a face as OpenPose draws it: 70 points, the condition of a ControlNet.

A pose is a template of ours or comes from the landmarks of a photographed face. Only the points are kept of the photo,
brought to the place and size that a head has in a portrait; they say how the head is held and the face is moved, not
whose it is (though a jaw and a nose leave a trace of their shape).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from deepmask.errors import UnknownName
from deepmask.faces import Landmarks, RGBImage
from deepmask.head_pose import Similarity, frontal_face, orthographic_fit, similarity_fit
from deepmask.landmark_points import RIGID
from deepmask.resources import ASSETS

POINTS = 70
"""Jaw 17, brows 10, nose 9, eyes 12, lips 20, pupils 2 (OpenPose face model, Simon et al., 2017)."""

FROM_MESH: tuple[tuple[int, ...], ...] = (
    (127,), (234, 93), (93, 132), (58,), (172,), (136,), (149,), (148, 176), (152,),
    (377, 400), (378,), (365,), (397,), (288,), (323, 361), (454, 323), (356,),
    (70,), (63,), (105,), (66,), (107,), (336,), (296,), (334,), (293,), (300,),
    (168,), (6, 197), (195, 5), (4,), (64, 240), (97,), (2,), (326,), (294, 460),
    (33,), (160,), (158,), (133,), (153,), (144,), (362,), (385,), (387,), (263,), (373,), (380,),
    (61,), (39,), (37,), (0,), (267,), (269,), (291,), (405,), (314,), (17,), (84,), (181,),
    (78,), (82,), (13,), (312,), (308,), (317,), (14,), (87,), (468,), (473,),
)  # fmt: skip
"""For each point the landmarks of MediaPipe FaceMesh whose mean it is."""

STIFF = (0, 1, 15, 16, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45, *range(17, 27))
"""Of the 70 those that move little with expression: ears, nose, corners of the eyes, brows."""
LEAST_STIFF = 16
"""So many of them have to be seen to tell how a head is held."""
MOST_ERROR = 0.12
"""RMS distance of those from the posed mean face, in its heights; of a photographed face it stays below .03."""

FRAME_CM = 40.0
"""Side of a head-and-shoulders portrait, measured at the face."""
HEAD_CENTRE = (0.5, 0.45)
"""Where the middle of the head lies in a portrait, in 0..1."""
HEAD_DEPTH_CM = 7.0
"""The middle of the head behind the middle of the face: a head turns about it."""

OF_PHOTO = "photo"
"""Name of a pose that was taken from a photo: that of the file could be a person's."""

DOT = 3 / 512
"""Radius of the discs that the ControlNet was trained on, of the side of the picture."""


@dataclass(frozen=True)
class FacePose:
    """Where the points of a face lie in a portrait."""

    points: NDArray[np.float64] = field(repr=False, compare=False)
    """(70, 2) x, y in 0..1 of the portrait; NaN where a point is not seen."""
    name: str = ""
    """Of a template, or ``OF_PHOTO``."""

    def __post_init__(self) -> None:
        if self.points.shape != (POINTS, 2):
            raise ValueError(f"a face pose has ({POINTS}, 2) points, got {self.points.shape}")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        points = [None if np.isnan(p).any() else [round(float(v), 4) for v in p] for p in self.points]
        return {"name": self.name, "points": points}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From :meth:`to_json`."""
        points = [(np.nan, np.nan) if p is None else (float(p[0]), float(p[1])) for p in data["points"]]
        return cls(np.array(points, np.float64).reshape(-1, 2), str(data["name"]))

    @classmethod
    def from_landmarks(cls, landmarks: Landmarks, *, name: str = "", frame_cm: float = FRAME_CM) -> Self:
        """The pose of a photographed face (478, 3), as a portrait would show it.

        Args:
            frame_cm: side of the portrait at the face; a smaller one is a close-up.
        """
        rigid = list(RIGID)
        mean = frontal_face()
        points = np.array([landmarks[list(ids), :2].mean(0) for ids in FROM_MESH])
        return cls(_framed(points, similarity_fit(mean[rigid], landmarks[rigid]), frame_cm), name)

    @classmethod
    def from_points(cls, points: NDArray[np.float64], *, name: str = "") -> Self | None:
        """The pose of a photographed face of which OpenPose's points are known, as a portrait would show it.

        Args:
            points: (70, 2) in pixels; NaN where a point is not seen.

        Returns:
            None where they do not lie as those of a face do.
        """
        stiff = [n for n in STIFF if np.isfinite(points[n]).all()]
        if len(stiff) < LEAST_STIFF:
            return None
        mean = frontal_face()
        model = np.array([mean[list(FROM_MESH[n])].mean(0) for n in stiff])
        fit = orthographic_fit(model, points[stiff])
        error = np.sqrt(((fit.apply(model)[:, :2] - points[stiff]) ** 2).sum(1).mean())
        if not error < MOST_ERROR * fit.scale * np.ptp(mean[:, 1]):
            return None
        return cls(_framed(points, fit, FRAME_CM), name)

    @classmethod
    def templates(cls) -> tuple[Self, ...]:
        """Ours, from the front to the unusual."""
        files = sorted((ASSETS / "poses").glob("*.json"))
        return tuple(cls.from_json(json.loads(path.read_text("utf-8"))) for path in files)

    @classmethod
    def template(cls, name: str) -> Self:
        """The template of that name.

        Raises:
            UnknownName: there is none; the message lists the known.
        """
        templates = cls.templates()
        for pose in templates:
            if pose.name == name:
                return pose
        raise UnknownName.of("pose", name, [pose.name for pose in templates])

    def draw(self, size_px: int) -> RGBImage:
        """(size_px, size_px, 3): white discs on black, no lines, as OpenPose's face map is drawn for the ControlNet."""
        import cv2

        canvas = np.zeros((size_px, size_px, 3), np.uint8)
        radius = max(1, round(DOT * size_px))
        for x, y in self.points[np.isfinite(self.points).all(1)].clip(-1, 2):  # far outside, OpenCV fails
            cv2.circle(canvas, (int(x * size_px), int(y * size_px)), radius, (255, 255, 255), -1)
        return canvas


def _framed(points: NDArray[np.float64], fit: Similarity, frame_cm: float) -> NDArray[np.float64]:
    """Points (70, 2) of a photo where a portrait of ``frame_cm`` would have them; ``fit`` poses the mean face there."""
    middle = frontal_face()[list(RIGID)].mean(0) + [0.0, 0.0, HEAD_DEPTH_CM]
    return (points - fit.apply(middle)[:2]) / (fit.scale * frame_cm) + HEAD_CENTRE
