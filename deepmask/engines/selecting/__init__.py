"""Outlining what somebody points at: by Segment Anything (Kirillov et al., 2023) or, without weights, by GrabCut.

Made of: :mod:`frame` (the square a network sees, and where a click lies in it), :mod:`candidates` (which of the masks
it proposes is meant), :mod:`prompted` (a network on a device, and what it saw of the last pictures), the two ways to
come by one, :mod:`sam` (transformers) and :mod:`original` (segment-anything, with :mod:`mobile` for MobileSAM); and
:mod:`grabcut` with its :mod:`superpixels`.
"""

from deepmask.engines.selecting.grabcut import GrabCut
from deepmask.engines.selecting.original import SegmentAnything
from deepmask.engines.selecting.sam import Sam

__all__ = ["GrabCut", "Sam", "SegmentAnything"]
