"""Who is who: ArcFace (Deng et al., 2019), ResNet-50 trained on WebFace600K, 512 numbers a face."""

from __future__ import annotations

from math import sqrt

import numpy as np

from deepmask.engines.insight import networks
from deepmask.engines.insight.alignment import aligned, of_box, of_face
from deepmask.faces import Embedding, Face, RGBImage

CROP_PX = 112


def distance_at(cosine: float) -> float:
    """Euclidean distance of unit vectors whose cosine similarity is ``cosine``: |a - b|² = 2 - 2 a·b."""
    return sqrt(2 - 2 * cosine)


class ArcFace:
    """Unit vectors of 512 numbers.

    The bars are those of InsightFace: its demonstration calls pairs below a cosine of .2 "not the same person" and
    pairs from .28 on "the same" (web-demos/src_recognition/main.py); its desktop program, which names people, asks for
    .4 (insightface/gui/core/constants.py).
    """

    match_below = distance_at(0.4)
    match_margin = 0.1
    hidden_above = distance_at(0.2)

    def embed(self, image: RGBImage, face: Face) -> Embedding:
        """Descriptor (512,) of the face in the box, whatever the box: beyond the picture its border is repeated."""
        points = of_face(image, face)
        crop = aligned(image, of_box(face) if points is None else points, CROP_PX)
        return embedding(crop.rgb)

    @property
    def providers(self) -> list[str]:
        """Where the network really runs, as onnxruntime calls it."""
        return networks.providers(networks.recognizer())


def embedding(crop: RGBImage) -> Embedding:
    """Unit vector (512,) of an aligned face (112, 112, 3)."""
    model = networks.recognizer()
    values = (crop.astype(np.float32).transpose(2, 0, 1)[None] - model.input_mean) / model.input_std
    vector = np.asarray(networks.run(model.session, {model.input_name: values}), np.float32)[0]
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
