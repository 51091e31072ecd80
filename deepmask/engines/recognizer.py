"""Who is who: dlib's ResNet-29 descriptor (King, 2017), 128 numbers a face.

The two model files are public domain (CC0). The 68-point predictor beside them was trained on pictures whose licence
excludes commercial use, so only the 5-point one is opened.
"""

from __future__ import annotations

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.crops import square_crop, warped
from deepmask.errors import EngineMissing
from deepmask.faces import Box, Embedding, Face, RGBImage
from deepmask.head_pose import similarity_fit

CHIP_PX = 150

RECOGNIZER_FILE = "dlib_face_recognition_resnet_model_v1.dat"

_PADDING = 0.25
# Outer and inner corner of the left eye, then of the right eye, then the nose base, in a unit square: dlib's mean face,
# http://dlib.net/dlib/image_transforms/interpolation.h.html (get_face_chip_details).
_MEAN_FACE = np.array([
    [0.8595674595992, 0.2134981538014], [0.6460604764104, 0.2289674387677],
    [0.1205750620789, 0.2137274526848], [0.3340850613712, 0.2290642403242],
    [0.4901123135679, 0.6277975316475],
])  # fmt: skip
_ON_CHIP = (_MEAN_FACE + _PADDING) / (1 + 2 * _PADDING) * CHIP_PX
_AS_LANDMARKS = [263, 362, 33, 133, 2]


class DlibRecognizer:
    """dlib's descriptor of the aligned face."""

    match_below = 0.5
    match_margin = 0.07
    hidden_above = 0.65

    def embed(self, image: RGBImage, face: Face) -> Embedding:
        """Descriptor (128,) of the face in the box, whatever the box: beyond the picture its border is repeated."""
        chip = np.ascontiguousarray(warped(image, matrix_to_chip(self.points(image, face)), CHIP_PX))
        return np.asarray(self._network.compute_face_descriptor(chip), np.float32)

    def points(self, image: RGBImage, face: Face) -> NDArray[np.float64]:
        """Eye corners and nose base (5, 2) by which a face is aligned: of its mesh, else by dlib's predictor."""
        if face.landmarks is not None:
            return face.landmarks[_AS_LANDMARKS, :2]
        return self._five_points(image, face.box_xyxy)

    def _five_points(self, image: RGBImage, box: Box) -> NDArray[np.float64]:
        """Eye corners and nose base (5, 2) by dlib's predictor, which expects boxes as its own detector draws them."""
        x1, y1, x2, y2 = box
        side = max(x2 - x1, y2 - y1)
        crop = square_crop(image, ((x1 + x2) / 2, (y1 + y2) / 2), side * 1.1, PREDICTOR_PX)
        half, middle = PREDICTOR_PX / 2.2 / 2, PREDICTOR_PX / 2
        left, right = round(middle - 0.95 * half), round(middle + 0.95 * half)
        rectangle = self._dlib.rectangle(left, round(middle - 0.75 * half), right, round(middle + 1.05 * half))
        shape = self._predictor(np.ascontiguousarray(crop.rgb), rectangle)
        points = np.array([(shape.part(i).x, shape.part(i).y) for i in range(5)], np.float64)
        return crop.points_to_picture(points)

    @cached_property
    def _dlib(self) -> Any:
        import dlib

        return dlib

    @cached_property
    def _network(self) -> Any:
        return self._dlib.face_recognition_model_v1(model_path(RECOGNIZER_FILE))

    @cached_property
    def _predictor(self) -> Any:
        return self._dlib.shape_predictor(model_path("shape_predictor_5_face_landmarks.dat"))


PREDICTOR_PX = 300


def matrix_to_chip(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) similarity that lays the five points on dlib's mean face."""
    fit = similarity_fit(points, _ON_CHIP)
    if not 1e-3 < fit.scale < 1e3:  # all points in one spot
        fit = fit._replace(scale=1.0, shift=np.full(2, CHIP_PX / 2) - fit.rotation @ points.mean(0))
    return np.column_stack([fit.scale * fit.rotation, fit.shift])


def model_path(name: str) -> str:
    """A file of the package face_recognition_models, which cannot be imported: it needs the retired pkg_resources."""
    spec = find_spec("face_recognition_models")
    path = Path(spec.origin or "").parent / "models" / name if spec else None
    if path is None or not path.is_file():
        raise EngineMissing(f"The face recogniser lacks its model {name}; run: pip install face_recognition_models")
    return str(path)
