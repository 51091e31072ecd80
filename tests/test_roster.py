import json
import os
import stat

import numpy as np
import pytest

from deepmask.errors import InputError, UnknownName, VaultError
from deepmask.roster import Roster, is_encrypted


class Bars:
    """A recogniser's bars, without the recogniser."""

    match_below, match_margin, hidden_above = 0.5, 0.1, 0.65

    def embed(self, image, face):
        raise AssertionError("matching must not embed")


def _at(*xy):
    return np.array(xy, np.float32)


@pytest.fixture
def roster():
    return Roster().enrolled("Ada", [_at(0, 0), _at(0.1, 0)], "maya").enrolled("Bob", [_at(1, 0)], None)


def test_the_nearest_person_is_matched_with_distance_and_margin(roster):
    match = roster.match(_at(0.05, 0), Bars())
    assert match is not None
    assert match.person == "ada"
    assert match.distance == pytest.approx(0.05, abs=0.01)


def test_in_doubt_it_is_a_bystander(roster):
    assert roster.match(_at(0.0, 0.6), Bars()) is None, "too far from everybody"
    assert roster.match(_at(0.53, 0), Bars()) is None, "two people are equally near"
    assert Roster().match(_at(0, 0), Bars()) is None


def test_a_face_that_would_stay_visible_must_be_nearer():
    one = Roster().enrolled("Bob", [_at(0, 0)], None)
    assert one.match(_at(0.45, 0), Bars()) is None
    assert one.match(_at(0.35, 0), Bars()) is not None
    assert one.assigned("Bob", "maya").match(_at(0.45, 0), Bars()) is not None


def test_saving_and_loading_keeps_everything_and_the_file_is_private(roster, tmp_path):
    roster.save(tmp_path)
    again = Roster.load(tmp_path)
    assert again == roster
    assert np.array_equal(again.person("Ada").embeddings[1], _at(0.1, 0))
    assert stat.S_IMODE(os.stat(tmp_path / "roster.json").st_mode) == 0o600


def test_a_passphrase_hides_names_and_embeddings_and_survives_later_saves(roster, tmp_path):
    roster.protected("correct horse").save(tmp_path)
    text = (tmp_path / "roster.json").read_text()
    assert is_encrypted(tmp_path)
    assert "Ada" not in text
    with pytest.raises(InputError, match="encrypted"):
        Roster.load(tmp_path)
    with pytest.raises(InputError, match="wrong"):
        Roster.load(tmp_path, "wrong horse")
    Roster.load(tmp_path, "correct horse").assigned("Bob", "maya").save(tmp_path)
    assert is_encrypted(tmp_path)
    assert Roster.load(tmp_path, "correct horse").person("bob").persona == "maya"
    Roster.load(tmp_path, "correct horse").protected(None).save(tmp_path)
    assert not is_encrypted(tmp_path)


def test_a_short_passphrase_is_refused(roster):
    with pytest.raises(InputError, match="8 characters"):
        roster.protected("short")


def test_forgetting_removes_the_embeddings_from_the_disk(roster, tmp_path):
    roster.save(tmp_path)
    roster.forget("Ada").save(tmp_path)
    assert "Ada" not in (tmp_path / "roster.json").read_text()
    roster.forget("Ada").forget("Bob").save(tmp_path)
    assert not (tmp_path / "roster.json").exists()
    with pytest.raises(UnknownName, match="Ada, Bob"):
        roster.forget("Eve")


def test_forgetting_removes_what_a_killed_writer_left(roster, tmp_path):
    roster.save(tmp_path)
    (tmp_path / ".roster.json.0a1b2c").write_bytes((tmp_path / "roster.json").read_bytes()[:200])
    Roster.load(tmp_path).forget("Ada").save(tmp_path)
    assert os.listdir(tmp_path) == ["roster.json"]
    Roster.load(tmp_path).forget("Bob").save(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_slow_change_brings_nobody_back_and_takes_no_lock_off(roster, tmp_path):
    roster.save(tmp_path)
    slow = Roster.load(tmp_path)
    Roster.load(tmp_path).forget("Ada").save(tmp_path)
    with pytest.raises(VaultError, match="meantime"):
        slow.enrolled("Cleo", [_at(9, 9)], None).save(tmp_path)
    assert [p.name for p in Roster.load(tmp_path).people] == ["Bob"]
    slow = Roster.load(tmp_path)
    Roster.load(tmp_path).protected("correct horse").save(tmp_path)
    with pytest.raises(VaultError, match="meantime"):
        slow.assigned("Bob", "maya").save(tmp_path)
    assert is_encrypted(tmp_path)
    empty = Roster.load(tmp_path / "new")
    Roster().enrolled("Ada", [_at(0, 0)], None).save(tmp_path / "new")
    with pytest.raises(VaultError, match="meantime"):
        empty.enrolled("Bob", [_at(1, 0)], None).save(tmp_path / "new")


def test_more_photos_of_a_known_person_are_added(roster):
    again = roster.enrolled("ada", [_at(5, 5)], None)
    assert len(again.people) == 2
    assert len(again.person("Ada").embeddings) == 3
    assert again.person("Ada").persona is None


def test_a_damaged_roster_is_one_sentence(tmp_path):
    for text in ("{", "[]", json.dumps({"encrypted": False, "people": [1], "recognizer": "dlib"})):
        (tmp_path / "roster.json").write_text(text)
        with pytest.raises(VaultError, match="damaged"):
            Roster.load(tmp_path)
