import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """No test ever sees the user's vault, settings or passwords."""
    home = tmp_path_factory.mktemp("home")
    for name in ("PASSPHRASE", "PASSWORD", "HOST", "PORT", "MAX_UPLOAD_MB", "MAX_MEGAPIXELS"):
        monkeypatch.delenv(f"DEEPMASK_{name}", raising=False)
    monkeypatch.setenv("DEEPMASK_HOME", str(home))
    return home
