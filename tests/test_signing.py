"""Keys: made once, locked by a passphrase, brought to other computers, and those of others by name."""

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deepmask.errors import DeepmaskError, InputError
from deepmask.signing import PASSPHRASE, Keyring, PublicKey


@pytest.fixture
def ring(tmp_path, monkeypatch):
    monkeypatch.delenv(PASSPHRASE, raising=False)
    return Keyring(tmp_path / "keys")


def test_the_key_is_made_on_first_use_and_stays(ring):
    assert not ring.exists
    assert ring.own() is None
    assert ring.known() == []
    first = ring.signer()
    assert ring.signer().key_id == first.key_id == ring.own().key_id
    assert [key.name for key in ring.known()] == ["you"]


def test_the_same_message_has_the_same_signature_and_no_other_fits(ring):
    signer = ring.signer()
    signature = signer.sign(b"hello")
    assert signature == ring.signer().sign(b"hello")
    assert signer.public.verifies(b"hello", signature)
    assert not signer.public.verifies(b"hullo", signature)
    assert not signer.public.verifies(b"hello", bytes(64))
    assert not PublicKey(bytes(32)).verifies(b"hello", signature)


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there")
def test_nobody_else_may_read_the_private_key(ring):
    ring.signer()
    assert stat.S_IMODE(os.stat(ring.folder / "own.pem").st_mode) & 0o077 == 0


def test_a_locked_key_asks_for_its_passphrase(ring, monkeypatch):
    signer = ring.signer()
    ring.protect(signer, "correct horse")
    assert ring.locked
    assert ring.own().key_id == signer.key_id, "the public half is read without it"
    with pytest.raises(InputError, match=PASSPHRASE):
        ring.signer()
    with pytest.raises(InputError, match="wrong"):
        ring.signer("incorrect horse")
    assert ring.signer("correct horse").key_id == signer.key_id
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    assert ring.signer().key_id == signer.key_id
    ring.protect(signer, None)
    assert not ring.locked


def test_a_key_made_where_a_passphrase_is_set_is_locked_with_it(ring, monkeypatch):
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    ring.signer()
    assert ring.locked


def test_two_who_need_the_first_key_at_once_get_the_same(ring):
    with ThreadPoolExecutor(4) as pool:
        ids = {signer.key_id for signer in pool.map(lambda _: ring.signer(), range(8))}
    assert ids == {ring.own().key_id}


def test_an_exported_key_brings_the_same_person_to_another_computer(ring, tmp_path):
    signer, file = ring.signer(), tmp_path / "mine.pem"
    with pytest.raises(InputError, match="passphrase"):
        ring.export(signer, file, "")
    ring.export(signer, file, "battery staple")
    other = Keyring(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="passphrase"):
        other.bring(file)
    assert other.bring(file, "battery staple").key_id == signer.key_id
    assert other.locked, "it stays under its passphrase"
    assert other.own().key_id == signer.key_id


def test_a_key_is_not_lost_by_bringing_another(ring, tmp_path):
    file = tmp_path / "other.pem"
    other = Keyring(tmp_path / "elsewhere")
    other.export(other.signer(), file, "battery staple")
    mine = ring.signer().key_id
    with pytest.raises(InputError, match="--replace"):
        ring.bring(file, "battery staple")
    assert ring.signer().key_id == mine
    assert ring.bring(file, "battery staple", replace=True).key_id == other.own().key_id


def test_others_are_known_by_name_until_forgotten(ring, tmp_path):
    friend, file = Keyring(tmp_path / "friend").signer().public, tmp_path / "anna.pub"
    file.write_bytes(friend.to_pem())
    assert ring.trust(file, " Anna ").raw == friend.raw
    assert [(key.name, key.key_id) for key in ring.known()] == [("Anna", friend.key_id)]
    ring.forget("Anna")
    assert ring.known() == []
    with pytest.raises(InputError, match="none yet"):
        ring.forget("Anna")


def test_a_name_does_not_change_hands_unnoticed(ring, tmp_path):
    file = tmp_path / "anna.pub"
    file.write_bytes(Keyring(tmp_path / "friend").signer().public.to_pem())
    ring.trust(file, "Anna")
    ring.trust(file, "Anna")
    file.write_bytes(Keyring(tmp_path / "foe").signer().public.to_pem())
    with pytest.raises(InputError, match="another key"):
        ring.trust(file, "Anna")


@pytest.mark.parametrize("name", ["", "you", "../anna", "a/b", ".hidden", "x" * 61])
def test_names_that_are_none_are_refused(ring, tmp_path, name):
    file = tmp_path / "anna.pub"
    file.write_bytes(Keyring(tmp_path / "friend").signer().public.to_pem())
    with pytest.raises(InputError, match="Name the owner"):
        ring.trust(file, name)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_files_that_are_no_keys_are_told_in_a_sentence(ring, tmp_path, content):
    file = tmp_path / "some.pem"
    file.write_bytes(content)
    with pytest.raises(InputError, match="no public key"):
        ring.trust(file, "Anna")
    with pytest.raises(InputError, match="no signing key"):
        ring.bring(file)
    with pytest.raises(DeepmaskError, match="cannot be read"):
        ring.trust(tmp_path / "absent.pub", "Anna")


def test_keys_of_another_kind_are_refused(ring, tmp_path):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = tmp_path / "rsa.pem", tmp_path / "rsa.pub"
    pem = serialization.Encoding.PEM
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(InputError, match="Ed25519"):
        ring.trust(public, "Anna")
    with pytest.raises(InputError, match="Ed25519"):
        ring.bring(private)


def test_secrets_for_other_purposes_follow_the_key(ring, tmp_path):
    signer = ring.signer()
    assert signer.secret("tag") == ring.signer().secret("tag")
    assert signer.secret("tag") != signer.secret("seal")
    assert signer.secret("tag") != Keyring(tmp_path / "other").signer().secret("tag")
    assert len(signer.secret("tag", 16)) == 16


def test_no_secret_is_printed(ring):
    signer = ring.signer()
    assert signer.private.private_bytes_raw().hex() not in repr(signer)
    assert "raw" not in repr(signer.public)
