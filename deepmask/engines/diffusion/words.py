"""The words a portrait, a background or a new person is painted from."""

from __future__ import annotations

from deepmask.lexicon import CLOTH_COLOURS
from deepmask.persona import Attributes, Persona

NEGATIVE = (
    "child, teenager, baby, nude, several people, text, watermark, cropped head, deformed face, asymmetric eyes, "
    "extra fingers, blurry, low quality"
)
"""What no portrait shall show."""

FRAMING = "head-and-shoulders portrait photo of one adult person, looking at the camera, natural light, sharp focus"
"""Follows a user's own words."""
LIGHT = "natural skin texture, soft light, 85mm lens, sharp focus"

EMPTY_SCENE = "empty scene, background only, continuous surroundings, photo, natural light, sharp focus"
"""What fills the place of somebody who is removed. It names no people: CLIP does not read a 'no' before them."""
NOBODY = (
    "person, people, man, woman, child, face, body, hands, mannequin, statue, clothes, shadow of a person, text, "
    "watermark, frame, blurry, low quality"
)
"""What is not to be seen there."""
FULL_BODY = "photo of one adult person, whole body in the scene, natural pose, natural light, sharp focus"
"""Follows the words for somebody who takes another's place."""

_HERITAGE = {"south_asian": "South Asian", "east_asian": "East Asian", "middle_eastern": "Middle Eastern",
             "latino": "Latin American", "white": "European", "black": "Black"}  # fmt: skip
_SKIN = {"light_warm": "warm light"}
_HAIR = {"bald": "bald head", "buzz": "buzz cut", "short": "short hair", "sidepart": "side-parted hair",
         "quiff": "hair in a quiff", "spiky": "spiky hair", "shaggy": "shaggy hair", "curly": "curly hair",
         "bob": "hair in a bob", "long": "long hair", "bun": "hair in a bun"}  # fmt: skip
_BEARD = {"none": "clean-shaven", "stubble": "stubble", "moustache": "moustache", "goatee": "goatee",
          "full": "full beard"}  # fmt: skip
_GLASSES = {"round": "round glasses", "square": "square glasses", "sunglasses": "sunglasses"}
_MOOD = {"neutral": "neutral expression", "friendly": "friendly smile", "happy": "happy smile", "laughing": "laughing",
         "kind": "kind gentle smile", "serious": "serious expression", "sad": "sad expression",
         "angry": "angry expression", "surprised": "surprised expression", "cool": "cool confident look"}  # fmt: skip
_CLOTHING = {"tee": "t-shirt", "shirt": "shirt", "suit": "suit", "hoodie": "hoodie", "blouse": "blouse",
             "cardigan": "cardigan", "party": "colourful party shirt"}  # fmt: skip
_PLACE = {"studio": "plain studio background", "office": "in an office", "home": "at home", "beach": "on a beach",
          "forest": "in a forest", "sunset": "at sunset", "night": "in a city at night", "party": "at a party",
          "dark": "dark background", "white": "white background"}  # fmt: skip

_COLOURS = {
    name: colour for name, colour in CLOTH_COLOURS.items() if name not in ("gray", "golden", "cyan", "wine red")
}


def portrait_words(attributes: Attributes, own_words: str = "") -> str:
    """What to paint: the user's words with the framing of a portrait, or words made from the attributes.

    >>> portrait_words(Attributes(gender="female", age=34, hair_style="bob", hair_colour="black"))[:70]
    'head-and-shoulders portrait photo of a woman, 34 years old, black hair'
    """
    if own_words.strip():
        return f"{own_words.strip().rstrip('.,;')}, {FRAMING}"
    parts = [f"head-and-shoulders portrait photo of {_who(attributes)}", *_looks(attributes)]
    parts.append(_MOOD[attributes.mood] if attributes.mood else "relaxed expression")
    parts += _worn(attributes)
    if attributes.background:
        parts.append(_PLACE.get(attributes.background) or f"{_coloured(attributes.background)} background")
    return ", ".join([*parts, "looking at the camera", LIGHT])


def person_words(persona: Persona | None, own_words: str = "") -> str:
    """Who is to be seen in the place of somebody else: the prompt of an inpainter that heeds one.

    The words a persona was painted from, or those of its attributes; of an imported portrait nothing is known.

    Args:
        persona: None where any adult will do.
        own_words: clothes, style and whatever else is wished.

    >>> person_words(None, "a red raincoat")
    'an adult person, a red raincoat'
    """
    own = own_words.strip().rstrip(".,;")
    if persona is not None and persona.wishes is not None and persona.wishes.prompt.strip():
        known = [persona.wishes.prompt.strip().rstrip(".,;")]
    elif persona is None or persona.attributes is None:
        known = ["an adult person"]
    else:
        a = persona.attributes
        known = [_who(a), *_looks(a), *([_MOOD[a.mood]] if a.mood else []), *([] if own else _worn(a))]
    return ", ".join([*known, own] if own else known)


def scene_words(prompt: str) -> tuple[str, str]:
    """What to paint into a hole and what not to: the background, or with a prompt somebody else."""
    if not prompt.strip():
        return EMPTY_SCENE, NOBODY
    return f"{prompt.strip().rstrip('.,;')}, {FULL_BODY}", NEGATIVE


def negative_words(own_words: str = "") -> str:
    """What not to paint: ours always, the user's first."""
    return f"{own_words.strip().rstrip('.,;')}, {NEGATIVE}" if own_words.strip() else NEGATIVE


def _looks(a: Attributes) -> list[str]:
    """Age, skin, hair, eyes, beard and glasses."""
    parts = [f"{a.age} years old" if a.age else "adult"]
    if a.skin:
        parts.append(f"{_SKIN.get(a.skin) or _coloured(a.skin)} skin")
    if a.hair_style or a.hair_colour:
        hair = _HAIR.get(a.hair_style or "", "hair")
        colour = _coloured(a.hair_colour) if a.hair_colour and a.hair_style != "bald" else ""
        parts.append(f"{colour} {hair}".strip())
    if a.eyes:
        parts.append(f"{_coloured(a.eyes)} eyes")
    if a.beard and not (a.beard == "none" and a.gender == "female"):
        parts.append(_BEARD[a.beard])
    parts += [_GLASSES[a.glasses]] if a.glasses in _GLASSES else []
    return parts + (["freckles"] if a.freckles else [])


def _worn(a: Attributes) -> list[str]:
    if not (a.clothing or a.clothing_colour):
        return []
    colour = _coloured(a.clothing_colour) if a.clothing_colour else ""
    return [f"wearing {colour} {_CLOTHING.get(a.clothing or '', 'clothes')}".replace("  ", " ")]


def _who(a: Attributes) -> str:
    noun = {"female": "woman", "male": "man"}.get(a.gender or "", "person")
    heritage = _HERITAGE.get(a.heritage or "", "")
    words = f"{heritage} {noun}".strip()
    return f"{'an' if words[0] in 'AEIOU' else 'a'} {words}"


def _coloured(value: str) -> str:
    """'#27324f' → 'navy'; words stay words."""
    if not value.startswith("#"):
        return value.replace("_", " ")
    return min(_COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(_rgb(_COLOURS[name]), _rgb(value))))  # noqa: B905


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
