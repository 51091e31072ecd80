"""MediaPipe's networks for people, put together anew so that they serve many people in one picture.

The wheel of mediapipe carries the networks of BlazePose (Bazarevsky et al., 2020), a detector of up to some dozens of
people and a network that gives 33 landmarks and a mask of one. Its Python interface, however, joins them to a solution
that looks for one person. The same calculators are joined here to two graphs: detections of everybody in a picture,
and landmarks, mask and presence of whoever is in the middle of a square.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.quiet import native_stderr_muted
from deepmask.faces import RGBImage

DETECTOR_PX = 224
"""Side of the square that the detector sees; other shapes are put into it with black borders."""

POSE_PX = 256
"""Side of the square, and of the mask, of the network for one person."""

LANDMARKS = 33
"""Points of a pose: 0..10 on the face, 11 and 12 shoulders, 15 and 16 wrists, 23 and 24 hips, 27 and 28 ankles."""


class Graph:
    """One MediaPipe graph, asked synchronously."""

    def __init__(self, text: str, outputs: tuple[str, ...]) -> None:
        import mediapipe
        from mediapipe.python._framework_bindings import calculator_graph, resource_util

        assert mediapipe.__file__ is not None
        resource_util.set_resource_dir(str(Path(mediapipe.__file__).parents[1]))
        self._found: dict[str, Any] = {}
        self._time = 0
        self._graph: Any = calculator_graph.CalculatorGraph(graph_config=text)
        for name in outputs:
            self._graph.observe_output_stream(name, self._found.__setitem__)
        self._graph.start_run()

    def run(self, image: RGBImage) -> dict[str, Any]:
        """The packets that ``image`` brings forth, by stream; a stream that has nothing to say is absent."""
        from mediapipe.python import packet_creator
        from mediapipe.python._framework_bindings import image_frame

        frame = packet_creator.create_image_frame(
            data=np.ascontiguousarray(image), image_format=image_frame.ImageFormat.SRGB
        )
        self._found.clear()
        self._time += 1
        self._graph.add_packet_to_input_stream("image", frame.at(self._time))
        self._graph.wait_until_idle()
        return dict(self._found)


@dataclass(frozen=True)
class Detection:
    """Somebody the detector sees."""

    score: float
    head_xyxy: NDArray[np.float64]
    """(4,) square around the head, wider than a face box."""
    points: NDArray[np.float64]
    """(4, 2): middle of the hips, and a point as far from it as head and feet reach, in the direction of the head;
    middle of the shoulders, and the same for the upper body."""


class PoseDetector:
    """BlazePose's detector: a single-shot detector whose boxes are heads."""

    def __init__(self, threshold: float) -> None:
        with native_stderr_muted():
            self._graph = Graph(_DETECTOR % threshold, ("detections",))
            self._graph.run(np.zeros((DETECTOR_PX, DETECTOR_PX, 3), np.uint8))

    def detect(self, image: RGBImage) -> list[Detection]:
        """Everybody in a picture (h, w, 3), in its pixels; best at squares of ``DETECTOR_PX``."""
        from mediapipe.python import packet_getter

        packets = self._graph.run(image)
        if "detections" not in packets:
            return []
        h, w = image.shape[:2]
        found: list[Detection] = []
        one: Any
        for one in packet_getter.get_proto_list(packets["detections"]):
            box = one.location_data.relative_bounding_box
            corners = np.array([box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height], np.float64)
            ends = np.array([(p.x, p.y) for p in one.location_data.relative_keypoints], np.float64)
            head, points = corners * np.array([w, h, w, h]), ends * np.array([w, h])
            found.append(Detection(float(one.score[0]), head, points))
        return found


@dataclass(frozen=True)
class PoseFit:
    """What the network says of the person in the middle of a square."""

    presence: float
    """0..1, whether there is one."""
    points: NDArray[np.float64]
    """(33, 2) in pixels of the square."""
    visibility: NDArray[np.float64]
    """(33,) 0..1, whether the point is in the picture and not hidden."""
    middle: NDArray[np.float64]
    """(2, 2): middle of the hips, and the point that tells size and direction, as of a detection."""
    mask: NDArray[np.float32]
    """(256, 256) 0..1, whether a pixel belongs to this person."""


class PoseNetwork:
    """BlazePose's network for landmarks and mask of one person ("full")."""

    def __init__(self) -> None:
        with native_stderr_muted():
            self._graph = Graph(_POSE, ("presence", "landmarks", "mask"))
            self._graph.run(np.zeros((POSE_PX, POSE_PX, 3), np.uint8))

    def fit(self, square: RGBImage) -> PoseFit:
        """Landmarks and mask in a square of ``POSE_PX``."""
        from mediapipe.python import packet_getter

        packets = self._graph.run(square)
        proto: Any = packet_getter.get_proto(packets["landmarks"])
        landmarks = proto.landmark
        points = np.array([(p.x, p.y) for p in landmarks], np.float64) * POSE_PX
        mask = np.array(packet_getter.get_image_frame(packets["mask"]).numpy_view(), np.float32)
        return PoseFit(
            presence=float(packet_getter.get_float(packets["presence"])),
            points=points[:LANDMARKS],
            visibility=np.array([p.visibility for p in landmarks[:LANDMARKS]], np.float64),
            middle=points[LANDMARKS : LANDMARKS + 2],
            mask=mask.reshape(POSE_PX, POSE_PX),
        )


class CrowdNetwork:
    """MediaPipe's selfie segmentation ("general"): people of any number against all else, none told from another."""

    def __init__(self) -> None:
        with native_stderr_muted():
            self._graph = Graph(_CROWD, ("mask",))
            self._graph.run(np.zeros((POSE_PX, POSE_PX, 3), np.uint8))

    def mask(self, square: RGBImage) -> NDArray[np.float32]:
        """(256, 256) 0..1, whether a pixel of a square of ``POSE_PX`` belongs to anybody."""
        from mediapipe.python import packet_getter

        mask = packet_getter.get_image_frame(self._graph.run(square)["mask"]).numpy_view()
        return np.array(mask, np.float32).reshape(POSE_PX, POSE_PX)


@dataclass(frozen=True)
class Networks:
    """All three."""

    detector: PoseDetector
    pose: PoseNetwork
    crowd: CrowdNetwork


def _node(calculator: str, inputs: str, outputs: str, message: str = "", options: str = "") -> str:
    """One node of a graph in the text format of protocol buffers; ``%`` stays for later."""
    streams = [f'input_stream: "{name}"' for name in inputs.split()]
    streams += [f'output_stream: "{name}"' for name in outputs.split()]
    tail = f"options {{ [mediapipe.{message}.ext] {{ {options} }} }}" if message else ""
    return f'node {{ calculator: "{calculator}" {" ".join(streams)} {tail} }}\n'


def _inference(module: str) -> str:
    options = f'model_path: "mediapipe/modules/{module}.tflite" delegate {{ xnnpack {{ num_threads: 1 }} }}'
    return _node("InferenceCalculator", "TENSORS:input", "TENSORS:output", "InferenceCalculatorOptions", options)


def _to_tensor(side: int, least: float) -> str:
    options = (
        f"output_tensor_width: {side} output_tensor_height: {side} keep_aspect_ratio: true border_mode: BORDER_ZERO "
        f"output_tensor_float_range {{ min: {least} max: 1.0 }}"
    )
    outputs = "TENSORS:input LETTERBOX_PADDING:padding"
    return _node("ImageToTensorCalculator", "IMAGE:image", outputs, "ImageToTensorCalculatorOptions", options)


_ANCHORS = (
    'node { calculator: "SsdAnchorsCalculator" output_side_packet: "anchors" '
    "options { [mediapipe.SsdAnchorsCalculatorOptions.ext] { num_layers: 5 min_scale: 0.1484375 max_scale: 0.75 "
    f"input_size_width: {DETECTOR_PX} input_size_height: {DETECTOR_PX} anchor_offset_x: 0.5 anchor_offset_y: 0.5 "
    "strides: 8 strides: 16 strides: 32 strides: 32 strides: 32 aspect_ratios: 1.0 fixed_anchor_size: true } } }\n"
)

_DECODE = (
    'node { calculator: "TensorsToDetectionsCalculator" input_stream: "TENSORS:output" '
    'input_side_packet: "ANCHORS:anchors" output_stream: "DETECTIONS:all" '
    "options { [mediapipe.TensorsToDetectionsCalculatorOptions.ext] { num_classes: 1 num_boxes: 2254 num_coords: 12 "
    "keypoint_coord_offset: 4 num_keypoints: 4 num_values_per_keypoint: 2 sigmoid_score: true "
    "score_clipping_thresh: 100.0 reverse_output_order: true min_score_thresh: %g "
    + " ".join(f"{axis}_scale: {DETECTOR_PX}" for axis in "xyhw")
    + " } } }\n"
)

_DETECTOR = (
    'input_stream: "image" output_stream: "detections" num_threads: 1\n'
    + _to_tensor(DETECTOR_PX, -1.0)
    + _inference("pose_detection/pose_detection")
    + _ANCHORS
    + _DECODE
    + _node(
        "NonMaxSuppressionCalculator", "all", "separate", "NonMaxSuppressionCalculatorOptions",
        "min_suppression_threshold: 0.3 overlap_type: INTERSECTION_OVER_UNION algorithm: WEIGHTED",
    )
    + _node(
        "DetectionLetterboxRemovalCalculator", "DETECTIONS:separate LETTERBOX_PADDING:padding", "DETECTIONS:detections"
    )
)  # fmt: skip
"""Takes the least score. The numbers are those with which the network was trained (pose_detection_cpu.pbtxt)."""

_POSE = (
    'input_stream: "image" output_stream: "presence" output_stream: "landmarks" output_stream: "mask" num_threads: 1\n'
    + _to_tensor(POSE_PX, 0.0)
    + _inference("pose_landmark/pose_landmark_full")
    + _node(
        "SplitTensorVectorCalculator", "output", "points flag segmentation heatmap", "SplitVectorCalculatorOptions",
        " ".join(f"ranges: {{ begin: {n} end: {n + 1} }}" for n in range(4)),
    )
    + _node("TensorsToFloatsCalculator", "TENSORS:flag", "FLOAT:presence")
    + _node(
        "TensorsToLandmarksCalculator", "TENSORS:points", "NORM_LANDMARKS:raw", "TensorsToLandmarksCalculatorOptions",
        f"num_landmarks: 39 input_image_width: {POSE_PX} input_image_height: {POSE_PX} "
        "visibility_activation: SIGMOID presence_activation: SIGMOID",
    )
    + _node(
        "RefineLandmarksFromHeatmapCalculator", "NORM_LANDMARKS:raw TENSORS:heatmap", "NORM_LANDMARKS:landmarks",
        "RefineLandmarksFromHeatmapCalculatorOptions", "kernel_size: 7",
    )
    + _node(
        "TensorsToSegmentationCalculator", "TENSORS:segmentation", "MASK:image_mask",
        "TensorsToSegmentationCalculatorOptions", "activation: SIGMOID",
    )
    + _node("FromImageCalculator", "IMAGE:image_mask", "IMAGE_CPU:mask")
)  # fmt: skip

_CROWD = (
    'input_stream: "image" output_stream: "mask" num_threads: 1\n'
    + _to_tensor(POSE_PX, 0.0)
    + _inference("selfie_segmentation/selfie_segmentation")
    + _node(
        "TensorsToSegmentationCalculator", "TENSORS:output", "MASK:image_mask",
        "TensorsToSegmentationCalculatorOptions", "activation: NONE",
    )
    + _node("FromImageCalculator", "IMAGE:image_mask", "IMAGE_CPU:mask")
)  # fmt: skip
