"""Hair styles as numbers, and where hair grows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from deepmask.engines.painter.geometry import Array, smoothstep

Flow = Literal["crown", "part", "sweep", "up", "back", "tied"]


@dataclass(frozen=True)
class Style:
    """Lengths and widths in cm; strengths 0..1 unless said otherwise."""

    flow: Flow
    """How it is combed: around the whorl, from a parting, swept back, up, back, or tied in a knot."""
    length: float
    top: float | None = None
    """Length on top; with ``side`` and ``back`` it replaces ``length``."""
    side: float = 0.0
    back: float = 0.0
    front: float | None = None
    vary: float = 0.12
    """Random part of the length."""
    strands: int = 18000
    points: int = 16
    """Points per strand."""
    guides: int = 900
    lift: float = 0.5
    """0 = lies flat, 1 = stands on end."""
    gravity: float = 0.05
    follow: float = 0.2
    """How strictly strands keep to the combed direction."""
    fall: float = 0.6
    """How soon parted hair turns downwards."""
    forward: float = 1.5
    """How far a whorl combs to the front."""
    part_forward: float = 0.25
    part: float = 0.0
    """x of the parting."""
    volume: float = 0.7
    """Thickness of the layer of hair."""
    side_volume: float = 1.0
    clumps: int = 400
    clump: float = 0.6
    clump_taper: float = 0.85
    wave: float = 0.0
    wave_length: float = 5.0
    wave_start: float = 2.0
    """Length after which waves are full."""
    wave_vary: float = 0.3
    curl: float = 0.0
    """1 turns waves into corkscrews."""
    frizz: float = 0.04
    mess: float = 0.1
    cling: float = 0.25
    """How strongly loose strands return to the layer."""
    smooth: float = 1.0
    width: float = 0.064
    opacity: float = 0.9
    fade_edge: bool = True
    """Shorter strands at the edge of the scalp."""
    curtain: bool = False
    """Falls at the sides and keeps clear of the face."""
    on_body: bool = False
    """Long enough to lie on the shoulders."""
    over_ears: bool = False


STYLES: dict[str, Style] = {
    "short": Style(
        "sweep", 3, top=3.6, side=1.0, back=1.2, front=3.4, strands=16000, points=11, lift=0.50, gravity=0.04,
        follow=0.20, volume=1.0, side_volume=0.3, clumps=420, clump=0.62, frizz=0.05, mess=0.24, smooth=0.8,
    ),
    "sidepart": Style(
        "part", 4, top=6.0, side=2.0, back=2.2, strands=17000, points=14, part=-2.6, lift=0.46, gravity=0.08,
        volume=1.35, side_volume=0.45, clumps=320, frizz=0.03, follow=0.26, fall=0.5, part_forward=0.25, smooth=1.2,
        cling=0.5, width=0.068,
    ),
    "quiff": Style(
        "sweep", 4, top=6.0, side=0.8, back=1.0, front=7.4, strands=17000, points=15, lift=0.80, gravity=0.05,
        volume=2.4, side_volume=0.12, clumps=240, clump=0.62, mess=0.10, follow=0.20, smooth=1.3, cling=0.15,
        width=0.066,
    ),
    "spiky": Style(
        "up", 4, top=4.6, side=1.1, back=1.3, front=4.2, strands=15000, points=10, guides=260, lift=0.85, gravity=0.0,
        volume=0.6, side_volume=0.3, clumps=150, clump=0.95, clump_taper=1.0, frizz=0.03, mess=0.34, follow=0.03,
        smooth=0.5, cling=0.0, width=0.066,
    ),
    "shaggy": Style(
        "part", 7, top=8.5, side=6.0, back=8, front=7.5, strands=16000, points=17, part=-2.0, lift=0.58, gravity=0.12,
        volume=2.0, clumps=130, clump=0.82, clump_taper=0.95, wave=0.32, frizz=0.05, mess=0.30, follow=0.16, fall=0.8,
        part_forward=0.6, width=0.066, smooth=1.2,
    ),
    "curly": Style(
        "back", 6.2, front=4.2, strands=12000, points=27, lift=0.72, gravity=0.06, volume=2.0, clumps=460, clump=0.85,
        clump_taper=0.9, wave=0.46, curl=1.0, wave_length=2.5, wave_start=0.8, wave_vary=0.15, frizz=0.07, mess=0.38,
        follow=0.10, fade_edge=False, width=0.068,
    ),
    "bob": Style(
        "part", 13, back=10.5, front=12.0, vary=0.04, strands=16500, points=20, part=2.6, lift=0.46, gravity=0.22,
        volume=2.1, clumps=170, clump=0.58, clump_taper=0.66, wave=0.22, wave_length=8.0, wave_start=5.0, wave_vary=0.2,
        frizz=0.010, mess=0.06, follow=0.30, fall=1.6, part_forward=0.3, cling=0.4, smooth=1.8, fade_edge=False,
        curtain=True, over_ears=True, width=0.067,
    ),
    "long": Style(
        "part", 27, front=23, vary=0.06, strands=17500, points=25, part=-1.6, lift=0.44, gravity=0.20, volume=2.3,
        clumps=150, clump=0.62, clump_taper=0.62, wave=0.55, wave_length=8.5, wave_start=8.0, wave_vary=0.18,
        frizz=0.010, mess=0.06, follow=0.28, fall=1.6, part_forward=0.15, cling=0.30, smooth=2.2, width=0.067,
        fade_edge=False, curtain=True, on_body=True, over_ears=True,
    ),
    "bun": Style(
        "tied", 15, vary=0.03, strands=16000, points=14, lift=0.10, gravity=0.0, follow=0.75, volume=0.5, clumps=260,
        clump=0.35, clump_taper=0.6, frizz=0.012, mess=0.03, fade_edge=False, cling=0.5,
    ),
    "buzz": Style(
        "crown", 0.35, strands=22000, points=4, lift=0.7, gravity=0.0, volume=0.05, clumps=800, clump=0.1, frizz=0.02,
        mess=0.2, width=0.04, opacity=0.7, smooth=0.3,
    ),
}  # fmt: skip

_FULLER: dict[str, dict[str, float]] = {
    "curly": dict(length=10.5, front=6.5, volume=3.3, gravity=0.14, wave=0.5, wave_length=2.9),
    "short": dict(top=5.2, side=3.2, back=3.0, front=5.6, side_volume=0.6, follow=0.26),
    "shaggy": dict(length=9, top=10.0, side=9.0, back=10, front=9.5),
}
"""How women wear some of the styles."""


def style_of(name: str, female: float) -> Style:
    """The style as worn by a feminine or masculine person."""
    style = STYLES[name]
    return replace(style, **_FULLER[name]) if female > 0.7 and name in _FULLER else style  # type: ignore[arg-type]


CROWN = np.array([0.6, 11.8, -6.8])
"""The whorl."""
KNOT = np.array([0.0, 12.6, -9.0])
"""Middle of a bun."""
KNOT_RADIUS = 3.3

_LINE_ANGLE = [0, 14, 26, 36, 46, 56, 62, 67, 73, 78, 100, 112, 130, 180]
_LINE_HEIGHT = [8.15, 8.2, 8.3, 8.1, 7.3, 6.1, 4.7, 2.4, 1.2, 3.9, 4.1, 1.6, -4.6, -6.2]


def scalp_mask(rest: Array, hairline: float = 0.0, soft: float = 0.5) -> Array:
    """0..1: where hair grows, for points (n, 3) of the rest head; ``hairline`` moves the forehead line up, cm."""
    x, y, z = rest.T
    angle = np.degrees(np.arctan2(np.abs(x), z + 3.2))  # 0 = front
    line = np.interp(angle, _LINE_ANGLE, _LINE_HEIGHT) + hairline * np.interp(angle, [0, 60, 80], [1, 1, 0])
    return smoothstep(y - line, -soft, soft)
