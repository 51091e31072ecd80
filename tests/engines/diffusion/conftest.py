import pytest

from deepmask.engines.diffusion import Diffusion
from tests.tiny.diffusion import tiny_diffusion, tiny_hub  # noqa: F401


@pytest.fixture(scope="session")
def shared_diffusion():
    """One engine for all tests that leave it as it was; loading is most of the time."""
    return Diffusion()


@pytest.fixture
def diffusion(tiny_diffusion, shared_diffusion):  # noqa: F811
    return shared_diffusion
