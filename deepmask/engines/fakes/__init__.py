"""Finders of faked pixels. The one there is, a small U-Net, was taught by ``python -m training.fakes``."""

from deepmask.engines.fakes.unet import UNetFinder

__all__ = ["UNetFinder"]
