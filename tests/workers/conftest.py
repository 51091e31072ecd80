"""The real environments of WhisperX and Tortoise, kept between runs, with tiny checkpoints in the real formats.

They lie in the folder ``DEEPMASK_TEST_ENVIRONMENTS`` (default: the user's cache). ``pytest -m environments`` builds
what is not there; without that, tests that need an environment which is not there are skipped.
"""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from deepmask.weights import Weight, WeightFile, table
from deepmask.workers import client, environments
from tests.tiny.environment import shelf, small  # noqa: F401  # fixtures

TINY = Path(__file__).parents[1] / "tiny"
KEPT = Path(os.environ.get("DEEPMASK_TEST_ENVIRONMENTS") or user_cache_path("deepmask-tests", appauthor=False))


@pytest.fixture(scope="session")
def built(request):
    """Call with a name: its folder, built now if that was asked for."""

    def folder(name):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DEEPMASK_HOME", str(KEPT))
            row = environments.environment(name)
            if not environments.installed(name):
                if "environments" not in request.config.option.markexpr:
                    pytest.skip(f"{row.title} is not in {KEPT}; build it with: python -m pytest -m environments")
                environments.install(name)
            return row.folder

    return folder


def _tiny(environment, script, *arguments):
    """Checkpoints written by a script in an environment; kept as long as neither changes."""
    pins = environments.environment(environment.name).requirements
    key = hashlib.sha256(script.read_bytes() + pins.read_bytes()).hexdigest()[:12]
    folder = KEPT / "tiny" / f"{script.stem}-{key}"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        python = environment / "bin" / "python"
        quiet = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "HF_HUB_OFFLINE": "1"}
        command = [str(python), "-I", str(script), *arguments, str(folder)]
        made = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr[-3000:]
        (folder / "done").touch()
    return folder


def _row(name, folder, licence="MIT"):
    files = tuple(
        WeightFile(
            path.relative_to(folder).as_posix(), path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "done"
    )
    return Weight(name, name, f"tiny/{name}", "main", files, licence, "", True, "us", 2026)


@pytest.fixture(scope="module")
def neural_home(tmp_path_factory):
    """A home for all tests of a module, so that a worker is started once and keeps its models."""
    home = tmp_path_factory.mktemp("neural")
    for name in ("environments", "models"):
        (home / name).mkdir()
    yield home
    for worker in client._shared.values():
        worker.close()
    client._shared.clear()


@pytest.fixture
def use(neural_home, monkeypatch):
    """Call with an environment and sets of weights by folder: this home has them."""
    monkeypatch.setenv("DEEPMASK_HOME", str(neural_home))
    monkeypatch.setattr(client, "processor_count", lambda: 1)

    def use(environment, sets):
        for link, target in [(Path("environments", environment.name), environment)] + [
            (Path("models", name), folder) for name, folder in sets.items()
        ]:
            if not (neural_home / link).exists():
                (neural_home / link).symlink_to(target, target_is_directory=True)
        ours = tuple(_row(name, folder) for name, folder in sets.items())
        others = tuple(row for row in table.WEIGHTS if row.name not in sets)
        monkeypatch.setattr(table, "WEIGHTS", others + ours)

    return use


@pytest.fixture
def whisperx(built, use):
    """WhisperX with a Whisper that always says one sentence, and an aligner for English; gives the tiny checkpoints."""
    environment = built("whisperx")
    folder = _tiny(environment, TINY / "whisper.py")
    use(environment, {"whisper_small": folder / "whisper", "align_en": folder / "align"})
    return folder


@pytest.fixture
def tortoise(built, use, tmp_path_factory, monkeypatch):
    """Tortoise with networks of a few megabytes: its worker is started by a script that makes its classes small."""
    environment = built("tortoise")
    folder = _tiny(environment, TINY / "tortoise.py", "build")
    use(environment, {"tortoise": folder})
    starter = tmp_path_factory.mktemp("starter") / "start.py"
    shrinking, worker = str(TINY / "tortoise.py"), str(environments.environment("tortoise").script)
    starter.write_text(
        f"import runpy, sys\nsys.argv[1:] = [{worker!r}]\nrunpy.run_path({shrinking!r}, run_name='__main__')\n"
    )
    own = environments.Environment.script.fget
    monkeypatch.setattr(
        environments.Environment, "script", property(lambda row: starter if row.name == "tortoise" else own(row))
    )
