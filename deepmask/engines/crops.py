"""Square, turned cut-outs of a picture, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.faces import RGBImage


@dataclass(frozen=True)
class Crop:
    """A square cut-out."""

    rgb: RGBImage
    """(side, side, 3)."""
    to_crop: NDArray[np.float64]
    """(2, 3) affine map from pixels of the picture to pixels of the crop."""

    @property
    def scale(self) -> float:
        """Pixels of the crop per pixel of the picture."""
        return float(np.hypot(self.to_crop[0, 0], self.to_crop[1, 0]))

    @property
    def to_picture(self) -> NDArray[np.float64]:
        """(2, 3) affine map back."""
        return _inverse(self.to_crop)

    def points_to_crop(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 2 or 3) of the picture in pixels of the crop; z is scaled alike."""
        return _mapped(self.to_crop, points, self.scale)

    def points_to_picture(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 2 or 3) of the crop in pixels of the picture; z is scaled alike."""
        return _mapped(self.to_picture, points, 1 / self.scale)


def square_crop(
    image: RGBImage, centre_xy: tuple[float, float], half_side: float, side_px: int, turn_degrees: float = 0.0
) -> Crop:
    """The square of ``2 * half_side`` pixels around ``centre_xy``, scaled to ``side_px``.

    Args:
        turn_degrees: roll of the head; the crop is turned so that it stands upright.

    Beyond the picture its border is repeated. Only the part of the picture that is needed is touched.
    """
    scale = side_px / (2 * half_side)
    angle = np.deg2rad(turn_degrees)
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    cx, cy = centre_xy
    middle = (side_px - 1) / 2
    matrix = np.array([[c, s, middle - c * cx - s * cy], [-s, c, middle + s * cx - c * cy]])
    return Crop(warped(image, matrix, side_px), matrix)


def warped(image: RGBImage, matrix: NDArray[np.float64], side_px: int) -> RGBImage:
    """``image`` through the similarity ``matrix`` (2, 3) into a square, without aliasing, whatever the picture's size.

    OpenCV's warp ignores its area filter and refuses sides beyond 32767 px, so the needed part is cut out and, if much
    larger than the result, shrunk beforehand.
    """
    h, w = image.shape[:2]
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    ends = np.array([[-1, -1], [side_px, -1], [-1, side_px], [side_px, side_px]], np.float64)
    corners = _mapped(_inverse(matrix), ends, 1)
    reach = 2 + 1 / scale
    x1, y1 = (int(np.clip(v, 0, m - 1)) for v, m in zip(np.floor(corners.min(0) - reach), (w, h), strict=True))
    x2, y2 = (int(v) for v in np.clip(np.ceil(corners.max(0) + reach), (x1 + 1, y1 + 1), (w, h)))
    part = image[y1:y2, x1:x2]
    shift = np.array([[1, 0, x1], [0, 1, y1], [0, 0, 1]], np.float64)
    if scale < 0.6:
        size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
        fx, fy = part.shape[1] / size[0], part.shape[0] / size[1]
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        shift = shift @ np.array([[fx, 0, fx / 2 - 0.5], [0, fy, fy / 2 - 0.5], [0, 0, 1]])
    into = matrix @ shift
    flags = cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC
    return cv2.warpAffine(part, into, (side_px, side_px), flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def _mapped(matrix: NDArray[np.float64], points: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    flat = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return flat if points.shape[1] == 2 else np.column_stack([flat, points[:, 2] * scale])
