"""Who the persona is in numbers: attributes and a seed become one frozen :class:`Identity`.

The seed picks one option of every preset list (nose, jaw, eyes, lips, brows, ...) and adds small random changes, within
bounds that keep faces pleasant. What the attributes name is never left to the seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np

from deepmask.engines.painter.colours import (
    DYED,
    EYE_COLOURS,
    HAIR_COLOURS,
    SKIN_TONES,
    code_of,
    colour,
)
from deepmask.engines.painter.expression import MOODS, Expression
from deepmask.engines.painter.geometry import smoothstep
from deepmask.persona import Attributes

GlassesKind = Literal["none", "round", "square", "sunglasses"]


@dataclass(frozen=True)
class FaceShape:
    """Changes of the mean face. Sizes are factors (1 = mean), the rest centimetres or plain strengths (0 = mean)."""

    face_w: float = 1.0
    cheek_w: float = 1.0
    jaw_w: float = 1.0
    chin_w: float = 1.0
    chin_len: float = 0.0
    chin_z: float = 0.0
    cheekbone: float = 0.0
    fat: float = 0.0
    jowl: float = 0.0
    jaw_angle: float = 0.0
    hollow: float = 0.0
    """Hollow cheeks."""
    chin_square: float = 0.0
    temple: float = 0.0
    forehead: float = 0.0
    browridge: float = 0.0
    eye_size: float = 1.12
    eye_h: float = 1.0
    eye_space: float = 0.0
    eye_tilt: float = 0.03
    eye_y: float = 0.0
    fold: float = 0.0
    """Strength of an epicanthic fold, 0..1."""
    lid: float = 0.25
    """How far the upper lid rests over the eye, 0..1."""
    brow_y: float = 0.0
    brow_z: float = 0.0
    brow_arch: float = 0.0
    brow_tilt: float = 0.0
    nose_w: float = 0.86
    nose_up: float = 0.15
    nose_z: float = -0.25
    nose_len: float = 0.0
    nose_tip: float = 0.95
    bridge: float = 0.0
    bridge_w: float = 1.0
    hump: float = 0.0
    wing: float = 0.0
    """Width of the wings of the nose, cm."""
    lip_full: float = 1.12
    lip_upper: float = 0.0
    mouth_w: float = 1.0
    mouth_y: float = 0.0
    ear: float = 0.92


@dataclass(frozen=True)
class SkinLook:
    """Colours '#rrggbb' and strengths 0..1 of what is painted on the skin."""

    tone: str
    lips: str
    lip_strength: float = 0.85
    blush: float = 0.45
    freckles: float = 0.0
    age: float = 0.2
    """0 = twenty years, 1 = about seventy-five: wrinkles, uneven tone."""
    under_eye: float = 0.35
    socket: float = 1.0
    gloss: float = 0.6
    liner: float = 0.35
    wing: float = 0.0
    shadow: float = 0.0
    """Eye shadow."""
    stubble: float = 0.0


@dataclass(frozen=True)
class HairLook:
    """Hair, brows, lashes and beard; colours '#rrggbb'."""

    style: str
    colour: str
    hairline: float = 0.0
    """cm by which the forehead line is moved up."""
    grey: float = 0.0
    """Share of grey strands."""
    brow_colour: str = "#2a1d16"
    brow_thick: float = 1.0
    brow_dense: float = 1.0
    brow_opacity: float = 0.9
    lash: float = 0.3
    """Length in cm."""
    beard: str = "none"
    beard_colour: str = "#2a1d16"


@dataclass(frozen=True)
class Outfit:
    """Clothes; colours '#rrggbb'."""

    kind: str
    main: str
    second: str = "#f2f2f0"
    accent: str = "#7a2030"
    tie: bool = False
    pattern: str = "plain"


@dataclass(frozen=True)
class Identity:
    """All that the painter needs to know of one persona."""

    seed: int
    female: float
    """0 = masculine, 1 = feminine."""
    years: int
    face: FaceShape
    skin: SkinLook
    hair: HairLook
    outfit: Outfit
    eye: str
    background: str
    expression: Expression
    pose: tuple[float, float, float]
    """Yaw, pitch, roll of the head in the portrait, radians."""
    glasses: GlassesKind = "none"
    glasses_colour: str = "#1d1a1a"
    neck: float = 1.0
    shoulder: float = 1.0
    build: float = 1.0
    gaze: tuple[float, float] = field(default=(0.0, 0.0))
    """Where the eyes look in the portrait, radians: to the viewer's right, up."""


Changes = dict[str, float]

MALE: Changes = dict(
    jaw_w=1.02, cheek_w=0.955, chin_len=0.2, nose_w=0.73, nose_tip=0.88, nose_z=-0.35, browridge=0.5, eye_size=1.20,
    eye_h=0.95, lip_full=1.0, brow_y=-0.1, mouth_w=1.0,
)  # fmt: skip
FEMALE: Changes = dict(
    cheek_w=0.95, forehead=-0.2, jaw_w=0.89, chin_w=0.90, face_w=0.97, nose_w=0.54, nose_up=0.35, nose_z=-0.55,
    nose_tip=0.84, lip_full=1.30, eye_size=1.27, eye_h=1.0, eye_tilt=0.07, brow_y=0.12, mouth_w=0.95, cheekbone=0.3,
)  # fmt: skip

PRESETS: dict[str, list[Changes]] = {
    "nose": [
        {}, dict(nose_w=-0.14, nose_z=0.35, bridge=0.35, nose_up=-0.30), dict(nose_w=0.12, nose_tip=0.10, nose_up=-0.20),
        dict(nose_up=0.22, nose_z=-0.15, nose_tip=-0.08, bridge=-0.15, nose_w=-0.10),
        dict(nose_z=0.50, nose_up=-0.60, bridge=0.40, nose_w=-0.05), dict(nose_w=0.02, nose_up=-0.45, nose_tip=0.12),
        dict(nose_w=-0.18, nose_up=-0.30, nose_tip=-0.06, bridge=0.15),
    ],
    "jaw": [
        {}, dict(jaw_w=0.075, chin_w=0.10, jowl=0.35), dict(jaw_w=-0.08, chin_len=0.40, chin_w=-0.10),
        dict(face_w=0.05, cheek_w=0.05, fat=0.55, chin_len=-0.35), dict(face_w=-0.05, chin_len=0.60, forehead=0.25),
        dict(cheekbone=0.85, cheek_w=-0.03, jaw_w=-0.03), dict(chin_len=-0.45, chin_w=-0.06, fat=0.30),
    ],
    "eyes": [
        {}, dict(eye_size=-0.13, eye_space=0.08), dict(eye_h=-0.19, eye_tilt=0.07), dict(eye_h=0.08, eye_size=0.05),
        dict(eye_space=-0.17, eye_tilt=-0.08), dict(eye_space=0.20, eye_tilt=0.04), dict(eye_tilt=-0.11, eye_h=-0.08),
    ],
    "lips": [
        {}, dict(lip_full=0.26), dict(lip_full=-0.24, mouth_w=0.06), dict(mouth_w=-0.12, lip_full=0.14),
        dict(mouth_w=0.13, lip_full=0.08), dict(mouth_y=0.26, lip_full=-0.10), dict(mouth_y=-0.20, lip_full=-0.08),
    ],
    "brows": [
        {}, dict(brow_y=0.26), dict(brow_y=-0.18), dict(brow_arch=0.38), dict(brow_arch=-0.22), dict(brow_tilt=0.13),
        dict(brow_tilt=-0.10, brow_y=0.08),
    ],
}  # fmt: skip
HERITAGE: dict[str, Changes] = {
    "white": {},
    "black": dict(nose_w=0.24, lip_full=0.20, bridge=-0.15),
    "south_asian": dict(nose_z=0.05),
    "east_asian": dict(fold=1.0, eye_h=-0.17, eye_tilt=0.02, bridge=-0.33, nose_w=0.13, face_w=0.02),
    "latino": dict(nose_w=0.04),
    "middle_eastern": dict(bridge=0.15, nose_z=0.12),
}
JITTER: Changes = dict(
    nose_w=0.025, nose_up=0.05, nose_z=0.06, jaw_w=0.012, chin_len=0.09, chin_w=0.02, cheek_w=0.008, face_w=0.008,
    eye_size=0.02, eye_h=0.025, eye_space=0.035, eye_tilt=0.012, eye_y=0.04, brow_y=0.05, lip_full=0.05, mouth_w=0.018,
    mouth_y=0.05, forehead=0.08, cheekbone=0.08, bridge=0.06,
)  # fmt: skip
BOUNDS: dict[str, tuple[float, float]] = dict(
    nose_w=(0.40, 1.1), nose_up=(-0.60, 0.38), nose_z=(-0.75, 0.30), nose_tip=(0.72, 1.08), bridge=(-0.5, 0.60),
    jaw_w=(0.80, 1.10), chin_w=(0.78, 1.12), chin_len=(-0.5, 0.8), face_w=(0.92, 1.07), cheek_w=(0.90, 1.03),
    eye_size=(1.02, 1.34), eye_h=(0.70, 1.10), eye_space=(-0.18, 0.22), eye_tilt=(-0.09, 0.15), lip_full=(0.75, 1.55),
    mouth_w=(0.84, 1.12), mouth_y=(-0.25, 0.3), brow_y=(-0.32, 0.42),
)  # fmt: skip
FEMALE_BOUNDS: dict[str, tuple[float, float]] = dict(
    nose_up=(0.04, 0.38), nose_z=(-0.75, -0.22), bridge=(-0.45, 0.12), jaw_w=(0.80, 0.96)
)

HERITAGE_TONES: dict[str, tuple[str, ...]] = {
    "white": ("pale", "fair", "fair", "light_warm"),
    "black": ("brown", "dark", "dark", "deep"),
    "south_asian": ("tan", "brown", "brown"),
    "east_asian": ("fair", "light_warm", "light_warm"),
    "latino": ("light_warm", "olive", "tan"),
    "middle_eastern": ("light_warm", "olive", "olive"),
}
LIGHT_EYES = ("blue", "green", "grey", "hazel", "brown", "brown")
CLOTH_COLOURS: dict[str, tuple[str, ...]] = {
    "tee": ("#3b6ea5", "#b5483c", "#4f7a52", "#e8e4da", "#39424e", "#d59a3a"),
    "shirt": ("#5b7fa8", "#e9ecf0", "#7f9db5", "#a8b79a", "#c9a7a0", "#3f5166"),
    "suit": ("#2b3242", "#34363b", "#23364a", "#4a4038", "#3d4a45"),
    "hoodie": ("#e3a52f", "#6b7f8f", "#a94a48", "#51705a", "#4b4f66"),
    "blouse": ("#2f6f57", "#a83f55", "#d9c7b0", "#51578f", "#c27c52"),
    "cardigan": ("#7b6b9d", "#8a5a4a", "#4f7480", "#a8926b", "#6d7d57"),
    "party": ("#ff3f8e", "#7a3cff", "#18b7c9", "#ff8a1e"),
}
PATTERNS = {"cardigan": "knit", "party": "party", "hoodie": "plain", "tee": "plain", "blouse": "plain"}
ACCENTS = ("#7a2030", "#27456e", "#2f5a45", "#7a5a20", "#4a3566")


def identity_of(attributes: Attributes, seed: int) -> Identity:
    """Everything the painter needs; the same arguments always give the same identity."""
    rng = np.random.default_rng(seed)
    a = attributes
    gender = a.gender or ("female", "male")[rng.integers(2)]
    heritage = a.heritage or list(HERITAGE)[rng.integers(len(HERITAGE))]
    years = a.age or int(rng.integers(22, 48))
    female = {"female": 1.0, "male": 0.0, "neutral": 0.45}[gender]
    face = _face(rng, gender, heritage, years, female)
    skin = _skin(rng, a, female, heritage, years)
    hair = _hair(rng, a, gender, heritage, years, skin)
    if hair.beard == "none" and gender == "male":
        skin = replace(skin, stubble=float(rng.uniform(0.05, 0.25)))
    eye = a.eyes or ("dark", "brown")[rng.integers(2)]
    if a.eyes is None and heritage in ("white", "latino"):
        eye = LIGHT_EYES[rng.integers(len(LIGHT_EYES))]
    yaw, roll = rng.choice([-1, 1]) * rng.uniform(0.16, 0.28), rng.normal(0, 0.035)
    pitch = rng.uniform(0.0, 0.05)
    return Identity(
        seed=seed,
        female=female,
        years=years,
        face=face,
        skin=skin,
        hair=hair,
        outfit=_outfit(rng, a, female),
        eye=EYE_COLOURS.get(eye, eye),
        background=a.background or "studio",
        expression=MOODS[a.mood or "friendly"],
        pose=(float(yaw), float(pitch), float(roll)),
        glasses=a.glasses or "none",  # type: ignore[arg-type]
        glasses_colour=("#1d1a1a", "#3a2417", "#5a1f24", "#2a3550")[rng.integers(4)],
        neck=1 - 0.12 * female,
        shoulder=1 - 0.11 * female + float(rng.normal(0, 0.015)),
        build=1.0,
        gaze=(-0.55 * float(yaw), 0.55 * float(pitch)),
    )


def _face(rng: np.random.Generator, gender: str, heritage: str, years: int, female: float) -> FaceShape:
    neutral = FaceShape()
    values = {f.name: getattr(neutral, f.name) for f in fields(FaceShape)}
    for name in MALE.keys() | FEMALE.keys():
        values[name] = (1 - female) * MALE.get(name, values[name]) + female * FEMALE.get(name, values[name])
    changes = [options[rng.integers(len(options))] for options in PRESETS.values()]
    changes += [HERITAGE[heritage], {name: rng.normal(0, s) for name, s in JITTER.items()}]
    for change in changes:
        for name, value in change.items():
            values[name] += value
    for name, (low, high) in (BOUNDS | (FEMALE_BOUNDS if gender == "female" else {})).items():
        values[name] = float(np.clip(values[name], low, high))
    old, young = float(smoothstep(years, 50, 75)), 1 - float(smoothstep(years, 14, 26))
    values["jowl"] += 0.5 * old
    values["eye_size"] = float(np.clip(values["eye_size"] - 0.14 * old + 0.05 * young, 1.0, 1.36))
    values["lip_full"] -= 0.22 * old
    values["ear"] += 0.08 * old
    return FaceShape(**{name: float(value) for name, value in values.items()})


def _skin(rng: np.random.Generator, a: Attributes, female: float, heritage: str, years: int) -> SkinLook:
    tones = HERITAGE_TONES[heritage]
    chosen = a.skin or tones[rng.integers(len(tones))]
    tone = SKIN_TONES.get(chosen, chosen)
    base = colour(tone)
    natural = base * [0.80, 0.50, 0.50]
    rouged = base * [0.82, 0.36, 0.38] + [0.02, 0.004, 0.008]
    old = float(smoothstep(years, 50, 75))
    return SkinLook(
        tone=tone,
        lips=code_of(natural * (1 - female) + rouged * female),
        blush=float(0.35 + 0.25 * female + rng.uniform(-0.1, 0.15)),
        freckles=0.8 if a.freckles else 0.0,
        age=float(np.interp(years, [20, 35, 50, 70, 85], [0.0, 0.25, 0.5, 0.92, 1.05])),
        under_eye=float(0.30 + 0.25 * old + rng.uniform(-0.1, 0.1)),
        socket=float(rng.uniform(0.6, 1.4)),
        gloss=0.6,
        liner=0.35 + female * (0.65 - 0.5 * old),
        wing=float(female > 0.7 and years < 60) * 0.8,
        shadow=0.25 * female,
    )


def _hair(rng: np.random.Generator, a: Attributes, gender: str, heritage: str, years: int, skin: SkinLook) -> HairLook:
    styles = {
        "female": ("long", "bob", "bun", "long", "curly"),
        "male": ("short", "sidepart", "quiff", "short", "shaggy"),
        "neutral": ("short", "bob", "shaggy", "curly", "sidepart"),
    }[gender]
    style = a.hair_style or styles[rng.integers(len(styles))]
    pick = rng.integers(6)
    if heritage in ("white", "latino"):
        natural = ("dark_brown", "brown", "chestnut", "blond", "brown", "auburn")[pick]
    else:
        natural = ("black", "black", "black", "dark_brown", "black", "dark_brown")[pick]
    name = a.hair_colour or ("grey" if years > 64 else natural)
    code = HAIR_COLOURS.get(name, name)
    brow = code if name not in DYED and not name.startswith("#") else HAIR_COLOURS["dark_brown"]
    if name in ("platinum", "white", "blond"):
        brow = code_of(colour(brow) * 0.45)
    beard = a.beard or "none"
    female = gender == "female"
    return HairLook(
        style=style,
        colour=code,
        hairline=-0.6 if female else float(0.25 + 0.5 * smoothstep(years, 35, 70)),
        grey=float(np.interp(years, [38, 50, 64], [0, 0.10, 0.35])) if name not in DYED else 0.0,
        brow_colour=brow,
        brow_thick=0.72 if female else 1.35 + float(rng.uniform(-0.25, 0.3)),
        brow_dense=1.0 + float(rng.uniform(-0.1, 0.3)),
        brow_opacity=0.78 if female else 0.9,
        lash=0.62 - 0.25 * float(smoothstep(years, 50, 75)) if female else 0.30,
        beard=beard,
        beard_colour=brow,
    )


def _outfit(rng: np.random.Generator, a: Attributes, female: float) -> Outfit:
    everyday = ("tee", "shirt", "hoodie", "blouse", "cardigan") if female > 0.7 else ("tee", "shirt", "hoodie", "suit")
    kind = a.clothing or everyday[rng.integers(len(everyday))]
    colours = CLOTH_COLOURS[kind]
    return Outfit(
        kind=kind,
        main=a.clothing_colour or colours[rng.integers(len(colours))],
        accent=ACCENTS[rng.integers(len(ACCENTS))],
        tie=kind == "suit" and female < 0.7,
        pattern=PATTERNS.get(kind) or ("plain", "plain", "stripes")[rng.integers(3)],
    )
