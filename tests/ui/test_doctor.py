"""The doctor's words for machines that are not this one."""

import importlib.metadata
import json
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from deepmask import engines, weights
from deepmask.engines import EngineSpec
from deepmask.engines import device as device_module
from deepmask.engines.device import Device
from deepmask.errors import EngineMissing, own_pip
from deepmask.progress import silent
from tests.ui.tiny_hub import offered
from ui.checks import machine, remedy_for, trials
from ui.cli import main


@pytest.fixture
def installed(monkeypatch):
    """Say which versions of packages are installed; None: not at all."""
    real = importlib.metadata.version

    def pretend(**versions):
        def version(name):
            key = name.replace("-", "_")
            if key not in versions:
                return real(name)
            if versions[key] is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return versions[key]

        monkeypatch.setattr(importlib.metadata, "version", version)

    return pretend


def test_absent_neural_packages_are_a_note_with_the_command(installed):
    installed(torch=None, diffusers="0.1")
    checks = {check.subject: check for check in machine.packages()}
    assert checks["Packages"].state == "ok"
    neural = checks["Neural packages"]
    assert (neural.state, neural.remedy) == ("note", f"Run: {own_pip('pip install')} 'deepmask[neural]'")
    assert "torch is not installed" in neural.detail
    assert "diffusers 0.1 does not fit" in neural.detail


def test_a_runtime_for_graphics_cards_stands_in_for_the_plain_one_but_not_beside_it(installed, monkeypatch):
    monkeypatch.setattr(machine, "_providers", lambda: ([], []))
    installed(onnxruntime=None, onnxruntime_gpu="1.31.1", onnxruntime_directml=None, onnxruntime_openvino=None)
    assert all(check.state == "ok" for check in machine.packages() if check.subject == "Packages")
    assert list(machine.runtime()) == []
    installed(onnxruntime="1.31.1", onnxruntime_gpu="1.31.1", onnxruntime_directml=None, onnxruntime_openvino=None)
    (both,) = machine.runtime()
    assert both.state == "note"
    assert "overwrite each other" in both.detail
    uninstall, install = own_pip("pip uninstall -y onnxruntime onnxruntime-gpu"), own_pip("pip install onnxruntime-gpu")
    assert both.remedy == f"Run: {uninstall} && {install}"


def test_a_package_that_cannot_be_imported_is_put_right_by_the_pip_of_this_python(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/home/me/deepmask/.venv/bin/python")
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/pip")
    assert remedy_for(ImportError("broken")) == (
        "Run: /home/me/deepmask/.venv/bin/python -m pip install --force-reinstall deepmask"
    )


def test_a_torchvision_that_does_not_fit_torch_is_told_with_the_remedy(monkeypatch, tmp_path):
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    (check,) = machine.torchvision()
    assert check.state == "broken"
    assert "operator torchvision::nms does not exist" in check.detail
    assert check.remedy == f"Run: {own_pip('pip uninstall -y torchvision')}"


def test_how_diffusion_uses_the_device_is_told_and_a_wrong_setting_named(monkeypatch):
    cpu, small_card = Device("cpu", "float32", 8 << 30), Device("cuda", "float16", 4 << 30)
    assert "networks all on cpu; chosen from the device" in machine.diffusion(cpu).detail
    assert "networks one by one on cuda" in machine.diffusion(small_card).detail
    monkeypatch.setenv("DEEPMASK_DIFFUSION_ATTENTION", "sliced")
    monkeypatch.setenv("DEEPMASK_DIFFUSION_DECODER", "taesd")
    check = machine.diffusion(cpu)
    assert check.state == "ok"
    assert "TAESD as the decoder" in check.detail
    assert "attention in slices" in check.detail
    assert check.detail.endswith("decided by diffusion_decoder, diffusion_attention")
    monkeypatch.setenv("DEEPMASK_DIFFUSION_OFFLOAD", "always")
    assert machine.diffusion(cpu).state == "broken"
    assert "set diffusion_offload to auto" in machine.diffusion(cpu).detail


def test_a_graphics_card_that_is_offered_but_not_used_is_told(monkeypatch):
    cuda, cpu = "CUDAExecutionProvider", "CPUExecutionProvider"
    monkeypatch.setattr(machine, "_providers", lambda: ([cuda], [cpu]))
    (check,) = machine.runtime()
    assert (check.state, "models run on CPUExecutionProvider" in check.detail) == ("note", True)
    monkeypatch.setattr(machine, "_providers", lambda: ([cuda], [cuda, cpu]))
    assert [check.state for check in machine.runtime()] == ["ok"]


def test_torch_tells_device_precision_and_memory(monkeypatch):
    pytest.importorskip("torch")
    chosen = SimpleNamespace(kind="cuda", precision="float16", memory_bytes=80 * 2**30)
    monkeypatch.setattr(device_module, "device", lambda settings: chosen)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "NVIDIA H100")
    check, _ = machine.graphics()
    assert "computes on cuda (NVIDIA H100) in float16, 80.0 GB" in check.detail

    def absent(settings):
        raise EngineMissing("torch sees no cuda device on this machine; set device to auto or cpu.")

    monkeypatch.setattr(device_module, "device", absent)
    (check,) = machine.graphics()
    assert (check.state, "set device to auto" in check.detail) == ("broken", True)


def test_without_torch_nothing_is_said_of_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert list(machine.graphics()) == []


ROW = EngineSpec(
    "face_swapper", "new", "no.such:Engine", "", "MIT", ("no_such_module",), "pip install new", ("buffalo_l",)
)


def test_an_engine_that_waits_for_a_download_is_a_note_and_one_that_came_along_is_broken():
    sitter = trials.Sitter.new()
    waiting = trials.tried(ROW, sitter)
    assert waiting.state == "note"
    assert waiting.detail == "no_such_module not installed; weights buffalo_l not downloaded."
    assert waiting.remedy == f"Run: {own_pip('pip install new')} && deepmask weights get buffalo_l"
    own = EngineSpec("face_swapper", "own", "no.such:Engine", "", "MIT", ("no_such_module",))
    assert trials.tried(own, sitter).state == "broken"


def test_an_engine_that_crashes_is_broken_with_the_reason(monkeypatch):
    row = EngineSpec("face_swapper", "own", "no_such_package:Engine", "", "MIT")
    monkeypatch.setattr(engines, "table", lambda: (row,))
    own, kind = trials.engine_checks(silent)
    assert "No module named 'no_such_package'" in own.detail
    assert (kind.state, kind.detail) == ("broken", "no engine of this kind works.")


def test_an_engine_that_came_along_and_does_not_find_the_face_is_broken(monkeypatch):
    row = next(row for row in engines.rows("face_finder") if row.name == "thorough")
    monkeypatch.setattr(engines.load("face_finder", "thorough"), "find", lambda *_, **__: [])
    check = trials.tried(row, trials.Sitter.new())
    assert (check.state, check.detail) == ("broken", "It did not find the face of the sample photo.")


def test_neural_engines_that_are_ready_are_tried_and_tell_where_they_run(tmp_path):
    with offered(tmp_path / "hub", np.full((128, 128, 3), 127, np.uint8)):
        for name in ("buffalo_l", "inswapper_128", "gfpgan"):
            weights.accept(name)
            weights.fetch(name)
        checks = {check.subject: check for check in trials.engine_checks(silent)}
    for subject in ("Face recognizer: arcface", "Face restorer: gfpgan", "Face finder: scrfd"):
        assert checks[subject].state == "ok", checks[subject]
        assert "CPUExecutionProvider" in checks[subject].detail
    assert checks["Portrait painter: diffusion"].state == "note"
    assert "deepmask weights get sd15" in checks["Portrait painter: diffusion"].remedy


def test_the_doctor_tells_of_weights_that_are_damaged(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("ui.commands.doctor.engine_checks", lambda progress: [])
    monkeypatch.setattr("ui.commands.doctor.machine", lambda: [])
    monkeypatch.setenv("DEEPMASK_OFFLINE", "0")
    with offered(tmp_path / "hub", np.full((128, 128, 3), 127, np.uint8)):
        folder = weights.fetch("gfpgan")
        (folder / "gfpgan_1.4.onnx").write_bytes(b"broken")
        weights.verify("gfpgan")
        assert main(["doctor", "--json"]) == 0
    checks = {check["subject"]: check for check in json.loads(capfd.readouterr().out)}
    assert checks["Weights: gfpgan"]["state"] == "note"
    assert "deepmask weights get gfpgan" in checks["Weights: gfpgan"]["detail"]
    assert checks["Downloads"]["detail"].startswith("from http://127.0.0.1")
