"""Heat over a picture: clear where nothing speaks for a fake, from violet to yellow where much does."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepmask.faces import RGBImage
from pipelines.verify.detecting.model import Heat

_CLEAR, _FULL = 0.15, 0.6
"""Heat up to which the picture is left as it is, and from which on it is covered most."""
_MOST_OPAQUE = 0.72
_OUTLINED = 0.5
_STRIP_PX = 1024
_PAGE_PX = 1280


def overlay(rgb: RGBImage, heat: Heat) -> RGBImage:
    """(H, W, 3): the picture, greyer where the heat lies over it, and a line around what is marked."""
    out = np.empty_like(rgb)
    for top in range(0, rgb.shape[0], _STRIP_PX):
        rows = slice(top, top + _STRIP_PX)
        opacity = (_MOST_OPAQUE * _smoothstep((heat[rows] - _CLEAR) / (_FULL - _CLEAR)))[..., None]
        part = rgb[rows].astype(np.float32)
        muted = part + (part.mean(2, keepdims=True) - part) * np.minimum(1, 1.3 * opacity)
        out[rows] = np.rint(muted * (1 - opacity) + colours(heat[rows]) * opacity).astype(np.uint8)
    edges, _ = cv2.findContours((heat >= _OUTLINED).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    thick = max(1, round(max(rgb.shape[:2]) / 500))
    cv2.drawContours(out, list(edges), -1, (255, 255, 255), thick, cv2.LINE_AA)
    return out


def small_overlay(rgb: RGBImage, heat: Heat) -> RGBImage:
    """The same at the size in which pages show it: of large pictures many times as fast."""
    scale = _PAGE_PX / max(rgb.shape[:2])
    if scale >= 1:
        return overlay(rgb, heat)
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    picture, hot = (cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in (rgb, heat))
    return overlay(np.asarray(picture, np.uint8), np.asarray(hot, np.float32))


def colours(values: NDArray[np.float32]) -> RGBImage:
    """(h, w) 0..1 → (h, w, 3) in 'inferno', whose steps look equal (van der Walt and Smith, 2015)."""
    shown = np.clip(0.18 + 0.78 * values, 0, 1) * 255  # its darkest end would hide the picture
    return _rgb(cv2.applyColorMap(shown.astype(np.uint8), cv2.COLORMAP_INFERNO))


def map_of(values: NDArray[np.float32]) -> RGBImage:
    """(h, w) 0..1 as a picture of its own, from black over violet to yellow."""
    return _rgb(cv2.applyColorMap((np.clip(values, 0, 1) * 255).astype(np.uint8), cv2.COLORMAP_INFERNO))


def _rgb(bgr: np.ndarray) -> RGBImage:
    return np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8)


def _smoothstep(x: NDArray[np.float32]) -> NDArray[np.float32]:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
