"""Which files of a repository are needed: those of the diffusers layout, safetensors only, one variant of each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

WEIGHTS = ".safetensors"
INDEX = "safetensors.index"
"""In the name of the file that says which of several weight files has which tensor."""
TEXTS = (".json", ".txt", ".model")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
"""Formats that run code when they are opened; never fetched, never brought along."""

_HALF = re.compile(r"\.fp16(?=[.-])")
_OTHER = re.compile(r"(^|[._-])(non_ema|ema|flax|openvino|onnx)([._-]|$)", re.IGNORECASE)


def needed(paths: Iterable[str]) -> list[str]:
    """Those of ``paths`` that are loaded, sorted.

    Of each folder the half precision variant is taken where there is one. Beside a ``model_index.json``, weights in the
    top folder are single-file copies of the whole and left out.
    """
    paths = sorted(set(paths))
    pipeline = "model_index.json" in paths
    chosen: list[str] = []
    for folder in sorted({str(PurePosixPath(path).parent) for path in paths}):
        if len(PurePosixPath(folder).parts) > 1 or (pipeline and _OTHER.search(folder)):
            continue
        inside = [path for path in paths if str(PurePosixPath(path).parent) == folder]
        top = folder == "."
        weights = [] if pipeline and top else [p for p in inside if p.endswith(WEIGHTS) and not _OTHER.search(p)]
        half = [path for path in weights if _HALF.search(path)]
        if pipeline and not top and not weights and any(path.endswith(PICKLES) for path in inside):
            return []
        chosen += half or weights
        chosen += [path for path in inside if _is_text(path, half=bool(half), top=top)]
    return sorted(chosen) if any(path.endswith(WEIGHTS) for path in chosen) else []


def variant(paths: Iterable[str]) -> str | None:
    """'fp16' if the weights among ``paths`` are of that variant, as ``from_pretrained(variant=...)`` wants to know."""
    return "fp16" if any(path.endswith(WEIGHTS) and _HALF.search(path) for path in paths) else None


def _is_text(path: str, *, half: bool, top: bool) -> bool:
    if not path.endswith(TEXTS) or PurePosixPath(path).name.startswith("."):
        return False
    if INDEX in path:
        return half == ("fp16" in path)
    return ".index." not in path and not (top and path.endswith(".txt"))
