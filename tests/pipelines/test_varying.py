"""Variations: the same person in another mood, place or dress, and whoever is somebody else is told apart."""

from dataclasses import replace

import numpy as np
import pytest

from deepmask import engines
from deepmask.errors import EngineMissing, InputError
from deepmask.face_pose import FacePose
from deepmask.persona import Attestation, Persona
from deepmask.prompt import read
from deepmask.vault import Vault
from pipelines import avatar
from pipelines.avatar import VariationOptions, varying
from tests.tiny import words

PROMPT = "friendly woman in her forties, short black hair, no glasses, cardigan"
SEED, SIDE_PX = 7, 384


def _draft(engine, prompt=PROMPT, seed=SEED):
    return avatar.create(prompt, seed, avatar.AvatarOptions(engine, 1, SIDE_PX))[0]


@pytest.fixture(autouse=True)
def painter_of_words(monkeypatch):
    words.install(monkeypatch)


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    return Vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture(scope="module")
def painted(vault):
    return avatar.keep(_draft("painter"), "Painted", vault)


@pytest.fixture
def worded(vault):
    """A persona of the painter that follows words."""
    if "Worded" not in [p.name for p in vault.personas()]:
        avatar.keep(_draft("diffusion"), "Worded", vault)
    return vault.persona("Worded")


def test_a_painted_persona_is_drawn_again_and_stays_the_same_person(painted):
    made = avatar.vary(painted, VariationOptions("expression", count=2))
    assert [v.words for v in made] == ["laughing", "serious"]
    assert all(v.same_person and v.distance < 0.5 and v.swapper == "" for v in made)
    assert (made[0].picture != painted.portrait).any()
    assert made[0].picture.shape == painted.portrait.shape
    alike = avatar.consistency(made)
    assert alike.recognizer == "dlib"
    assert len(alike.among) == 1
    assert 0 < max(*alike.to_portrait, *alike.among) < alike.match_below


def test_given_words_say_all_to_a_painter_that_goes_by_attributes(painted):
    (only,) = avatar.vary(painted, VariationOptions("clothing", "a red hoodie"))
    red = read("red hoodie").attributes.clothing_colour
    dressed = painted.attributes.changed(clothing="hoodie", clothing_colour=red)
    again = avatar.redraw(_draft("painter"), dressed, size_px=SIDE_PX)
    assert np.array_equal(only.picture, again.portrait)
    with pytest.raises(InputError, match=r"'blorbl' is no setting this painter knows; it knows .*beach"):
        avatar.vary(painted, VariationOptions("setting", "blorbl"))


def test_somebody_new_gets_the_personas_face():
    draft = _draft("diffusion", "friendly adult, short black hair, no glasses")
    persona = Persona("worded", "Worded", "diffusion", draft.portrait, SEED, draft.prompt, draft.attributes,
                      wishes=draft.wishes)  # fmt: skip
    bar = engines.load("face_recognizer", "dlib").match_below
    made = avatar.vary(persona, VariationOptions("expression", "laughing", seed=23 - SEED, count=2))
    for variation in made:
        asked = "adult, short black hair, no glasses, laughing facial expression"
        stranger = _draft("diffusion", asked, variation.seed).portrait
        assert _distance(stranger, persona.portrait) > bar, "as painted it is somebody else"
        assert variation.swapper == "meshwarp"
        assert variation.distance == pytest.approx(_distance(variation.picture, persona.portrait))
        assert variation.distance < 0.8 * bar
        assert variation.same_person


def _distance(a, b):
    recognizer = engines.load("face_recognizer", "dlib")
    return float(np.linalg.norm(np.subtract(*(recognizer.embed(p, varying.main_face(p)) for p in (a, b)))))


def test_the_words_of_the_persona_give_way_and_its_pose_yields_to_an_expression(worded, monkeypatch):
    asked = []
    paint = words.WordPainter.paint

    def listening(self, attributes, seed, size_px=512, *, wishes=None, **more):
        asked.append((seed, wishes))
        return paint(self, attributes, seed, size_px, wishes=wishes, **more)

    monkeypatch.setattr(words.WordPainter, "paint", listening)
    posed = replace(worded, wishes=replace(worded.wishes, negative="hat", pose=FacePose.template("front")))
    for kind, said in (("expression", "serious"), ("clothing", "red hoodie")):
        avatar.vary(posed, VariationOptions(kind, said, count=1))
    (seed, mood), (_, dress) = asked
    assert seed == worded.seed, "the same noise keeps hair and light near to the portrait"
    assert mood.prompt == "woman in her forties, short black hair, no glasses, cardigan, serious facial expression"
    assert mood.pose is None
    assert dress.prompt == "friendly woman in her forties, short black hair, no glasses, wearing red hoodie"
    assert dress.pose == posed.wishes.pose
    assert dress.negative == "hat"


def test_a_painter_that_can_changes_the_portrait_for_a_place_or_clothes(worded, monkeypatch):
    begun = []

    def vary(self, portrait, attributes, seed, *, strength, **more):
        begun.append((portrait, strength))
        return self.paint(attributes, seed, portrait.shape[0], **more)

    rows = tuple(replace(row, varies=row.name == "diffusion") for row in engines.table())
    monkeypatch.setattr(engines, "table", lambda: rows)
    monkeypatch.setattr(words.WordPainter, "vary", vary, raising=False)
    for kind, said in (("setting", "beach"), ("clothing", "red hoodie"), ("expression", "laughing")):
        avatar.vary(worded, VariationOptions(kind, said, count=1))
    assert len(begun) == 2, "an expression is painted anew"
    assert all(portrait is worded.portrait and strength == 0.6 for portrait, strength in begun)


def test_who_is_beyond_the_bar_is_marked_and_not_kept_unasked(worded, vault, monkeypatch):
    monkeypatch.setattr(engines.load("face_recognizer", "dlib"), "match_below", 0.01)
    (stranger,) = avatar.vary(worded, VariationOptions("setting", "beach", count=1))
    assert not stranger.same_person
    assert "somebody else" in avatar.explained(stranger)
    with pytest.raises(InputError, match="does not show Worded"):
        avatar.keep_variation(worded, stranger, vault)
    assert vault.variations(worded) == []
    kept = avatar.keep_variation(worded, stranger, vault, anyway=True)
    assert not vault.variations(worded)[0].same_person
    vault.remove_variation(worded, kept.id)


def test_a_judge_whose_numbers_overflow_takes_nobody_for_the_persona(painted, monkeypatch):
    judge = engines.load("face_recognizer", "dlib")
    embed = judge.embed
    sure = [1.0, float("nan")]
    monkeypatch.setattr(judge, "embed", lambda *args: embed(*args) * sure.pop(0))
    (unknown,) = avatar.vary(painted, VariationOptions("expression", "laughing", count=1))
    assert (unknown.same_person, unknown.distance) == (False, None)


def test_a_picture_that_cannot_get_the_face_is_not_taken_for_the_persona(worded, monkeypatch):
    swapper = engines.load("face_swapper", "meshwarp")

    def refuse(*_args, **_more):
        raise varying.EngineFailed("A hand lies before the face.")

    monkeypatch.setattr(swapper, "swap", refuse)
    (plain,) = avatar.vary(worded, VariationOptions("setting", "beach", count=1))
    assert not plain.same_person
    assert plain.problem == "It could not be given the face of Worded: A hand lies before the face."


def test_imported_and_faceless_personas_cannot_be_varied(painted):
    imported = Persona("", "Ida", "import", painted.portrait, attestation=Attestation("mine", "now"))
    with pytest.raises(InputError, match="Ida was imported"):
        avatar.vary(imported)
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    with pytest.raises(InputError, match="No face can be measured in the portrait of Painted"):
        avatar.vary(replace(painted, portrait=noise))


def test_without_the_engine_of_the_persona_the_way_to_get_it_is_told(worded, monkeypatch):
    row = replace(engines.choose("portrait_painter", "diffusion"), needs=("no_such_module",), install="pip install it")
    rows = [row if one.name == row.name else one for one in engines.table()]
    monkeypatch.setattr(engines, "table", lambda: rows)
    with pytest.raises(EngineMissing, match=r"run: .*pip install it"):
        avatar.vary(worded)


def test_every_idea_is_known_to_the_prompt_reader_and_changes_what_it_should():
    for kind, ideas in avatar.IDEAS.items():
        for idea in ideas:
            said = read(idea)
            assert said.unknown == ()
            assert set(said.attributes.to_json()) & set(varying.FIELDS[kind]), idea


@pytest.mark.parametrize("options", [{"kind": "age"}, {"count": 0}, {"count": 17}, {"seed": -1}])
def test_options_are_checked(options):
    with pytest.raises(InputError):
        VariationOptions(**options)
