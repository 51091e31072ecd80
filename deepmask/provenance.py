"""What masked outputs carry: a tag in their pixels, content credentials in their files, and a record at home.

All three speak of one number. It is drawn from a secret, the original and what was done (HMAC-SHA256), so that the same
work gives the same bits and stopped work goes on, while nobody can confirm a guess of the original by it:

    signing key, unlocked    the secret is derived from it, and the record is signed
    signing key, locked      the secret is <home>/keys/outputs.key, made on first use; the record is not signed

The tag can be read by everybody who has Deepmask, without a key of the user's: it says that a picture is masked, not by
whom. The certificates are those of this number alone (:mod:`deepmask.content_credentials.certificates`).
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from deepmask import engines
from deepmask.config import Settings
from deepmask.content_credentials import Claim, Credentials, Identity, Step, credentials, sign
from deepmask.errors import DeepmaskError, EngineError, InputError
from deepmask.faces import RGBImage
from deepmask.files import move, write_bytes
from deepmask.signing import Keyring, Signer
from deepmask.tag_keys import PUBLIC

_PURPOSE = "outputs"
_SECRET_BYTES = 32
_PRIVATE = 0o600


@dataclass(frozen=True)
class Mark:
    """What one output is marked with."""

    number: int
    """64 bits: the id of its tag and of its record, and the number of its certificates."""
    secret: bytes = field(repr=False)
    signer: Signer | None = field(repr=False)
    """Signs the record; None while the signing key is locked."""

    @classmethod
    def of(cls, *work: str) -> Self:
        """The mark of a piece of work.

        Args:
            work: what the output follows from: the original's fingerprint, the plan.

        Raises:
            DeepmaskError: the folder of the keys cannot be written.
        """
        secret, signer = _secret()
        digest = hmac.digest(secret, "\0".join(work).encode(), "sha256")
        return cls(int.from_bytes(digest[:8], "big"), secret, signer)

    def identity(self) -> Identity:
        """Who signs the content credentials."""
        return Identity(self.secret, self.number, Settings.load().signed_as)


def _secret() -> tuple[bytes, Signer | None]:
    """What numbers are drawn from, and the user's key if it can be used."""
    keyring = Keyring()
    try:
        signer = keyring.signer()
        return signer.secret(_PURPOSE, _SECRET_BYTES), signer
    except InputError:  # locked, and nobody gave the passphrase
        path = _local_secret(keyring)
        if not path.exists():
            _make(path)
        return _read(path), None


def _make(path: Path) -> None:
    """A new secret; of several processes that need it at once, all get that of the first."""
    from filelock import FileLock

    try:
        with FileLock(path.with_name("lock")):
            if not path.exists():
                write_bytes(path, secrets.token_bytes(_SECRET_BYTES), mode=_PRIVATE)
    except OSError as error:
        raise DeepmaskError(f"No key can be made in {path.parent} ({error.strerror}).") from error


def _local_secret(keyring: Keyring) -> Path:
    return keyring.folder / "outputs.key"


def _read(path: Path) -> bytes:
    try:
        secret = path.read_bytes()
    except OSError as error:
        raise DeepmaskError(f"The key {path.name} cannot be read ({error.strerror}).") from error
    if len(secret) != _SECRET_BYTES:
        raise DeepmaskError(f"The key {path} is damaged; remove it, and a new one is made.")
    return secret


@dataclass(frozen=True)
class PixelTag:
    """The tag that every picture of a video gets; plain data, which travels with the work."""

    number: int
    """That of the mark."""
    strength: float
    """Grey levels on medium texture."""

    def laid(self, rgb: RGBImage) -> RGBImage:
        """A tagged copy.

        Raises:
            EngineFailed: the picture is too small to hold the tag.
        """
        with engines.exclusive:
            return engines.load("tagger").embed(rgb, self.number, PUBLIC, strength=self.strength)


def write_signed(plain: Path, out: Path, steps: tuple[Step, ...], mark: Mark, *, tagged: bool) -> str:
    """Make the finished file ``plain`` the file ``out``, with content credentials if it can have them.

    Args:
        plain: moved or left where it is; on the same disk as ``out``.
        tagged: whether its pixels carry the tag of ``mark``.

    Returns:
        Why it has no content credentials, as a clause; empty if it has.

    Raises:
        DeepmaskError: the place cannot be written.
    """
    claim = Claim(steps, mark.number if tagged else None)
    try:
        sign(plain, out, claim, mark.identity())
    except EngineError as error:
        if plain != out:
            move(plain, out)
        return str(error).rstrip(".")
    return ""


def known_credentials(path: Path) -> Credentials | None:
    """The content credentials of any file, in which the user's own are recognised; None where there are none.

    Never raises. No key is made, and none is asked for: while the signing key is locked, what it signed is somebody's.
    """
    return credentials(path, _own_secrets())


def _own_secrets() -> list[bytes]:
    keyring, found = Keyring(), []
    with contextlib.suppress(DeepmaskError):
        if _local_secret(keyring).exists():
            found.append(_read(_local_secret(keyring)))
        if keyring.exists:
            found.append(keyring.signer().secret(_PURPOSE, _SECRET_BYTES))
    return found
