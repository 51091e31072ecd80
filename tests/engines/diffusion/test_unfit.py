"""Which words are refused, and which must not be."""

import pytest

from deepmask.engines.diffusion import Diffusion
from deepmask.engines.diffusion.unfit import refuse_unfit
from deepmask.errors import InputError
from deepmask.persona import Attributes
from deepmask.prompt import read
from deepmask.wishes import Wishes

SOMEBODY = Attributes()


@pytest.mark.parametrize(
    "prompt",
    [
        "a good young indian office employee, black hair, male",
        "woman with shoulder-length hair in a baby blue double-breasted blazer",
        "old man, cowboy hat, striped shirt, smiling with his grandson's scarf",
        "a 21 year old woman from Essex",
        "his girlfriend, 30, in a bob",
        "Frau Müller, 45 years old, teacher for 20 years",
        "man in his eighties",
        "a forty-five years old man",
        "thirty-one year-old woman",
        "a hundred and two years old",
        "85 mm lens, f 1.8, 8k",
        "woman with 2 earrings, 35mm",
        "portrait of an ageing boxer, scars of ages",
        "a man with a minor scar, high school teacher",
        "woman in a blazer with a breast pocket",
        "woman, 18",
        "man with 10 years of experience",
        "a nurse with twelve years experience, blue eyes",
        "woman wearing white kid gloves",
        "man in kid-leather boots",
    ],
)
def test_ordinary_prompts_pass(prompt):
    refuse_unfit(SOMEBODY, prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "a child", "two kids", "teenage boy", "a schoolgirl", "a kid, gloves", "a kid leather jacket",
        "in white, kid gloves", "10 years of age, man", "school-girl with braids", "young girl", "ToDdLeR",
        "Téen", "a 12-year-old", "17yo woman", "17 y/o woman", "woman aged 15", "sixteen years old", "age of 9",
        "a 30 year old woman and a twelve year old", "te\u200ben", "loli", "pre-teen",
        "eight-and-a-half years old", "5 and a half years old", "6 months old", "15 year olds", "thirteen years",
        "15yr", "woman, 12", "person, fourteen, smiling", "female 12", "young lady of 14", "ten summers old",
        "aged about 12", "aged between 10 and 12", "age is 9", "under the age of 18", "woman, under 18", "a minor",
        "7th grader", "grade 5 student", "high schooler", "middle school student", "preschooler", "prepubescent",
        "girlish woman", "not yet adult", "barely legal", "school uniform", "ni\u00f1a", "petite fillette",
        "M\u00e4dchen", "\u0440\u0435\u0431\u0451\u043d\u043e\u043a", "\u5c11\u5973",
    ],
)  # fmt: skip
def test_minors_are_refused_in_one_sentence(prompt):
    with pytest.raises(InputError, match=r"^Personas are adults") as refused:
        refuse_unfit(SOMEBODY, prompt)
    assert str(refused.value).count(". ") == 0


@pytest.mark.parametrize(
    "prompt",
    [
        "nude woman", "man without clothes", "NSFW", "sexy pose", "a topless man", "nakedness", "N\u00fade",
        "semi-nude", "no clothes", "wearing nothing", "in underwear", "see-through blouse", "seductive look",
    ],
)  # fmt: skip
def test_sexual_words_are_refused(prompt):
    with pytest.raises(InputError, match="leave out"):
        refuse_unfit(SOMEBODY, prompt)


def test_an_age_below_eighteen_is_refused_wherever_it_stands():
    refuse_unfit(Attributes(age=18), "")
    with pytest.raises(InputError, match="18 years"):
        refuse_unfit(read("teenager").attributes, "")


def test_a_negative_prompt_may_not_exclude_adults_or_clothes():
    for words in ("adult", "blurry, (clothes:1.4)", "any clothing", "old adults, text", "grown-up adult"):
        with pytest.raises(InputError, match="dressed adults; leave"):
            refuse_unfit(SOMEBODY, "a woman", words)
    for words in ("", "blurry, old, colourful clothes", "hats", "adult content"):
        refuse_unfit(SOMEBODY, "a woman", words)


def test_the_engine_refuses_before_anything_is_loaded():
    for wishes in (Wishes("a schoolgirl"), Wishes("a woman", negative="clothes")):
        with pytest.raises(InputError, match=r"^Personas are"):
            Diffusion().paint(SOMEBODY, 1, 64, wishes=wishes)
