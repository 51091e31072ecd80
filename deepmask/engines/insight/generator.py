"""inswapper on squares of 128 px, or on larger ones in interleaved passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepmask.engines.insight import networks
from deepmask.faces import Embedding, RGBImage

TILE_PX = 128


def latent(embedding: Embedding) -> NDArray[np.float32]:
    """(1, 512): the identity as inswapper wants it, mapped by the matrix that its file carries; a unit vector."""
    mapped = embedding.reshape(1, -1) @ networks.swapper().emap
    return (mapped / max(float(np.linalg.norm(mapped)), 1e-9)).astype(np.float32)


def swapped(aligned: RGBImage, source: NDArray[np.float32]) -> RGBImage:
    """The aligned face (k · 128, k · 128, 3) with the identity ``source`` (1, 512).

    For k > 1 every k-th pixel of every k-th row makes one small picture of the whole face; the k² of them are swapped
    and put back in their places ("pixel boost" of FaceFusion), so that detail beyond 128 px survives.
    """
    model = networks.swapper()
    k = aligned.shape[0] // TILE_PX
    tiles = interleaved(aligned.astype(np.float32) / 255, k).transpose(0, 3, 1, 2)
    face, identity = model.input_names
    if isinstance(model.session.get_inputs()[0].shape[0], int):  # the published file takes one at a time
        runs = [networks.run(model.session, {face: tile[None], identity: source}) for tile in tiles]
        out = np.concatenate(runs)
    else:
        out = networks.run(model.session, {face: tiles, identity: np.repeat(source, len(tiles), axis=0)})
    joined = woven(np.asarray(out).transpose(0, 2, 3, 1), k)
    return np.clip(255 * joined, 0, 255).astype(np.uint8)


def interleaved(image: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """(n, n, 3) as k² pictures (n / k, n / k, 3), each of every k-th pixel."""
    m = image.shape[0] // k
    return np.ascontiguousarray(image.reshape(m, k, m, k, 3).transpose(1, 3, 0, 2, 4)).reshape(k * k, m, m, 3)


def woven(tiles: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """The inverse of :func:`interleaved`."""
    m = tiles.shape[1]
    return tiles.reshape(k, k, m, m, 3).transpose(2, 0, 3, 1, 4).reshape(k * m, k * m, 3)
