"""Segment Anything from its authors' checkpoints, and MobileSAM: the real packages, and untrained networks."""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skimage import data

from deepmask.area import Click, Selection
from deepmask.engines.selecting import SegmentAnything, prompted
from deepmask.engines.selecting.candidates import Candidate, chosen
from deepmask.engines.selecting.frame import Frame
from deepmask.errors import EngineFailed, EngineMissing, UnknownName
from tests.tiny import sam as tiny

if any(importlib.util.find_spec(name) is None for name in ("segment_anything", "timm", "torchvision")):
    pytest.skip("needs deepmask[sam]", allow_module_level=True)

SUIT = Selection((Click(120, 300),))


@pytest.fixture(scope="module", autouse=True)
def operators() -> Iterator[None]:
    with tiny.operators():
        yield


@pytest.fixture
def vit(operators: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny ``sam_vit_b``; the package builds tiny networks for that name."""
    monkeypatch.setitem(import_module("segment_anything").sam_model_registry, "vit_b", tiny.small_vit)
    return tiny.checkpoint("sam_vit_b", monkeypatch, tiny.small_vit)


@pytest.fixture
def proposed(monkeypatch: pytest.MonkeyPatch) -> list[Candidate]:
    found: list[Candidate] = []
    monkeypatch.setattr(prompted, "chosen", lambda new, *rest: (found.extend(new), chosen(new, *rest))[1])
    return found


@pytest.mark.parametrize("size_wh", [(512, 512), (640, 427), (300, 480), (1500, 1000)])
def test_the_masks_are_those_of_the_packages_own_predictor(
    vit: Path, proposed: list[Candidate], size_wh: tuple[int, int]
) -> None:
    w, h = size_wh
    image = np.random.default_rng(0).integers(0, 255, (h, w, 3), np.uint8)
    points, labels = np.array([[0.6 * w, 0.3 * h], [0.1 * w, 0.9 * h]]), np.array([1, 0])
    box = (0.05 * w, 0.1 * h, 0.9 * w, 0.8 * h)
    clicks = tuple(Click(x, y, bool(label)) for (x, y), label in zip(points, labels, strict=True))
    SegmentAnything().select(image, Selection(clicks, box))
    model = tiny.small_vit()
    model.load_state_dict(torch.load(vit, weights_only=True))
    predictor = import_module("segment_anything").SamPredictor(model)
    predictor.set_image(image)
    theirs = [
        predictor.predict(points, labels, np.array(box), multimask_output=several, return_logits=True)
        for several in (True, False)
    ]
    masks = [mask for found, _, _ in theirs for mask in found]
    ious = [iou for _, found, _ in theirs for iou in found]
    assert len(proposed) == len(masks) == 4
    for ours, mask, iou in zip(proposed, masks, ious, strict=True):
        np.testing.assert_allclose(Frame(size_wh, 1024).to_picture(ours.logits), mask, atol=2e-3)
        assert ours.predicted_iou == pytest.approx(float(iou), abs=1e-4)


def test_only_the_first_click_on_a_picture_looks_at_it(vit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = import_module("segment_anything.modeling").ImageEncoderViT
    forward, looks = encoder.forward, []
    monkeypatch.setattr(encoder, "forward", lambda self, x: (looks.append(1), forward(self, x))[1])
    engine, image = SegmentAnything(), data.astronaut()
    assert engine.select(image, SUIT).contains(120, 300)
    assert engine.select(image, Selection((Click(400, 100),))).contains(400, 100)
    assert len(looks) == 1
    engine.select(data.coffee(), Selection((Click(280, 25),)))
    assert len(looks) == 2


def test_mobile_sam_loads_by_the_names_of_its_published_file(
    monkeypatch: pytest.MonkeyPatch, proposed: list[Candidate]
) -> None:
    """Names as in ChaoningZhang/MobileSAM's TinyViT, with the classifier that nobody needs."""
    from deepmask.engines.selecting import mobile

    def published() -> Any:
        model = mobile.build()
        names = {new: old for old, new in _published_names().items()}
        state = {names.get(name, name): tensor for name, tensor in model.state_dict().items()}
        state["image_encoder.head.weight"] = torch.zeros(1000, 320)
        state["image_encoder.norm_head.weight"] = torch.zeros(320)
        model.state_dict = lambda: state
        return model

    path = tiny.checkpoint("mobile_sam", monkeypatch, published)
    stored = torch.load(path, weights_only=True)
    assert "image_encoder.layers.1.downsample.conv2.c.weight" in stored
    assert "image_encoder.patch_embed.seq.0.bn.running_mean" in stored
    assert SegmentAnything().select(data.astronaut(), SUIT).contains(120, 300)
    assert len(proposed) == 3


def _published_names() -> dict[str, str]:
    """Of the published file → ours, written down from the published code."""
    names: dict[str, str] = {}
    parts = [("weight", "weight"), *((f"bn.{n}", f"bn.{n}") for n in ("weight", "bias", "running_mean", "running_var"))]
    parts.append(("bn.num_batches_tracked", "bn.num_batches_tracked"))

    def conv_norm(old: str, new: str) -> None:
        for part, _ in parts:
            leaf = ("c.weight", "conv.weight") if part == "weight" else (part, part)
            names[f"image_encoder.{old}.{leaf[0]}"] = f"image_encoder.0.{new}.{leaf[1]}"

    conv_norm("patch_embed.seq.0", "patch_embed.conv1")
    conv_norm("patch_embed.seq.2", "patch_embed.conv2")
    for layer, depth in enumerate((2, 2, 6, 2)):
        for block in range(depth):
            old, new = f"layers.{layer}.blocks.{block}", f"stages.{layer}.blocks.{block}"
            for conv in ("conv1", "conv2", "conv3") if layer == 0 else ("local_conv",):
                conv_norm(f"{old}.{conv}", f"{new}.{conv}")
            if layer:
                for leaf in ("attn.attention_biases", *(f"attn.{m}.{p}" for m in ("norm", "qkv", "proj") for p in _WB)):
                    names[f"image_encoder.{old}.{leaf}"] = f"image_encoder.0.{new}.{leaf}"
                for leaf in (f"mlp.{m}.{p}" for m in ("norm", "fc1", "fc2") for p in _WB):
                    names[f"image_encoder.{old}.{leaf}"] = f"image_encoder.0.{new}.{leaf}"
        if layer < 3:
            for conv in ("conv1", "conv2", "conv3"):
                conv_norm(f"layers.{layer}.downsample.{conv}", f"stages.{layer + 1}.downsample.{conv}")
    for leaf in ("0.weight", "1.weight", "1.bias", "2.weight", "3.weight", "3.bias"):
        names[f"image_encoder.neck.{leaf}"] = f"image_encoder.1.{leaf}"
    return names


_WB = ("weight", "bias")


def test_the_names_written_down_are_all_of_them() -> None:
    from deepmask.engines.selecting import mobile

    ours = {name for name in mobile.build().state_dict() if name.startswith("image_encoder.")}
    written = _published_names()
    assert set(written.values()) == ours
    assert set(mobile.renamed(dict.fromkeys(written))) == ours


def test_without_the_checkpoint_the_command_is_named() -> None:
    with pytest.raises(EngineMissing, match="deepmask weights get sam_vit_b"):
        SegmentAnything().select(data.astronaut(), SUIT)


def test_a_checkpoint_that_is_not_the_published_one_is_not_opened(vit: Path) -> None:
    content = bytearray(vit.read_bytes())
    content[len(content) // 2] ^= 1
    vit.write_bytes(bytes(content))
    with pytest.raises(EngineMissing, match="is damaged or is not the file that was published"):
        SegmentAnything().select(data.astronaut(), SUIT)


class _Evil:
    def __reduce__(self) -> Any:
        return print, ("code of a checkpoint ran",)


def test_nothing_but_tensors_comes_out_of_a_checkpoint(
    vit: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Should a pickle that runs code ever have the right digest."""
    torch.save(_Evil(), vit, pickle_module=pickle)
    from tests.tiny import insight

    insight.describe(monkeypatch, "sam_vit_b")
    with pytest.raises(EngineFailed, match=r"sam_vit_b_01ec64\.pth cannot be loaded"):
        SegmentAnything().select(data.astronaut(), SUIT)
    assert "ran" not in capsys.readouterr().out


def test_a_set_in_another_format_lists_those_that_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.in_cache(tmp_path / "hub", monkeypatch)
    monkeypatch.setenv("DEEPMASK_SEGMENT_ANYTHING_MODEL", "sam_base")
    with pytest.raises(UnknownName, match="known: mobile_sam, sam_vit_b, sam_vit_h, sam_vit_l"):
        SegmentAnything().select(data.astronaut(), SUIT)
