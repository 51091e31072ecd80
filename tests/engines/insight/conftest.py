"""Pictures, faces and engines for the tests of InsightFace's engines.

People: Eileen Collins (NASA, in scikit-image) and Grace Hopper (US Navy, in matplotlib, wears glasses), public domain.
"""

from __future__ import annotations

import socket
from functools import cache

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage import data

from deepmask import engines
from deepmask.faces import Box, Face, RGBImage
from deepmask.persona import Attestation, Persona
from tests.tiny.insight import tiny_insight  # noqa: F401

COLLINS: Box = (172.0, 63.0, 274.0, 190.0)
HOPPER: Box = (156.0, 122.0, 372.0, 338.0)


@cache
def hopper_picture() -> RGBImage:
    return np.asarray(Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))).convert("RGB"))


def with_mesh(image: RGBImage, box: Box) -> Face:
    landmarks = engines.load("face_landmarker", "facemesh").fit(image, box)
    assert landmarks is not None
    return Face(box, landmarks=landmarks)


def persona_of(portrait: RGBImage, name: str = "Pat") -> Persona:
    return Persona(id="p", name=name, engine="import", portrait=portrait, attestation=Attestation("mine", "2026"))


@pytest.fixture
def collins() -> RGBImage:
    return data.astronaut()


@pytest.fixture
def hopper() -> RGBImage:
    return hopper_picture().copy()


@pytest.fixture
def collins_face(collins: RGBImage) -> Face:
    return with_mesh(collins, COLLINS)


@pytest.fixture
def as_hopper(hopper: RGBImage) -> Persona:
    return persona_of(hopper)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
