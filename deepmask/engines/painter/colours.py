"""Colours by name and in linear light."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from deepmask.engines.painter.geometry import Array32

SKIN_TONES = {
    "pale": "#f4d6c6", "fair": "#edc4a8", "light_warm": "#e2b48c", "olive": "#cc9d74", "tan": "#bd8659",
    "brown": "#a06c46", "dark": "#6b432b", "deep": "#472c1e",
}  # fmt: skip
HAIR_COLOURS = {
    "black": "#15110f", "dark_brown": "#2b1c14", "brown": "#4b3122", "chestnut": "#5f3523", "auburn": "#6e2b1b",
    "ginger": "#ae4d1f", "blond": "#c49b5e", "platinum": "#e5d6b8", "grey": "#a9a6a2", "white": "#e4e2de",
    "blue": "#2458b8", "pink": "#e466a4", "green": "#3c9a58", "purple": "#7443b4",
}  # fmt: skip
DYED = ("blue", "pink", "green", "purple")
EYE_COLOURS = {
    "brown": "#4f3019", "dark": "#291910", "hazel": "#7a5a2c", "amber": "#9a6420", "green": "#3f8a55",
    "blue": "#4a86b8", "grey": "#6f8290", "violet": "#6a5aa8",
}  # fmt: skip


def to_linear(srgb: ArrayLike) -> Array32:
    """sRGB 0..1 to linear light (IEC 61966-2-1)."""
    c = np.asarray(srgb, np.float32)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(linear: ArrayLike) -> Array32:
    """Linear light to sRGB; values below 0 are cut, those above 1 are kept."""
    c = np.maximum(np.asarray(linear, np.float32), 0)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * np.maximum(c, 1e-8) ** np.float32(1 / 2.4) - 0.055)


def colour(code: str) -> Array32:
    """'#rrggbb' to linear rgb (3,)."""
    return to_linear(np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255)


def code_of(linear: ArrayLike) -> str:
    """Linear rgb (3,) to '#rrggbb'."""
    r, g, b = np.clip(np.rint(to_srgb(linear) * 255), 0, 255).astype(int)
    return f"#{r:02x}{g:02x}{b:02x}"
