"""Cloaks: what they do to the networks they are made against, and what they leave alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data

from deepmask import engines
from deepmask.engines.cloak import attack
from deepmask.engines.cloak.dlib import DlibCloak
from deepmask.engines.cloak.dlib_network import DlibNetwork, network
from deepmask.engines.cloak.region import LEVELS, REACH
from deepmask.engines.cloak.warping import Cut
from deepmask.engines.crops import warped
from deepmask.engines.recognizer import CHIP_PX, DlibRecognizer, matrix_to_chip
from deepmask.errors import Cancelled, EngineFailed, InputError
from deepmask.faces import Face, RGBImage, clip_box, enlarge
from tests.tiny.insight import tiny_insight  # noqa: F401

STRENGTH = 4


@pytest.fixture(scope="module")
def collins() -> RGBImage:
    """Eileen Collins's head and shoulders."""
    return np.ascontiguousarray(data.astronaut()[:300, 80:380])


@pytest.fixture(scope="module")
def face(collins: RGBImage) -> Face:
    box = (92.0, 63.0, 194.0, 190.0)
    return Face(box, landmarks=engines.load("face_landmarker").fit(collins, box))


@pytest.fixture(scope="module")
def cloaked(collins: RGBImage, face: Face) -> RGBImage:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attack, "STEPS", 24)
        return DlibCloak().cloak(collins, [face], strength=STRENGTH)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few steps, where it does not matter how far they lead."""
    monkeypatch.setattr(attack, "STEPS", 4)


def apart(recognizer: str, one: RGBImage, other: RGBImage, face: Face) -> float:
    engine = engines.load("face_recognizer", recognizer)
    return float(np.linalg.norm(engine.embed(one, face) - engine.embed(other, face)))


def outside(image: RGBImage, face: Face) -> np.ndarray:
    """Mask of the pixels beyond the region of a face."""
    beyond = np.ones(image.shape[:2], bool)
    x1, y1, x2, y2 = clip_box(enlarge(face.box_xyxy, REACH["face"]), (image.shape[1], image.shape[0]))
    beyond[y1:y2, x1:x2] = False
    return beyond


def test_our_copy_of_dlibs_network_says_what_dlib_says(collins: RGBImage, face: Face) -> None:
    recognizer = DlibRecognizer()
    chip = warped(collins, matrix_to_chip(recognizer.points(collins, face)), CHIP_PX)
    ours, _ = network().describe(chip[None].astype(np.float32))
    assert np.abs(ours[0] - recognizer.embed(collins, face)).max() < 1e-5


def test_its_gradient_is_how_the_numbers_change() -> None:
    rng = np.random.default_rng(2)
    chip = rng.uniform(0, 255, (1, CHIP_PX, CHIP_PX, 3)).astype(np.float32)
    direction = rng.normal(0, 1, chip.shape).astype(np.float32)
    weight = rng.normal(0, 1, (1, 128)).astype(np.float32)
    told = float((network().describe(chip)[1](weight) * direction).sum())
    ends = [float((network().describe(chip + h * direction)[0] * weight).sum()) for h in (0.05, -0.05)]
    assert (ends[0] - ends[1]) / 0.1 == pytest.approx(told, rel=0.1)


def test_a_file_with_other_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.dat"
    path.write_bytes(bytes(1000))
    with pytest.raises(EngineFailed, match=r"other\.dat"):
        DlibNetwork(path)


@pytest.mark.parametrize("scale", [1.3, 0.7, 0.2])
def test_gradients_go_back_to_where_a_cut_took_its_pixels(scale: float) -> None:
    rng = np.random.default_rng(3)
    cut = Cut(np.array([[scale, 0.1, -3.0], [-0.1, scale, 2.0]]), 24, (61, 47))
    picture, square = rng.normal(size=(47, 61, 3)).astype(np.float32), rng.normal(size=(24, 24, 3)).astype(np.float32)
    there, back = float((cut.square(picture) * square).sum()), float((picture * cut.spread(square)).sum())
    assert there == pytest.approx(back, rel=1e-3, abs=0.01)


def test_dlib_takes_the_face_for_somebody_elses(collins: RGBImage, face: Face, cloaked: RGBImage) -> None:
    bar = engines.load("face_recognizer", "dlib").hidden_above
    assert apart("dlib", collins, cloaked, face) > bar
    assert apart("dlib", collins, cloaked, Face(face.box_xyxy)) > bar


def test_nothing_changes_by_more_than_the_strength_allows(collins: RGBImage, cloaked: RGBImage) -> None:
    change = np.abs(cloaked.astype(int) - collins)
    assert 0 < change.max() <= LEVELS[STRENGTH]


def test_nothing_changes_beyond_the_region(collins: RGBImage, face: Face, cloaked: RGBImage) -> None:
    beyond = outside(collins, face)
    assert beyond.any()
    assert np.array_equal(cloaked[beyond], collins[beyond])


@pytest.mark.usefixtures("brief")
def test_the_same_seed_gives_the_same_bits(collins: RGBImage, face: Face) -> None:
    one, again, other = (DlibCloak().cloak(collins, [face], strength=2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.usefixtures("brief")
def test_grey_photos_stay_grey(collins: RGBImage, face: Face) -> None:
    grey = np.repeat(collins[..., 1:2], 3, 2)
    result = DlibCloak().cloak(grey, [face], strength=4)
    assert not np.array_equal(result, grey)
    assert (result == result[..., :1]).all()


@pytest.mark.usefixtures("brief")
def test_a_smaller_region_changes_fewer_pixels(collins: RGBImage, face: Face) -> None:
    counts = [
        (DlibCloak().cloak(collins, [face], strength=3, region=region) != collins).any(2).sum()
        for region in ("features", "face")
    ]
    assert 0 < counts[0] < counts[1]


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("box", [(-40.0, -30.0, 60.0, 80.0), (280.0, 280.0, 340.0, 350.0), (100.0, 80.0, 112.0, 93.0)])
def test_faces_at_the_border_and_tiny_ones_are_no_problem(collins: RGBImage, box: tuple[float, ...]) -> None:
    result = DlibCloak().cloak(collins, [Face((box[0], box[1], box[2], box[3]))], strength=5)
    assert result.shape == collins.shape
    assert np.abs(result.astype(int) - collins).max() <= LEVELS[5]


def test_cloaking_can_be_stopped(collins: RGBImage, face: Face) -> None:
    def stop(fraction: float, message: str) -> None:
        if fraction > 0.1:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        DlibCloak().cloak(collins, [face], strength=3, progress=stop)


def test_there_is_no_sixth_strength(collins: RGBImage, face: Face) -> None:
    with pytest.raises(InputError, match="1 to 5"):
        DlibCloak().cloak(collins, [face], strength=6)


@pytest.mark.usefixtures("tiny_insight")
def test_arcface_is_moved_away_within_the_same_limits(
    collins: RGBImage, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attack, "STEPS", 12)
    result = engines.load("cloak", "arcface").cloak(collins, [face], strength=STRENGTH)
    levels = np.random.default_rng(0).choice((-LEVELS[STRENGTH], LEVELS[STRENGTH]), collins.shape)
    noise = np.clip(collins + levels, 0, 255).astype(np.uint8)
    assert apart("arcface", collins, result, face) > 4 * apart("arcface", collins, noise, face)
    assert np.abs(result.astype(int) - collins).max() <= LEVELS[STRENGTH]
    assert np.array_equal(result[outside(collins, face)], collins[outside(collins, face)])


@pytest.mark.usefixtures("tiny_insight")
def test_arcface_is_attacked_once_it_is_ready() -> None:
    assert engines.choose("cloak").name == "arcface"


def test_without_weights_dlib_is_attacked(own_home: Path) -> None:
    assert engines.choose("cloak").name == "dlib"


def test_centerface_sees_the_face_less_clearly(collins: RGBImage, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    from deepmask.engines.cloak import witnesses

    monkeypatch.setattr(attack, "STEPS", 12)
    result = engines.load("cloak", "centerface").cloak(collins, [face], strength=4)
    find = witnesses.finders()["CenterFace"]
    before, after = (witnesses.score_at(find(image), face.box_xyxy) for image in (collins, result))
    assert before > 0.8
    assert after < before - 0.2
