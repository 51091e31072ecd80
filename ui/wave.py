"""The shape of a sound, drawn small."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import numpy as np

from deepmask.media.sound import Sound
from deepmask.progress import Progress, silent

BARS = 110
_STEP_S = 0.02
_LEAST = 0.035
"""Height of silence, so that a line remains."""


def peaks(sound: Sound, progress: Progress = silent) -> tuple[float, ...]:
    """The loudest amplitude of each of up to :data:`BARS` stretches, the loudest of all being 1; decodes everything."""
    steps: list[float] = []
    size = max(round(_STEP_S * sound.rate_hz), 1)
    for block in sound.blocks():
        level = np.abs(block).max(axis=1)
        padded = np.pad(level, (0, -len(level) % size))
        steps.extend(padded.reshape(-1, size).max(axis=1).tolist())
        progress(min(len(steps) * _STEP_S / max(sound.seconds, _STEP_S), 1.0), f"Opening {sound.name}")
    bars = [float(max(part, default=0.0)) for part in np.array_split(np.array(steps), min(BARS, max(len(steps), 1)))]
    loudest = max(bars, default=0.0)
    return tuple(round(bar / loudest, 3) if loudest > 0 else 0.0 for bar in bars)


def shape(heights: Sequence[float]) -> str:
    """The wave as the address of an SVG picture, to be used as a mask: bars around the middle."""
    width = max(len(heights), 1)
    bars = "".join(
        f"M{n + 0.5} {50 * (1 - h):.1f}v{100 * h:.1f}" for n, h in enumerate(max(one, _LEAST) for one in heights)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 100" preserveAspectRatio="none">'
        f'<path d="{bars}" stroke="#000" stroke-width=".62"/></svg>'
    )
    return f"data:image/svg+xml,{quote(svg)}"
