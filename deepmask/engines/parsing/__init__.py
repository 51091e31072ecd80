"""Which pixels of a photo are skin, hair, eyes, clothes: by the face mesh, or by a network made for it."""

from deepmask.engines.parsing.bisenet import BiSeNet
from deepmask.engines.parsing.mesh import MeshParser

__all__ = ["BiSeNet", "MeshParser"]
