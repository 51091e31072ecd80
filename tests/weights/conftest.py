"""The two sets of ``sets`` are the table of weights; a hub of our own has both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deepmask.weights import download, table
from tests.weights.server import TinyHub, running
from tests.weights.sets import BIG, BOUND, CONFIG, FREE, NET, SWAPPER


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
