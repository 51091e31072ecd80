"""A camera's picture, masked while it is seen: no plan, no file, nothing remembered but the last second.

    live = LiveMask("persona", persona)
    live.prepare()                                # loads the engines; until then every picture is covered
    shown = live.mask(picture, time.monotonic())  # Shown: the picture with every face masked, or wholly covered

A video is analysed before it is masked, looking both ways in time. A live picture cannot be: each one that is shown
is looked at itself, faces that a look misses are followed, and a picture nobody could look at is covered as a whole.
"""

from __future__ import annotations

from pipelines.live.masking import LiveMask, Shown, Style

__all__ = ["LiveMask", "Shown", "Style"]
