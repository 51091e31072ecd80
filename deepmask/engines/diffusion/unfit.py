"""Which words are refused: personas are adults who are dressed.

A handful of word stems, each catching its forms, and every way in which an age is commonly said. Nakedness that the
words do not tell is seen by the safety checker; nobody sees a minor in the picture, so here doubt means refusal.
"""

from __future__ import annotations

import re
import unicodedata

from deepmask.errors import InputError
from deepmask.lexicon import TEENS
from deepmask.persona import Attributes
from deepmask.prompt import read

ADULT_YEARS = 18

_SEXUAL = re.compile(
    r"\b((semi ?)?nud(e|es|ity|ism|ists?)|naked\w*|topless|bottomless|nsf[wl]|porn\w*|hentai|erotic\w*|xxx|x rated|"
    r"sex(y|ual\w*)?|sensual\w*|seductive\w*|aroused|horny|undress\w*|disrob\w*|unclothed|unclad|"
    r"strip(ping|per|pers|tease)|lingerie|underwear|undies|panties|thongs?|negligees?|upskirt|see through|"
    r"fetish\w*|bdsm|orgasm\w*|genital\w*|penis|vagina\w*|puss(y|ies)|cunts?|nipples?|areolas?|"
    r"breasts?(?! (pocket|cancer))|boobs?|tits|titt(y|ies)|buttocks|cleavage|masturbat\w*|onlyfans|playboy|playmate|"
    r"hardcore|camgirls?|hookers?|prostitut\w*|in the buff|birthday suit|au naturel|wearing nothing|nothing on|"
    r"(without|no) (any )?cloth(es|ing)|clothes off|bare (breast|bottom|skin)\w*|desnud\w*|nackt\w*)\b"
)

_SCHOOL = r"(pre|elementary|primary|grade|middle|junior high|high|secondary|nursery|grammar)"
_GRADES = r"\w+ grade(r|rs)|([4-9]|1[0-2])th grade|grade \d+"
_MINOR = re.compile(
    r"\b(child(ren|hood|like|ish\w*)?|kid(s|dy|dies|do|dos)?|bab(y|ies|yish|y ?face\w*)(?! (blue|pink))|infants?|"
    r"toddlers?|newborns?|tykes?|(pre ?)?teen(s|age\w*|y ?bopper\w*)?|adolescen\w*|tween(s|age\w*)?|juveniles?|"
    r"minors|minor(?=$| (in|with|who|at|on|of|wearing|sitting|standing|smiling|looking)\b)|under ?age\w*|"
    r"(pre)?pubescen\w*|prepubert\w*|puberty|nymphets?|jailbait|barely legal|little one|not (yet )?(an? )?adult|"
    r"school ?(girl|boy|kid|child\w*)s?|school ?uniforms?|(cub|girl|boy) ?scouts?|first communion|"
    r"(girl|boy)(?! ?friend)(s|ish\w*|y|ie|ies|hood)?|lad|lass(ie)?|youngsters?|kindergart\w*|"
    rf"{_SCHOOL} ?school(s|er|ers)?(?! (teacher|principal|coach))|{_GRADES}|loli\w*|shota\w*|"
    r"enfants?|fillettes?|garcons?|garconnets?|madchen|kleinkind\w*|jugendliche\w*|bambin[aoie]|ragazzin[aoie]|"
    r"criancas?|menin[ao]s?)\b"
    r"|девочк|мальчик|ребен|少女|少年|女の子|男の子|子供|小孩|儿童"
)
_GOATSKIN = re.compile(r"\b((in|wearing) (white |black |brown |red |soft |fine )?)kid[ -](?=(leather|gloves?)\b)")
"""Kid as leather: only right after what wears it, since 'a kid, gloves' is two things."""
_MINOR_ACCENTED = re.compile(r"\bniñ[ao]s?\b")
"""Without its accent it is a name."""

_UNITS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_WRITTEN = TEENS | {word: years for years, word in enumerate(_UNITS.split(), 1)}
_TENS = "twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety"
_AND_A_HALF = r"(?: and (?:a|one) half| 1 2)?"
_YEARS = r"(?:years?|yrs?|summers|winters)"
_PEOPLE = r"(?:woman|man|lady|gentleman|person|female|male|student|pupil|daughter|son|guy|gal)"
_NUMBER = rf"(?<!hundred )(?<!hundred and )\b((?:(?:{_TENS}) )?[a-z]+|\d+)"
_AGES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_NUMBER}{_AND_A_HALF} ?(?:{_YEARS} ?(?:olds?|of age|young)|y ?o)\b",
        rf"{_NUMBER}{_AND_A_HALF} ?(?:{_YEARS}|y)(?=$| (?!of |experience|ago|later|in |as |at |with ))",
        rf"\bage[ds]?(?: (?:is|of|at|about|around|only|just|nearly|almost|between)){{0,2}} {_NUMBER}\b",
        rf"\b{_PEOPLE} (?:of )?{_NUMBER}$",
        rf"\b{_PEOPLE} of {_NUMBER}\b",
    )
)
_YOUNGER = re.compile(rf"\b(?:under|below|younger than|not yet)(?: the age of)? {_NUMBER}$")
_IN_MONTHS = re.compile(r"\b(?:months?|weeks?|days?) ?old\b")
_PARTS = re.compile(r"[,;!?\n]|\.(?=\s|$)")

_AVOIDED = frozenset(["adult", "adults", "clothes", "clothing", "clothed", "dressed", "garments"])
_AROUND_AVOIDED = frozenset(["any", "all", "the", "wearing", "being", "grown", "up", "old", "older", "mature", "aged"])


def refuse_unfit(attributes: Attributes, own_words: str, not_wanted: str = "") -> None:
    """Whether the words ask for a dressed adult.

    Args:
        not_wanted: the user's negative prompt, which asks by what it excludes.

    Raises:
        InputError: they ask for a minor or for sexual content.
    """
    text = _plain(_GOATSKIN.sub(r"\1", own_words.casefold()))
    if found := _MINOR.search(text) or _MINOR_ACCENTED.search(unicodedata.normalize("NFKC", own_words.casefold())):
        raise InputError(
            f"Personas are adults, and {found[0]!r} speaks of a minor; write woman, man or person, and an age from "
            f"{ADULT_YEARS} on."
        )
    ages = [attributes.age, read(own_words).attributes.age]
    if _is_young(text, own_words) or any(age is not None and age < ADULT_YEARS for age in ages):
        raise InputError(f"Personas are adults; ask for an age of {ADULT_YEARS} years or more.")
    if found := _SEXUAL.search(text):
        raise InputError(f"Personas are dressed people in public; leave out {found[0]!r}.")
    for part in not_wanted.split(","):
        words = set(re.findall(r"[a-z]+", part.lower()))
        if words & _AVOIDED and words <= _AVOIDED | _AROUND_AVOIDED:
            raise InputError(f"Personas are dressed adults; leave {part.strip()!r} out of what is not wanted.")


def _is_young(text: str, own_words: str) -> bool:
    """Whether an age below that of adults is said in ``text``, the plain form of ``own_words``."""
    if _IN_MONTHS.search(text):
        return True
    parts = [_plain(part) for part in _PARTS.split(own_words)]
    said = [number for pattern in _AGES for place in (text, *parts) for number in pattern.findall(place)]
    said += parts
    bounds = [number for part in parts for number in _YOUNGER.findall(part)]
    return any(_below(number, ADULT_YEARS) for number in said) or any(_below(n, ADULT_YEARS + 1) for n in bounds)


def _below(number: str, bar: int) -> bool:
    """Whether a number in digits or words is less than ``bar``; anything else is no number."""
    years = int(number) if number.isdecimal() else _WRITTEN.get(number)
    return years is not None and years < bar


def _plain(text: str) -> str:
    """Lower case without accents, tricks and punctuation, single spaces."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(re.findall(r"[^\W_]+", text))
