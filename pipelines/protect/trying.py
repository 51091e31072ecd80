"""What happens to pictures on their way through the net, and how much a change is seen."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.faces import RGBImage

_BLUR_SIGMA = 1.5
_STABLE_1, _STABLE_2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def jpeg(image: RGBImage, quality: int) -> RGBImage:
    """The picture after JPEG with the usual 4:2:0."""
    coded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


def resized(image: RGBImage, factor: float) -> RGBImage:
    """The picture at ``factor`` of its size."""
    height, width = image.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def psnr_db(before: RGBImage, after: RGBImage) -> float:
    """Peak signal-to-noise ratio; infinite for equal pictures."""
    return math.inf if np.array_equal(before, after) else float(cv2.PSNR(before, after))


def ssim(before: RGBImage, after: RGBImage) -> float:
    """Structural similarity of the brightness (Z. Wang et al., IEEE Transactions on Image Processing 13, 2004)."""
    one, two = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (before, after))
    mean_1, mean_2 = _blurred(one), _blurred(two)
    variance_1 = _blurred(one * one) - mean_1 * mean_1
    variance_2 = _blurred(two * two) - mean_2 * mean_2
    covariance = _blurred(one * two) - mean_1 * mean_2
    luminance = (2 * mean_1 * mean_2 + _STABLE_1) / (mean_1 * mean_1 + mean_2 * mean_2 + _STABLE_1)
    structure = (2 * covariance + _STABLE_2) / (variance_1 + variance_2 + _STABLE_2)
    return float((luminance * structure).mean())


def _blurred(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (11, 11), _BLUR_SIGMA), np.float32)
