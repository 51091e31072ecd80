"""A change of sample rate for a stream of blocks, by FFmpeg's resampler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float32]


def resampled(blocks: Iterable[Mono], rate_hz: int, to_hz: int) -> Iterator[Mono]:
    """(n,) blocks at another rate; together they last as long as before, to the sample."""
    if rate_hz == to_hz:
        yield from blocks
        return
    resampler = av.AudioResampler("flt", "mono", to_hz)
    taken = given = 0
    for block in blocks:
        taken += len(block)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block, np.float32)[None], "flt", "mono")
        frame.sample_rate = rate_hz
        for piece in resampler.resample(frame):
            samples = piece.to_ndarray()[0]
            given += len(samples)
            yield samples
    missing = max(round(taken * to_hz / rate_hz) - given, 0)
    rest = np.concatenate([np.zeros(0, np.float32), *(piece.to_ndarray()[0] for piece in resampler.resample(None))])
    yield np.pad(rest, (0, max(missing - len(rest), 0)))[:missing]
