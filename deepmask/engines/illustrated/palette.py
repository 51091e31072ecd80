"""The colours of one illustration: two tones of everything, and a dark line colour."""

from __future__ import annotations

from dataclasses import dataclass

from deepmask.engines.illustrated.pen import lightness, mix
from deepmask.engines.painter.identity import Identity

WHITE, INK = "#fdfbf8", "#241c1c"


def shade(base: str, amount: float = 0.2) -> str:
    """Darker and a little warmer and more saturated, as a shadow on paper is."""
    r, g, b = (int(base[i : i + 2], 16) / 255 for i in (1, 3, 5))
    k = 1 - amount
    return _code(r * k**0.75, g * k**1.1, b * k**1.0)


def tint(base: str, amount: float = 0.2) -> str:
    """Lighter."""
    return mix(base, "#ffffff", amount)


def _code(*channels: float) -> str:
    return "#" + "".join(f"{min(255, max(0, round(c * 255))):02x}" for c in channels)


@dataclass(frozen=True)
class Palette:
    """'#rrggbb' of each thing."""

    skin: str
    skin_shade: str
    skin_light: str
    skin_line: str
    """Nose, lids and wrinkles."""
    blush: str
    lips: str
    hair: str
    hair_shade: str
    hair_light: str
    brow: str
    beard: str
    eye: str
    cloth: str
    cloth_shade: str
    cloth_light: str


def palette_of(who: Identity) -> Palette:
    """Colours of a persona; very dark hair is lifted so that its second tone can be seen."""
    skin = who.skin.tone
    dark = lightness(skin) < 0.35
    hair = mix(who.hair.colour, "#a8a29f", 0.9 * who.hair.grey)
    if lightness(hair) < 0.16:
        hair = mix(hair, "#4a4250", 0.35)
    shadow = shade(skin, 0.24 if dark else 0.15)
    cloth = who.outfit.main
    return Palette(
        skin=skin,
        skin_shade=shadow,
        skin_light=tint(skin, 0.13 if dark else 0.32),
        skin_line=shade(skin, 0.5 if dark else 0.42),
        blush=mix(skin, "#d8343c" if dark else "#f0605a", 0.4),
        lips=mix(who.skin.lips, skin, 0.25 * (1 - who.female)),
        hair=hair,
        hair_shade=shade(hair, 0.22 if lightness(hair) > 0.3 else 0.3),
        hair_light=tint(hair, 0.14 if lightness(hair) < 0.3 else 0.24),
        brow=mix(who.hair.brow_colour, "#3a2c28", 0.15),
        beard=mix(who.hair.beard_colour, "#4a4250", 0.25) if lightness(who.hair.beard_colour) < 0.16
        else who.hair.beard_colour,
        eye=tint(who.eye, 0.12),
        cloth=cloth,
        cloth_shade=shade(cloth, 0.2),
        cloth_light=tint(cloth, 0.16),
    )  # fmt: skip
