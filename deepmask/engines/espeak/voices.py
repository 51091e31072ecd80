"""A persona's voice as a voice file of espeak-ng: https://github.com/espeak-ng/espeak-ng/blob/master/docs/voices.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from deepmask.voice import Voice

_PREFERRED = {"en": "en-us"}
"""Where espeak-ng's own order is another: the recognisers know American English best."""
_USUAL_PRIORITY = 5
_HEIGHTS = np.array([80, 80, 70, 70, 80, 80, 70, 70, 70])
"""Strength of the formants in per cent, between which the seed varies."""


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
    # measured: high voices come out up to 8.5 % too high, and the median lies a little above the middle of the range
    pitch_hz = voice.pitch_hz / (1 + 0.085 * float(np.clip((voice.pitch_hz - 85) / 80, 0, 1)))
    span = pitch_hz * float(np.clip(3.4 * voice.liveliness, 0.15, 1.0))
    low = pitch_hz - (0.56 + 0.12 * span / pitch_hz) * span
    lines = [
        "name persona",
        f"gender {'female' if voice.pitch_hz > 155 else 'male'}",
        f"pitch {low:.0f} {low + span:.0f}",
        f"flutter {rng.integers(2, 8)}",
        f"roughness {rng.integers(0, 4)}",
        f"consonants {rng.integers(80, 121)} {rng.integers(80, 121)}",
    ]
    places = np.concatenate(([1.0], rng.uniform(0.94, 1.06, 5), np.ones(3)))
    heights = _HEIGHTS * rng.uniform(0.88, 1.12, 9)
    widths = rng.uniform(130, 170, 9)  # espeak-ng's own narrow formants are understood less well
    for k in range(9):
        lines.append(f"formant {k} {100 * voice.size * places[k]:.0f} {heights[k]:.0f} {widths[k]:.0f}")
    if voice.breath < 1.0:
        lines.append("breath 0 " + " ".join([f"{6 * (1 - voice.breath):.0f}"] * 7))
    return language_file + "\n" + "\n".join(lines) + "\n"
