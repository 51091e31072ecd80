"""Who the persona is to the networks: its portrait's identity, measured once."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from deepmask import engines, weights
from deepmask.engines.insight.finder import ScrfdFinder
from deepmask.engines.insight.generator import latent
from deepmask.engines.insight.recognizer import ArcFace
from deepmask.errors import EngineFailed
from deepmask.faces import Face
from deepmask.persona import Persona


class SourceCache:
    """The latents of the personas used last, by the content of their portraits."""

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[tuple[bytes, str], NDArray[np.float32]] = OrderedDict()

    def latent(self, persona: Persona) -> NDArray[np.float32]:
        """(1, 512) for inswapper.

        Raises:
            EngineFailed: the portrait shows no face.
        """
        pixels = np.ascontiguousarray(persona.portrait)
        digest = blake2b(pixels.data, digest_size=16, person=b"%d" % pixels.shape[1]).digest()
        key = digest, str(weights.location("inswapper_128"))
        if key not in self._kept:
            self._kept[key] = _measured(persona)
        self._kept.move_to_end(key)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
        return self._kept[key]


def _measured(persona: Persona) -> NDArray[np.float32]:
    found = ScrfdFinder().find(persona.portrait)
    if not found:
        raise EngineFailed(f"No face was found in the portrait of {persona.name}.")
    box = max(found, key=lambda face: face.size_px).box_xyxy
    landmarks = engines.load("face_landmarker").fit(persona.portrait, box)
    return latent(ArcFace().embed(persona.portrait, Face(box, landmarks=landmarks)))
