"""Some pictures from all over a video, taken where decoding is quick."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deepmask.media.clip import Clip, Picture


def samples(clip: Clip, count: int) -> Iterator[Picture]:
    """At most ``count`` pictures spread over a clip, in order; where it has enough key pictures only these."""
    timeline = clip.timeline
    places = sorted({timeline.index_at(int(ticks)) for ticks in timeline.keys})
    if len(places) < count:
        places = sorted({int(n) for n in np.linspace(0, len(timeline) - 1, count)})
    chosen = [places[int(n)] for n in np.linspace(0, len(places) - 1, min(count, len(places)))]
    starts = np.searchsorted(timeline.keys, timeline.pts[chosen], "right")
    for start in dict.fromkeys(starts.tolist()):  # one decoding for all that follow the same key picture
        wanted = {index for index, begins in zip(chosen, starts, strict=True) if begins == start}
        for picture in clip.pictures(min(wanted), max(wanted) + 1):
            if picture.index in wanted:
                yield picture
