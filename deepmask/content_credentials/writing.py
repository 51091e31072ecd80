"""Content credentials put into a finished file."""

from __future__ import annotations

from pathlib import Path

from deepmask.content_credentials import library
from deepmask.content_credentials.certificates import Identity
from deepmask.content_credentials.claims import Claim
from deepmask.errors import EngineFailed
from deepmask.files import placing

LARGEST_MB = 1000
"""Larger files are not signed: c2pa holds a file in memory while it signs it (200 MB of video took 218 MB)."""


def sign(plain: Path, out: Path, claim: Claim, identity: Identity) -> None:
    """Write ``out``: the file ``plain`` with content credentials, its pictures and sounds to the bit as they were.

    Args:
        out: may be ``plain``; its suffix says what kind of file both are.

    Raises:
        EngineMissing: c2pa-python does not load here.
        EngineFailed: files of this kind hold no content credentials, or this one does not, or is too large.
        DeepmaskError: the place cannot be written.
    """
    mime = library.MIME_TYPES.get(out.suffix.lower())
    if mime is None:
        raise EngineFailed(f"{out.suffix or 'Such'} files hold no content credentials.")
    if plain.stat().st_size > LARGEST_MB * 1_000_000:
        raise EngineFailed(f"Files of more than {LARGEST_MB} MB are not signed, since that takes as much memory.")
    c2pa = library.load()
    with placing(out) as beside:
        try:
            context = library.context()
            signer = c2pa.Signer.from_callback(identity.leaf_key.sign, c2pa.C2paSigningAlg.ED25519, identity.chain_pem)
            with (
                context,
                signer,
                c2pa.Builder(claim.manifest(mime), context=context) as builder,
                plain.open("rb") as source,
                beside.open("w+b") as target,
            ):
                builder.sign(signer, mime, source, target)
        except c2pa.C2paError as error:
            raise EngineFailed(f"{out.name} cannot hold content credentials ({error}).") from error
