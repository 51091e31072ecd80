"""What the fold 'Your key' does: the signing key of this computer, and the public keys of others; knows no widget."""

from __future__ import annotations

import contextlib
from pathlib import Path

from deepmask.errors import InputError
from deepmask.files import write_bytes
from deepmask.signing import OWN_NAME, Keyring, PublicKey, Signer
from ui.session import KEY_FOLDER, Session

LOCKED = "Your key is locked; give its passphrase under 'Your key' first."
SHORTEST = 8
"""Characters of a new passphrase."""


def signer(session: Session) -> Signer:
    """The user's own key, made now if there is none.

    Raises:
        InputError: it is locked, and this page was not given its passphrase.
    """
    if locked(session):
        raise InputError(LOCKED)
    return Keyring().signer(session.key_passphrase)


def signer_if_open(session: Session) -> Signer | None:
    """The user's own key; None where there is none, or it is locked."""
    return None if locked(session) or not Keyring().exists else signer(session)


def locked(session: Session) -> bool:
    """Whether the key asks for a passphrase that this page was not given."""
    keyring = Keyring()
    if not keyring.locked:
        return False
    try:
        keyring.signer(session.key_passphrase)
    except InputError:  # none given, or another page changed it
        session.key_passphrase = None
        return True
    return False


def unlock(session: Session, passphrase: str) -> None:
    """Use the key on this page.

    Raises:
        InputError: the passphrase is missing or wrong.
    """
    Keyring().signer(passphrase)
    session.key_passphrase = passphrase


def protect(session: Session, passphrase: str) -> None:
    """Ask for a passphrase from now on.

    Raises:
        InputError: a short passphrase, or the key is locked.
    """
    own = signer(session)
    Keyring().protect(own, _long_enough(passphrase))
    session.key_passphrase = passphrase


def unprotect(session: Session) -> None:
    """Ask for no passphrase any more.

    Raises:
        InputError: the key is locked.
    """
    Keyring().protect(signer(session), None)
    session.key_passphrase = None


def public_file(session: Session) -> Path | None:
    """The user's public key as a file to give to others; None while there is no key."""
    own = Keyring().own()
    if own is None:
        return None
    path = session.folder / KEY_FOLDER / f"deepmask-{own.key_id}.pub"
    if not path.is_file():
        write_bytes(path, own.to_pem())
    return path


def export(session: Session, passphrase: str) -> Path:
    """The private key, encrypted, as a file to keep elsewhere.

    Raises:
        InputError: a short passphrase, or the key is locked.
    """
    own = signer(session)
    path = session.folder / KEY_FOLDER / f"deepmask-{own.key_id}.pem"
    path.parent.mkdir(exist_ok=True)
    Keyring().export(own, path, _long_enough(passphrase))
    return path


def bring(session: Session, upload: str | None, passphrase: str, replace: bool) -> Signer:
    """Take an exported key for the user's own.

    Raises:
        InputError: no key, a wrong passphrase, or another key would be lost.
    """
    if not upload:
        raise InputError("Choose the file of the exported key first.")
    if Keyring().exists and not replace:
        raise InputError("There is a key already; export it, then confirm that the other takes its place.")
    path = Path(upload)
    try:
        own = Keyring().bring(path, passphrase or None, replace=replace)
    finally:
        path.unlink(missing_ok=True)
    session.key_passphrase = passphrase or None
    return own


def trust(upload: str | None, name: str) -> PublicKey:
    """Remember somebody's public key under a name.

    Raises:
        InputError: no public key, or no usable name.
    """
    if not upload:
        raise InputError("Choose the file of their public key first.")
    path = Path(upload)
    try:
        return Keyring().trust(path, name)
    finally:
        path.unlink(missing_ok=True)


def others() -> list[PublicKey]:
    """Public keys of people the user knows."""
    return [key for key in Keyring().known() if key.name != OWN_NAME]


def forget(name: str) -> None:
    """Remove somebody's public key; that it is gone already is no matter."""
    with contextlib.suppress(InputError):
        Keyring().forget(name)


def _long_enough(passphrase: str) -> str:
    if len(passphrase) < SHORTEST:
        raise InputError(f"Choose a passphrase of at least {SHORTEST} characters.")
    return passphrase
