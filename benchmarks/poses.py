"""``python -m benchmarks.poses``: makes the pose templates of ``assets/poses`` anew, from the mean face.

The mean face is moved by the painter's expressions, turned, and seen by a camera; nobody was photographed for it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deepmask.engines.painter.cage import MEAN
from deepmask.engines.painter.expression import MOODS, express
from deepmask.face_pose import FRAME_CM, FacePose
from deepmask.faces import Landmarks
from deepmask.landmark_points import LEFT_EYE, LEFT_IRIS, MESH_SIZE, RIGHT_EYE, RIGHT_IRIS
from deepmask.resources import ASSETS

CAMERA_CM = 110.0
"""From the camera to the head."""
CLOSE_UP_CM = 30.0

TEMPLATES: tuple[tuple[str, float, float, float, str, float], ...] = (
    ("front", 0, 0, 0, "neutral", FRAME_CM),
    ("slight-left", -14, 0, 0, "neutral", FRAME_CM),
    ("slight-right", 14, 0, 0, "neutral", FRAME_CM),
    ("three-quarter-left", -26, 2, 0, "neutral", FRAME_CM),
    ("three-quarter-right", 26, 2, 0, "neutral", FRAME_CM),
    ("up", 0, -16, 0, "neutral", FRAME_CM),
    ("down", 0, 16, 0, "neutral", FRAME_CM),
    ("tilted-left", -6, 2, -13, "neutral", FRAME_CM),
    ("tilted-right", 6, 2, 13, "neutral", FRAME_CM),
    ("smiling", 8, 0, 4, "happy", FRAME_CM),
    ("laughing", -8, -4, -5, "laughing", FRAME_CM),
    ("close-up", 5, 0, 0, "neutral", CLOSE_UP_CM),
)
"""Name; yaw, pitch and roll in degrees as :class:`deepmask.head_pose.HeadPose` has them; mood; side of the portrait."""


def posed_landmarks(yaw: float, pitch: float, roll: float, mood: str) -> Landmarks:
    """(478, 3) landmarks of the mean face, y down and z away from the camera, centimetres at the head."""
    face = express(MEAN, MOODS[mood])[:MESH_SIZE] * [1.0, -1.0, -1.0]
    landmarks = np.zeros((MESH_SIZE + 10, 3))
    landmarks[:MESH_SIZE] = face
    for iris, lids in ((RIGHT_IRIS, RIGHT_EYE), (LEFT_IRIS, LEFT_EYE)):
        landmarks[list(iris)] = face[list(lids)].mean(0)
    turned = landmarks @ _rotation(yaw, pitch, roll).T
    turned[:, :2] *= CAMERA_CM / (CAMERA_CM + turned[:, 2:])
    return turned


def _rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    y, p, r = np.deg2rad([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def main(folder: Path = ASSETS / "poses") -> None:
    """Write all templates."""
    folder.mkdir(exist_ok=True)
    for n, (name, yaw, pitch, roll, mood, frame_cm) in enumerate(TEMPLATES, 1):
        pose = FacePose.from_landmarks(posed_landmarks(yaw, pitch, roll, mood), name=name, frame_cm=frame_cm)
        (folder / f"{n:02}-{name}.json").write_text(json.dumps(pose.to_json()) + "\n", "utf-8")
        print(f"{n:02}-{name}.json")


if __name__ == "__main__":
    main()
