"""Tiny networks in the real formats on a hub of our own, in place of the real sets of InsightFace and GFPGAN."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from deepmask.engines.insight import ArcFace
from deepmask.weights import Weight, download, table
from tests.tiny import insight
from tests.weights.server import TinyHub, running


@contextmanager
def offered(folder: Path, face: NDArray[np.uint8]) -> Iterator[TinyHub]:
    """The hub, named by the setting ``mirror``; the table has the digests of what it serves.

    Args:
        face: (128, 128, 3), what the swapper puts in the place of any face.
    """
    insight.write_buffalo_l(folder / "buffalo_l")
    insight.write_swapper(folder / "inswapper_128" / "inswapper_128.onnx", "picture", face)
    insight.write_restorer(folder / "gfpgan" / "gfpgan_1.4.onnx")
    rows = tuple(_tiny(row, folder / row.name) if (folder / row.name).is_dir() else row for row in table.WEIGHTS)
    files = {
        f"{row.repo}/{file.remote}": (folder / row.name / file.path).read_bytes()
        for row in rows
        if (folder / row.name).is_dir()
        for file in row.files
    }
    with running(TinyHub(files)) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "WEIGHTS", rows)
        patch.setattr(ArcFace, "hidden_above", 1.0)  # faces lie nearer together to a network that was never trained
        patch.setattr(download, "PAUSES_S", (0.01, 0.01, 0.01))
        for name in ("HF_HUB_OFFLINE", "DEEPMASK_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            patch.delenv(name, raising=False)
        patch.setenv("HF_HOME", str(folder / "no-cache"))
        patch.setenv("DEEPMASK_MIRROR", hub.address)
        yield hub


def _tiny(row: Weight, folder: Path) -> Weight:
    files = []
    for file in row.files:
        data = (folder / file.path).read_bytes()
        files.append(replace(file, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), also_sha256=()))
    return replace(row, files=tuple(files))
