"""What the Engines tab offers, and what its buttons do, on a hub of our own."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from deepmask import config, engines, weights
from deepmask.engines import EngineSpec
from deepmask.errors import Cancelled, InputError, WeightsError, own_pip
from deepmask.progress import silent
from deepmask.weights.places import hub_row
from tests.ui.tiny_hub import offered
from ui import engine_work
from ui.app import stay_home
from ui.panels import engines as panel


@pytest.fixture
def hub(tmp_path):
    with offered(tmp_path / "hub", np.zeros((128, 128, 3), np.uint8)) as served:
        yield served


@pytest.fixture
def inswapper(hub):
    return next(one for one in engine_work.offers() if "inswapper" in one.title)


def models():
    return sorted(path.name for path in (config.home() / "models").rglob("*.onnx"))


def test_every_engine_that_needs_something_is_offered_and_everything_else_built_in():
    offers = engine_work.offers()
    assert {"Photoreal (diffusion)", "Photoreal (inswapper)", "ArcFace", "SCRFD", "GFPGAN"} <= {o.title for o in offers}
    assert len({one.id for one in offers}) == len(offers)
    for row in engines.table():
        assert engine_work.is_extra(row) == any(one.row == row for one in offers)
    for one in offers:
        html = panel._facts(one)
        for row in one.sets:
            for told in (row.licence_url, str(row.year), row.repo, weights.size_text(row.size_bytes)):
                assert told in html


def test_nothing_is_downloaded_before_the_licence_is_accepted(hub, inswapper):
    assert inswapper.readiness == "get"
    assert [row.licence for row in inswapper.to_accept] == ["non-commercial research (InsightFace models)"]
    with pytest.raises(InputError, match="accept the licence first: non-commercial research"):
        engine_work.get(inswapper, False, silent)
    assert hub.requests == []
    assert "is ready" in engine_work.get(inswapper, True, silent)
    assert (inswapper.readiness, inswapper.to_accept, inswapper.bytes_to_get) == ("ready", (), 0)


def test_a_licence_that_was_not_shown_is_not_accepted_unseen(monkeypatch):
    shown = hub_row("somebody/model", ())
    one = engine_work.Offer("weights:somebody/model", "Model", "", (shown,))
    monkeypatch.setattr(weights, "offer", lambda name: hub_row(name, (), "cc-by-nc-4.0"))
    with pytest.raises(InputError, match=r"is cc-by-nc-4\.0 .* deepmask weights get somebody/model"):
        engine_work.get(one, True, silent)
    assert not weights.accepted(hub_row("somebody/model", (), "cc-by-nc-4.0"))


def test_the_apps_own_silence_does_not_stop_a_click_but_the_users_switches_do(hub, inswapper, monkeypatch):
    stay_home()
    engine_work.get(inswapper, True, silent)
    gfpgan = next(one for one in engine_work.offers() if one.title == "GFPGAN")
    for switch in ("HF_HUB_OFFLINE", "DEEPMASK_OFFLINE"):
        monkeypatch.setenv(switch, "1")
        with pytest.raises(WeightsError, match="switched off"):
            engine_work.get(gfpgan, False, silent)
        monkeypatch.delenv(switch)
    monkeypatch.setenv("DEEPMASK_OFFLINE", "1")
    assert "switched off" in panel._source()
    assert not panel._gettable(gfpgan)


def test_a_download_that_was_stopped_goes_on_where_it_was(hub, inswapper):
    def stop(fraction, message):
        if fraction > 0.3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        engine_work.get(inswapper, True, stop)
    assert inswapper.readiness == "unfinished"
    before = inswapper.bytes_to_get
    assert 0 < before < sum(row.size_bytes for row in inswapper.sets)
    hub.sent = 0
    engine_work.get(inswapper, True, silent)
    assert hub.sent <= before + 2**16


def test_a_file_that_was_changed_is_named_and_got_again(hub, inswapper):
    engine_work.get(inswapper, True, silent)
    path = config.home() / "models" / "inswapper_128" / "inswapper_128.onnx"
    path.write_bytes(b"x" * path.stat().st_size)
    assert "inswapper_128.onnx" in engine_work.verify(inswapper, silent)
    assert inswapper.readiness == "damaged"
    assert "not the file that was published" in panel._facts(inswapper)
    engine_work.get(inswapper, True, silent)
    assert engine_work.verify(inswapper, silent) == "All files of Photoreal (inswapper) are as they should be."


def test_removing_says_who_else_is_without_it_and_leaves_other_sets(hub, inswapper):
    gfpgan = next(one for one in engine_work.offers() if one.title == "GFPGAN")
    engine_work.get(inswapper, True, silent)
    engine_work.get(gfpgan, True, silent)
    assert set(engine_work.also_used_by(inswapper)) == {"ArcFace", "SCRFD", "ArcFace and dlib (arcface)"}
    assert "is removed" in engine_work.remove(inswapper)
    assert models() == ["gfpgan_1.4.onnx"]
    assert inswapper.readiness == "get"


def test_missing_packages_are_told_with_the_command(monkeypatch):
    row = EngineSpec("face_swapper", "new", "", "", "MIT", ("no_such_module",), "pip install something")
    monkeypatch.setattr(engines, "table", lambda: (row,))
    (one, *_) = engine_work.offers()
    assert one.readiness == "packages"
    assert "no_such_module" in panel._facts(one)
    assert f"<code>{own_pip('pip install something')}</code>" in panel._facts(one)


def test_an_environment_of_its_own_is_told_with_the_command_that_makes_it(monkeypatch):
    row = EngineSpec(
        "transcriber", "new", "", "", "MIT", (), "deepmask engines install whisperx", environment="whisperx"
    )
    monkeypatch.setattr(engines, "table", lambda: (row,))
    (one, *_) = engine_work.offers()
    assert one.readiness == "environment"
    assert "an environment of its own" in panel._facts(one)
    assert "<code>deepmask engines install whisperx</code>" in panel._facts(one)
    assert panel._installable(one)
    monkeypatch.setenv("DEEPMASK_OFFLINE", "1")
    assert not panel._installable(one), "the button could do nothing"


def test_what_has_to_be_installed_comes_before_the_weights(hub, monkeypatch):
    row = next(row for row in engines.table() if row.name == "gfpgan")
    monkeypatch.setattr(engines, "table", lambda: (replace(row, needs=("no_such_module",)),))
    one = engine_work.offers()[0]
    html = panel._facts(one)
    assert html.index("First install its Python packages (no_such_module)") < html.index("Size")
    assert panel._get_words(one).startswith("Get the weights already (")
    assert "its Python packages are not: " in engine_work.get(one, False, silent)
    assert (one.readiness, one.weights_readiness) == ("packages", "ready")
    assert not panel._gettable(one)


def test_a_checkout_is_told_to_use_its_makefile(monkeypatch, tmp_path):
    row = next(row for row in engines.table() if row.name == "diffusion")
    monkeypatch.setattr(engine_work, "_CHECKOUT", tmp_path)
    assert engine_work.install_command(row) == own_pip("pip install 'deepmask[neural]'")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert engine_work.install_command(row) == f"make -C {tmp_path} neural"


def test_an_environment_is_made_stopped_gone_on_with_and_removed(small, monkeypatch):
    row = EngineSpec("transcriber", "new", "", "", "MIT", (), "deepmask engines install small", environment="small")
    monkeypatch.setattr(engines, "table", lambda: (row,))
    (one, *_) = engine_work.offers()
    assert not engine_work.is_here(one)

    def stop(fraction, message):
        if fraction >= 0.06:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        engine_work.install(one, stop)
    assert (one.readiness, engine_work.is_here(one)) == ("environment", True)
    assert panel._install_words(one).startswith("Go on installing (")
    assert engine_work.install(one, silent) == "new is ready."
    assert one.readiness == "ready"
    assert "the environment of Small (" in panel._belongings(one)
    assert "is removed" in engine_work.remove(one)
    assert not small.folder.exists()
