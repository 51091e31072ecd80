"""The persona's face is seen, the person's is not, and what cannot be done is said in one sentence.

People: Eileen Collins (NASA, in scikit-image) and Grace Hopper (US Navy, in matplotlib, wears glasses), public domain.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image
from skimage import data

from deepmask import engines
from deepmask.engines.meshwarp import MeshWarp, usable_portrait
from deepmask.engines.meshwarp.beard import is_bearded, shaved
from deepmask.engines.meshwarp.drawing import warp
from deepmask.engines.meshwarp.eyewear import wears_glasses
from deepmask.engines.meshwarp.geometry import (
    LEFT_PUPIL,
    MeshPoints,
    background_warp,
    mesh_points,
    mouth_opening,
    new_face,
    signed_area,
    triangulate,
)
from deepmask.engines.meshwarp.portrait import Portrait, PortraitCache
from deepmask.engines.meshwarp.regions import grown, oval, shrunk
from deepmask.errors import EngineFailed, InputError
from deepmask.faces import Box, Face, Patch, RGBImage, iou
from deepmask.head_pose import face_size, head_pose
from deepmask.landmark_points import CHIN, LIPS_OUTER, MESH_SIZE
from deepmask.persona import Attestation, Persona

COLLINS: Box = (172.0, 63.0, 274.0, 190.0)
HOPPER: Box = (156.0, 122.0, 372.0, 338.0)


@cache
def collins() -> RGBImage:
    return data.astronaut()


@cache
def hopper() -> RGBImage:
    return np.asarray(Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))).convert("RGB"))


def measured(image: RGBImage, box: Box) -> Face:
    landmarks = engines.load("face_landmarker").fit(image, box)
    assert landmarks is not None
    return Face(box, landmarks=landmarks)


def points_of(image: RGBImage, box: Box) -> MeshPoints:
    landmarks = measured(image, box).landmarks
    assert landmarks is not None
    return mesh_points(landmarks)


def persona(portrait: RGBImage) -> Persona:
    return Persona(id="p", name="Pat", engine="import", portrait=portrait, attestation=Attestation("mine", "2026"))


def distance(a: RGBImage, face_a: Face, b: RGBImage, face_b: Face) -> float:
    embed = engines.load("face_recognizer", "dlib").embed
    return float(np.linalg.norm(embed(a, face_a) - embed(b, face_b)))


def pasted(image: RGBImage, patch: Patch) -> RGBImage:
    out = image.copy()
    patch.paste(out)
    return out


@pytest.fixture(scope="module")
def swapper() -> MeshWarp:
    return MeshWarp()


@pytest.fixture(scope="module")
def as_hopper() -> Persona:
    return persona(usable_portrait(hopper()))


@pytest.fixture(scope="module")
def as_collins() -> Persona:
    return persona(usable_portrait(cv2.resize(collins(), None, fx=2, fy=2).astype(np.uint8)))


def dark(image: RGBImage) -> RGBImage:
    return (image * 0.3).astype(np.uint8)


def tinted(image: RGBImage) -> RGBImage:
    return np.clip(image * np.array([1.1, 0.75, 0.45]), 0, 255).astype(np.uint8)


def lit_from_the_side(image: RGBImage) -> RGBImage:
    ramp = np.clip((np.arange(image.shape[1]) - 150) / 150, 0.25, 1.2)
    return np.clip(image * ramp[:, None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize("light", [np.copy, dark, tinted, lit_from_the_side])
def test_nobody_recognises_the_person_and_the_persona_is_seen(
    swapper: MeshWarp, as_hopper: Persona, light: Callable[[RGBImage], RGBImage]
) -> None:
    image = light(collins())
    before = measured(image, COLLINS)
    out = pasted(image, swapper.swap(image, before, as_hopper, strength=1.0))
    after = measured(out, COLLINS)
    assert distance(image, before, out, after) >= 0.65
    assert distance(hopper(), measured(hopper(), HOPPER), out, after) < 0.6
    found = engines.load("face_finder", "fast").find(out)
    assert any(iou(face.box_xyxy, COLLINS) > 0.4 for face in found)


def test_pose_and_expression_stay(swapper: MeshWarp, as_hopper: Persona) -> None:
    before = measured(collins(), COLLINS)
    after = measured(pasted(collins(), swapper.swap(collins(), before, as_hopper)), COLLINS)
    assert before.landmarks is not None
    assert after.landmarks is not None
    eyes = np.linalg.norm(before.landmarks[33, :2] - before.landmarks[263, :2])
    moved = np.linalg.norm(before.landmarks[:MESH_SIZE, :2] - after.landmarks[:MESH_SIZE, :2], axis=1).mean()
    assert moved / eyes < 0.08
    np.testing.assert_allclose(head_pose(after.landmarks), head_pose(before.landmarks), atol=5)
    assert mouth_opening(after.landmarks) > 0.5 * mouth_opening(before.landmarks) > 0


def test_the_skin_takes_the_colour_of_the_photo(swapper: MeshWarp, as_hopper: Persona) -> None:
    image = tinted(collins())
    out = pasted(image, swapper.swap(image, measured(image, COLLINS), as_hopper))
    cheek = np.s_[125:140, 196:206]
    np.testing.assert_allclose(out[cheek].mean((0, 1)), image[cheek].mean((0, 1)), atol=28)


def test_only_the_surroundings_of_the_face_change(swapper: MeshWarp, as_hopper: Persona) -> None:
    patch = swapper.swap(collins(), measured(collins(), COLLINS), as_hopper)
    out = pasted(collins(), patch)
    changed = np.nonzero((out != collins()).any(2))
    assert changed[0].min() > 10
    assert changed[0].max() < 250
    assert changed[1].min() > 110
    assert changed[1].max() < 330
    assert patch.alpha[0].max() == patch.alpha[-1].max() == patch.alpha[:, 0].max() == patch.alpha[:, -1].max() == 0


def test_the_same_swap_gives_the_same_bits(as_hopper: Persona) -> None:
    face = measured(collins(), COLLINS)
    first, second = (MeshWarp().swap(collins(), face, as_hopper) for _ in range(2))
    np.testing.assert_array_equal(first.rgb, second.rgb)
    np.testing.assert_array_equal(first.alpha, second.alpha)


def test_glasses_go_with_the_face_that_wore_them(swapper: MeshWarp, as_collins: Persona) -> None:
    before = measured(hopper(), HOPPER)
    out = pasted(hopper(), swapper.swap(hopper(), before, as_collins))
    after = measured(out, HOPPER)
    assert before.landmarks is not None
    assert after.landmarks is not None
    assert wears_glasses(hopper(), mesh_points(before.landmarks))
    assert not wears_glasses(out, mesh_points(after.landmarks))
    assert distance(hopper(), before, out, after) >= 0.6


def test_something_before_the_mouth_is_not_painted_over(swapper: MeshWarp, as_hopper: Persona) -> None:
    face = measured(collins(), COLLINS)
    assert face.landmarks is not None
    image = collins().copy()
    scarf = face.landmarks[[132, 61, 2, 291, 361, 152], :2]
    cv2.fillConvexPoly(image, cv2.convexHull(scarf.astype(np.int32)), (40, 90, 160))
    with pytest.raises(EngineFailed, match="before the mouth"):
        swapper.swap(image, face, as_hopper)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (lambda: data.coffee(), "No face"),
        (lambda: collins(), "only"),
        (lambda: np.hstack([hopper(), hopper()]), "2 faces"),
        (lambda: np.zeros((1, 1, 3), np.uint8), "No face"),
    ],
)
def test_an_unusable_portrait_is_refused_with_one_sentence(
    swapper: MeshWarp, picture: Callable[[], RGBImage], words: str
) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        usable_portrait(picture())
    assert str(refusal.value).count(".") == 1
    with pytest.raises(EngineFailed, match="Pat"):
        swapper.swap(collins(), measured(collins(), COLLINS), persona(picture()))


def test_a_portrait_turned_aside_is_refused() -> None:
    """A picture squeezed on one half only looks like a turned head."""
    image = hopper()
    wide, narrow = image[:, :264], cv2.resize(image[:, 264:], (90, image.shape[0]))
    with pytest.raises(InputError):
        usable_portrait(np.hstack([wide, narrow]).astype(np.uint8))


def test_a_usable_portrait_is_cut_to_head_and_shoulders() -> None:
    large = cv2.resize(hopper(), None, fx=4, fy=4).astype(np.uint8)
    kept = usable_portrait(large)
    assert max(kept.shape[:2]) <= 1024
    assert usable_portrait(hopper()).shape[1] <= hopper().shape[1]


def test_without_landmarks_or_persona_the_engine_declines(swapper: MeshWarp, as_hopper: Persona) -> None:
    for face, who in ((Face(COLLINS), as_hopper), (measured(collins(), COLLINS), None)):
        with pytest.raises(EngineFailed):
            swapper.swap(collins(), face, who)


def test_a_portrait_is_measured_once(monkeypatch: pytest.MonkeyPatch, as_hopper: Persona) -> None:
    reads: list[int] = []
    read = Portrait.read

    def counted(image: RGBImage) -> Portrait:
        reads.append(1)
        return read(image)

    monkeypatch.setattr(Portrait, "read", counted)
    cache = PortraitCache(capacity=2)
    first = cache.read(as_hopper.portrait)
    assert cache.read(as_hopper.portrait.copy()) is first
    assert len(reads) == 1
    cache.read(np.ascontiguousarray(as_hopper.portrait[:, ::-1]))
    assert len(reads) == 2


def test_strength_moves_the_mesh_from_person_to_persona() -> None:
    person, other = (points_of(*who) for who in ((collins(), COLLINS), (hopper(), HOPPER)))
    np.testing.assert_allclose(new_face(other, person, 0.0), person)
    half, whole = new_face(other, person, 0.5), new_face(other, person, 1.0)
    np.testing.assert_allclose(half, (person + whole) / 2)
    assert np.linalg.norm(whole[CHIN] - person[CHIN]) > 1
    assert np.linalg.norm(whole[LEFT_PUPIL] - person[LEFT_PUPIL]) < 8


def test_triangles_cover_the_face_and_face_the_camera() -> None:
    points = points_of(hopper(), HOPPER)
    triangles = triangulate(points)
    area = signed_area(points, triangles)
    assert (area > 0).all()
    assert area.sum() / 2 == pytest.approx((oval(600, points) > 0).sum(), rel=0.05)


def test_an_unchanged_mesh_leaves_the_surroundings_alone() -> None:
    points = points_of(collins(), COLLINS)
    same = warp(collins(), *background_warp(points, points, 512))
    assert np.abs(same.astype(int) - collins()).mean() < 1.5


def test_a_beard_is_seen_and_taken_from_the_jaw() -> None:
    points = points_of(collins(), COLLINS)
    size = face_size(points)
    bearded = collins().copy()
    chin = points[[152, 148, 176, 149, 150, 136, 61, 291, 365, 379, 378, 400, 377], :2] + [0, 3]
    cv2.fillConvexPoly(bearded, cv2.convexHull(chin.astype(np.int32)), (38, 30, 26))
    mouth = points[list(LIPS_OUTER), :2].astype(np.int32)
    cv2.fillPoly(bearded, [mouth], (150, 80, 80))
    assert is_bearded(bearded, points)
    assert not is_bearded(collins(), points)
    below_jaw = np.s_[int(points[CHIN, 1]) - 2 : int(points[CHIN, 1]) + 2, 215:232]
    out = shaved(collins(), bearded, points, size)
    assert abs(out[below_jaw].mean() - collins()[below_jaw].mean()) < 60


def test_masks_grow_and_shrink_by_their_radius() -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[20:40, 20:40] = 255
    assert abs(np.sqrt((shrunk(mask, 5) > 0).sum()) - 10) <= 1
    wide = np.nonzero(grown(mask, 5))
    assert (wide[0].min(), wide[0].max()) == (15, 44)
    assert (shrunk(np.full((20, 20), 255, np.uint8), 3) > 0).sum() == 14 * 14
