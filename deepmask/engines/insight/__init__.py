"""InsightFace's networks: SCRFD finds faces, ArcFace knows them, inswapper exchanges them; GFPGAN sharpens the result.

Made of: :mod:`networks` (opening the files), :mod:`alignment` (five points and the squares they span), :mod:`finder`,
:mod:`recognizer`, :mod:`restorer`, and the swap: :mod:`source` (who the persona is), :mod:`generator` (the network in
interleaved passes), :mod:`mask` (which part of the square is shown), :mod:`occlusion` (what stays in front of it),
:mod:`pasting` (back into the picture) and :mod:`swapper` (the order of it all).

The networks may be used for non-commercial research only; nothing here downloads them.
"""

from deepmask.engines.insight.finder import ScrfdFinder
from deepmask.engines.insight.recognizer import ArcFace
from deepmask.engines.insight.restorer import Gfpgan
from deepmask.engines.insight.swapper import InSwapper

__all__ = ["ArcFace", "Gfpgan", "InSwapper", "ScrfdFinder"]
