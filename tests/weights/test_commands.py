"""``deepmask weights`` as people type it."""

import json
import subprocess
import sys

import pytest

from deepmask import config, weights
from tests.weights.sets import BIG, SWAPPER
from ui.cli import main


@pytest.fixture
def typed(capsys):
    """Run a command line; gives its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["weights", *arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_the_list_says_what_where_from_and_under_which_licence(typed):
    code, out, _ = typed("list")
    assert code == 0
    assert "free   420 kB   yes           absent  a free model" in out
    assert "bound: Maker, 2021; non-commercial research, https://example.org/nc" in out
    assert "from maker/bound" in out


def test_listing_loads_no_network_library():
    code = "import sys; from ui.cli import main; main(['weights', 'list']); print('httpx' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.endswith("False\n")


def test_the_list_for_programs(typed):
    rows = {row["name"]: row for row in json.loads(typed("list", "--json")[1])}
    assert rows["bound"]["commercial"] is False
    assert rows["bound"]["accepted"] is False
    assert rows["free"]["state"] == "absent"
    assert rows["free"]["size_bytes"] == 420_019
    assert rows["free"]["files"][0]["sha256"]


def test_getting_needs_the_licence_once(typed, hub):
    code, _, err = typed("get", "bound")
    assert code == 2
    assert "https://example.org/nc" in err
    assert "does not allow commercial use" in err
    assert "--accept-licence" in err
    assert typed("get", "bound", "--accept-licence")[0] == 0
    weights.remove("bound")
    code, out, err = typed("get", "bound", "free")
    assert (code, err) == (0, "")
    assert "as published" in out


def test_a_question_is_asked_on_a_terminal(typed, hub, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    assert typed("get", "bound")[0] == 0
    assert weights.missing(("bound",)) == ()


def test_verify_exits_with_1_when_something_is_damaged(typed, hub):
    assert typed("verify")[1] == "No weights are on this machine.\n"
    weights.fetch("free")
    assert typed("verify")[0] == 0
    (config.home() / "models/free/model.safetensors").write_bytes(bytes(len(BIG)))
    code, out, _ = typed("verify")
    assert code == 1
    assert "DAMAGED" in out
    code, out, _ = typed("verify", "free", "--json")
    assert code == 1
    assert [f["verdict"] for f in json.loads(out)["free"]] == ["broken", "verified", "verified"]


def test_removing(typed, hub):
    weights.fetch("free")
    assert typed("remove", "free", "--yes")[1] == "free: 420 kB freed\n"
    assert typed("remove", "free", "--yes")[1] == "free was not there.\n"
    assert typed("remove", "free")[1] == "free was not there.\n", "nothing to lose, nothing to ask"


def test_importing(typed, tmp_path):
    (tmp_path / "x.onnx").write_bytes(SWAPPER)
    (tmp_path / "y.onnx").write_bytes(b"?")
    code, out, err = typed("import", str(tmp_path))
    assert code == 0
    assert "bound: 1 files recognised" in out
    assert "has not been accepted" in out
    assert "https://example.org/nc" in err
    assert "y.onnx belongs to no known set" in err
    code, out, _ = typed("import", str(tmp_path), "--accept-licence", "--json")
    assert code == 0
    assert json.loads(out)["states"] == {"bound": "ready"}


def test_importing_nothing_is_told(typed, tmp_path):
    code, _, err = typed("import", str(tmp_path))
    assert code == 2
    assert "belongs to a known set" in err


def test_stopping_with_ctrl_c_keeps_what_arrived(typed, hub, monkeypatch):
    def interrupted(name, progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "fetch", interrupted)
    code, _, err = typed("get", "free")
    assert (code, err) == (130, "Stopped; run the command again to go on where it stopped.\n")


def test_an_unknown_name_is_one_sentence(typed):
    code, _, err = typed("get", "sd51")
    assert code == 2
    assert err.startswith("There is no set of weights")
    assert "known: bound, free" in err
