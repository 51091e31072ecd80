import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepmask.errors import InputError, UnknownName, VaultError
from deepmask.persona import Attestation, Attributes, Persona
from deepmask.vault import Vault


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


def test_attributes_are_checked():
    with pytest.raises(InputError, match="choose one of"):
        Attributes(hair_style="beehive")
    with pytest.raises(InputError, match="between 16 and 90"):
        Attributes(age=9)
    with pytest.raises(InputError, match="Unknown persona attributes wings"):
        Attributes.from_json({"wings": 2})
    assert Attributes.from_json(Attributes(age=40, freckles=True).to_json()) == Attributes(age=40, freckles=True)
