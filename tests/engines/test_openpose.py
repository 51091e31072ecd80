"""The pose of a face by OpenPose: the real network, in the real format of its weights, that sees a face of dots."""

import importlib.util
import sys

import numpy as np
import pytest

from deepmask import config, engines
from deepmask.engines.openpose import MARGIN
from deepmask.errors import EngineFailed, EngineMissing, InputError
from deepmask.face_pose import FacePose
from deepmask.media import Photo
from deepmask.weights import licences, table
from pipelines import avatar
from tests.tiny import insight

if importlib.util.find_spec("controlnet_aux") is None:
    pytest.skip("needs deepmask[controlnet]", allow_module_level=True)

SIDE = 384


@pytest.fixture(scope="module", autouse=True)
def operators():
    """A torchvision for CUDA beside a torch for processors has no operators, and then does not import; none is used."""
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        yield library
    else:
        yield None


@pytest.fixture(scope="module")
def checkpoint(operators, tmp_path_factory):
    """facenet.pth, written once."""
    from tests.tiny import openpose

    path = tmp_path_factory.mktemp("openpose") / "facenet.pth"
    openpose.write(path)
    return path


@pytest.fixture
def weights(checkpoint, own_home, monkeypatch):
    """The set where it belongs, its licence accepted."""
    target = config.home() / "models" / "openpose_face" / "facenet.pth"
    target.parent.mkdir(parents=True)
    target.write_bytes(checkpoint.read_bytes())
    insight.describe(monkeypatch, "openpose_face")
    licences.accept(table.weight("openpose_face"))
    monkeypatch.setenv("DEEPMASK_DEVICE", "cpu")
    return target


def face_of_dots():
    """Where the points of a close-up lie in a picture, and that picture."""
    from tests.tiny import openpose

    points = FacePose.template("slight-left").points
    points = (points - points.mean(0)) * 1.9 * SIDE / 2 + SIDE / 2
    return points, openpose.picture_of(points, SIDE)


HALF = SIDE / 2 / MARGIN
CENTRE = (SIDE - 1) / 2
BOX = (CENTRE - HALF, CENTRE - HALF, CENTRE + HALF, CENTRE + HALF)
"""Of which the network is shown the picture, dot for dot."""


def test_points_are_where_the_picture_has_them(weights):
    points, picture = face_of_dots()
    found = engines.load("pose_reader", "openpose").points(picture, BOX)
    seen = np.isfinite(found).all(1)
    assert seen.sum() >= 55, "points that share a cell of the network hide each other"
    assert np.linalg.norm(found[seen] - points[seen], axis=1).max() < 12


def test_the_pose_is_framed_as_a_portrait_whichever_engine_reads_it(weights):
    _, picture = face_of_dots()
    pose = engines.load("pose_reader", "openpose").read(picture, BOX)
    template = FacePose.template("slight-left")
    seen = np.isfinite(pose.points).all(1)
    assert np.abs(pose.points[seen] - template.points[seen]).mean() < 0.03
    assert pose.name == "photo"


def test_a_wall_has_no_pose(weights, monkeypatch):
    wall = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert engines.load("pose_reader", "openpose").read(wall, BOX) is None
    from skimage import data

    with pytest.raises(InputError, match="turned away or covered"):
        avatar.pose_of(Photo.from_array(data.astronaut(), "untrained.png"), "openpose")


def test_auto_stays_with_mediapipe_and_openpose_wants_its_licence(weights):
    assert engines.choose("pose_reader").name == "facemesh"
    row = engines.choose("pose_reader", "openpose")
    assert not row.commercial
    (config.home() / "licences.json").unlink()
    with pytest.raises(EngineMissing, match="deepmask weights get openpose_face"):
        engines.choose("pose_reader", "openpose")


@pytest.mark.parametrize("content", [b"no pickle at all", b"", None])
def test_a_file_that_is_no_network_is_named(weights, monkeypatch, content):
    import torch

    if content is None:
        torch.save({"conv1_1.weight": torch.zeros(3)}, weights)
    else:
        weights.write_bytes(content)
    insight.describe(monkeypatch, "openpose_face")
    with pytest.raises(EngineFailed, match=r"facenet\.pth cannot be loaded"):
        type(engines.load("pose_reader", "openpose"))().points(np.zeros((SIDE, SIDE, 3), np.uint8), BOX)


def test_code_in_a_file_of_weights_is_not_run(weights, monkeypatch, tmp_path):
    import pickle

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    weights.write_bytes(pickle.dumps(Trap()))
    insight.describe(monkeypatch, "openpose_face")
    with pytest.raises(EngineFailed):
        type(engines.load("pose_reader", "openpose"))().points(np.zeros((SIDE, SIDE, 3), np.uint8), BOX)
    assert not (tmp_path / "sprung").exists()
