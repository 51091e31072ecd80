"""A portrait's face on the face of a photo, carried by 468 landmarks; no neural generator.

Made of: :mod:`geometry` (where each landmark goes), :mod:`drawing` (textured triangles), :mod:`colour` (light, tint,
grain), :mod:`occlusion` (hair, glasses, hands), :mod:`blend` (the seam), :mod:`portrait` (the persona's side, cached)
and :mod:`swap` (the order of it all).
"""

from deepmask.engines.meshwarp.portrait import usable_portrait
from deepmask.engines.meshwarp.swap import MeshWarp

__all__ = ["MeshWarp", "usable_portrait"]
