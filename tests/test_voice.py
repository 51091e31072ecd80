from dataclasses import replace

import numpy as np
import pytest

from deepmask.engines.painter.identity import identity_of
from deepmask.errors import InputError
from deepmask.persona import Attributes, Persona
from deepmask.voice import Voice, _drawn_gender_and_years, voice_of

PORTRAIT = np.zeros((8, 8, 3), np.uint8)


def test_the_same_persona_always_sounds_the_same():
    attributes = Attributes(gender="female", age=34)
    assert Voice.of(attributes, 7) == Voice.of(attributes, 7)
    assert Voice.of(attributes, 7) != Voice.of(attributes, 8)


@pytest.mark.parametrize("seed", range(20))
def test_the_voice_fits_gender_and_age(seed):
    man, woman = Voice.of(Attributes(gender="male", age=35), seed), Voice.of(Attributes(gender="female", age=35), seed)
    between = Voice.of(Attributes(gender="neutral", age=35), seed)
    assert 95 <= man.pitch_hz <= 135 < between.pitch_hz < 175 <= woman.pitch_hz <= 230
    assert man.size < 1 < woman.size
    old, teen = Voice.of(Attributes(gender="female", age=85), seed), Voice.of(Attributes(gender="female", age=17), seed)
    assert old.pitch_hz < woman.pitch_hz < teen.pitch_hz
    assert old.size < woman.size < teen.size
    assert old.breath < woman.breath
    assert old.liveliness < woman.liveliness


@pytest.mark.parametrize("seed", [0, 1, 5, 99, 2**40])
def test_what_is_left_open_is_drawn_as_the_painter_draws_it(seed):
    drawn = identity_of(Attributes(), seed)
    assert _drawn_gender_and_years(seed) == ("female" if drawn.female > 0.5 else "male", drawn.years)


def test_a_voice_of_its_own_stays():
    persona = Persona("maya", "Maya", "painter", PORTRAIT, seed=3, attributes=Attributes(gender="female"))
    assert voice_of(persona) == Voice.of(Attributes(gender="female"), 3)
    own = Voice(pitch_hz=150.0)
    assert voice_of(replace(persona, voice=own)) == own
    assert voice_of(replace(persona, attributes=None)) == Voice.of(Attributes(), 3)


def test_a_voice_survives_its_file_and_bad_numbers_are_refused():
    voice = Voice.of(Attributes(), 11)
    assert Voice.from_json(voice.to_json()) == voice
    with pytest.raises(InputError, match="pitch_hz of a voice must lie between 60 and 400"):
        Voice(pitch_hz=20)
