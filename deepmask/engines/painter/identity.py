"""Who the persona is in numbers: attributes and a seed become one frozen :class:`Identity`.

The seed picks one option of every preset list (nose, jaw, eyes, lips, brows, ...) and adds small random changes, within
bounds that keep faces pleasant. What the attributes name is never left to the seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

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

T = TypeVar("T")


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
    expression: Expression
    pose: tuple[float, float, float]
    """Yaw, pitch, roll of the head in the portrait, radians."""
    glasses: str = "none"
    glasses_colour: str = "#1d1a1a"
    neck: float = 1.0
    shoulder: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)
    """Where the eyes look in the portrait, radians: to the viewer's right, up."""


Changes = dict[str, float]

MALE: Changes = dict(
    jaw_w=1.0, jaw_angle=0.45, chin_square=0.45, chin_z=0.12, cheek_w=0.965, chin_len=0.15, hollow=0.35, nose_w=0.76,
    nose_up=0.05, nose_tip=0.92, nose_z=-0.20, browridge=0.6, eye_size=1.07, eye_h=0.95, lip_full=0.90, brow_y=-0.18,
    brow_arch=-0.20, mouth_w=0.99, lid=0.27,
)  # fmt: skip
FEMALE: Changes = dict(
    cheek_w=0.95, forehead=-0.15, jaw_w=0.88, chin_w=0.86, face_w=0.965, nose_w=0.56, nose_up=0.32, nose_z=-0.48,
    nose_tip=0.84, lip_full=1.25, eye_size=1.17, eye_h=1.0, eye_tilt=0.07, brow_y=0.12, mouth_w=0.91, cheekbone=0.35,
    chin_len=-0.1, browridge=-0.3, lid=0.24,
)  # fmt: skip

PRESETS: dict[str, tuple[Changes, ...]] = {
    "head": (
        {},
        dict(face_w=0.035, cheek_w=0.045, fat=0.85, chin_len=-0.40, chin_w=0.05, hollow=-0.3),  # round
        dict(jaw_angle=0.75, jaw_w=0.035, chin_square=0.8, chin_w=0.10, chin_len=-0.1),  # square
        dict(face_w=-0.045, chin_len=0.60, forehead=0.45, hollow=0.35, cheek_w=-0.01),  # long
        dict(jaw_w=-0.075, chin_w=-0.13, temple=0.55, cheekbone=0.45, chin_len=0.15),  # heart
        dict(cheekbone=0.95, temple=-0.45, hollow=0.7, chin_w=-0.06),  # diamond
        dict(chin_z=0.50, chin_len=0.40, jaw_angle=0.35, chin_square=0.45, hollow=0.2),  # strong chin
        dict(fat=0.45, chin_z=-0.30, chin_len=-0.35, jowl=0.25, jaw_w=0.02),  # soft
    ),
    "nose": (
        {},
        dict(nose_w=-0.14, nose_up=0.32, nose_z=-0.20, nose_tip=-0.06, bridge=-0.22),  # button
        dict(bridge=0.30, bridge_w=-0.20, nose_up=-0.10, nose_z=0.10, nose_w=-0.06),  # straight
        dict(hump=0.42, bridge=0.30, nose_up=-0.38, nose_len=0.28, nose_z=0.22),  # aquiline
        dict(nose_w=0.18, wing=0.20, nose_tip=0.12, bridge_w=0.10),  # broad
        dict(nose_len=0.50, nose_z=0.32, nose_up=-0.25, bridge=0.12, nose_w=-0.06),  # long
        dict(nose_w=-0.16, nose_z=-0.22, nose_len=-0.22, nose_tip=-0.10),  # small
        dict(nose_tip=0.20, nose_z=0.30, nose_w=0.05, wing=0.08, nose_up=0.06),  # rounded tip
        dict(nose_up=0.28, nose_tip=-0.15, nose_z=0.20, nose_w=-0.16, bridge=-0.08),  # pointed
    ),
    "eyes": (
        {},
        dict(eye_size=0.09, eye_h=0.10, lid=-0.05),  # round
        dict(eye_tilt=0.08, eye_h=-0.06, eye_size=0.03),  # almond
        dict(eye_h=-0.19, eye_tilt=0.03, lid=-0.02),  # narrow
        dict(lid=0.11, eye_h=0.02, brow_y=-0.10),  # hooded
        dict(eye_tilt=-0.10, eye_h=-0.04),  # drooping
        dict(eye_space=-0.16, eye_size=-0.04),
        dict(eye_space=0.17, eye_size=0.04),
        dict(eye_size=-0.12, lid=0.02),
    ),
    "lips": (
        {}, dict(lip_full=0.30), dict(lip_full=-0.26, mouth_w=0.05), dict(mouth_w=-0.12, lip_full=0.18, lip_upper=0.05),
        dict(mouth_w=0.13, lip_full=0.06), dict(mouth_y=0.24, lip_full=-0.10, mouth_w=0.03),
        dict(mouth_y=-0.20, lip_upper=-0.06), dict(lip_upper=0.10, lip_full=0.08),
    ),
    "brows": (
        {}, dict(brow_y=0.26), dict(brow_y=-0.18), dict(brow_arch=0.34), dict(brow_arch=-0.24, brow_y=-0.04),
        dict(brow_tilt=0.13), dict(brow_tilt=-0.10, brow_y=0.08),
    ),
}  # fmt: skip
"""Every preset is added to the face of the gender; the seed takes one of each list."""
HERITAGE: dict[str, Changes] = {
    "white": dict(nose_w=-0.04, bridge=0.15),
    "black": dict(nose_w=0.22, wing=0.16, lip_full=0.36, bridge=-0.18, cheekbone=0.2, nose_len=-0.1),
    "south_asian": dict(eye_size=0.07, lip_full=0.14, bridge=0.16, nose_tip=0.06, nose_len=0.14, lid=0.02),
    "east_asian": dict(
        fold=1.0, eye_h=-0.13, eye_tilt=0.03, bridge=-0.28, nose_w=0.10, face_w=0.02, cheekbone=0.25, browridge=-0.4,
    ),
    "latino": dict(nose_w=0.05, lip_full=0.10, cheekbone=0.2),
    "middle_eastern": dict(bridge=0.28, hump=0.12, nose_len=0.16, nose_z=0.10, eye_size=0.03),
}  # fmt: skip
JITTER: Changes = dict(
    nose_w=0.03, nose_up=0.05, nose_z=0.06, nose_len=0.06, jaw_w=0.012, jaw_angle=0.12, chin_len=0.10, chin_w=0.025,
    chin_z=0.08, cheek_w=0.008, face_w=0.008, eye_size=0.02, eye_h=0.025, eye_space=0.04, eye_tilt=0.014, eye_y=0.05,
    lid=0.015, brow_y=0.05, lip_full=0.05, mouth_w=0.02, mouth_y=0.05, forehead=0.10, cheekbone=0.10, bridge=0.06,
    hollow=0.1, temple=0.12, ear=0.05,
)  # fmt: skip
BOUNDS: dict[str, tuple[float, float]] = dict(
    nose_w=(0.42, 1.15), nose_up=(-0.55, 0.45), nose_z=(-0.75, 0.35), nose_tip=(0.70, 1.15), bridge=(-0.5, 0.65),
    hump=(0, 0.5), jaw_w=(0.82, 1.08), chin_w=(0.76, 1.12), chin_len=(-0.5, 0.75), face_w=(0.91, 1.06),
    cheek_w=(0.90, 1.03), eye_size=(0.92, 1.28), eye_h=(0.70, 1.10), eye_space=(-0.20, 0.20), eye_tilt=(-0.10, 0.16),
    lip_full=(0.72, 1.60), mouth_w=(0.82, 1.12), mouth_y=(-0.25, 0.3), brow_y=(-0.34, 0.42), lid=(0.16, 0.40),
)  # fmt: skip
FEMALE_BOUNDS: dict[str, tuple[float, float]] = dict(
    nose_up=(-0.05, 0.42), nose_z=(-0.75, -0.15), bridge=(-0.45, 0.30), hump=(0, 0.18), jaw_w=(0.80, 0.95),
    jaw_angle=(-0.5, 0.45), chin_square=(-0.5, 0.35), nose_len=(-0.3, 0.25), hollow=(-0.5, 0.6),
)  # fmt: skip

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


def _stream(seed: int, topic: str) -> np.random.Generator:
    """Random numbers for one topic: what is chosen for one never shifts what is chosen for another."""
    return np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, *topic.encode()])


def _pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    return options[int(rng.integers(len(options)))]


def identity_of(attributes: Attributes, seed: int) -> Identity:
    """Everything the painter needs; the same arguments always give the same identity.

    Changing one attribute leaves all that it does not touch as it was.
    """
    a, rng = attributes, _stream(seed, "person")
    drawn = _pick(rng, ("female", "male"))
    gender = a.gender or drawn
    chosen, years = _pick(rng, tuple(HERITAGE)), int(rng.integers(22, 48))
    heritage, years = a.heritage or chosen, a.age or years
    female = {"female": 1.0, "male": 0.0, "neutral": 0.45}[gender]
    skin = _skin(_stream(seed, "skin"), a, female, heritage, years)
    hair = _hair(_stream(seed, "hair"), a, gender, heritage, years)
    stubble = float(_stream(seed, "stubble").uniform(0.05, 0.25))
    if hair.beard == "none" and gender == "male" and years > 18:
        skin = replace(skin, stubble=stubble)  # the shadow of a shaved beard
    pose = _stream(seed, "pose")
    yaw = float(pose.choice([-1, 1]) * pose.uniform(0.16, 0.30))
    pitch, roll = float(pose.uniform(0.0, 0.05)), float(pose.normal(0, 0.035))
    specs = _stream(seed, "glasses")
    glasses, frame = _pick(specs, GLASSES), _pick(specs, ("#1d1a1a", "#3a2417", "#5a1f24", "#2a3550", "#6a6a70"))
    shoulder, neck = rng.normal(0, 0.03, 2)
    return Identity(
        seed=seed,
        female=female,
        years=years,
        face=_face(_stream(seed, "face"), gender, heritage, years, female),
        skin=skin,
        hair=hair,
        outfit=_outfit(_stream(seed, "outfit"), a, female),
        eye=_eye(_stream(seed, "eye"), a, heritage),
        expression=_expression(_stream(seed, "mood"), a.mood),
        pose=(yaw, pitch, roll),
        glasses=a.glasses or glasses,
        glasses_colour=frame,
        neck=1 - 0.02 * female + float(neck),
        shoulder=1 - 0.11 * female + float(shoulder),
        gaze=(-0.55 * yaw, 0.55 * pitch),
    )


def _expression(rng: np.random.Generator, mood: str | None) -> Expression:
    """A mood as this person shows it: nobody smiles quite evenly."""
    chosen = _pick(rng, ("friendly", "friendly", "happy", "kind", "cool", "neutral"))
    e = MOODS[mood or chosen]
    lean, more = rng.normal(0, 0.12), rng.uniform(0.9, 1.15)
    return replace(
        e,
        smile_left=e.smile_left * float(more * (1 + lean)),
        smile_right=e.smile_right * float(more * (1 - lean)),
        brow_up=e.brow_up + float(rng.uniform(0, 0.15)),
    )


def _eye(rng: np.random.Generator, a: Attributes, heritage: str) -> str:
    light, dark = _pick(rng, LIGHT_EYES), _pick(rng, ("dark", "brown"))
    word = a.eyes or (light if heritage in ("white", "latino") else dark)
    return EYE_COLOURS.get(word, word)


def _face(rng: np.random.Generator, gender: str, heritage: str, years: int, female: float) -> FaceShape:
    neutral = FaceShape()
    values = {f.name: float(getattr(neutral, f.name)) for f in fields(FaceShape)}
    for name in sorted(MALE.keys() | FEMALE.keys()):
        values[name] = (1 - female) * MALE.get(name, values[name]) + female * FEMALE.get(name, values[name])
    changes = [_pick(rng, options) for options in PRESETS.values()]
    changes += [HERITAGE[heritage], {name: float(rng.normal(0, s)) for name, s in JITTER.items()}]
    for change in changes:
        for name, value in change.items():
            values[name] += value
    for name, (low, high) in (BOUNDS | (FEMALE_BOUNDS if gender == "female" else {})).items():
        values[name] = float(np.clip(values[name], low, high))
    old, young = float(smoothstep(years, 48, 75)), 1 - float(smoothstep(years, 15, 24))
    for name, value in dict(
        jowl=0.55 * old, lid=0.05 * old, lip_full=-0.22 * old, ear=0.08 * old, nose_len=0.18 * old, fat=0.3 * young,
        eye_size=0.05 * young - 0.08 * old, chin_len=-0.15 * young, hollow=0.25 * old - 0.3 * young,
    ).items():  # fmt: skip
        values[name] += value
    return FaceShape(**values)


def _skin(rng: np.random.Generator, a: Attributes, female: float, heritage: str, years: int) -> SkinLook:
    chosen = _pick(rng, HERITAGE_TONES[heritage])
    tone = SKIN_TONES.get(a.skin or chosen, a.skin or chosen)
    base = colour(tone)
    natural = base * [0.80, 0.50, 0.50]
    rouged = base * [0.82, 0.36, 0.38] + [0.02, 0.004, 0.008]
    old = float(smoothstep(years, 50, 75))
    blush, under, socket = rng.uniform(-0.1, 0.15), rng.uniform(-0.1, 0.1), rng.uniform(0.6, 1.4)
    return SkinLook(
        tone=tone,
        lips=code_of(natural * (1 - female) + rouged * female),
        blush=float(0.35 + 0.25 * female + blush),
        freckles=0.8 if a.freckles else 0.0,
        age=float(np.interp(years, [20, 35, 50, 70, 85], [0.0, 0.25, 0.5, 0.92, 1.05])),
        under_eye=float(0.30 + 0.25 * old + under),
        socket=float(socket),
        liner=0.35 + female * (0.65 - 0.5 * old),
        wing=float(female > 0.7 and years < 60) * 0.8,
        shadow=0.25 * female,
    )


HAIR_STYLES: dict[str, tuple[str, ...]] = {
    "female": ("long", "bob", "bun", "long", "curly", "bob", "long", "shaggy"),
    "male": ("short", "sidepart", "quiff", "short", "shaggy", "curly", "buzz", "sidepart"),
    "neutral": ("short", "bob", "shaggy", "curly", "sidepart"),
}
BEARDS = ("none",) * 11 + ("stubble", "stubble", "stubble", "full", "full", "goatee", "moustache")
GLASSES = ("none",) * 8 + ("round", "square")
FAIR_HAIR = ("dark_brown", "brown", "chestnut", "blond", "brown", "auburn")
BROWN_HAIR = ("black", "dark_brown", "dark_brown", "brown", "black", "chestnut")
DARK_HAIR = ("black", "black", "black", "dark_brown", "black", "dark_brown")


def _hair(rng: np.random.Generator, a: Attributes, gender: str, heritage: str, years: int) -> HairLook:
    style = _pick(rng, HAIR_STYLES[gender])
    natural = _pick(rng, FAIR_HAIR if heritage == "white" else BROWN_HAIR if heritage == "latino" else DARK_HAIR)
    beard = _pick(rng, BEARDS)
    thick, dense = float(rng.uniform(-0.3, 0.35)), float(rng.uniform(-0.1, 0.3))
    thick += 0.22 if heritage in ("south_asian", "middle_eastern") else 0.0
    name = a.hair_colour or ("grey" if years > 64 else natural)
    code = HAIR_COLOURS.get(name, name)
    brow = HAIR_COLOURS["dark_brown"] if name in DYED or name.startswith("#") else code
    if name in ("platinum", "white", "blond"):
        brow = code_of(colour(brow) * 0.45)
    female = gender == "female"
    return HairLook(
        style=a.hair_style or style,
        colour=code,
        hairline=-0.3 if female else float(0.15 + 0.5 * smoothstep(years, 35, 70)),
        grey=0.0 if name in DYED else float(np.interp(years, [38, 50, 64], [0, 0.10, 0.35])),
        brow_colour=brow,
        brow_thick=0.72 + 0.4 * thick if female else 1.30 + thick,
        brow_dense=1.0 + dense,
        brow_opacity=0.78 if female else 0.9,
        lash=0.62 - 0.25 * float(smoothstep(years, 50, 75)) if female else 0.30,
        beard=a.beard or (beard if gender == "male" and years > 20 else "none"),
        beard_colour=brow,
    )


def _outfit(rng: np.random.Generator, a: Attributes, female: float) -> Outfit:
    everyday = _pick(rng, EVERYDAY_FEMALE if female > 0.7 else EVERYDAY)
    kind, place = a.clothing or everyday, float(rng.random())
    colours, accent, pattern = CLOTH_COLOURS[kind], _pick(rng, ACCENTS), _pick(rng, ("plain", "plain", "stripes"))
    return Outfit(
        kind=kind,
        main=a.clothing_colour or colours[int(place * len(colours))],
        accent=accent,
        tie=kind == "suit" and female < 0.7,
        pattern=PATTERNS.get(kind, pattern),
    )


EVERYDAY_FEMALE = ("tee", "shirt", "hoodie", "blouse", "cardigan", "blouse")
EVERYDAY = ("tee", "shirt", "hoodie", "suit", "shirt")
