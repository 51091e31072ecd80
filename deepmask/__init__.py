"""Deepmask: a virtual persona instead of your own face, made and kept on your own machine."""

__version__ = "0.1.0"
