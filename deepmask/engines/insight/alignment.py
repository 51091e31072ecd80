"""Five points of a face, and the squares they are laid on before a network sees them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.crops import Crop, square_crop, warped
from deepmask.engines.insight import networks
from deepmask.faces import Face, Landmarks, RGBImage, iou
from deepmask.head_pose import similarity_fit
from deepmask.landmark_points import LEFT_EYE, MOUTH_CORNERS, NOSE_TIP, RIGHT_EYE

Points = NDArray[np.float64]
"""(5, 2): the eye on the left of the picture, the one on the right, nose tip, corners of the mouth; pixels."""

Template = NDArray[Any]
"""The same in a square."""

_ARCFACE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
# insightface/utils/face_align.py; after Deng et al., "ArcFace", 2019. It stays float32 in the fit, as there: with the
# digits beyond, faces would land on other fractions of a pixel.

_FFHQ_512 = np.array(
    [[192.98138, 239.94708], [318.90277, 240.1936], [256.63416, 314.01935], [201.26117, 371.41043],
     [313.08905, 371.15118]]
)  # fmt: skip
# facexlib/utils/face_restoration_helper.py: the mean of FFHQ, which GFPGAN was trained on (Wang et al., 2021).

_IN_BOX = np.array([[0.31, 0.41], [0.69, 0.41], [0.5, 0.61], [0.35, 0.79], [0.65, 0.79]])
"""Where the points of a frontal face lie in the box a finder draws around it."""

SEARCHED_PX = 320
_LEAST_OVERLAP = 0.25
_SURE = 0.3


def arcface_template(side_px: int) -> Template:
    """Where the points go in a square of ``side_px``, a multiple of 112 or of 128; the latter is wider by a seventh."""
    if side_px % 112 == 0:
        return _ARCFACE_112 * np.float32(side_px / 112)
    return (_ARCFACE_112 + np.array([8, 0], np.float32)) * np.float32(side_px / 128)


def ffhq_template() -> Template:
    """Where the points go in FFHQ's square of 512 px."""
    return _FFHQ_512


def of_mesh(landmarks: Landmarks) -> Points:
    """The five points of a mesh; the eyes by the middle of their lids, which does not follow the gaze."""
    eyes = [landmarks[list(ring), :2].mean(0) for ring in (RIGHT_EYE, LEFT_EYE)]
    return np.array([*eyes, landmarks[NOSE_TIP, :2], *landmarks[list(MOUTH_CORNERS), :2]])


def of_face(image: RGBImage, face: Face) -> Points | None:
    """The five points of a face: of its mesh, else as SCRFD sees them; None where it sees no face in the box."""
    if face.landmarks is not None:
        return of_mesh(face.landmarks)
    x1, y1, x2, y2 = face.box_xyxy
    crop = square_crop(image, ((x1 + x2) / 2, (y1 + y2) / 2), max(x2 - x1, y2 - y1), SEARCHED_PX)
    bgr = np.ascontiguousarray(crop.rgb[..., ::-1])
    boxes, points = networks.detector().detect(bgr, input_size=(SEARCHED_PX, SEARCHED_PX), det_thresh=_SURE)
    here = crop.points_to_crop(np.array([[x1, y1], [x2, y2]])).ravel()
    overlaps = [iou((b[0], b[1], b[2], b[3]), (here[0], here[1], here[2], here[3])) for b in boxes]
    if points is None or not overlaps or max(overlaps) < _LEAST_OVERLAP:
        return None
    return crop.points_to_picture(points[int(np.argmax(overlaps))].astype(np.float64))


def of_box(face: Face) -> Points:
    """The points a frontal face in the box would have."""
    x1, y1, x2, y2 = face.box_xyxy
    return np.array([x1, y1]) + _IN_BOX * [x2 - x1, y2 - y1]


def matrix_to(points: Points, template: Template) -> NDArray[np.float64]:
    """(2, 3) similarity that lays the points on the template (Umeyama), whatever the points."""
    fit = similarity_fit(points, template)
    if not 1e-3 < fit.scale < 1e3:  # all points in one spot, or a picture beyond all size
        fit = fit._replace(scale=1.0, shift=template.mean(0) - fit.rotation @ points.mean(0))
    return np.column_stack([fit.scale * fit.rotation, fit.shift])


def aligned(image: RGBImage, points: Points, side_px: int) -> Crop:
    """The face in the square of ArcFace; beyond the picture its border is repeated."""
    matrix = matrix_to(points, arcface_template(side_px))
    return Crop(warped(image, matrix, side_px), matrix)
