"""``python -m training.fakes``: teaches the network that looks for faked pixels.

Made of: :mod:`photos` (what is learned from, and what is held out), :mod:`ageing` (cameras, resizing, compression),
:mod:`forging` (self-blended and spliced faces), :mod:`swaps` (what our own engines make), :mod:`samples` (a picture
and its mask), :mod:`network` and :mod:`learning`.
"""
