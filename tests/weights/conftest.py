"""Two sets on a hub of our own: one that asks nothing, and one whose licence forbids commercial use."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepmask.weights import Weight, WeightFile, download, table
from tests.weights.server import TinyHub, running

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


@pytest.fixture(autouse=True)
def sets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The table has these two sets; no hub's cache but an empty one; tries follow each other quickly."""
    monkeypatch.setattr(table, "WEIGHTS", (FREE, BOUND))
    monkeypatch.setattr(download, "PAUSES_S", (0.01, 0.01, 0.01))
    for name in ("HF_HUB_OFFLINE", "DEEPMASK_OFFLINE", "DEEPMASK_MIRROR", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyHub]:
    """A hub that has both sets, named by the setting ``mirror``."""
    files = {
        "maker/free/model.safetensors": BIG,
        "maker/free/unet/net.safetensors": NET,
        "maker/free/unet/config.json": CONFIG,
        "maker/bound/packs/swapper.onnx": SWAPPER,
    }
    with running(TinyHub(files)) as served:
        monkeypatch.setenv("DEEPMASK_MIRROR", served.address + "/")
        yield served


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
