"""Who says so: the user's signing key, made on first use, and the public keys of others they know.

    <home>/keys/own.pem            Ed25519 private key (PKCS #8), encrypted if the user set a passphrase; mode 600
    <home>/keys/own.pub            its public key, readable without the passphrase
    <home>/keys/known/<name>.pub   public keys of others, whose seals are recognised by name

Signatures are Ed25519 (RFC 8032): the same key and message give the same signature. Secrets for other purposes come
from the private key by HKDF-SHA256 (RFC 5869), so that one exported file brings them all along.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from deepmask import config
from deepmask.errors import DeepmaskError, InputError
from deepmask.files import write_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PASSPHRASE = "DEEPMASK_KEY_PASSPHRASE"
"""Environment variable with the passphrase of the key."""
OWN_NAME = "you"
"""How the user's own key is called among the known ones."""
SIGNATURE_BYTES = 64
KEY_BYTES = 32
_PRIVATE = 0o600
_NAME = re.compile(r"[\w][\w .@-]{0,59}")


@dataclass(frozen=True)
class PublicKey:
    """What a signature is checked with."""

    raw: bytes = field(repr=False)
    """(32,) bytes as in RFC 8032."""
    name: str = ""
    """How the user calls its owner; empty: a key nobody has named."""

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise ValueError(f"a public key has {KEY_BYTES} bytes, got {len(self.raw)}")

    @cached_property
    def key_id(self) -> str:
        """First 8 bytes of the key's SHA-256, as 16 hex digits."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the owner of this key signed ``message``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def to_pem(self) -> bytes:
        """PEM text (SubjectPublicKeyInfo), the usual file of a public key."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True)
class Signer:
    """The user's own key, unlocked."""

    private: Ed25519PrivateKey = field(repr=False)

    @cached_property
    def public(self) -> PublicKey:
        """What others check its signatures with."""
        return PublicKey(self.private.public_key().public_bytes_raw(), OWN_NAME)

    @property
    def key_id(self) -> str:
        """That of :attr:`public`."""
        return self.public.key_id

    def sign(self, message: bytes) -> bytes:
        """(64,) bytes; the same message gives the same signature."""
        return self.private.sign(message)

    def secret(self, purpose: str, length: int = 32) -> bytes:
        """Bytes for another purpose, that tell nothing of the key nor of those for a third."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = f"deepmask/{purpose}".encode()
        return HKDF(hashes.SHA256(), length, salt=None, info=info).derive(self.private.private_bytes_raw())


@dataclass(frozen=True)
class Keyring:
    """The keys of one user. ``folder`` need not exist yet."""

    folder: Path = field(default_factory=lambda: config.home() / "keys")

    @property
    def _own(self) -> Path:
        return self.folder / "own.pem"

    @property
    def _public(self) -> Path:
        return self.folder / "own.pub"

    @property
    def exists(self) -> bool:
        """Whether the user has a key already."""
        return self._own.exists()

    @property
    def locked(self) -> bool:
        """Whether the user's key asks for a passphrase."""
        return self.exists and b"ENCRYPTED" in _bytes_of(self._own)[:64]

    def signer(self, passphrase: str | None = None) -> Signer:
        """The user's own key; made now if there is none.

        Args:
            passphrase: of the key, if it has one; None: that of the environment.

        Raises:
            InputError: the passphrase is missing or wrong, or the file is no key.
        """
        if not self.exists:
            self._make(passphrase or os.environ.get(PASSPHRASE))
        return Signer(_private_key(_bytes_of(self._own), passphrase or os.environ.get(PASSPHRASE), self._own))

    def own(self) -> PublicKey | None:
        """The user's public key, for which no passphrase is needed; None while there is no key."""
        return PublicKey(_public_bytes(self._public), OWN_NAME) if self.exists else None

    def known(self) -> list[PublicKey]:
        """The user's own public key, if there is one, and those of others they know, by name."""
        own = self.own()
        others = [PublicKey(_public_bytes(path), path.stem) for path in sorted((self.folder / "known").glob("*.pub"))]
        return [*([] if own is None else [own]), *others]

    def trust(self, file: Path, name: str) -> PublicKey:
        """Remember somebody's public key under a name.

        Raises:
            InputError: no public key in the file, a name that files cannot have, or one that stands for another key.
        """
        name = name.strip()
        if not _NAME.fullmatch(name) or name == OWN_NAME:
            raise InputError(f"Name the owner of the key in plain letters, at most 60 of them, not {name!r}.")
        key = PublicKey(_public_bytes(file), name)
        if any(one.name == name and one.raw != key.raw for one in self.known()):
            raise InputError(f"{name} has another key already; forget that one first if it is not theirs any more.")
        write_bytes(self.folder / "known" / f"{name}.pub", key.to_pem())
        return key

    def forget(self, name: str) -> None:
        """Remove somebody's public key.

        Raises:
            InputError: nobody of that name.
        """
        names = [key.name for key in self.known() if key.name != OWN_NAME]
        if name not in names:
            raise InputError(f"No key is known as {name!r}; known: {', '.join(names) or 'none yet'}.")
        (self.folder / "known" / f"{name}.pub").unlink()

    def protect(self, signer: Signer, passphrase: str | None) -> None:
        """Ask for ``passphrase`` from now on; None: for none."""
        self._write(signer.private, passphrase)

    def export(self, signer: Signer, file: Path, passphrase: str) -> None:
        """Write the private key, encrypted, as a file to keep elsewhere or to bring to another computer.

        Raises:
            InputError: an empty passphrase.
        """
        if not passphrase:
            raise InputError("An exported key needs a passphrase: whoever has the file could sign as you.")
        write_bytes(file, _pem(signer.private, passphrase), mode=_PRIVATE)

    def bring(self, file: Path, passphrase: str | None = None, *, replace: bool = False) -> Signer:
        """Take an exported key for the user's own; it stays under the same passphrase.

        Raises:
            InputError: there is a key already and ``replace`` is not set, or the file is no key of ours.
        """
        if self.exists and not replace:
            raise InputError(
                "There is a key already, and what it sealed could not be told as yours any more; export it, "
                "then bring the other with --replace."
            )
        private = _private_key(_bytes_of(file), passphrase, file)
        self._write(private, passphrase)
        return Signer(private)

    def _make(self, passphrase: str | None) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from filelock import FileLock

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / "lock"):  # two who need the first key at once get the same
                if not self.exists:
                    self._write(Ed25519PrivateKey.generate(), passphrase)
        except OSError as error:
            raise DeepmaskError(f"No key can be made in {self.folder} ({error.strerror}).") from error

    def _write(self, private: Ed25519PrivateKey, passphrase: str | None) -> None:
        write_bytes(self._public, Signer(private).public.to_pem())
        write_bytes(self._own, _pem(private, passphrase), mode=_PRIVATE)


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DeepmaskError(f"The key {file} cannot be read ({error.strerror}).") from error


def _pem(private: Ed25519PrivateKey, passphrase: str | None) -> bytes:
    from cryptography.hazmat.primitives import serialization

    secret = passphrase.encode() if passphrase else None
    encryption = serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _private_key(data: bytes, passphrase: str | None, file: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    encrypted = b"ENCRYPTED" in data[:64]
    if encrypted and not passphrase:
        raise InputError(f"The signing key is locked; give its passphrase ({PASSPHRASE}).")
    try:
        key = serialization.load_pem_private_key(data, passphrase.encode() if encrypted and passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if encrypted:
            raise InputError("The passphrase of the signing key is wrong.") from error
        raise InputError(f"{file.name} is no signing key; give the file that 'deepmask key export' wrote.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{file.name} is a key of another kind; Deepmask signs with Ed25519.")
    return key


def _public_bytes(file: Path) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(_bytes_of(file))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{file.name} is no public key; give the file that 'deepmask key public' wrote.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{file.name} is a key of another kind; Deepmask signs with Ed25519.")
    return key.public_bytes_raw()
