"""Two sets of weights: one that asks nothing, and one whose licence forbids commercial use; and a hub's cache."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from deepmask.weights import Weight, WeightFile

NOISE = random.Random(1)
BIG = NOISE.randbytes(300_000)
NET = NOISE.randbytes(120_000)
CONFIG = b'{"sample_size": 64}'
SWAPPER = NOISE.randbytes(90_000)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


FREE = Weight(
    "free", "a free model", "maker/free", "a" * 40,
    (
        WeightFile("model.safetensors", len(BIG), sha256(BIG)),
        WeightFile("unet/net.safetensors", len(NET)),
        WeightFile("unet/config.json", len(CONFIG)),
    ),
    "MIT", "https://example.org/mit", True, "Maker", 2023,
)  # fmt: skip
BOUND = Weight(
    "bound", "a swapper", "maker/bound", "main",
    (WeightFile("swapper.onnx", len(SWAPPER), sha256(SWAPPER), "packs/swapper.onnx"),),
    "non-commercial research", "https://example.org/nc", False, "Maker", 2021,
)  # fmt: skip


def fill_cache(tmp_path: Path, repo: str, contents: dict[str, bytes], commit: str = "b" * 40) -> Path:
    """A snapshot in the cache of huggingface_hub, as that library leaves it: links to files named by their digests."""
    root = tmp_path / "hf" / "hub" / f"models--{repo.replace('/', '--')}"
    for path, data in contents.items():
        blob = root / "blobs" / sha256(data)
        link = root / "snapshots" / commit / path
        blob.parent.mkdir(parents=True, exist_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(data)
        link.symlink_to(blob)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(commit)
    return root / "snapshots" / commit
