"""The ONNX files, opened once per process and device through insightface's own loader.

Where a file is absent insightface would start a download, so its folder is always asked of :mod:`deepmask.weights`
first, which has verified every byte and downloads nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from deepmask import weights
from deepmask.config import Settings
from deepmask.engines.quiet import native_stderr_muted
from deepmask.errors import EngineFailed, EngineMissing, InputError

_CPU, _CUDA, _COREML = "CPUExecutionProvider", "CUDAExecutionProvider", "CoreMLExecutionProvider"
_PROVIDERS = {"cpu": (_CPU,), "cuda": (_CUDA, _CPU), "mps": (_COREML, _CPU)}

_FIX_CUDA = (
    "pip uninstall onnxruntime onnxruntime-gpu, then pip install 'onnxruntime-gpu[cuda,cudnn]' (the two packages share "
    "one folder: docs/gpu.md)"
)


def detector() -> Any:
    """SCRFD of buffalo_l as insightface's SCRFD; takes any picture size that 32 divides.

    Not on CoreML, which compiles it anew for each size.
    """
    return _opened(weights.location("buffalo_l") / "det_10g.onnx", "detection")


def recognizer() -> Any:
    """ArcFace (ResNet-50 on WebFace600K) of buffalo_l as insightface's ArcFaceONNX."""
    return _opened(weights.location("buffalo_l") / "w600k_r50.onnx", "recognition")


def swapper() -> Any:
    """inswapper_128 as insightface's INSwapper."""
    return _opened(weights.location("inswapper_128") / "inswapper_128.onnx", "swapping")


def restorer() -> Any:
    """GFPGAN 1.4 as a plain session: insightface does not know it."""
    return _opened(weights.location("gfpgan") / "gfpgan_1.4.onnx", "restoring")


def providers(model: Any) -> list[str]:
    """Where a network really runs, as onnxruntime calls it: what is asked for may silently not be available."""
    return list(getattr(model, "session", model).get_providers())


def run(session: Any, inputs: dict[str, Any]) -> Any:
    """The one output of a network.

    Raises:
        EngineFailed: the device could not do it, as when its memory is full.
    """
    try:
        return session.run(None, inputs)[0]
    except _faults() as error:
        raise EngineFailed(f"The network failed on {session.get_providers()[0]} ({_first_line(error)}).") from error


def wanted_providers(device: str, available: list[str]) -> tuple[str, ...]:
    """Execution providers for the setting ``device``, the processor last.

    Raises:
        InputError: no such device.
        EngineMissing: onnxruntime cannot use it here; the message has the command that helps.
    """
    if device == "auto":
        return next(wanted for wanted in map(_PROVIDERS.__getitem__, ("cuda", "mps", "cpu")) if wanted[0] in available)
    if device not in _PROVIDERS:
        raise InputError(f"The setting device must be auto, {', '.join(_PROVIDERS)}; got {device!r}.")
    wanted = _PROVIDERS[device]
    if wanted[0] not in available:
        remedy = f"; run: {_FIX_CUDA}" if device == "cuda" else "; set device to auto or cpu."
        raise EngineMissing(f"onnxruntime has no {wanted[0]} on this machine{remedy}")
    return wanted


def _opened(path: Path, task: str) -> Any:
    """The network in a file, where the settings want it now; ``task`` is what insightface must take it for, or
    'restoring'.
    """
    with native_stderr_muted():
        import onnxruntime

        wanted = wanted_providers(Settings.load().device, onnxruntime.get_available_providers())
    if task == "detection" and _COREML in wanted:
        wanted = (_CPU,)
    return _opened_on(path, task, wanted)


@lru_cache(maxsize=8)
def _opened_on(path: Path, task: str, wanted: tuple[str, ...]) -> Any:
    with native_stderr_muted(), contextlib.redirect_stdout(io.StringIO()):  # insightface prints the shape of inswapper
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leave the cores to other engines
        try:
            if task == "restoring":
                return onnxruntime.InferenceSession(str(path), options, providers=list(wanted))
            from insightface.model_zoo import get_model

            model = get_model(
                str(path), providers=list(wanted), sess_options=options, static_shape_sessions=False, download=False
            )
        except _faults() as error:
            raise EngineFailed(_unusable(path, _first_line(error))) from error
    found = {"SCRFD": "detection", "ArcFaceONNX": "recognition", "INSwapper": "swapping"}.get(type(model).__name__)
    if found != task:
        raise EngineFailed(_unusable(path, f"no network for {task}"))
    return model


def _unusable(path: Path, why: str) -> str:
    name = path.parent.name
    return f"The file {path} cannot be used ({why}); run: deepmask weights remove {name} && deepmask weights get {name}"


@cache
def _faults() -> tuple[type[Exception], ...]:
    """What onnxruntime, onnx and insightface raise on a broken file or a failing device."""
    from google.protobuf.message import DecodeError

    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    own = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
    return (*own, DecodeError, RuntimeError, ValueError, AssertionError, IndexError, TypeError)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")[:160]
