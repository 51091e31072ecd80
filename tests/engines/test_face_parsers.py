"""Which pixels are skin, hair, eyes, clothes."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from skimage import data

from deepmask import config, engines
from deepmask.engines.parsing import BiSeNet, MeshParser, bisenet
from deepmask.errors import EngineFailed, EngineMissing
from deepmask.faces import Face
from deepmask.weights import table
from pipelines.photo.measuring import measured
from tests.tiny.insight import describe

FACE = (166.0, 60.0, 284.0, 210.0)


@pytest.fixture(scope="module")
def face():
    return measured(data.astronaut(), Face(FACE))


def test_the_mesh_says_where_a_face_is_what(face):
    found = MeshParser().parse(data.astronaut(), [face])
    assert found.shape == (512, 512)
    assert found.dtype == np.uint8

    def named(x, y):
        return MeshParser.classes[found[y, x]]

    left, right, nose = face.landmarks[386], face.landmarks[159], face.landmarks[4]
    assert named(round(nose[0]), round(nose[1])) == "nose"
    assert named(round(left[0]), round(left[1]) + 3) == "left eye"
    assert named(round(right[0]), round(right[1]) + 3) == "right eye"
    assert named(280, 400) == "person"
    assert named(500, 20) == "background"
    assert named(200, 40) == "head", "hair"


def test_the_same_picture_gives_the_same_map(face):
    parser = MeshParser()
    assert np.array_equal(parser.parse(data.astronaut(), [face]), parser.parse(data.astronaut(), [face]))


def test_a_face_without_a_mesh_is_an_oval_and_no_face_is_no_skin():
    found = MeshParser().parse(data.astronaut(), [Face(FACE)])
    assert MeshParser.classes[found[135, 225]] == "skin"
    assert not np.isin(MeshParser().parse(data.coffee()), range(2, len(MeshParser.classes))).any()


def test_without_weights_the_mesh_is_chosen_and_the_network_says_how_to_get_it():
    assert engines.choose("face_parser").name == "mesh"
    with pytest.raises(EngineMissing, match="deepmask weights get bisenet"):
        engines.choose("face_parser", "bisenet")


def _network(path, channels=19):
    """In the format of bisenet_resnet_34.onnx: red prefers class 1, green class 17, everything dark the background."""
    weights = np.zeros((channels, 3, 1, 1), np.float32)
    weights[1, 0], weights[17, 1] = 1.0, 1.0
    nodes = [
        helper.make_node("Conv", ["input", "weights"], ["output"], kernel_shape=[1, 1]),
        helper.make_node("Identity", ["output"], ["auxiliary"]),
    ]
    shape = ["batch", channels, 512, 512]
    graph = helper.make_graph(
        nodes,
        "parser",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 512, 512])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("output", "auxiliary")],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


@pytest.fixture
def network(monkeypatch):
    path = config.home() / "models" / "bisenet" / table.weight("bisenet").files[0].path
    _network(path)
    describe(monkeypatch, "bisenet")
    bisenet._session.cache_clear()
    return path


def _scene():
    """A red square above a green one, on black; the face fills both."""
    image = np.zeros((400, 300, 3), np.uint8)
    image[100:200, 100:200] = (250, 0, 0)
    image[200:300, 100:200] = (0, 250, 0)
    return image


def test_a_network_tells_parts_where_they_are(network):
    assert engines.choose("face_parser").name == "bisenet"
    found = BiSeNet().parse(_scene(), [Face((100, 120, 200, 280))])
    assert BiSeNet.classes[found[150, 150]] == "skin"
    assert BiSeNet.classes[found[250, 150]] == "hair"
    assert BiSeNet.classes[found[20, 20]] == "background"
    red = _scene()[..., 0] > 0
    assert (found == BiSeNet.classes.index("skin"))[red].mean() > 0.95


def test_a_turned_head_is_parsed_where_it_is(network):
    turned = np.ascontiguousarray(np.rot90(_scene()))
    found = BiSeNet().parse(turned, [Face((120, 100, 280, 200))])
    red = turned[..., 0] > 0
    assert (found == BiSeNet.classes.index("skin"))[red].mean() > 0.95


@pytest.mark.parametrize("broken", ["bytes", "shape"])
def test_a_wrong_file_is_a_sentence(network, monkeypatch, broken):
    if broken == "bytes":
        network.write_bytes(b"no network")
    else:
        _network(network, channels=18)
    describe(monkeypatch, "bisenet")
    bisenet._session.cache_clear()
    with pytest.raises(EngineFailed, match="deepmask weights get bisenet"):
        BiSeNet().parse(_scene(), [Face((100, 120, 200, 280))])
