"""What is measured of the faces of a photo: mesh, turn, identity, and how far an output is from the original.

Measurements are remembered as long as the source photo is held: analysing, rendering, rendering again after an edit and
checking ask the same questions, and most of a mask's time would go into asking the recogniser again.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from deepmask import engines
from deepmask.faces import Box, Embedding, Face, RGBImage, clip_box, enlarge
from deepmask.media import Photo

MEASURABLE_PX = 24
"""Below this box size an embedding says nothing about a person."""

_REACH = 4.5
"""Mesh and embedding of a face depend on no pixel outside its box enlarged by this."""


def measured(image: RGBImage, face: Face) -> Face:
    """``face`` with landmarks and yaw where a mesh fits."""
    with engines.exclusive:
        landmarker = engines.load("face_landmarker")
        landmarks = landmarker.fit(image, face.box_xyxy)
        if landmarks is None:
            return face
        return replace(face, landmarks=landmarks, yaw_degrees=landmarker.yaw_degrees(landmarks))


class Original:
    """The pixels of a source photo, and what is known of them."""

    def __init__(self, rgb: RGBImage) -> None:
        self.rgb = rgb
        self._faces: dict[Box, Face] = {}
        self._embeddings: dict[tuple[str, Box], Embedding] = {}
        self._distances: dict[tuple[str, Box, bytes], float] = {}

    @classmethod
    def of(cls, source: Photo) -> Original:
        """The one of this photo."""
        known = _originals.get(source)
        if known is None:
            known = _originals[source] = cls(source.rgb)
        return known

    def face(self, box: Box, score: float = 1.0) -> Face:
        """The face in a box, with its mesh where one fits."""
        if box not in self._faces:
            self._faces[box] = measured(self.rgb, Face(box))
        return replace(self._faces[box], score=score)

    def embedding(self, recognizer: str, face: Face) -> Embedding | None:
        """Who the face is to a recogniser; None when it is too small to tell."""
        if face.size_px < MEASURABLE_PX:
            return None
        key = recognizer, face.box_xyxy
        if key not in self._embeddings:
            with engines.exclusive:
                self._embeddings[key] = engines.load("face_recognizer", recognizer).embed(self.rgb, face)
        return self._embeddings[key]

    def distance(self, recognizer: str, face: Face, image: RGBImage) -> float | None:
        """Identity distance original → ``image``; None where nothing could be measured in the original.

        The output is aligned twice, where the original's features were and where features are found now, as an
        attacker would try; the smaller distance counts. Where numbers overflow it is 0: nothing is known to be hidden.
        """
        embedding = self.embedding(recognizer, face)
        if embedding is None:
            return None
        key = recognizer, face.box_xyxy, _digest(image, face.box_xyxy)
        if key not in self._distances:
            with engines.exclusive:
                engine = engines.load("face_recognizer", recognizer)
                aligned = (face, measured(image, Face(face.box_xyxy)))
                self._distances[key] = min(_apart(embedding, engine.embed(image, f)) for f in aligned)
        return self._distances[key]


def _apart(a: Embedding, b: Embedding) -> float:
    distance = float(np.linalg.norm(a - b))
    return distance if np.isfinite(distance) else 0.0


def rounded(box: Box) -> Box:
    """``box`` to a tenth of a pixel, as plain numbers."""
    x1, y1, x2, y2 = (round(float(v), 1) for v in box)
    return x1, y1, x2, y2


_originals: WeakKeyDictionary[Photo, Original] = WeakKeyDictionary()


def _digest(image: RGBImage, box: Box) -> bytes:
    x1, y1, x2, y2 = clip_box(enlarge(box, _REACH), (image.shape[1], image.shape[0]))
    return hashlib.blake2b(np.ascontiguousarray(image[y1:y2, x1:x2]).data, digest_size=16).digest()
