"""Stable Diffusion as a painter of portraits."""

from deepmask.engines.diffusion.engine import Diffusion

__all__ = ["Diffusion"]
