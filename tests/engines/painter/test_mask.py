"""The painted mask hides the person, stays around the face, and moves with it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import skimage.data

from deepmask.engines.landmarks import FaceMesh
from deepmask.engines.painter.fit import fit_head
from deepmask.engines.painter.mask import PainterMask, drawable
from deepmask.engines.recognizer import DlibRecognizer
from deepmask.errors import EngineFailed
from deepmask.faces import Box, Face, Landmarks, Patch, RGBImage
from deepmask.persona import Attestation, Persona
from deepmask.prompt import read

BOX: Box = (170.0, 67.0, 273.0, 193.0)
BLANK = np.zeros((8, 8, 3), np.uint8)


def persona(prompt: str, seed: int) -> Persona:
    return Persona("p", "P", "painter", BLANK, seed=seed, attributes=read(prompt).attributes)


YOUNG_MAN = persona("a good young indian office employee, black hair, male", 1)
BEARDED = persona("bald black man with a full beard in a dark grey suit", 6)


@pytest.fixture(scope="module")
def photo() -> RGBImage:
    return skimage.data.astronaut()


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    return FaceMesh()


@pytest.fixture(scope="module")
def face(photo: RGBImage, mesh: FaceMesh) -> Face:
    landmarks = mesh.fit(photo, BOX)
    assert landmarks is not None
    return Face(BOX, landmarks=landmarks)


def worn(photo: RGBImage, face: Face, who: Persona, strength: float = 0.8) -> tuple[RGBImage, Patch]:
    patch = PainterMask().swap(photo, face, who, strength=strength)
    out = photo.copy()
    patch.paste(out)
    return out, patch


@pytest.mark.parametrize("who", [YOUNG_MAN, BEARDED])
def test_nobody_is_recognised(photo: RGBImage, face: Face, mesh: FaceMesh, who: Persona) -> None:
    out, _ = worn(photo, face, who)
    judge = DlibRecognizer()
    before = judge.embed(photo, face)
    seen_again = mesh.fit(out, BOX)
    assert seen_again is not None, "a mask should still look like a face"
    for after in (judge.embed(out, face), judge.embed(out, replace(face, landmarks=seen_again))):
        assert np.linalg.norm(before - after) >= 0.65


def test_no_skin_of_the_person_is_left(photo: RGBImage, face: Face) -> None:
    out, _ = worn(photo, face, BEARDED)
    assert face.landmarks is not None
    inside = np.zeros(photo.shape[:2], np.uint8)
    features = face.landmarks[[33, 263, 61, 291, 4, 152, 50, 280, 205, 425, 70, 300, 9, 199], :2]
    cv2.fillConvexPoly(inside, cv2.convexHull(np.round(features).astype(np.int32)), (1,))
    untouched = (np.abs(out.astype(int) - photo).max(2) < 4) & (inside > 0)
    assert untouched.sum() < 0.02 * inside.sum()


def test_the_rest_of_the_photo_is_untouched(photo: RGBImage, face: Face) -> None:
    out, patch = worn(photo, face, YOUNG_MAN)
    x0, y0 = patch.origin_xy
    h, w = patch.alpha.shape
    outside = np.ones(photo.shape[:2], bool)
    outside[max(0, y0) : y0 + h, max(0, x0) : x0 + w] = False
    assert np.array_equal(out[outside], photo[outside])
    assert max(h, w) < 2.2 * face.size_px, "the patch is limited to the surroundings of the face"
    assert (patch.alpha[0] == 0).all()
    assert (patch.alpha[:, [0, -1]] == 0).all()


def test_the_same_mask_every_time(photo: RGBImage, face: Face) -> None:
    one, two = (PainterMask().swap(photo, face, YOUNG_MAN) for _ in range(2))
    assert np.array_equal(one.rgb, two.rgb)
    assert np.array_equal(one.alpha, two.alpha)
    assert one.origin_xy == two.origin_xy


def test_a_black_and_white_photo_stays_so(photo: RGBImage, face: Face) -> None:
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.uint8)[..., None].repeat(3, axis=2)
    out, _ = worn(grey, face, YOUNG_MAN)
    assert np.ptp(out, axis=2).max() <= 2


def test_a_large_face_is_done_at_its_full_size(photo: RGBImage, face: Face) -> None:
    assert face.landmarks is not None
    large = np.asarray(cv2.resize(photo, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC), np.uint8)
    patch = PainterMask().swap(large, Face(BOX, landmarks=face.landmarks * 8), YOUNG_MAN)
    small = PainterMask().swap(photo, face, YOUNG_MAN)
    assert abs(patch.alpha.shape[0] - 8 * small.alpha.shape[0]) < 32
    shrunk = cv2.resize(patch.rgb, small.alpha.shape[::-1], interpolation=cv2.INTER_AREA).astype(int)
    assert np.median(np.abs(shrunk - small.rgb).max(2)) < 10, "no bands, no shift"


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photo_on_its_side(photo: RGBImage, face: Face, turns: int) -> None:
    """The mask is the same wherever up is."""
    assert face.landmarks is not None
    side = photo.shape[0] - 1
    x, y, z = face.landmarks.T
    x, y = [(y, side - x), (side - x, side - y), (side - y, x)][turns - 1]
    lying = np.ascontiguousarray(np.rot90(photo, turns))
    out, _ = worn(lying, replace(face, landmarks=np.stack([x, y, z], 1)), YOUNG_MAN)
    upright, _ = worn(photo, face, YOUNG_MAN)
    difference = np.abs(np.rot90(out, -turns).astype(int) - upright).max(2)
    x1, y1, x2, y2 = (int(v) for v in BOX)
    assert np.median(difference[y1:y2, x1:x2]) < 12


def test_a_face_at_the_edge_of_the_photo(photo: RGBImage, face: Face) -> None:
    cut = np.ascontiguousarray(photo[100:, 190:])
    assert face.landmarks is not None
    shifted = Face((1.0, 1.0, 83.0, 93.0), landmarks=face.landmarks - [190, 100, 0])
    out, _ = worn(cut, shifted, YOUNG_MAN)
    assert out.shape == cut.shape
    assert (np.abs(out.astype(int) - cut).max(2) > 8).mean() > 0.03


def test_what_cannot_be_done_is_said(photo: RGBImage, face: Face) -> None:
    assert face.landmarks is not None
    with pytest.raises(EngineFailed):
        PainterMask().swap(photo, face, None)
    with pytest.raises(EngineFailed):
        PainterMask().swap(photo, Face(BOX), YOUNG_MAN)
    sideways = Face(BOX, landmarks=turned(face.landmarks, 62))
    with pytest.raises(EngineFailed, match="turned by"):
        PainterMask().swap(photo, sideways, YOUNG_MAN)


def turned(landmarks: Landmarks, degrees: float) -> Landmarks:
    """The landmarks of the head turned about its vertical axis."""
    a = np.deg2rad(degrees)
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    middle = landmarks.mean(0)
    return (landmarks - middle) @ turn.T + middle


def test_turning_is_measured(face: Face) -> None:
    assert face.landmarks is not None
    straight = fit_head(face.landmarks).yaw_degrees
    for degrees in (-35, 20, 45):
        assert abs(abs(fit_head(turned(face.landmarks, degrees)).yaw_degrees - straight) - abs(degrees)) < 4


def test_the_mouth_opens_with_the_persons(photo: RGBImage, face: Face, mesh: FaceMesh) -> None:
    assert face.landmarks is not None

    def opening(image: RGBImage) -> float:
        seen = mesh.fit(image, BOX)
        assert seen is not None
        return float(np.linalg.norm(seen[13] - seen[14]) / np.linalg.norm(seen[10] - seen[152]))

    shut = face.landmarks.copy()
    upper, lower = [191, 80, 81, 82, 13, 312, 311, 310, 415], [95, 88, 178, 87, 14, 317, 402, 318, 324]
    middle = (shut[upper] + shut[lower]) / 2
    shut[upper], shut[lower] = middle, middle
    open_, _ = worn(photo, face, YOUNG_MAN)
    closed, _ = worn(photo, replace(face, landmarks=shut), YOUNG_MAN)
    assert opening(open_) > opening(closed) + 0.02


def test_an_imported_portrait_lends_its_skin() -> None:
    word = Attestation("mine", "2026-01-01T00:00:00Z")
    dark = Persona("maya", "Maya", "import", np.full((64, 64, 3), (120, 78, 60), np.uint8), attestation=word)
    attributes, seed = drawable(dark)
    assert attributes.skin == "#784e3c"
    assert attributes.heritage in ("black", "south_asian", "latino")
    assert drawable(replace(dark, name="Other"))[1] == seed
    assert drawable(replace(dark, id="noor"))[1] != seed
