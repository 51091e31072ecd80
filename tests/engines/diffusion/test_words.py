"""What is asked for, and that nothing of a prompt is cut off."""

from dataclasses import replace

import numpy as np
import pytest

from deepmask.engines.diffusion.encoding import PIECE, encode, weighted_parts
from deepmask.engines.diffusion.loading import Networks
from deepmask.engines.diffusion.unfit import refuse_unfit
from deepmask.engines.diffusion.words import NEGATIVE, negative_words, person_words, portrait_words, scene_words
from deepmask.errors import InputError
from deepmask.persona import CHOICES, Attributes, Persona
from deepmask.wishes import Wishes

SOMEBODY = Attributes()


def test_words_are_made_from_all_attributes():
    words = portrait_words(
        Attributes(
            gender="male", age=52, heritage="south_asian", skin="brown", hair_colour="grey", hair_style="curly",
            eyes="green", beard="full", glasses="round", freckles=True, mood="laughing", clothing="suit",
            clothing_colour="#27324f", background="beach",
        )
    )  # fmt: skip
    for part in ("a South Asian man, 52 years old", "brown skin", "grey curly hair", "green eyes", "full beard",
                 "round glasses", "freckles", "laughing", "wearing navy suit", "on a beach"):  # fmt: skip
        assert part in words
    assert "#" not in words


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_every_word_of_every_attribute_can_be_said(name):
    for value in CHOICES[name]:
        words = portrait_words(Attributes(**{name: value}))
        assert "  " not in words
        assert "_" not in words
        refuse_unfit(SOMEBODY, words)


def test_the_users_words_come_first_and_stay_as_they_are():
    words = portrait_words(Attributes(gender="male"), "A Viking, snow in the beard.")
    assert words.startswith("A Viking, snow in the beard, ")
    assert "one adult person" in words
    assert negative_words("hats").startswith("hats, ")
    assert negative_words("hats").endswith(NEGATIVE)


def test_weights_in_parentheses_are_read():
    assert weighted_parts("a (red:1.2) hat") == [("a ", 1.0), ("red", 1.2), (" hat", 1.0)]
    assert weighted_parts("a (plain) hat") == [("a (plain) hat", 1.0)]
    assert weighted_parts("(x:9)") == [("x", 2.0)]


def test_a_persona_in_the_place_of_somebody_is_told_by_looks_or_its_own_words():
    portrait = np.zeros((4, 4, 3), np.uint8)
    drawn = Persona("ann", "Ann", "painter", portrait, attributes=Attributes(
        gender="female", age=34, hair_style="bob", hair_colour="black", glasses="round", clothing="suit",
        background="beach",
    ))  # fmt: skip
    words = person_words(drawn)
    assert words.startswith("a woman, 34 years old, black hair in a bob, round glasses")
    assert "suit" in words
    assert "beach" not in words, "the picture has a background"
    dressed = person_words(drawn, "a yellow raincoat.")
    assert dressed.endswith(", a yellow raincoat")
    assert "suit" not in dressed, "the user's clothes, not the persona's"
    told = replace(drawn, wishes=Wishes(prompt="a Viking, snow in the beard."))
    assert person_words(told, "in armour") == "a Viking, snow in the beard, in armour"
    assert person_words(replace(drawn, attributes=None)) == person_words(None) == "an adult person"


def test_a_background_is_asked_for_without_naming_people_and_a_person_with_what_is_refused():
    empty, nobody = scene_words("  ")
    assert not any(word in empty for word in ("people", "person", "man"))
    assert "people" in nobody
    somebody, unwanted = scene_words("a woman in a red coat, ")
    assert somebody.startswith("a woman in a red coat, photo of one adult person")
    assert "nude" in unwanted
    assert "person," not in unwanted


@pytest.fixture
def base(diffusion):
    diffusion.paint(SOMEBODY, 1, 64, wishes=Wishes(steps=1, fast=False))
    assert isinstance(diffusion._networks, Networks)
    return diffusion._networks.base


def test_a_short_prompt_is_read_as_diffusers_reads_it(base):
    import torch

    ours = encode(base, "a man", "a hat")
    theirs = base.encode_prompt("a man", "cpu", 1, True, "a hat")
    assert torch.equal(ours["prompt_embeds"], theirs[0])
    assert torch.equal(ours["negative_prompt_embeds"], theirs[1])


def test_the_end_of_a_long_prompt_matters(base):
    words = " ".join(["hair"] * 30)
    red, blue = (encode(base, f"{words} {end}", "hat")["prompt_embeds"].float().numpy() for end in ("red", "blue"))
    assert red.shape[1] == 77 * 2  # the tiny tokenizer takes more tokens for a word than CLIP's
    assert not np.array_equal(red, blue)


def test_a_weight_changes_the_reading(base):
    plain, heavy = (encode(base, text, None)["prompt_embeds"] for text in ("a red hat", "a (red:1.5) hat"))
    assert plain.shape == heavy.shape
    assert not bool((plain == heavy).all())


def test_a_prompt_beyond_reading_is_told_with_its_length(diffusion):
    with pytest.raises(InputError, match=f"at most {4 * PIECE} are read"):
        diffusion.paint(SOMEBODY, 1, 64, wishes=Wishes(prompt="hair " * 400, steps=1, fast=False))
