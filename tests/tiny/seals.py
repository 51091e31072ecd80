"""Seals laid without looking for faces, so that hundreds of them take no time."""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray
from skimage import data

from deepmask.faces import RGBImage
from deepmask.media import Photo
from deepmask.sealing.laying import digests, lay
from deepmask.sealing.layout import Layout
from deepmask.sealing.message import Statement, fingerprint_of, profile_digest
from deepmask.sealing.regions import Regions
from deepmask.signing import PublicKey, Signer


def signer(number: int = 1) -> Signer:
    """Always the same one for a number."""
    return Signer(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def statement(
    rgb: RGBImage,
    key: PublicKey,
    alpha: NDArray[np.uint8] | None = None,
    fine: NDArray[np.bool_] | None = None,
) -> Statement:
    """What a seal would say of a picture that shows nobody."""
    mask = np.zeros(rgb.shape[:2], bool) if fine is None else fine
    layout = Layout.protecting(mask)
    nobody = Regions("mesh", ("background",), np.zeros((4, 4), np.uint8))
    fingerprint = fingerprint_of(Photo.from_array(rgb).fingerprint, alpha)
    return Statement(
        layout, key, fingerprint, profile_digest(None), alpha is not None, nobody, nobody, digests(layout, rgb, alpha)
    )


def sealed(
    rgb: RGBImage, by: Signer, alpha: NDArray[np.uint8] | None = None, fine: NDArray[np.bool_] | None = None
) -> RGBImage:
    """A sealed copy."""
    grey = bool((rgb == rgb[..., :1]).all())
    return lay(rgb, statement(rgb, by.public, alpha, fine), by, grey=grey).rgb


def pictures() -> dict[str, RGBImage]:
    """Photos, and what has hardly any room."""
    rng = np.random.default_rng(4)
    paper = np.full((200, 300, 3), 255, np.uint8)
    paper[40:160:12, 30:270] = 0
    ramp = np.repeat(np.linspace(0, 255, 320).astype(np.uint8)[None, :, None], 160, 0)
    noisy = np.clip(rng.normal(120, 9, (256, 256, 3)), 0, 255).astype(np.uint8)
    clipped = np.clip(rng.normal(250, 6, (256, 256, 3)), 0, 255).astype(np.uint8)
    return {
        "portrait": data.astronaut(),
        "coffee": data.coffee(),
        "grey": np.repeat(data.camera()[..., None], 3, 2),
        "odd size": np.ascontiguousarray(data.astronaut()[:333, :217]),
        "tiny": np.ascontiguousarray(data.astronaut()[64:128, 200:264]),
        "white": np.full((128, 128, 3), 255, np.uint8),
        "black": np.zeros((96, 200, 3), np.uint8),
        "writing": paper,
        "ramp": np.repeat(ramp, 3, 2),
        "noise": noisy,
        "burnt out": clipped,
    }
