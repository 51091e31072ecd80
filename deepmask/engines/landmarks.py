"""The 478 landmarks of a face whose box is known.

FaceMesh on a whole photo sees large faces only. On a square crop of about twice the box, scaled to one size, it works
for faces of any size; other crops and rolls are tried where it fails.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from deepmask.engines.crops import square_crop
from deepmask.engines.quiet import native_stderr_muted
from deepmask.faces import Box, Landmarks, RGBImage
from deepmask.head_pose import face_size, head_pose, shape_error
from deepmask.landmark_points import MESH_SIZE

CROP_PX = 384
DETECTOR_PX = 192

MARGINS = (2.0, 1.5, 2.8)
"""Half sides of the crops to try, in half sides of the box."""

QUARTER_TURNS = (0.0, 90.0, -90.0, 180.0)

SURELY_UPRIGHT = 0.88
"""A detection score that faces lying on their side were not seen to reach."""

MOST_ROLL_IN_CROP = 60.0
"""Degrees; a mesh that leans more in its crop is better found by another turn of it."""

MOST_SHAPE_ERROR = 0.1
"""See :func:`deepmask.head_pose.shape_error`; good meshes stay below .04, those of 30 px faces below .08."""


class Square(NamedTuple):
    """Where the box is."""

    centre_xy: tuple[float, float]
    half_side: float


class FaceMesh:
    """MediaPipe FaceMesh with refined eyes and lips (Grishchenko et al., 2020)."""

    def __init__(self) -> None:
        self._has_spoken = False
        """MediaPipe writes one last notice when it finds its first face."""

    def fit(self, image: RGBImage, box: Box) -> Landmarks | None:
        """Landmarks of the face in ``box``, or None when no plausible mesh fits it (profile, tiny, covered)."""
        x1, y1, x2, y2 = box
        square = Square(((x1 + x2) / 2, (y1 + y2) / 2), max(x2 - x1, y2 - y1) / 2)
        if square.half_side < 2:
            return None
        best, *others = self._turns(image, square)
        attempts = [(margin, best + lean) for margin in MARGINS for lean in (0.0, 20.0, -20.0)]
        attempts[6:6] = [(MARGINS[0], turn) for turn in others]
        for margin, turn in attempts:
            landmarks = self._mesh(image, square, margin, turn)
            if landmarks is not None and _plausible(landmarks, box):
                return landmarks
        return None

    def _turns(self, image: RGBImage, square: Square) -> list[float]:
        """The quarter turns that may bring the head upright, likeliest first.

        FaceMesh itself cannot tell: it lays an upright mesh on a lying face. The detector's score can.
        """
        scores: list[float] = []
        for turn in QUARTER_TURNS:
            crop = square_crop(image, square.centre_xy, square.half_side * MARGINS[0], DETECTOR_PX, turn)
            found = self._detector.process(crop.rgb).detections or ()
            scores.append(max((one.score[0] for one in found if _central(one)), default=0.0))
            if scores[0] >= SURELY_UPRIGHT:
                return list(QUARTER_TURNS)
        order = np.argsort([-score for score in scores], kind="stable")
        return [QUARTER_TURNS[i] for i in order]

    def _mesh(self, image: RGBImage, square: Square, margin: float, turn_degrees: float) -> Landmarks | None:
        crop = square_crop(image, square.centre_xy, square.half_side * margin, CROP_PX, turn_degrees)
        with nullcontext() if self._has_spoken else native_stderr_muted():
            found = self._model.process(crop.rgb).multi_face_landmarks
        if not found:
            return None
        self._has_spoken = True
        points = np.array([(p.x, p.y, p.z) for p in found[0].landmark], np.float64) * float(CROP_PX)
        return None if abs(head_pose(points).roll) > MOST_ROLL_IN_CROP else crop.points_to_picture(points)

    def yaw_degrees(self, landmarks: Landmarks) -> float:
        """Turn of the head to the side, 0 = towards the camera, absolute value."""
        return abs(head_pose(landmarks).yaw)

    @cached_property
    def _model(self) -> Any:
        with native_stderr_muted():
            from mediapipe.python.solutions.face_mesh import FaceMesh as Solution

            # The box is known already: FaceMesh is asked where the points are, not whether there is a face.
            model = Solution(
                static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.2
            )
            model.process(np.zeros((CROP_PX, CROP_PX, 3), np.uint8))
        return model

    @cached_property
    def _detector(self) -> Any:
        with native_stderr_muted():
            from mediapipe.python.solutions.face_detection import FaceDetection

            detector = FaceDetection(model_selection=0, min_detection_confidence=0.3)
            detector.process(np.zeros((DETECTOR_PX, DETECTOR_PX, 3), np.uint8))
        return detector


def _central(detection: Any) -> bool:
    """Whether the face lies in the middle of its crop."""
    box = detection.location_data.relative_bounding_box
    return abs(box.xmin + box.width / 2 - 0.5) < 0.25 and abs(box.ymin + box.height / 2 - 0.5) < 0.25


def _plausible(landmarks: Landmarks, box: Box) -> bool:
    """Whether the mesh belongs to the face in the box, not to a neighbour, and has the shape of a face."""
    x1, y1, x2, y2 = box
    side = max(x2 - x1, y2 - y1)
    off_centre = np.hypot(*(landmarks[:MESH_SIZE, :2].mean(0) - ((x1 + x2) / 2, (y1 + y2) / 2)))
    return bool(
        off_centre < 0.35 * side
        and 0.55 < face_size(landmarks) / side < 1.35
        and shape_error(landmarks) < MOST_SHAPE_ERROR
    )
