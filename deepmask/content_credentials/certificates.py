"""Certificates for one output, made on the spot: what signs it tells its maker, and nobody else, who that is.

C2PA wants a chain of X.509 certificates (C2PA 2.2, 14.5: leaf for Ed25519 signatures, extended key usage, issued by an
authority). One certificate for all outputs would join them: who knows whose one of them is, would know it of all, and
of all personas of the same person. So each output has an authority and a key of its own, derived from a secret and the
output's number by HKDF-SHA256 (RFC 5869). The owner of the secret derives them again and recognises the output. Names
and dates in them are the same for everybody.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_FIRST_DAY = datetime(2025, 1, 1)
_NO_END = datetime(9999, 12, 31, 23, 59, 59)
"""RFC 5280, 4.1.2.5: no well-defined expiration. Certificates tell no time of signing."""
_ORGANIZATION = "Deepmask"
_AUTHORITY = "Deepmask on one computer"


@dataclass(frozen=True)
class Identity:
    """Who signs one output."""

    secret: bytes = field(repr=False)
    """(32,) bytes that only the owner has."""
    number: int
    """0 <= number < 2**64: of the output; two with the same number have the same certificates."""
    name: str = ""
    """How the owner wants to be called; empty: by a number that nobody can connect with another output's."""

    @property
    def serial(self) -> int:
        """The leaf's serial number, from which its owner learns :attr:`number` again."""
        return (1 << 64) | self.number

    @cached_property
    def chain_pem(self) -> str:
        """Leaf and authority as PEM text."""
        from cryptography.hazmat.primitives.serialization import Encoding

        leaf = self._certificate(self.leaf_key, f"{self.name or f'Deepmask user {self.key_id}'}", authority=False)
        return leaf.public_bytes(Encoding.PEM).decode() + self.authority_pem

    @cached_property
    def authority_pem(self) -> str:
        """The authority as PEM text; who trusts it recognises this output."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return self._certificate(self._authority_key, _AUTHORITY, authority=True).public_bytes(Encoding.PEM).decode()

    @cached_property
    def key_id(self) -> str:
        """First 8 bytes of the leaf's key's SHA-256, as 16 hex digits."""
        return hashlib.sha256(self.leaf_key.public_key().public_bytes_raw()).hexdigest()[:16]

    @cached_property
    def leaf_key(self) -> Ed25519PrivateKey:
        """What signs."""
        return self._key("leaf")

    @cached_property
    def _authority_key(self) -> Ed25519PrivateKey:
        return self._key("authority")

    def _key(self, purpose: str) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = f"deepmask/credentials/{purpose}/{self.number:016x}".encode()
        return Ed25519PrivateKey.from_private_bytes(HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(self.secret))

    def _certificate(self, key: Ed25519PrivateKey, name: str, *, authority: bool) -> x509.Certificate:
        from cryptography import x509
        from cryptography.x509.oid import ExtendedKeyUsageOID

        signing = self._authority_key
        usage = x509.KeyUsage(
            digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(_AUTHORITY))
            .public_key(key.public_key())
            .serial_number(1 if authority else self.serial)
            .not_valid_before(_FIRST_DAY)
            .not_valid_after(_NO_END)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
                critical=False,
            )
        )
        if not authority:
            purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purposes, critical=False)
        return builder.sign(signing, None)


def number_of(serial: int) -> int | None:
    """The number of the output whose certificate has this serial number; None if it cannot be ours."""
    return serial & ((1 << 64) - 1) if serial >> 64 == 1 else None


def _named(common_name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
