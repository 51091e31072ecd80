"""Hands before the face, found by MediaPipe Hands (Zhang et al., 2020): painting a face over fingers fools nobody."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.engines.crops import square_crop
from deepmask.engines.quiet import native_stderr_muted
from deepmask.faces import Landmarks, RGBImage
from deepmask.head_pose import face_size
from deepmask.landmark_points import OVAL

CROP_PX = 256

JOINTS_ON_FACE = 2
"""Of the 21 joints of a hand; fewer only touch the outline."""


class HandFinder:
    """Looks for hands around one face."""

    def covers(self, image: RGBImage, landmarks: Landmarks) -> bool:
        """Whether a hand lies before the face with these landmarks."""
        return bool(self.joints(image, landmarks))

    def joints(self, image: RGBImage, landmarks: Landmarks) -> list[NDArray[np.float64]]:
        """The joints (21, 2) of each hand before the face with these landmarks, in pixels of the picture."""
        outline = landmarks[list(OVAL), :2]
        x, y = outline.mean(0)
        crop = square_crop(image, (float(x), float(y)), 1.35 * face_size(landmarks), CROP_PX)
        oval = crop.points_to_crop(outline).astype(np.float32)
        before = []
        for hand in self._model.process(crop.rgb).multi_hand_landmarks or ():
            joints = [(joint.x * CROP_PX, joint.y * CROP_PX) for joint in hand.landmark]
            if sum(cv2.pointPolygonTest(oval, joint, False) >= 0 for joint in joints) >= JOINTS_ON_FACE:
                before.append(crop.points_to_picture(np.array(joints)))
        return before

    @cached_property
    def _model(self) -> Any:
        with native_stderr_muted():
            from mediapipe.python.solutions.hands import Hands

            model = Hands(static_image_mode=True, max_num_hands=2, model_complexity=0, min_detection_confidence=0.4)
            model.process(np.zeros((CROP_PX, CROP_PX, 3), np.uint8))
        return model
