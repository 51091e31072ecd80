"""The persona's portrait, read once: its mesh, its triangles, and which part of its face is bare."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import skia

from deepmask import engines
from deepmask.engines.crops import square_crop
from deepmask.engines.meshwarp.beard import is_bearded
from deepmask.engines.meshwarp.drawing import texture
from deepmask.engines.meshwarp.geometry import MeshPoints, Triangles, mesh_points, triangulate
from deepmask.engines.meshwarp.occlusion import hair_free
from deepmask.engines.meshwarp.regions import grown, soft
from deepmask.errors import InputError
from deepmask.faces import Face, RGBImage, clip_box, enlarge
from deepmask.head_pose import face_size, head_pose

LEAST_FACE_PX = 128
MOST_YAW_DEGREES = 15.0
LARGEST_SIDE_PX = 1024
"""A portrait is kept no larger; more would not be seen on a photo."""

SURE = 0.6
"""Score from which on a box in a portrait is taken for a face."""

_SHARE_OF_MAIN_FACE = 0.4
"""Faces smaller than this, relative to the largest, count as background."""


@dataclass(frozen=True)
class Portrait:
    """A portrait ready to be drawn on other faces."""

    face: skia.Image
    bare: skia.Image
    """White where no hair falls into the face."""
    points: MeshPoints
    triangles: Triangles
    bearded: bool

    @classmethod
    def read(cls, image: RGBImage) -> Portrait:
        """Find and measure the face of a portrait.

        Raises:
            InputError: there is not one usable face; the sentence names the remedy.
        """
        face = _one_face(image)
        assert face.landmarks is not None
        x1, y1, x2, y2 = face.box_xyxy
        half = 1.1 * max(x2 - x1, y2 - y1)
        crop = square_crop(image, ((x1 + x2) / 2, (y1 + y2) / 2), half, round(min(2 * half, LARGEST_SIDE_PX)))
        points = mesh_points(crop.points_to_crop(face.landmarks))
        face_px = face_size(points)
        hair = grown(((hair_free(crop.rgb, points, face_px) < 0.9) * 255).astype(np.uint8), 0.03 * face_px)
        bare = np.repeat((255 * (1 - soft(hair, 0.02 * face_px))).astype(np.uint8)[..., None], 3, axis=2)
        return cls(texture(crop.rgb), texture(bare), points, triangulate(points), bearded=is_bearded(crop.rgb, points))


def usable_portrait(image: RGBImage) -> RGBImage:
    """The part of a portrait picture that is kept as a persona: head and shoulders, at most 1024 px.

    Raises:
        InputError: the picture does not show one face large, frontal and bare enough; the sentence names the remedy.
    """
    face = _one_face(image)
    x1, y1, x2, y2 = clip_box(enlarge(face.box_xyxy, 3.0), (image.shape[1], image.shape[0]))
    part = image[y1:y2, x1:x2]
    side = max(part.shape[:2])
    if side <= LARGEST_SIDE_PX:
        return part.copy()
    import cv2

    size = round(part.shape[1] * LARGEST_SIDE_PX / side), round(part.shape[0] * LARGEST_SIDE_PX / side)
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _one_face(image: RGBImage) -> Face:
    found = [face for face in engines.load("face_finder", "fast").find(image) if face.score > SURE]
    if not found:
        raise InputError("No face was found in the portrait; take a picture that shows one face from the front.")
    main = max(found, key=lambda face: face.size_px)
    others = [face for face in found if face.size_px > _SHARE_OF_MAIN_FACE * main.size_px]
    if len(others) > 1:
        raise InputError(f"The portrait shows {len(others)} faces; cut the picture down to one.")
    if main.size_px < LEAST_FACE_PX:
        raise InputError(
            f"The face in the portrait is only {main.size_px:.0f} px; take a picture with at least {LEAST_FACE_PX}."
        )
    landmarks = engines.load("face_landmarker", "facemesh").fit(image, main.box_xyxy)
    if landmarks is None:
        raise InputError("The face in the portrait is turned away or covered; take one that looks at the camera.")
    pose = head_pose(landmarks)
    if abs(pose.yaw) > MOST_YAW_DEGREES:
        raise InputError(
            f"The head in the portrait is turned by {abs(pose.yaw):.0f}°; take one that looks at the camera "
            f"(at most {MOST_YAW_DEGREES:.0f}°)."
        )
    return Face(main.box_xyxy, main.score, landmarks, abs(pose.yaw))


class PortraitCache:
    """The portraits read last, by the content of their pixels."""

    def __init__(self, capacity: int = 16) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[bytes, Portrait] = OrderedDict()

    def read(self, image: RGBImage) -> Portrait:
        """See :meth:`Portrait.read`; a portrait seen before is not measured again."""
        key = blake2b(np.ascontiguousarray(image).data, digest_size=16, person=b"%d" % image.shape[1]).digest()
        if key not in self._kept:
            self._kept[key] = Portrait.read(image)
        self._kept.move_to_end(key)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
        return self._kept[key]
