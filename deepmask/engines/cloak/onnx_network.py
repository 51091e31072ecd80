"""Networks of ONNX files as torch computes them, so that their gradient is known.

onnxruntime answers and no more. The operators here are those of the face networks we have (CenterFace, ArcFace's
iresnet, and others of that kind); one that is not here is refused by name. Weights are constants; gradients reach the
inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper
from torch.nn import functional

from deepmask.errors import EngineFailed

Tensor = torch.Tensor
Operator = Callable[[list[Any], dict[str, Any]], Tensor]
"""Inputs (tensors, or None for those left out) and attributes → the result."""


class OnnxNetwork:
    """The graph of one file."""

    def __init__(self, path: Path, outputs: Sequence[str] = ()) -> None:
        """
        Args:
            outputs: names of the results that matter; all that the file declares, where empty.

        Raises:
            EngineFailed: the file is no network, or has an operator that is not known here.
        """
        try:
            graph = onnx.load(str(path)).graph
        except (OSError, DecodeError) as error:
            raise EngineFailed(f"{path.name} is not an ONNX network ({type(error).__name__}).") from error
        self._weights = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}
        self._input = next(one.name for one in graph.input if one.name not in self._weights)
        self._outputs = tuple(outputs) or tuple(one.name for one in graph.output)
        self._steps = [_Step(node) for node in _needed(list(graph.node), self._outputs)]
        if unknown := sorted({step.operator for step in self._steps} - set(_OPERATORS)):
            raise EngineFailed(f"{path.name} has operators that have no gradient here: {', '.join(unknown)}.")

    def to(self, kind: str) -> OnnxNetwork:
        """The same network on a device, as torch calls it; its weights are moved."""
        self._weights = {name: one.to(kind) for name, one in self._weights.items()}
        return self

    def __call__(self, values: Tensor) -> list[Tensor]:
        """The outputs for one input, in the order in which they were asked for."""
        known: dict[str, Tensor] = {**self._weights, self._input: values}
        for step in self._steps:
            inputs = [known[name] if name else None for name in step.inputs]
            known[step.output] = _OPERATORS[step.operator](inputs, step.attributes)
        return [known[name] for name in self._outputs]


class _Step:
    """A node of the graph as plain data; of its outputs the first counts."""

    def __init__(self, node: onnx.NodeProto) -> None:
        self.operator, self.inputs, self.output = node.op_type, list(node.input), node.output[0]
        self.attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        if "value" in self.attributes:
            self.attributes["value"] = torch.from_numpy(np.array(numpy_helper.to_array(self.attributes["value"])))


def _needed(nodes: list[onnx.NodeProto], outputs: Sequence[str]) -> list[onnx.NodeProto]:
    """Those nodes that the outputs depend on, in their order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


# ----------------------------------------------------------------------------------------------------------- operators
def _padded(values: Tensor, attributes: dict[str, Any], fill: float = 0.0) -> Tensor:
    """With the rows and columns around it that the attributes ask for."""
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise EngineFailed("A network pads its pictures by a rule that is not known here.")
    return functional.pad(values, (left, right, top, bottom), value=fill) if top or left or bottom or right else values


def _conv(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    values, weight, *bias = inputs
    strides, dilations = tuple(a.get("strides", (1, 1))), tuple(a.get("dilations", (1, 1)))
    return functional.conv2d(
        _padded(values, a), weight, bias[0] if bias else None, strides, 0, dilations, a.get("group", 1)
    )


def _conv_transpose(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    values, weight, *bias = inputs
    top, left, bottom, right = a.get("pads", (0, 0, 0, 0))
    whole = functional.conv_transpose2d(
        values, weight, bias[0] if bias else None, tuple(a.get("strides", (1, 1))), 0,
        tuple(a.get("output_padding", (0, 0))), a.get("group", 1), tuple(a.get("dilations", (1, 1))),
    )  # fmt: skip
    return whole[..., top : whole.shape[-2] - bottom, left : whole.shape[-1] - right]


def _gemm(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    one, other = inputs[0], inputs[1]
    one = one.T if a.get("transA", 0) else one
    other = other.T if a.get("transB", 0) else other
    result = a.get("alpha", 1.0) * (one @ other)
    return result if len(inputs) < 3 or inputs[2] is None else result + a.get("beta", 1.0) * inputs[2]


def _batch_norm(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    values, gain, shift, mean, variance = inputs
    return functional.batch_norm(values, mean, variance, gain, shift, False, 0.0, a.get("epsilon", 1e-5))


def _prelu(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    values, slope = inputs
    return torch.where(values >= 0, values, values * slope)


def _max_pool(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    values = _padded(inputs[0], a, -torch.inf)
    return functional.max_pool2d(values, tuple(a["kernel_shape"]), tuple(a.get("strides", (1, 1))))


def _average_pool(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    kernel, strides = tuple(a["kernel_shape"]), tuple(a.get("strides", (1, 1)))
    summed = functional.avg_pool2d(_padded(inputs[0], a), kernel, strides)
    if a.get("count_include_pad", 0) or not any(a.get("pads", ())):
        return summed
    return summed / functional.avg_pool2d(_padded(torch.ones_like(inputs[0]), a), kernel, strides)


def _flatten(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    axis = a.get("axis", 1) % (inputs[0].ndim + 1)
    return inputs[0].reshape(int(np.prod(inputs[0].shape[:axis])), -1)


def _reshape(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    sizes = [inputs[0].shape[n] if size == 0 else size for n, size in enumerate(inputs[1].tolist())]
    return inputs[0].reshape(sizes)


def _axes(inputs: list[Any], a: dict[str, Any]) -> tuple[int, ...]:
    """Of a reduction: an attribute in older files, an input in newer ones; all, where left out."""
    if len(inputs) > 1 and inputs[1] is not None:
        return tuple(inputs[1].tolist())
    return tuple(a.get("axes", range(inputs[0].ndim)))


def _reduced(how: Callable[[Tensor, tuple[int, ...], bool], Tensor]) -> Operator:
    return lambda inputs, a: how(inputs[0], _axes(inputs, a), bool(a.get("keepdims", 1)))


def _gather(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    values, places = inputs
    axis = a.get("axis", 0) % values.ndim
    taken = values.index_select(axis, places.reshape(-1) % values.shape[axis])
    return taken.reshape(*values.shape[:axis], *places.shape, *values.shape[axis + 1 :])


def _clip(inputs: list[Any], a: dict[str, Any]) -> Tensor:
    low, high = (inputs[n] if len(inputs) > n else a.get(name) for n, name in ((1, "min"), (2, "max")))
    result = inputs[0] if low is None else torch.maximum(inputs[0], torch.as_tensor(low))
    return result if high is None else torch.minimum(result, torch.as_tensor(high))


def _elementwise(how: Callable[..., Tensor]) -> Operator:
    return lambda inputs, a: how(*inputs)


_OPERATORS: dict[str, Operator] = {
    "Add": _elementwise(torch.add),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Clip": _clip,
    "Concat": lambda inputs, a: torch.cat(inputs, a["axis"]),
    "Constant": lambda inputs, a: a["value"],
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Cos": _elementwise(torch.cos),
    "Div": _elementwise(torch.div),
    "Dropout": lambda inputs, a: inputs[0],
    "Exp": _elementwise(torch.exp),
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda inputs, a: inputs[0].mean((2, 3), keepdim=True),
    "Identity": lambda inputs, a: inputs[0],
    "LeakyRelu": lambda inputs, a: functional.leaky_relu(inputs[0], a.get("alpha", 0.01)),
    "MatMul": _elementwise(torch.matmul),
    "MaxPool": _max_pool,
    "Mul": _elementwise(torch.mul),
    "Neg": _elementwise(torch.neg),
    "PRelu": _prelu,
    "ReduceL2": _reduced(lambda values, axes, keep: torch.linalg.vector_norm(values, 2, axes, keep)),
    "ReduceMean": _reduced(lambda values, axes, keep: values.mean(axes, keep)),
    "ReduceSum": _reduced(lambda values, axes, keep: values.sum(axes, keep)),
    "Relu": _elementwise(functional.relu),
    "Reshape": _reshape,
    "Sigmoid": _elementwise(torch.sigmoid),
    "Sqrt": _elementwise(torch.sqrt),
    "Sub": _elementwise(torch.sub),
    "Tanh": _elementwise(torch.tanh),
    "Transpose": lambda inputs, a: inputs[0].permute(tuple(a["perm"])),
}
