"""A persona's voice as a voice file of espeak-ng: https://github.com/espeak-ng/espeak-ng/blob/master/docs/voices.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from deepmask.voice import Voice

_PREFERRED = {"en": "en-us"}
"""Where espeak-ng's own order is another: the recognisers know American English best."""
_USUAL_PRIORITY = 5


def languages(data: Path) -> dict[str, Path]:
    """Language code → file that describes it, the best for each, of espeak-ng's data folder."""
    best: dict[str, tuple[int, Path]] = {}
    for path in sorted((data / "lang").rglob("*")):
        for code, priority in _codes(path) if path.is_file() else ():
            if code not in best or priority < best[code][0]:
                best[code] = priority, path
    found = {code: path for code, (_, path) in best.items()}
    return found | {code: found[other] for code, other in _PREFERRED.items() if other in found}


def _codes(path: Path) -> Iterable[tuple[str, int]]:
    """The lines 'language CODE [PRIORITY]', lowest number first choice."""
    for line in path.read_text("utf-8", errors="replace").splitlines():
        match line.split():
            case ["language", code, *rest]:
                yield code, int(rest[0]) if rest and rest[0].isdigit() else _USUAL_PRIORITY


def voice_file(voice: Voice, language_file: str) -> str:
    """The text of a voice file: the language as espeak-ng describes it, spoken by ``voice``.

    Pitch, its range and the scale of the formants are the voice's; its seed draws what makes a timbre: each formant's
    place, strength and width, roughness, flutter, and how loud consonants are.
    """
    rng = np.random.default_rng(voice.seed)
    span = voice.pitch_hz * float(np.clip(3.4 * voice.liveliness, 0.15, 1.0))
    low = voice.pitch_hz - (0.56 + 0.12 * span / voice.pitch_hz) * span  # the median of its contours lies there
    lines = [
        "name persona",
        f"gender {'female' if voice.pitch_hz > 155 else 'male'}",
        f"pitch {low:.0f} {low + span:.0f}",
        f"flutter {rng.integers(2, 8)}",
        f"roughness {rng.integers(0, 4)}",
        f"consonants {rng.integers(80, 121)} {rng.integers(80, 121)}",
    ]
    spread = np.concatenate(([1.0], rng.uniform(0.93, 1.07, 5), np.ones(3)))
    heights = np.concatenate((rng.uniform(85, 105, 1), rng.uniform(70, 115, 5), np.full(3, 90.0)))
    widths = rng.uniform(90, 150, 9)
    for k in range(9):
        lines.append(f"formant {k} {100 * voice.size * spread[k]:.0f} {heights[k]:.0f} {widths[k]:.0f}")
    if voice.breath < 1.0:
        lines.append("breath 0 " + " ".join([f"{6 * (1 - voice.breath):.0f}"] * 7))
    return language_file + "\n" + "\n".join(lines) + "\n"
