"""The pose of a face by MediaPipe: 478 landmarks become OpenPose's 70 points."""

from __future__ import annotations

from deepmask import engines
from deepmask.face_pose import OF_PHOTO, FacePose
from deepmask.faces import Box, RGBImage


class MeshPose:
    """Reads poses off the landmarks of :class:`deepmask.engines.landmarks.FaceMesh`."""

    def read(self, image: RGBImage, box: Box) -> FacePose | None:
        """The pose of the face in ``box``; None where it is turned away or covered."""
        landmarks = engines.load("face_landmarker", "facemesh").fit(image, box)
        return None if landmarks is None else FacePose.from_landmarks(landmarks, name=OF_PHOTO)
