"""Reads a prompt: words to attributes, without a model, and honest about what was not understood.

Three kinds of matches are collected, then applied from left to right: ages ("in her forties"), nouns with their
adjectives ("dark grey suit", "hair dyed blue"), and phrases that speak for themselves ("clean-shaven"). What is said
outright wins over what an occupation suggests, a number over an adjective; among equals the first one stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from deepmask import lexicon
from deepmask.persona import Attributes

MAX_CHARS = 2000
MAX_UNKNOWN = 40
YOUNGEST, OLDEST = 16, 90
_LONGEST_PHRASE = 4
_LONGEST_WORD = 30
_BEARDS = ("none", "stubble", "moustache", "goatee", "full")
_AFTER_NOUN = frozenset({"is", "are", "was", "dyed", "coloured", "colored"})
_AGE_WORDS = frozenset({"year", "years", "yr", "yrs", "yo", "y"})


@dataclass(frozen=True)
class Reading:
    """What a prompt says."""

    attributes: Attributes
    unknown: tuple[str, ...] = ()
    """Words that were not understood, in their order."""
    corrected: tuple[tuple[str, str], ...] = ()
    """Words taken for a slip of the pen: as written, as read."""


class _Weight(IntEnum):
    HINT = 1
    WORD = 2
    EXACT = 3


@dataclass
class _Match:
    start: int
    stop: int
    values: dict[str, str | int | bool]
    weight: _Weight
    dropped: list[int] = field(default_factory=list)
    """Tokens inside that lost against another word of the same match."""


def read(prompt: str) -> Reading:
    """The attributes a prompt speaks of; only the first ``MAX_CHARS`` characters are read.

    >>> read("bald man, no glasses").attributes.to_json()
    {'gender': 'male', 'hair_style': 'bald', 'glasses': 'none'}
    """
    words, breaks = _tokens(prompt[:MAX_CHARS])
    corrected = []
    for i, word in enumerate(words):
        if (better := _corrected(word)) is not None:
            corrected.append((word, better))
            words[i] = better
    return _Reader(words, breaks).read(tuple(dict.fromkeys(corrected)))


def without(prompt: str, names: Collection[str]) -> str:
    """The prompt less what it says outright of these attributes; as it is when it says nothing of them.

    >>> without("friendly office worker in a red hoodie, at the beach", {"background"})
    'friendly office worker in a red hoodie'
    """
    words, breaks = _tokens(prompt[:MAX_CHARS])
    reader = _Reader(list(words), breaks)
    dropped: set[int] = set()
    for match in reader.matches():
        if match.values and set(match.values) <= set(names) and match.weight is not _Weight.HINT:
            start = match.start
            while start > 0 and not breaks[start] and words[start - 1] in lexicon.SILENT | lexicon.NEGATORS:
                start -= 1
            dropped.update(range(start, match.stop))
    if not dropped:
        return prompt
    kept, pending = "", False
    for i, word in enumerate(words):
        pending = pending or breaks[i]
        if i not in dropped:
            kept += (", " if pending and kept else " " if kept else "") + word
            pending = False
    return kept


class _Reader:
    """One prompt being read. ``breaks[i]`` tells that punctuation stands before word ``i``."""

    def __init__(self, words: list[str], breaks: list[bool]) -> None:
        self.words, self.breaks = words, breaks
        self.taken = [False] * len(words)
        self.denied: set[int] = set()
        self.values: dict[str, str | int | bool] = {}
        self.weights: dict[str, _Weight] = {}

    def read(self, corrected: tuple[tuple[str, str], ...]) -> Reading:
        unknown: dict[int, str] = {}
        for match in self.matches():
            unknown |= {i: self.words[i] for i in match.dropped}
            denial = self._denial_before(match.start)
            if denial is None:
                self._apply(match)
            elif not self._deny(match):
                unknown[match.start] = " ".join(["not", *self.words[match.start : match.stop]])
        for i, word in enumerate(self.words):
            if word in lexicon.TOO_YOUNG and " ".join(self.words[i : i + 2]) not in lexicon.THINGS:
                self._apply(_Match(i, i + 1, {"age": YOUNGEST}, _Weight.HINT))
            if not self.taken[i] and word not in lexicon.SILENT and word not in lexicon.NEGATORS:
                denied = self._denial_before(i) is not None
                unknown.setdefault(i, f"no {word}"[:_LONGEST_WORD] if denied else word[:_LONGEST_WORD])
        told = dict.fromkeys(unknown[i] for i in sorted(unknown))
        return Reading(Attributes(**self.values), tuple(told)[:MAX_UNKNOWN], corrected)  # type: ignore[arg-type]

    def matches(self) -> list[_Match]:
        """All that is understood, from left to right; to be called once."""
        matches = [*self._ages(), *self._nouns(), *self._dressed_in(), *self._phrases()]
        return sorted(matches, key=lambda m: m.start)

    # -- matching ------------------------------------------------------------------------------------------------

    def _free(self, start: int, stop: int) -> bool:
        """The words start..stop exist, are not taken yet and no punctuation parts them."""
        whole = 0 <= start < stop <= len(self.words)
        return whole and not any(self.taken[start:stop]) and not any(self.breaks[start + 1 : stop])

    def _phrase(self, start: int, stop: int) -> str:
        return " ".join(self.words[start:stop]) if self._free(start, stop) else ""

    def _claim(self, start: int, stop: int) -> None:
        self.taken[start:stop] = [True] * (stop - start)

    def _ages(self) -> list[_Match]:
        matches = []
        i = 0
        while i < len(self.words):
            found = self._age_at(i)
            if found:
                years, stop = found
                matches.append(_Match(i, stop, {"age": min(max(years, YOUNGEST), OLDEST)}, _Weight.EXACT))
                if years >= YOUNGEST:
                    self._claim(i, stop)
            i = found[1] if found else i + 1
        return matches

    def _age_at(self, i: int) -> tuple[int, int] | None:
        """Years and the end of an age that begins at word ``i``."""
        word = self.words[i]
        if decade := lexicon.DECADES.get(word) or _decade(word):
            before = self.words[i - 1] if i and not self.breaks[i] else ""
            if before in ("early", "mid", "late"):
                self._claim(i - 1, i)
            return decade + {"early": 2, "mid": 5, "late": 8}.get(before, 5), i + 1
        stop = i + 1
        if word.isdecimal() and len(word) <= 3:
            years = int(word)
        elif word in lexicon.TEENS:
            years = lexicon.TEENS[word]
        elif word in lexicon.TENS:
            years = lexicon.TENS[word]
            if self._free(i, i + 2) and self.words[i + 1] in lexicon.UNITS:
                years, stop = years + lexicon.UNITS[self.words[i + 1]], stop + 1
        elif written := re.fullmatch(r"(\d{1,3})(yo|ish|yrs?|y)", word):
            years = int(written[1])
        else:
            return None
        said = stop < len(self.words) and self._free(i, stop + 1) and self.words[stop] in _AGE_WORDS
        if said:
            stop += 1
            after = [self.words[n] for n in (stop, stop + 1) if self._free(i, n + 1)]
            if after[:1] == ["experience"] or (after[:1] == ["of"] and after[1:] not in ([], ["age"])):
                return None  # how long, not how old
            if after[:1] in (["old"], ["of"]):
                stop += 1
        elif not YOUNGEST <= years <= OLDEST:
            return None
        return years, stop

    def _nouns(self) -> list[_Match]:
        matches = []
        for i in range(len(self.words)):
            for n in range(_LONGEST_PHRASE, 0, -1):
                head = lexicon.HEADS.get(self._phrase(i, i + n))
                if head is None:
                    continue
                if match := self._noun(i, i + n, *head):
                    matches.append(match)
                break
        return matches

    def _noun(self, start: int, stop: int, subject: str, values: lexicon.Values) -> _Match | None:
        """The noun at start..stop with its adjectives before it, or after 'is', 'are', 'dyed'."""
        known = lexicon.MODIFIERS[subject]
        first, adjectives = start, []
        while (n := self._modifier_before(first, known)) > 0:
            if self.words[first - n] not in ("and", "or"):
                adjectives.append((first - n, first))
            first -= n
        if self._free(start, stop + 1) and self.words[stop] in _AFTER_NOUN:
            end = stop + 1
            while n := next((n for n in (3, 2, 1) if self._phrase(end, end + n) in known), 0):
                adjectives.append((end, end + n))
                end += n
            stop = end if end > stop + 1 else stop
        if not values and not adjectives:
            return None
        match = _Match(first, stop, dict(values), _Weight.WORD)
        self._merge(match, adjectives, known)
        self._claim(first, stop)
        return match

    def _modifier_before(self, stop: int, known: dict[str, lexicon.Values]) -> int:
        """How many words before ``stop`` belong to the noun phrase."""
        if stop <= 0 or stop >= len(self.words) or self.breaks[stop]:
            return 0
        for n in (3, 2, 1):
            if self._phrase(stop - n, stop) in known:
                return n
        word = self.words[stop - 1]
        shade = word in lexicon.SHADES and any("clothing_colour" in values for values in known.values())
        joined = word in ("and", "or") and not self.breaks[stop - 1] and self._phrase(stop - 2, stop - 1) in known
        return 1 if (shade or joined) and not self.taken[stop - 1] else 0

    def _merge(self, match: _Match, adjectives: list[tuple[int, int]], known: dict[str, lexicon.Values]) -> None:
        """Adjectives refine their noun; where two disagree the nearer one stays and the other one is reported."""
        said = {name: value for name, value in match.values.items() if name == "hair_style"}
        source: dict[str, int] = {}
        vague: set[str] = set()
        for start, stop in sorted(adjectives, reverse=True):
            phrase = " ".join(self.words[start:stop])
            colour = next((name for name, value in said.items() if str(value).startswith("#")), None)
            if phrase in lexicon.SHADES and colour:
                said[colour] = _shaded(str(said[colour]), lexicon.SHADES[phrase])
                continue
            for name, value in known.get(phrase, {}).items():
                if name not in said or (name in vague and phrase not in lexicon.VAGUE):
                    said[name], source[name] = value, start
                    vague = vague | {name} if phrase in lexicon.VAGUE else vague - {name}
                elif name == "clothing_colour":  # of 'blue and white shirt' the first colour is the main one
                    match.dropped.append(source[name])
                    said[name], source[name] = value, start
                elif said[name] != value and phrase not in lexicon.VAGUE:
                    match.dropped.append(start)
        match.values |= said

    def _dressed_in(self) -> list[_Match]:
        """ "in black", "wearing red": a colour of clothes without the clothes."""
        matches = []
        for i, word in enumerate(self.words):
            if word not in ("in", "wearing", "wears") or self.taken[i]:
                continue
            start = i + 1
            while start < len(self.words) and self.words[start] in ("all", "dark", "light", "bright"):
                start += 1
            for n in (2, 1):
                if colour := lexicon.CLOTH_COLOURS.get(self._phrase(start, start + n)):
                    shade = lexicon.SHADES.get(self.words[start - 1], 1.0)
                    matches.append(_Match(i, start + n, {"clothing_colour": _shaded(colour, shade)}, _Weight.WORD))
                    self._claim(i, start + n)
                    break
        return matches

    def _phrases(self) -> list[_Match]:
        matches, i = [], 0
        while i < len(self.words):
            for n in range(_LONGEST_PHRASE, 0, -1):
                phrase = self._phrase(i, i + n)
                word, hint = lexicon.PHRASES.get(phrase), lexicon.HINTS.get(phrase)
                if word is None and hint is None:
                    continue
                matches += [_Match(i, i + n, dict(word), _Weight.WORD)] if word else []
                matches += [_Match(i, i + n, dict(hint), _Weight.HINT)] if hint else []
                self._claim(i, i + n)
                i += n - 1
                break
            i += 1
        return matches

    # -- meaning -------------------------------------------------------------------------------------------------

    def _denial_before(self, start: int) -> int | None:
        """Index of the 'no', 'not' or 'without' that governs the words from ``start`` on."""
        i = start - 1
        while i >= 0 and not self.breaks[i + 1]:
            word = self.words[i]
            if word in lexicon.NEGATORS:
                return i
            if word in ("or", "nor", "and") and i > 0 and (word != "and" or i == start - 1):
                return i if i - 1 in self.denied else None
            if word not in lexicon.BETWEEN or self.taken[i]:
                return None
            i -= 1
        return None

    def _deny(self, match: _Match) -> bool:
        """Apply the opposite of a match; False when none of its fields has one."""
        self.denied.update(range(match.start, match.stop))
        opposites = {name: lexicon.OPPOSITES[name] for name in match.values if name in lexicon.OPPOSITES}
        if match.weight is _Weight.HINT:
            return True
        self._apply(_Match(match.start, match.stop, dict(opposites), match.weight))
        return bool(opposites)

    def _apply(self, match: _Match) -> None:
        for name, value in match.values.items():
            weight = self.weights.get(name, 0)
            fuller = name == "beard" and value in _BEARDS and self.values.get(name) in _BEARDS
            if match.weight > weight or (
                match.weight == weight and fuller and _BEARDS.index(str(value)) > _BEARDS.index(str(self.values[name]))
            ):
                self.values[name], self.weights[name] = value, match.weight


def _tokens(text: str) -> tuple[list[str], list[bool]]:
    """Lower-case words without accents, and for each whether punctuation stands before it."""
    text = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in text if not unicodedata.combining(c)).replace("’", "'")
    text = re.sub(r"(?<=[a-z])n't\b", " not", unicodedata.normalize("NFC", text))
    text = re.sub(r"'(s|re|d|ll|ve)\b", "", text).replace("'", "")
    words: list[str] = []
    breaks: list[bool] = []
    pending = True
    for token in re.findall(r"[^\W_]+|[,;:.!?()\[\]{}|/+\n]", text):
        if token[0].isalnum():
            words.append(token)
            breaks.append(pending)
        pending = not token[0].isalnum()
    return words, breaks


def _decade(word: str) -> int | None:
    """'40s' → 40."""
    found = re.fullmatch(r"([2-8])0s", word)
    return int(found[1]) * 10 if found else None


def _shaded(colour: str, factor: float) -> str:
    """'#rrggbb' darker (factor < 1) or mixed with white (factor > 1)."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = [c * factor if factor < 1 else c + (255 - c) * (factor - 1) for c in channels]
    return "#" + "".join(f"{round(c):02x}" for c in mixed)


@cache
def _vocabulary() -> frozenset[str]:
    phrases = [*lexicon.HEADS, *lexicon.PHRASES, *lexicon.HINTS, *lexicon.DECADES, *lexicon.TENS, *lexicon.TEENS]
    for table in lexicon.MODIFIERS.values():
        phrases.extend(table)
    words = {word for phrase in phrases for word in phrase.split()}
    return frozenset(words | lexicon.SILENT | lexicon.NEGATORS | lexicon.BETWEEN | lexicon.TOO_YOUNG | _AFTER_NOUN)


def _corrected(word: str) -> str | None:
    """The known word of which ``word`` is certainly a misspelling: the same beginning and one slip or two swapped
    letters, but not a longer form, which is another word ('Indiana')."""
    if not 5 <= len(word) <= _LONGEST_WORD or not word.isalpha() or word in _vocabulary():
        return None
    from difflib import get_close_matches

    known = [w for w in _vocabulary() if w[:2] == word[:2] and len(w) > 5 and not word.startswith(w)]
    near = get_close_matches(word, known, n=2, cutoff=0.87)
    near = near or [w for w in known if sorted(w) == sorted(word)]
    return near[0] if len(near) == 1 or (near and near[1].startswith(near[0])) else None
