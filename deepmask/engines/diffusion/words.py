"""The words a portrait is painted from, and which words are refused.

Personas are adults who are dressed. A prompt that asks for anything else is refused by a handful of word stems: a stem
catches all its forms, and what a few stems miss, the safety checker sees in the picture.
"""

from __future__ import annotations

import re
import unicodedata

from deepmask.errors import InputError
from deepmask.lexicon import CLOTH_COLOURS, TEENS
from deepmask.persona import Attributes
from deepmask.prompt import read

ADULT_YEARS = 18

NEGATIVE = (
    "child, teenager, baby, nude, several people, text, watermark, cropped head, deformed face, asymmetric eyes, "
    "extra fingers, blurry, low quality"
)
"""What no portrait shall show."""

FRAMING = "head-and-shoulders portrait photo of one adult person, looking at the camera, natural light, sharp focus"
"""Follows a user's own words."""
LIGHT = "natural skin texture, soft light, 85mm lens, sharp focus"

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
    a = attributes
    parts = [f"head-and-shoulders portrait photo of {_who(a)}", f"{a.age} years old" if a.age else "adult"]
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
    parts += ["freckles"] if a.freckles else []
    parts.append(_MOOD[a.mood] if a.mood else "relaxed expression")
    if a.clothing or a.clothing_colour:
        colour = _coloured(a.clothing_colour) if a.clothing_colour else ""
        parts.append(f"wearing {colour} {_CLOTHING.get(a.clothing or '', 'clothes')}".replace("  ", " "))
    if a.background:
        parts.append(_PLACE.get(a.background) or f"{_coloured(a.background)} background")
    return ", ".join([*parts, "looking at the camera", LIGHT])


def negative_words(own_words: str = "") -> str:
    """What not to paint: ours always, the user's first."""
    return f"{own_words.strip().rstrip('.,;')}, {NEGATIVE}" if own_words.strip() else NEGATIVE


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


# -- what is refused --------------------------------------------------------------------------------------------------

_SEXUAL = re.compile(
    r"\b(nud(e|es|ity|ist)|naked\w*|topless|bottomless|nsfw|porn\w*|hentai|erotic\w*|sex(y|ual\w*)?|x rated|"
    r"undress\w*|unclothed|strip(ping|per|tease)|lingerie|fetish\w*|bdsm|orgasm\w*|genital\w*|penis|vagina\w*|"
    r"nipples?|breasts?|boobs?|cleavage|masturbat\w*|onlyfans|without (any )?cloth(es|ing))\b"
)
_MINOR = re.compile(
    r"\b(child(ren|hood|like)?|kid(s|dy|dies)?|bab(y|ies)(?! (blue|pink))|infants?|toddlers?|newborns?|"
    r"pre ?teen\w*|teen(s|age\w*)?|adolescen\w*|tween\w*|juveniles?|minors|under ?age\w*|school ?(girl|boy)s?|"
    r"(girl|boy)s?(?! ?friend)|lad|lass(ie)?|youngsters?|kindergart\w*|lolis?|lolitas?|shotas?)\b"
)
_YEARS = r"(?:years? ?old|yrs? ?old|years? of age|y ?o|yo)"
_AGE = re.compile(rf"\b(\w+) ?{_YEARS}\b|\b(?:age[ds]?|aged?) (?:of )?(\w+)\b")
_BELOW_SIXTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_WRITTEN = TEENS | {word: years for years, word in enumerate(_BELOW_SIXTEEN.split(), 1)}


def refuse_unfit(attributes: Attributes, own_words: str) -> None:
    """Whether the words ask for a dressed adult.

    Raises:
        InputError: they ask for a minor or for sexual content.
    """
    text = _plain(own_words)
    if found := _MINOR.search(text):
        raise InputError(
            f"Personas are adults, and {found[0]!r} speaks of a minor; write woman, man or person, and an age from "
            f"{ADULT_YEARS} on."
        )
    ages = [_years(a or b) for a, b in _AGE.findall(text)] + [attributes.age, read(own_words).attributes.age]
    if any(age is not None and age < ADULT_YEARS for age in ages):
        raise InputError(f"Personas are adults; ask for an age of {ADULT_YEARS} years or more.")
    if found := _SEXUAL.search(text):
        raise InputError(f"Personas are dressed people in public; leave out {found[0]!r}.")


def _plain(text: str) -> str:
    """Lower case without accents, tricks and punctuation, single spaces."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(re.findall(r"[^\W_]+", text))


def _years(word: str) -> int | None:
    if word.isdecimal():
        return int(word)
    return _WRITTEN.get(word)
