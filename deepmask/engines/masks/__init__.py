"""Masks without a persona: a mosaic, a flat shape, and a drawn theatre mask."""

from deepmask.engines.masks.plain import Pixelate, Solid
from deepmask.engines.masks.vector import VectorMask

__all__ = ["Pixelate", "Solid", "VectorMask"]
