"""The persona is put where the face was, and nowhere else; what lies before the face stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from insightface.utils import face_align

from deepmask import config, engines, weights
from deepmask.engines.crops import Crop
from deepmask.engines.insight import Gfpgan, InSwapper, alignment, generator, mask, occlusion, pasting
from deepmask.engines.insight.swapper import toned
from deepmask.errors import EngineFailed, EngineMissing
from deepmask.faces import Face, Patch, RGBImage
from deepmask.look import FaceRegion, Look
from deepmask.persona import Persona
from tests.engines.insight.conftest import COLLINS, HOPPER, persona_of, with_mesh
from tests.tiny import insight as tiny

pytestmark = pytest.mark.usefixtures("tiny_insight")

CHIN, LIP = 152, 0


def pasted(image: RGBImage, patch: Patch) -> RGBImage:
    out = image.copy()
    patch.paste(out)
    return out


def show(monkeypatch: pytest.MonkeyPatch, kind: tiny.Swapping, picture: RGBImage | None = None) -> None:
    """Another network in the place of inswapper."""
    folder = config.home() / "models" / "inswapper_128"
    tiny.write_swapper(folder / "inswapper_128.onnx", kind, picture)
    tiny.describe(monkeypatch, "inswapper_128")


def enlarged(image: RGBImage, times: int) -> RGBImage:
    return cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def test_only_the_face_changes(collins: RGBImage, collins_face: Face, as_hopper: Persona) -> None:
    patch = InSwapper().swap(collins, collins_face, as_hopper)
    changed = np.nonzero((pasted(collins, patch) != collins).any(2))
    x1, y1, x2, y2 = COLLINS
    assert y1 - 15 < changed[0].min() < changed[0].max() < y2 + 15
    assert x1 - 15 < changed[1].min() < changed[1].max() < x2 + 15
    assert max(patch.alpha[0].max(), patch.alpha[-1].max(), patch.alpha[:, 0].max(), patch.alpha[:, -1].max()) < 0.01
    assert patch.alpha[40:60, 40:60].min() > 0.99, "the middle of the face is all new"


def test_the_persona_decides_what_is_seen(collins: RGBImage, collins_face: Face, hopper: RGBImage) -> None:
    swapper = InSwapper()
    first, again = (swapper.swap(collins, collins_face, persona_of(hopper.copy())) for _ in range(2))
    np.testing.assert_array_equal(first.rgb, again.rgb)
    np.testing.assert_array_equal(first.alpha, again.alpha)
    other = swapper.swap(collins, collins_face, persona_of(enlarged(collins, 2)))
    assert np.abs(first.rgb.astype(int) - other.rgb).mean() > 15


def test_the_face_is_somebody_else_afterwards(collins: RGBImage, collins_face: Face, as_hopper: Persona) -> None:
    judge = engines.load("face_recognizer", "arcface")
    out = pasted(collins, InSwapper().swap(collins, collins_face, as_hopper))
    assert np.linalg.norm(judge.embed(out, collins_face) - judge.embed(collins, collins_face)) > judge.hidden_above


def test_the_identity_is_mapped_as_insightface_does(hopper: RGBImage) -> None:
    """The last weight of the file maps the unit vector, and the result is a unit vector again."""
    known = engines.load("face_recognizer", "arcface").embed(hopper, with_mesh(hopper, HOPPER))
    from insightface.model_zoo import get_model

    path = weights.location("inswapper_128") / "inswapper_128.onnx"
    mapped = known @ get_model(str(path), providers=["CPUExecutionProvider"]).emap
    np.testing.assert_allclose(generator.latent(known)[0], mapped / np.linalg.norm(mapped), atol=1e-5)


def test_a_seamless_network_leaves_no_seam(
    monkeypatch: pytest.MonkeyPatch, collins: RGBImage, as_hopper: Persona
) -> None:
    show(monkeypatch, "identity")
    image = cv2.GaussianBlur(enlarged(collins, 2), (0, 0), 3).astype(np.uint8)
    face = with_mesh(image, (344.0, 126.0, 548.0, 380.0))
    out = pasted(image, InSwapper().swap(image, face, as_hopper))
    assert np.abs(out.astype(int) - image).max() <= 12
    assert np.abs(out.astype(int) - image).mean() < 0.2


def test_pixel_boost_shows_more_detail(monkeypatch: pytest.MonkeyPatch, collins: RGBImage, as_hopper: Persona) -> None:
    show(monkeypatch, "identity")
    image = enlarged(collins, 4)
    face = with_mesh(image, (688.0, 252.0, 1096.0, 760.0))
    freckles = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 160, image.shape[:2]), (0, 0), 1.6)
    image = np.clip(image + freckles[..., None], 0, 255).astype(np.uint8)

    def error(detail_px: int) -> float:
        patch = InSwapper().swap(image, face, as_hopper, look=Look(detail_px=detail_px))  # type: ignore[arg-type]
        new = pasted(image, patch)
        window = patch.window((image.shape[1], image.shape[0]))
        return float(np.abs(new[window].astype(int) - image[window])[patch.alpha > 0.99].mean())

    coarse, fine, finest = error(128), error(256), error(512)
    assert coarse > 1.1 * fine
    assert fine > 1.1 * finest


def test_a_small_face_is_not_boosted(monkeypatch: pytest.MonkeyPatch, collins: RGBImage, as_hopper: Persona) -> None:
    runs: list[int] = []
    run = generator.networks.run
    monkeypatch.setattr(generator.networks, "run", lambda *a: (runs.append(1), run(*a))[1])
    face = with_mesh(collins, COLLINS)
    swapper = InSwapper()
    swapper.swap(collins, face, as_hopper)
    runs.clear()
    swapper.swap(collins, face, as_hopper, look=Look(detail_px=512))
    assert len(runs) == 1, "the picture has no more than 128 px of this face"


@pytest.mark.parametrize("k", [1, 2, 4])
def test_interleaving_loses_nothing(k: int) -> None:
    image = np.random.default_rng(0).random((128 * k, 128 * k, 3), np.float32)
    tiles = generator.interleaved(image, k)
    assert tiles.shape == (k * k, 128, 128, 3)
    np.testing.assert_array_equal(tiles[0], image[::k, ::k])
    np.testing.assert_array_equal(generator.woven(tiles, k), image)


def test_regions_grow_from_features_to_head(collins: RGBImage, collins_face: Face, as_hopper: Persona) -> None:
    regions: list[FaceRegion] = ["features", "face", "head"]
    areas = [InSwapper().swap(collins, collins_face, as_hopper, look=Look(region=r)).alpha.sum() for r in regions]
    assert areas[0] < 0.85 * areas[1]
    assert areas[1] < 0.95 * areas[2]


def test_restoring_sharpens_by_its_share(collins: RGBImage, as_hopper: Persona) -> None:
    image = enlarged(collins, 2)
    face = with_mesh(image, (344.0, 126.0, 548.0, 380.0))

    def sharpness(share: float) -> float:
        patch = InSwapper().swap(image, face, as_hopper, look=Look(restore=share))
        inside = patch.rgb[80:170, 60:150].astype(np.float32)
        return float(np.abs(inside - cv2.GaussianBlur(inside, (0, 0), 4)).mean())

    none, half, whole = sharpness(0), sharpness(0.5), sharpness(1)
    assert 1.2 * none < half
    assert 1.2 * half < whole


def test_restoring_without_the_restorer_names_it(
    collins: RGBImage, collins_face: Face, as_hopper: Persona, own_home
) -> None:
    (own_home / "models" / "gfpgan" / "gfpgan_1.4.onnx").unlink()
    with pytest.raises(EngineMissing, match="gfpgan"):
        InSwapper().swap(collins, collins_face, as_hopper, look=Look(restore=0.5))
    InSwapper().swap(collins, collins_face, as_hopper)


def test_the_restorer_keeps_to_its_size(collins: RGBImage) -> None:
    assert Gfpgan().restore(collins).shape == (512, 512, 3)
    flat = np.full((512, 512, 3), (10, 128, 250), np.uint8)
    np.testing.assert_allclose(Gfpgan().restore(flat)[100:400, 100:400], flat[100:400, 100:400], atol=1)
    with pytest.raises(EngineFailed, match="512"):
        Gfpgan().restore(collins[:100])


def microphone(image: RGBImage, face: Face) -> tuple[RGBImage, np.ndarray]:
    assert face.landmarks is not None
    x, y = face.landmarks[CHIN, :2].astype(int)
    drawn, where = image.copy(), np.zeros(image.shape[:2], np.uint8)
    for canvas, colour in ((drawn, (60, 90, 200)), (where, (255,))):
        cv2.ellipse(canvas, (int(x), int(y) + 10), (22, 38), 10, 0, 360, colour, -1)
    return drawn, cv2.erode(where, np.ones((9, 9), np.uint8)) > 0


def test_what_lies_before_the_face_stays(collins: RGBImage, collins_face: Face, as_hopper: Persona) -> None:
    image, where = microphone(collins, collins_face)
    bare = pasted(collins, InSwapper().swap(collins, collins_face, as_hopper))
    out = pasted(image, InSwapper().swap(image, collins_face, as_hopper))
    assert (np.abs(bare.astype(int) - collins).max(2)[where] > 20).sum() > 100, "the face reaches below it"
    assert np.abs(out.astype(int) - image)[where].mean() < 2


def test_fingers_stay(monkeypatch: pytest.MonkeyPatch, collins: RGBImage, collins_face: Face, as_hopper) -> None:
    assert collins_face.landmarks is not None
    cheek = collins_face.landmarks[50, :2]
    joints = cheek + np.array([[x, y] for y in (30, 22, 14, 7, 0) for x in (-12, -4, 4, 12)] + [[0, 40]])[:21]
    swapper = InSwapper()
    before = swapper.swap(collins, collins_face, as_hopper)
    monkeypatch.setattr(swapper._hands, "joints", lambda *_: [joints])
    after = swapper.swap(collins, collins_face, as_hopper)
    x, y = (cheek - after.origin_xy).astype(int)
    assert before.alpha[y + 14, x] > 0.95
    assert after.alpha[y + 14, x] < 0.2


def test_in_doubt_the_new_face_covers(collins: RGBImage, collins_face: Face) -> None:
    """A coloured light on one half of the face is no reason to show it."""
    points = alignment.of_mesh(collins_face.landmarks)  # type: ignore[arg-type]
    crop = alignment.aligned(collins, points, 256)
    mesh = mask.mesh_in_crop(crop, collins_face, points)
    features = mask.features(256, mesh) > 0
    for light_from in (60, 100, 140):
        ramp = np.clip((np.arange(256) - light_from) / 60, 0, 1)[:, None]
        lit = crop.rgb * (1 - ramp) + crop.rgb * ramp * [0.35, 0.5, 1.5]
        assert occlusion.uncovered(np.clip(lit, 0, 255).astype(np.uint8), mesh)[features].mean() > 0.9


def test_without_a_mesh_five_points_do(collins: RGBImage, collins_face: Face, as_hopper: Persona) -> None:
    swapper = InSwapper()
    with_one, without = (swapper.swap(collins, face, as_hopper) for face in (collins_face, Face(COLLINS)))
    areas = [np.zeros(collins.shape[:2], bool) for _ in range(2)]
    for area, patch in zip(areas, (with_one, without), strict=True):
        area[patch.window((512, 512))] = patch.alpha > 0.5
    assert (areas[0] & areas[1]).sum() / (areas[0] | areas[1]).sum() > 0.75


def test_what_cannot_be_done_is_said(collins: RGBImage, collins_face: Face, as_hopper: Persona) -> None:
    swapper = InSwapper()
    with pytest.raises(EngineFailed, match="persona"):
        swapper.swap(collins, collins_face, None)
    with pytest.raises(EngineFailed, match="portrait of Nobody"):
        swapper.swap(collins, collins_face, persona_of(np.full((300, 300, 3), 128, np.uint8), "Nobody"))
    with pytest.raises(EngineFailed, match="No eyes"):
        swapper.swap(collins, Face((10, 400, 60, 460)), as_hopper)


@pytest.mark.parametrize("scale", [0.09, 0.5, 1.0, 3.7])
def test_the_window_has_the_colours_of_a_whole_picture(scale: float) -> None:
    """Bit for bit what OpenCV warps over the whole picture, from the matrix insightface computes."""
    rng = np.random.default_rng(1)
    points = alignment.arcface_template(112) / scale + [600.3, 350.7] + rng.normal(0, 2, (5, 2))
    matrix = face_align.estimate_norm(points, 128)
    square, alpha = rng.integers(0, 256, (128, 128, 3), np.uint8), np.zeros((128, 128), np.float32)
    alpha[9:-9, 9:-9] = 1
    crop = Crop(square, alignment.matrix_to(points, alignment.arcface_template(128)))
    np.testing.assert_allclose(crop.to_crop, matrix, atol=1e-10)
    size_wh = (2400, 2000)
    patch = pasting.patch(crop, square, alpha, size_wh)
    whole = cv2.warpAffine(square, cv2.invertAffineTransform(matrix), size_wh)
    rows, columns = patch.window(size_wh)
    assert patch.alpha.size < 0.4 * whole[..., 0].size
    if scale < 1.6:
        np.testing.assert_array_equal(patch.rgb[patch.alpha == 1], whole[rows, columns][patch.alpha == 1])
    else:  # a small face: averaged, not skipped
        assert patch.rgb[patch.alpha == 1].std() < 0.6 * square.std()


def test_insightface_pastes_the_same_face(
    monkeypatch: pytest.MonkeyPatch, collins: RGBImage, collins_face: Face, as_hopper: Persona
) -> None:
    from insightface.app.common import Face as InsightFace
    from insightface.model_zoo import get_model

    points = alignment.of_mesh(collins_face.landmarks)  # type: ignore[arg-type]
    show(monkeypatch, "picture", face_align.norm_crop(collins, points, 128)[:, ::-1].copy())
    theirs = get_model(str(weights.location("inswapper_128") / "inswapper_128.onnx")).get(
        collins[..., ::-1].copy(), InsightFace(kps=points), InsightFace(embedding=np.ones(512, np.float32))
    )
    patch = InSwapper().swap(collins, collins_face, as_hopper, look=Look(detail_px=128))
    out = pasted(collins, patch)
    rows, columns = patch.window((512, 512))
    new = np.zeros((512, 512), bool)
    new[rows, columns] = patch.alpha > 0.9999
    new &= cv2.erode(new.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    assert new.sum() > 1000
    assert np.abs(theirs[..., ::-1].astype(int) - out)[new].max() <= 1


def test_a_patch_ends_at_the_border_of_the_picture(collins: RGBImage, as_hopper: Persona) -> None:
    cut = np.ascontiguousarray(collins[100:, 200:])
    face = with_mesh(collins, COLLINS)
    assert face.landmarks is not None
    moved = Face((1, 1, 74, 90), landmarks=face.landmarks - [200, 100, 0])
    patch = InSwapper().swap(cut, moved, as_hopper)
    assert patch.origin_xy == (0, 0)
    assert pasted(cut, patch).shape == cut.shape
    away = Face((1, 1, 74, 90), landmarks=face.landmarks + [5000, 0, 0])
    with pytest.raises(EngineFailed, match="outside"):
        InSwapper().swap(cut, away, as_hopper)


def test_skin_is_toned_only_where_it_differs(collins: RGBImage, collins_face: Face) -> None:
    points = alignment.of_mesh(collins_face.landmarks)  # type: ignore[arg-type]
    crop = alignment.aligned(collins, points, 128)
    mesh = mask.mesh_in_crop(crop, collins_face, points)
    alpha = mask.region_mask(128, mesh, "face")
    assert toned(crop.rgb, crop.rgb, mesh, alpha) is crop.rgb
    green = np.clip(crop.rgb * [0.85, 1.0, 0.85], 0, 255).astype(np.uint8)
    cheek = np.s_[60:80, 25:40]
    before, after = (
        np.abs(new[cheek].mean((0, 1)) - crop.rgb[cheek].mean((0, 1))).max()
        for new in (green, toned(green, crop.rgb, mesh, alpha))
    )
    assert before > 25
    assert after < 0.5 * before
