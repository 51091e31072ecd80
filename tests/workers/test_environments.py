"""Environments are built whole or count as absent. Real pip and real virtual environments, of one handmade package."""

import hashlib
import json
import shutil
import sys
import threading

import pytest

from deepmask import engines
from deepmask.errors import Cancelled, EngineFailed, EngineMissing, UnknownName
from deepmask.workers import environments
from tests.tiny.environment import Small, wheel
from ui.cli import main


def test_it_is_built_once_and_removed(small):
    assert not environments.installed("small")
    told = []
    environments.install("small", progress=lambda f, m: told.append((f, m)))
    assert environments.installed("small")
    assert [f for f, _ in told] == sorted(f for f, _ in told)
    assert told[-1] == (1.0, "Small is installed")
    assert environments.size_bytes("small") > 1_000_000
    package = next(small.folder.glob("[Ll]ib*/**/torchaudio"))
    assert (package / "__init__.py").exists()
    assert not list(package.glob("lib/*.so")), "torchaudio's compiled parts fit one version of torch only"
    told.clear()
    environments.install("small", progress=lambda f, m: told.append((f, m)))
    assert not told, "what is there is not built again"
    assert environments.remove("small")
    assert not environments.installed("small")
    assert not small.folder.exists()
    assert not environments.remove("small")


def test_what_is_half_built_does_not_count_and_is_gone_on_with(small, shelf):
    small.requirements.write_text("torch==1.0\ntorchaudio==1.0\nextra==2.0\n")
    with pytest.raises(
        EngineFailed, match=r"No matching distribution found for extra==2\.0\); the log is .*small\.log"
    ):
        environments.install("small")
    assert not environments.installed("small")
    made = (small.folder / "pyvenv.cfg").stat().st_ino
    wheel(shelf, "extra", "2.0", {"extra.py": ""})
    environments.install("small")
    assert environments.installed("small")
    assert (small.folder / "pyvenv.cfg").stat().st_ino == made, "it was made anew instead of gone on with"


def test_one_that_was_stopped_before_it_had_pip_is_made_anew(small):
    small.python.parent.mkdir(parents=True)
    small.python.symlink_to(sys.executable)
    (small.folder / "building.json").write_text(
        json.dumps({"requirements": hashlib.sha256(small.requirements.read_bytes()).hexdigest()})
    )
    environments.install("small")
    assert environments.installed("small")


def test_other_requirements_make_it_anew(small):
    environments.install("small")
    (small.folder / "left-over").touch()
    small.requirements.write_text("torch==1.0\n# one package less\ntorchaudio==1.0\n")
    assert not environments.installed("small")
    environments.install("small")
    assert environments.installed("small")
    assert not (small.folder / "left-over").exists()


def test_what_cannot_be_imported_is_not_installed(small, shelf):
    wheel(shelf, "torch", "1.0", {"torch.py": "raise ImportError('no such processor')"})
    with pytest.raises(EngineFailed, match="no such processor"):
        environments.install("small")
    assert not environments.installed("small")


@pytest.mark.parametrize("at", [0.06, 0.94])
def test_cancelling_leaves_nothing_that_counts(small, at):
    def progress(fraction, message):
        if fraction >= at:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        environments.install("small", progress=progress)
    assert not environments.installed("small")
    assert environments.remove("small")


def test_one_at_a_time(small):
    building, go_on = threading.Event(), threading.Event()

    def progress(fraction, message):
        building.set()
        go_on.wait(20)

    thread = threading.Thread(target=lambda: environments.install("small", progress=progress))
    thread.start()
    assert building.wait(20)
    with pytest.raises(EngineFailed, match="being installed or removed already"):
        environments.install("small")
    go_on.set()
    thread.join(60)
    assert environments.installed("small")


def test_another_python_is_looked_for_and_missed_in_one_sentence(small, tmp_path, monkeypatch):
    rows = (Small("small", "Small", ("3.9",), 1, 1, "import torch", tmp_path), *environments.ENVIRONMENTS)
    monkeypatch.setattr(environments, "ENVIRONMENTS", rows)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match=r"Small needs Python 3\.9; install it beside this one and run: deepmask"):
        environments.install("small")
    named = tmp_path / "python3.9"
    named.symlink_to(sys.executable)
    assert environments._fitting_python(environments.environment("small"))


def test_a_full_disk_is_told_before_anything_is_written(small, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 10**6))
    with pytest.raises(EngineMissing, match=r"Small needs 1\.0 GB of disk space in .*, 0\.0 GB are free"):
        environments.install("small")
    assert not small.folder.exists()


def test_offline_means_offline(small, monkeypatch):
    monkeypatch.setenv("DEEPMASK_OFFLINE", "1")
    with pytest.raises(EngineMissing, match="offline"):
        environments.install("small")


def test_unknown_names_list_the_known():
    with pytest.raises(UnknownName, match="tortoise, whisperx"):
        environments.install("bark")


@pytest.mark.parametrize("row", environments.ENVIRONMENTS, ids=lambda row: row.name)
def test_the_pins_are_complete_and_name_no_registry(row):
    lines = [line for line in row.requirements.read_text().splitlines() if line and not line.startswith("#")]
    assert all("==" in line and "/" not in line and "+" not in line.partition("==")[2] for line in lines)
    assert sum(line.startswith("torch==") for line in lines) == 1
    assert row.script.exists()


def test_an_engine_without_its_environment_names_the_command():
    for kind, name in (("transcriber", "whisperx"), ("speech_synthesizer", "tortoise")):
        with pytest.raises(EngineMissing, match=f"environment {name}.*deepmask engines install {name}"):
            engines.choose(kind, name)
    assert engines.choose("transcriber").name != "whisperx"


def test_command_line(small, capsys):
    command = main(["engines", "install", "whisper"])
    assert command == 2
    assert "whisperx" in capsys.readouterr().err
    assert main(["engines", "remove", "tortoise"]) == 0
    assert capsys.readouterr().out == "Tortoise is not installed.\n"
    assert main(["engines"]) == 0
    assert "deepmask engines install tortoise" in capsys.readouterr().out
