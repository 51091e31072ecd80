"""Where and how precisely the torch engines compute: the device, its number format, its threads and its memory.

What the settings ``device`` and ``precision`` leave to 'auto' is decided from the machine alone and never from its
load, so that the same seed gives the same picture on the same machine.
"""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from typing import Any

from deepmask.config import Settings
from deepmask.errors import EngineMissing, InputError

KINDS = ("cpu", "cuda", "mps")
PRECISIONS = ("float32", "bfloat16", "float16")
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
"""What torch's allocators say: of CUDA and MPS, of processors on Linux, and on Windows."""


@dataclass(frozen=True)
class Device:
    """A place to compute on."""

    kind: str
    """cpu, cuda or mps, as torch calls them."""
    precision: str
    """float32, bfloat16 or float16."""
    memory_bytes: int
    """Of the graphics card, or of the machine where the two share it; 0 where it cannot be told."""

    @property
    def dtype(self) -> Any:
        """The torch data type of :attr:`precision`."""
        import torch

        return getattr(torch, self.precision)


def device(settings: Settings) -> Device:
    """The device the settings ask for, or the best one there is.

    Raises:
        InputError: the settings name no device or precision that exists.
        EngineMissing: the device asked for is not there.
    """
    kind = _kind(settings.device)
    precision = settings.precision
    if precision not in ("auto", *PRECISIONS):
        raise InputError(f"The setting precision must be auto, {', '.join(PRECISIONS)}; got {precision!r}.")
    if precision == "float16" and kind == "cpu":
        raise InputError("Processors do not compute in float16; set precision to auto, bfloat16 or float32.")
    return Device(kind, _best_precision(kind) if precision == "auto" else precision, _memory_bytes(kind))


def _kind(wanted: str) -> str:
    import torch

    if wanted not in ("auto", *KINDS):
        raise InputError(f"The setting device must be auto, {', '.join(KINDS)}; got {wanted!r}.")
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(kind for kind, there in present.items() if there)
    if not present[wanted]:
        raise EngineMissing(f"torch sees no {wanted} device on this machine; set device to auto or cpu.")
    return wanted


def _best_precision(kind: str) -> str:
    """Half precision where the device computes in it, not merely emulates it (docs/performance.md has the ratios)."""
    if kind != "cpu":
        return "float16"
    import torch

    native = (torch.cpu._is_avx512_bf16_supported, torch.cpu._is_amx_tile_supported)
    return "bfloat16" if any(supported() for supported in native) else "float32"


def _memory_bytes(kind: str) -> int:
    if kind == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[1])
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return 0


def free_bytes(kind: str) -> int:
    """Memory that can be had now, on the device or, where the two share it, in the machine."""
    if kind == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    import psutil

    return int(psutil.virtual_memory().available)


def use_all_cores() -> None:
    """As many torch threads as cores this process may use, unless OMP_NUM_THREADS says otherwise."""
    if "OMP_NUM_THREADS" in os.environ:
        return
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if torch.get_num_threads() != cores:
        torch.set_num_threads(cores)


def out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory, of the device or of the machine, did not suffice."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in text for words in _NO_MEMORY)


def free_memory(kind: str) -> None:
    """Give back what deleted tensors held."""
    import torch

    gc.collect()
    if kind == "cuda":
        torch.cuda.empty_cache()
    elif kind == "mps":
        torch.mps.empty_cache()
