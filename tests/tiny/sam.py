"""Segment Anything in miniature, in both formats it is published in: untrained networks of a megabyte.

The set ``sam_base`` lies in a Hugging Face cache as the hub's client would leave it, checkpoints in ``<home>/models``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from deepmask import config
from deepmask.weights import table
from tests.tiny import insight

WIDTH, DEPTH = 32, 2


def write_model(folder: Path, seed: int = 0) -> None:
    """A SamModel as transformers saves it."""
    import torch
    from transformers import SamConfig, SamModel

    torch.manual_seed(seed)
    vision = {
        "hidden_size": WIDTH, "num_hidden_layers": DEPTH, "num_attention_heads": 2, "mlp_dim": 64,
        "global_attn_indexes": [1], "image_size": 1024, "output_channels": 32, "num_pos_feats": 16,
    }  # fmt: skip
    prompts = {"hidden_size": 32, "image_size": 1024, "mask_input_channels": 16}
    decoder = {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 2, "iou_head_hidden_dim": 32}
    settings: Any = {"vision_config": vision, "prompt_encoder_config": prompts, "mask_decoder_config": decoder}
    model = SamModel(SamConfig(**settings))
    for values in model.vision_encoder.parameters():
        torch.nn.init.normal_(values, std=0.3)  # otherwise all pictures look alike to it
    model.save_pretrained(folder)


def in_cache(hub: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put ``sam_base`` into a hub's cache of this test, offline; gives the folder."""
    row = table.weight("sam_base")
    folder = hub / f"models--{row.repo.replace('/', '--')}" / "snapshots" / row.revision
    write_model(folder)
    reference = folder.parent.parent / "refs" / "main"
    reference.parent.mkdir()
    reference.write_text(row.revision)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("DEEPMASK_DEVICE", "cpu")
    monkeypatch.setenv("DEEPMASK_PRECISION", "float32")
    describe(monkeypatch, "sam_base", folder)
    return folder


def describe(monkeypatch: pytest.MonkeyPatch, name: str, folder: Path) -> None:
    """Let the table have sizes and digests of the files of a set as they lie in ``folder``."""
    import hashlib

    row = table.weight(name)
    files = []
    for file in row.files:
        content = (folder / file.path).read_bytes()
        files.append(replace(file, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()))
    changed = replace(row, files=tuple(files))
    monkeypatch.setattr(table, "WEIGHTS", tuple(changed if one.name == name else one for one in table.WEIGHTS))


def checkpoint(name: str, monkeypatch: pytest.MonkeyPatch, build: Callable[[], Any]) -> Path:
    """Write the checkpoint of a network that ``build`` makes where the set ``name`` belongs; gives the file."""
    import torch

    torch.manual_seed(0)
    row = table.weight(name)
    path = config.home() / "models" / row.folder / row.files[0].path
    path.parent.mkdir(parents=True)
    torch.save(build().state_dict(), path)
    insight.describe(monkeypatch, name)
    monkeypatch.setenv("DEEPMASK_SEGMENT_ANYTHING_MODEL", name)
    monkeypatch.setenv("DEEPMASK_DEVICE", "cpu")
    monkeypatch.setenv("DEEPMASK_PRECISION", "float32")
    return path


def small_vit() -> Any:
    """segment_anything's Sam with an encoder of two narrow blocks."""
    build = import_module("segment_anything.build_sam")._build_sam
    return build(encoder_embed_dim=WIDTH, encoder_depth=DEPTH, encoder_num_heads=2, encoder_global_attn_indexes=[1])


@contextmanager
def operators() -> Iterator[None]:
    """A torchvision for CUDA beside a torch for processors has no operators, and then does not import; none is used."""
    import torch

    try:
        import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        yield
        del library
    else:
        yield
