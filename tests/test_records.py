"""Records of tags: kept by id, signed, and recognising the picture a tag was given to."""

import json
from dataclasses import replace

import numpy as np
import pytest

from deepmask.errors import DeepmaskError, InputError
from deepmask.likeness import Likeness
from deepmask.records import Ledger, Record
from deepmask.signing import Keyring, PublicKey

CELLS = np.random.default_rng(0).uniform(0, 255, (16, 24)).astype(np.float32)


def a_record(tag_id=0x12AB):
    return Record.now(tag_id, "a photo", "photo", (640, 480), "public", [Likeness.of(CELLS)])


def test_a_record_comes_back_from_its_file():
    ledger = Ledger()
    assert ledger.find(0x12AB) is None
    record = a_record().signed(Keyring().signer())
    ledger.add(record)
    again = ledger.find(0x12AB)
    assert again.to_json() == record.to_json()
    assert again.standing(Keyring().known()) == ("yours", "you")
    assert [one.tag_id for one in ledger.all()] == [0x12AB]
    ledger.remove(0x12AB)
    assert list(ledger.all()) == []
    with pytest.raises(InputError, match="no record"):
        ledger.remove(0x12AB)


def test_who_signed_is_told(tmp_path):
    stranger = Keyring(tmp_path / "keys").signer()
    record = a_record().signed(stranger)
    mine = Keyring()
    mine.signer()
    assert record.standing(mine.known()) == ("stranger", stranger.key_id)
    assert record.standing([PublicKey(stranger.public.raw, "Anna")]) == ("known", "Anna")
    assert a_record().standing(mine.known()) == ("unsigned", "")


@pytest.mark.parametrize(
    "forged",
    [
        {"what": "a masked photo"},
        {"created_at": "2001-01-01T00:00:00+00:00"},
        {"size_wh": (1, 1)},
        {"tag_id": 7},
        {"likenesses": (Likeness.of(CELLS[::-1]),)},
        {"signature": "00" * 64},
        {"signature": "nonsense"},
        {"signature": ""},
        {"signer": "00" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_forged_record_is_told(forged):
    record = a_record().signed(Keyring().signer())
    assert replace(record, **forged).standing(Keyring().known())[0] == "broken"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 99}', "\x00\xff"])
def test_a_file_that_is_no_record_is_a_sentence(text):
    ledger = Ledger()
    ledger.add(a_record())
    path = next(ledger.folder.glob("*.json"))
    path.write_text(text, "utf-8")
    with pytest.raises(DeepmaskError, match="remove it"):
        ledger.find(0x12AB)
    assert list(ledger.all()) == []


def test_a_record_under_another_name_is_refused():
    ledger = Ledger()
    ledger.add(a_record())
    path = next(ledger.folder.glob("*.json"))
    path.rename(path.with_name("00000000000012ac.json"))
    with pytest.raises(DeepmaskError, match="another tag"):
        ledger.find(0x12AC)


def test_a_record_holds_no_picture_and_no_name():
    data = json.loads(a_record().to_json())
    assert set(data) == {
        "schema", "tag_id", "created_at", "what", "medium", "size_wh", "key", "likenesses", "signer", "signature",
    }  # fmt: skip
    assert len(bytes.fromhex(data["likenesses"][0]["bits"])) < 100


def test_a_likeness_knows_its_picture_and_parts_of_it():
    likeness = Likeness.of(CELLS)
    noise = np.random.default_rng(1).normal(0, 10, CELLS.shape)
    assert likeness.agreement(CELLS + noise, (0, 0)) > 0.9
    assert likeness.agreement(CELLS[4:12, 8:20], (4, 8)) == 1
    assert abs(likeness.agreement(CELLS[::-1], (0, 0))) < 0.3
    assert likeness.agreement(CELLS[:2, :2], (0, 0)) == 0
    unknown = CELLS.copy()
    unknown[:, :6] = np.nan
    assert likeness.agreement(unknown, (0, 0)) == 1
    assert Likeness.from_json(likeness.to_json()).agreement(CELLS, (0, 0)) == 1


@pytest.mark.parametrize("data", [None, {}, {"rows": 16, "columns": 24, "bits": "00"}, {"rows": -1, "columns": 1}])
def test_what_is_no_likeness_is_refused(data):
    with pytest.raises(InputError):
        Likeness.from_json(data)
