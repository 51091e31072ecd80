"""An environment of one handmade package, built by the real pip from a folder: seconds instead of minutes."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from deepmask.workers import environments
from deepmask.workers.environments import Environment


@dataclass(frozen=True)
class Small(Environment):
    folder_of_requirements: Path = Path()

    @property
    def requirements(self):
        return self.folder_of_requirements / "small.txt"


def wheel(folder, name, version, files):
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(path, text)


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Where pip finds packages: a folder."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wheel(shelf, "torch", "1.0", {"torch.py": ""})
    wheel(shelf, "torchaudio", "1.0", {"torchaudio/__init__.py": "", "torchaudio/lib/libtorchaudio.so": "for CUDA"})
    return shelf


@pytest.fixture
def small(tmp_path, shelf, monkeypatch):
    """The row 'small', which takes seconds."""
    row = Small("small", "Small", ("3.11", "3.12"), 10_000_000, 10_000_000, "import torch, torchaudio", tmp_path)
    row.requirements.write_text("# two packages\ntorch==1.0\ntorchaudio==1.0\n")
    monkeypatch.setattr(environments, "ENVIRONMENTS", (row, *environments.ENVIRONMENTS))
    return row
