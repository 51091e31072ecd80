import shutil

import pytest

from deepmask.engines.diffusion import Diffusion
from deepmask.weights import table
from tests.tiny.diffusion import NAMES, rows, tiny_diffusion, tiny_hub  # noqa: F401


@pytest.fixture(scope="session")
def shared_diffusion():
    """One engine for all tests that leave it as it was; loading is most of the time."""
    return Diffusion()


@pytest.fixture
def diffusion(tiny_diffusion, shared_diffusion):  # noqa: F811
    return shared_diffusion


@pytest.fixture
def own_hub(tiny_diffusion, tmp_path, monkeypatch):  # noqa: F811
    """A hub's cache that a test may spoil; the table knows the files as they are when ``described`` is called."""
    hub = tmp_path / "hub"
    shutil.copytree(tiny_diffusion, hub)
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))

    def described():
        others = tuple(row for row in table.WEIGHTS if row.name not in NAMES)
        monkeypatch.setattr(table, "WEIGHTS", others + rows(hub))

    return hub, described
