"""A prompt becomes attributes; what was not understood is told."""

import random
import subprocess
import sys
from typing import Any

import pytest

from deepmask.lexicon import HEADS, HINTS, MODIFIERS, OPPOSITES, PHRASES
from deepmask.persona import CHOICES, Attributes
from deepmask.prompt import MAX_UNKNOWN, read, without

PROMPTS: list[tuple[str, dict[str, Any]]] = [
    (
        "a good young indian office employee, black hair, male",
        {"gender": "male", "age": 25, "heritage": "south_asian", "hair_colour": "black", "mood": "friendly",
         "clothing": "shirt", "background": "office"},
    ),
    (
        "a funky young indian party animal, black hair, male",
        {"gender": "male", "age": 25, "heritage": "south_asian", "hair_colour": "black", "hair_style": "spiky",
         "glasses": "sunglasses", "mood": "happy", "clothing": "party", "background": "party"},
    ),
    (
        "an elderly woman with curly silver hair and round glasses, kind smile",
        {"gender": "female", "age": 76, "hair_colour": "grey", "hair_style": "curly", "glasses": "round",
         "mood": "kind"},
    ),
    (
        "young woman with long red hair, green eyes and freckles, blue hoodie",
        {"gender": "female", "age": 25, "hair_colour": "ginger", "hair_style": "long", "eyes": "green",
         "freckles": True, "clothing": "hoodie", "clothing_colour": "#2f5f9e"},
    ),
    (
        "bald black man with a full beard in a dark grey suit",
        {"gender": "male", "heritage": "black", "hair_style": "bald", "beard": "full", "clothing": "suit",
         "clothing_colour": "#4a4e53"},
    ),
    (
        "45 year old Japanese businesswoman, bob, no glasses",
        {"gender": "female", "age": 45, "heritage": "east_asian", "hair_style": "bob", "glasses": "none",
         "clothing": "suit"},
    ),
    (
        "white man on a white background, hair dyed blue, moustache and beard",
        {"gender": "male", "heritage": "white", "hair_colour": "blue", "beard": "full", "background": "white"},
    ),
    ("man in black, dark glasses", {"gender": "male", "glasses": "sunglasses", "clothing_colour": "#1f2126"}),
    ("", {}),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "expected"), PROMPTS)
def test_prompts_are_understood_completely(prompt: str, expected: dict[str, Any]) -> None:
    reading = read(prompt)
    assert reading.attributes.to_json() == expected
    assert reading.unknown == ()
    assert reading.corrected == ()


@pytest.mark.parametrize(
    ("words", "years"),
    [
        ("35 years old", 35), ("a thirty-five year old man", 35), ("aged 61", 61), ("28yo", 28),
        ("in her forties", 45), ("early 40s", 42), ("in his late sixties", 68), ("teenager", 17),
        ("elderly", 76), ("young, 45 years old", 45), ("8 years old", 16), ("a young grandmother", 25),
    ],
)  # fmt: skip
def test_ages(words: str, years: int) -> None:
    assert read(words).attributes.age == years


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("no glasses", "glasses", "none"), ("isn't wearing any sunglasses", "glasses", "none"),
        ("a man without a beard", "beard", "none"), ("clean-shaven", "beard", "none"), ("shaven head", "beard", None),
        ("no beard or glasses", "glasses", "none"), ("not smiling", "mood", "neutral"),
        ("freckles, no glasses", "freckles", True), ("without freckles", "freckles", False),
        ("no moustache or goatee but stubble", "beard", "stubble"), ("no beard, round glasses", "glasses", "round"),
        ("no glasses and a beard", "beard", "full"), ("no hair", "hair_style", "bald"),
    ],
)  # fmt: skip
def test_negation(words: str, field: str, value: object) -> None:
    assert getattr(read(words).attributes, field) == value


@pytest.mark.parametrize(
    ("british", "american"),
    [("grey hair", "gray hair"), ("moustache", "mustache"), ("colourful shirt", "colorful shirt")],
)
def test_british_and_american_spelling(british: str, american: str) -> None:
    assert read(british).attributes == read(american).attributes != Attributes()


def test_what_is_not_understood_is_told_in_order() -> None:
    reading = read("A zebra-striped wizard with red hair, not old, no hat and long curly hair")
    assert reading.unknown == ("zebra", "striped", "wizard", "not old", "no hat", "long")


def test_an_occupation_gives_way_to_what_is_said() -> None:
    assert read("doctor in a red hoodie").attributes.clothing == "hoodie"
    assert read("lawyer, laughing").attributes.mood == "laughing"


def test_slips_of_the_pen_are_corrected_and_told() -> None:
    reading = read("Indain man with glases and a mustach, Indiana")
    assert reading.attributes == Attributes(gender="male", heritage="south_asian", glasses="round", beard="moustache")
    assert reading.corrected == (("indain", "indian"), ("glases", "glasses"), ("mustach", "mustache"))
    assert reading.unknown == ("indiana",)


def test_garbage_is_harmless_and_bounded() -> None:
    dice = random.Random(0)
    noise = "".join(chr(dice.randrange(0xD7FF)) for _ in range(200_000))
    for prompt in (noise, "\0" * 9999, "x" * 100_000, "no " * 5000, "9" * 5000, "🙂 男 мужчина", "and or not , . no"):
        reading = read(prompt)
        assert len(reading.unknown) <= MAX_UNKNOWN
        assert all(len(word) <= 40 for word in reading.unknown)


def test_the_lexicon_speaks_the_words_of_the_attributes() -> None:
    tables = [PHRASES, HINTS, dict(HEADS.values()), *MODIFIERS.values()]
    for values in (v for table in tables for v in table.values()):
        Attributes(**values)  # type: ignore[arg-type]
    reachable = {(k, v) for table in tables for values in table.values() for k, v in values.items()}
    reachable |= {(k, v) for _, values in HEADS.values() for k, v in values.items()} | set(OPPOSITES.items())
    missing = {(k, w) for k, words in CHOICES.items() for w in words} - reachable
    assert not missing, "choices that no prompt can name"


def test_reading_needs_nothing_heavy() -> None:
    code = (
        "import sys, deepmask.prompt as p; p.read('old man with glases');"
        "assert not {'cv2', 'scipy', 'mediapipe', 'skia', 'numba'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("prompt", "names", "rest"),
    [
        ("Zoë, friendly woman, not smiling", {"mood"}, "zoe, woman"),
        ("old man, kind, cardigan, at home", {"background"}, "old man, kind, cardigan"),
        ("man wearing a dark grey suit at the beach", {"clothing", "clothing_colour"}, "man at the beach"),
        ("an office employee", {"clothing", "background"}, "an office employee"),
        ("Zoë, a blorbl", {"mood"}, "Zoë, a blorbl"),
        ("laughing", {"mood"}, ""),
    ],
)
def test_a_prompt_is_freed_of_what_it_says_outright_of_an_attribute(prompt, names, rest):
    assert without(prompt, names) == rest


def test_how_long_somebody_does_a_thing_is_not_their_age():
    for words in ("man with 10 years of experience", "man, thirty years experience"):
        assert read(words).attributes.age is None
    assert read("man of 40 years of age").attributes.age == 40
