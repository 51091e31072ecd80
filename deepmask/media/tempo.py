"""Speech slower or faster at the same pitch."""

from __future__ import annotations

import av
import av.filter
import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float32]


def at_tempo(samples: Mono, rate_hz: int, tempo: float) -> Mono:
    """(n,) samples at ``tempo`` times the speed, 0.5..2, n / tempo long; WSOLA by FFmpeg's filter 'atempo'."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="flt", sample_rate=rate_hz, layout="mono")
    tempo_filter, sink = graph.add("atempo", f"{tempo:.5f}"), graph.add("abuffersink")
    source.link_to(tempo_filter)
    tempo_filter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32)[None], "flt", "mono")
    frame.sample_rate = rate_hz
    frame.pts = 0
    graph.push(frame)
    graph.push(None)
    pieces = []
    while True:
        try:
            piece = graph.pull()
        except (BlockingIOError, EOFError):
            break
        assert isinstance(piece, av.AudioFrame)
        pieces.append(piece.to_ndarray()[0])
    changed = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    length = round(len(samples) / tempo)
    return np.pad(changed, (0, max(length - len(changed), 0)))[:length]
