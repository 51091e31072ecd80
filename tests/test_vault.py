import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepmask.errors import InputError, UnknownName, VaultError
from deepmask.face_pose import FacePose
from deepmask.persona import Attestation, Attributes, Persona
from deepmask.variation import Variation
from deepmask.vault import Vault
from deepmask.voice import Voice
from deepmask.wishes import Wishes


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path)


def _persona(name="Maya", **changes):
    portrait = np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8)
    base = Persona("", name, "painter", portrait, 7, "young woman", Attributes(gender="female", age=30, skin="#a0b0c0"))
    return replace(base, **changes)


def test_a_persona_comes_back_as_it_was_kept(vault):
    kept = vault.add(_persona())
    again = vault.persona("maya")
    assert again == kept
    assert np.array_equal(again.portrait, kept.portrait)
    assert (vault.folder / "personas" / "maya" / "persona.json").is_file()


def test_names_are_found_in_any_case_and_the_known_are_listed(vault):
    vault.add(_persona("Zoë Müller"))
    assert vault.persona("zoë müller").id == "zoe-muller"
    with pytest.raises(UnknownName, match="known: Zoë Müller"):
        vault.persona("Eve")
    with pytest.raises(UnknownName):
        vault.persona("../..")


def test_a_taken_or_empty_name_is_refused(vault):
    vault.add(_persona())
    with pytest.raises(InputError, match="already"):
        vault.add(_persona("MAYA"))
    with pytest.raises(InputError, match="between 1 and 60"):
        vault.add(_persona("  "))


def test_names_that_make_the_same_folder_get_different_ones(vault):
    assert vault.add(_persona("Ann!")).id == "ann"
    assert vault.add(_persona("Ann?")).id == "ann-2"
    assert vault.add(_persona("明日香")).id == "persona"


def test_rename_and_remove(vault):
    kept = vault.add(_persona())
    vault.rename(kept, "Mia")
    assert vault.persona("Mia").id == "maya"
    half_removed = vault.folder / "personas" / ".gone-maya"
    half_removed.mkdir()
    (half_removed / "portrait.png").write_bytes(b"somebody")
    vault.remove(kept)
    assert vault.personas() == []
    assert list((vault.folder / "personas").iterdir()) == []


def test_nothing_half_written_when_the_vault_cannot_be_written(vault, monkeypatch):
    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(VaultError, match="set DEEPMASK_HOME"):
        vault.add(_persona())
    assert vault.personas() == []
    assert list((vault.folder / "personas").iterdir()) == []


def test_a_file_in_place_of_the_vault_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VaultError, match="cannot be"):
        Vault(tmp_path / "file").add(_persona())


def test_a_damaged_persona_does_not_hide_the_others(vault):
    vault.add(_persona("Maya"))
    vault.add(_persona("Noor"))
    (vault.folder / "personas" / "maya" / "persona.json").write_text("{")
    assert [p.name for p in vault.personas()] == ["Noor"]
    assert "damaged" in vault.damaged()[0]


def test_an_import_needs_an_attestation_and_records_it(vault):
    with pytest.raises(InputError, match="your word"):
        _persona(engine="import", attributes=None)
    attested = Attestation("I may use it.", "2026-01-01T00:00:00+00:00")
    vault.add(_persona(engine="import", attributes=None, attestation=attested))
    data = json.loads((vault.folder / "personas" / "maya" / "persona.json").read_text())
    assert data["attestation"]["statement"] == "I may use it."
    assert vault.persona("Maya").attestation == attested


WISHES = Wishes("a woman at the sea", "hat", 8, 2.5, True, FacePose.template("laughing"))


def test_what_a_painter_was_asked_for_comes_back(vault):
    recipe = {"model": "sd15", "model_digest": "abc"}
    kept = vault.add(_persona(engine="diffusion", wishes=WISHES, recipe=recipe))
    again = vault.persona("Maya")
    assert again == kept
    assert again.wishes == WISHES
    assert np.allclose(again.wishes.pose.points, WISHES.pose.points, atol=1e-4, equal_nan=True)
    assert again.recipe == recipe
    assert not again.redrawable, "attributes and seed do not say all"
    assert vault.add(_persona("Noor")).redrawable


def test_a_persona_of_the_first_version_is_read_and_one_of_a_newer_is_refused(vault):
    vault.add(_persona())
    path = vault.folder / "personas" / "maya" / "persona.json"
    data = json.loads(path.read_text())
    old = {key: value for key, value in data.items() if key not in ("wishes", "recipe", "voice")} | {"version": 1}
    path.write_text(json.dumps(old))
    assert vault.persona("Maya").seed == 7
    assert vault.persona("Maya").wishes is None
    path.write_text(json.dumps(data | {"version": 99}))
    with pytest.raises(VaultError, match="newer Deepmask"):
        vault.persona("Maya")


def test_a_voice_is_saved_and_stays_when_the_name_changes(vault):
    kept = vault.add(_persona())
    assert vault.persona("Maya").voice is None
    voice = Voice(pitch_hz=210.0, size=1.1, seed=5)
    vault.update(replace(kept, voice=voice))
    vault.rename(vault.persona("Maya"), "Mia")
    assert vault.persona("Mia").voice == voice
    assert np.array_equal(vault.persona("Mia").portrait, kept.portrait)


def test_an_update_that_fails_leaves_what_was_there(vault, monkeypatch):
    kept = vault.add(_persona())

    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        with pytest.raises(VaultError, match="cannot be changed: The disk"):
            vault.update(replace(kept, voice=Voice()))
    assert vault.persona("Maya") == kept
    assert sorted(p.name for p in (vault.folder / "personas" / "maya").iterdir()) == ["persona.json", "portrait.png"]
    vault.remove(kept)
    with pytest.raises(UnknownName):
        vault.update(kept)


def _variation(words="laughing"):
    picture = np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8)
    return Variation(picture, "expression", words, 7, "painter", "", "dlib", 0.21, same_person=True)


def test_variations_lie_in_the_personas_folder_and_go_with_it(vault):
    maya = vault.add(_persona())
    first = vault.add_variation(maya, _variation())
    second = vault.add_variation(maya, _variation("sad"))
    assert [v.id for v in vault.variations(maya)] == ["001-expression-laughing", "002-expression-sad"]
    assert vault.variations(maya) == [first, second]
    assert np.array_equal(vault.variations(maya)[0].picture, first.picture)
    assert (vault.folder / "personas" / "maya" / "looks" / "001-expression-laughing.png").is_file()
    (vault.folder / "personas" / "maya" / "looks" / "001-expression-laughing.json").write_text("{")
    assert vault.variations(maya) == [second], "one that is damaged does not hide the others"
    vault.remove_variation(maya, second.id)
    with pytest.raises(UnknownName, match="known: none yet"):
        vault.remove_variation(maya, second.id)
    vault.remove(maya)
    assert list((vault.folder / "personas").iterdir()) == []
    with pytest.raises(UnknownName):
        vault.add_variation(maya, _variation())


@pytest.mark.parametrize(
    "data",
    [
        {"speed": 1}, {"steps": "many"}, {"steps": 0}, {"pose": {"name": "x", "points": [1]}},
        {"prompt": 5}, {"negative": None}, {"fast": "yes"},
    ],
)  # fmt: skip
def test_wishes_are_checked_when_read(data):
    with pytest.raises(InputError):
        Wishes.from_json(data)


def test_attributes_are_checked():
    with pytest.raises(InputError, match="choose one of"):
        Attributes(hair_style="beehive")
    with pytest.raises(InputError, match="between 16 and 90"):
        Attributes(age=9)
    with pytest.raises(InputError, match="Unknown persona attributes wings"):
        Attributes.from_json({"wings": 2})
    assert Attributes.from_json(Attributes(age=40, freckles=True).to_json()) == Attributes(age=40, freckles=True)
