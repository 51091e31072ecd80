import pytest

from deepmask import config
from deepmask.errors import InputError


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPMASK_HOME", str(tmp_path))


def test_the_environment_beats_the_file_beats_the_defaults(tmp_path, monkeypatch):
    assert config.Settings.load() == config.Settings()
    (tmp_path / "config.toml").write_text("port = 8000\nmax_upload_mb = 5\n")
    monkeypatch.setenv("DEEPMASK_PORT", "9000")
    settings = config.Settings.load()
    assert (settings.host, settings.port, settings.max_upload_mb) == ("127.0.0.1", 9000, 5)


@pytest.mark.parametrize("text", ["colour = 1", "port = 'many'", "port ="])
def test_bad_settings_are_one_sentence(text, tmp_path):
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(InputError):
        config.Settings.load()
