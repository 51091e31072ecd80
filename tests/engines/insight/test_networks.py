"""What is missing, not accepted or broken is said in one sentence, and nothing is ever downloaded."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from deepmask import engines
from deepmask.engines.insight import ArcFace, Gfpgan, InSwapper, ScrfdFinder, networks
from deepmask.engines.insight.networks import wanted_providers
from deepmask.errors import DeepmaskError, EngineFailed, EngineMissing, InputError
from deepmask.faces import Face, RGBImage
from deepmask.persona import Persona
from tests.engines.insight.conftest import COLLINS
from tests.tiny import insight as tiny

CPU, CUDA, COREML = "CPUExecutionProvider", "CUDAExecutionProvider", "CoreMLExecutionProvider"


def use(engine: object, image: RGBImage, persona: Persona) -> None:
    if isinstance(engine, ScrfdFinder):
        engine.find(image)
    elif isinstance(engine, ArcFace):
        engine.embed(image, Face(COLLINS))
    elif isinstance(engine, InSwapper):
        engine.swap(image, Face(COLLINS), persona)
    else:
        Gfpgan().restore(np.zeros((512, 512, 3), np.uint8))


ENGINES = pytest.mark.parametrize(
    "engine", [ScrfdFinder(), ArcFace(), InSwapper(), Gfpgan()], ids=lambda e: type(e).__name__
)


def test_rows_of_the_table_lead_here(tiny_insight: Path) -> None:
    for kind, name, made in (
        ("face_finder", "scrfd", ScrfdFinder),
        ("face_recognizer", "arcface", ArcFace),
        ("face_swapper", "inswapper", InSwapper),
        ("face_restorer", "gfpgan", Gfpgan),
    ):
        row = engines.choose(kind, name)  # type: ignore[arg-type]
        assert not row.missing()
        assert row.commercial == (name == "gfpgan")
        engine = engines.load(kind, name)  # type: ignore[call-overload]
        assert isinstance(engine, made)
        assert engine.providers == [CPU]
    assert engines.choose("face_finder").name == "thorough", "which finds more"


@ENGINES
def test_missing_weights_are_named_with_the_command(engine, collins: RGBImage, as_hopper: Persona) -> None:
    with pytest.raises(EngineMissing, match="deepmask weights get") as refusal:
        use(engine, collins, as_hopper)
    assert "\n" not in str(refusal.value)


@ENGINES
def test_a_licence_that_was_not_accepted_is_named(
    engine, tiny_insight: Path, collins: RGBImage, as_hopper: Persona, own_home: Path
) -> None:
    (own_home / "licences.json").unlink()
    if isinstance(engine, Gfpgan):
        use(engine, collins, as_hopper)  # free for all
        return
    with pytest.raises(EngineMissing, match="licence"):
        use(engine, collins, as_hopper)


@ENGINES
def test_a_file_that_was_tampered_with_is_never_opened(
    engine, tiny_insight: Path, collins: RGBImage, as_hopper: Persona
) -> None:
    for file in tiny_insight.glob("*/*.onnx"):
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(EngineMissing, match=r"\.onnx is damaged"):
        use(engine, collins, as_hopper)


@pytest.mark.parametrize(
    ("name", "file", "opened"),
    [
        ("buffalo_l", "det_10g.onnx", networks.detector),
        ("buffalo_l", "w600k_r50.onnx", networks.recognizer),
        ("inswapper_128", "inswapper_128.onnx", networks.swapper),
        ("gfpgan", "gfpgan_1.4.onnx", networks.restorer),
    ],
)
def test_a_broken_file_is_named(
    monkeypatch: pytest.MonkeyPatch, tiny_insight: Path, name: str, file: str, opened
) -> None:
    path = tiny_insight / name / file
    for content in (b"", b"no network", path.read_bytes()[: path.stat().st_size // 2]):
        path.write_bytes(content)
        tiny.describe(monkeypatch, name)
        with pytest.raises(DeepmaskError) as refusal:
            opened()
        assert file in str(refusal.value)
        assert "deepmask weights get" in str(refusal.value)
        assert "\n" not in str(refusal.value)


def test_another_network_in_the_place_of_one_is_refused(monkeypatch: pytest.MonkeyPatch, tiny_insight: Path) -> None:
    tiny.write_recognizer(tiny_insight / "inswapper_128" / "inswapper_128.onnx")
    tiny.describe(monkeypatch, "inswapper_128")
    with pytest.raises(EngineFailed, match="no network for swapping"):
        networks.swapper()


def test_files_are_opened_once_and_nothing_is_printed(tiny_insight: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert networks.swapper() is networks.swapper()
    assert networks.detector() is networks.detector()
    assert capfd.readouterr() == ("", "")


def test_another_device_opens_a_file_anew(tiny_insight: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPMASK_DEVICE", "cpu")
    first = networks.swapper()
    monkeypatch.setenv("DEEPMASK_DEVICE", "auto")
    assert networks.swapper() is first, "auto finds the same"
    monkeypatch.setattr(networks, "wanted_providers", lambda device, _: (CPU,) if device == "cpu" else (COREML, CPU))
    with warnings.catch_warnings(action="ignore"):  # onnxruntime says that it has none here
        assert networks.swapper() is not first
    monkeypatch.setenv("DEEPMASK_DEVICE", "cpu")
    assert networks.swapper() is first


def test_a_failing_device_is_one_sentence(tiny_insight: Path) -> None:
    with pytest.raises(EngineFailed, match="CPUExecutionProvider"):
        networks.run(networks.restorer(), {"input": np.zeros((1, 3, 8, 8), np.float32)})


def test_providers_follow_the_setting() -> None:
    assert wanted_providers("auto", [CPU]) == (CPU,)
    assert wanted_providers("auto", [CPU, CUDA, COREML]) == (CUDA, CPU)
    assert wanted_providers("auto", [COREML, CPU]) == (COREML, CPU)
    assert wanted_providers("cpu", [CUDA, CPU]) == (CPU,)
    with pytest.raises(EngineMissing, match="onnxruntime-gpu"):
        wanted_providers("cuda", [CPU])
    with pytest.raises(EngineMissing, match="auto or cpu"):
        wanted_providers("mps", [CPU])
    with pytest.raises(InputError, match="auto, cpu, cuda, mps"):
        wanted_providers("tpu", [CPU])
