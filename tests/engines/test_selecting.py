"""Segment Anything through transformers: the real loading code and a tiny untrained network, so the contract is tested
and not how well it sees."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skimage import data
from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil
from transformers.models.sam.processing_sam import SamProcessor

from deepmask import engines
from deepmask.area import Click, Selection
from deepmask.engines.selecting import Sam, prompted
from deepmask.engines.selecting.candidates import Candidate, chosen, tidied
from deepmask.engines.selecting.frame import Frame
from deepmask.engines.selecting.remembered import PICTURES
from deepmask.errors import Cancelled, EngineFailed, EngineMissing, InputError, UnknownName
from tests.tiny import sam as tiny

SIZES = [(512, 512), (640, 427), (427, 640), (1500, 1000), (90, 61), (1024, 333), (3, 700)]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refused)


@pytest.fixture
def model_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return tiny.in_cache(tmp_path / "hub", monkeypatch)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the image encoder was shown."""
    from transformers.models.sam.modeling_sam import SamVisionEncoder

    shown: list[Any] = []
    forward = SamVisionEncoder.forward

    def spy(self: Any, pixel_values: Any, **more: Any) -> Any:
        shown.append(pixel_values)
        return forward(self, pixel_values, **more)

    monkeypatch.setattr(SamVisionEncoder, "forward", spy)
    return shown


def picture(size_wh: tuple[int, int], seed: int = 0) -> np.ndarray:
    image = np.random.default_rng(seed).integers(0, 255, (*size_wh[::-1], 3), np.uint8)
    image[: size_wh[1] // 2] //= 2
    return image


def click(x: float, y: float, inside: bool = True) -> Selection:
    return Selection((Click(x, y, inside),))


# -- what the network is asked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size_wh", SIZES)
def test_picture_and_prompts_reach_the_network_as_transformers_own_processor_has_them(size_wh: tuple[int, int]) -> None:
    w, h = size_wh
    image = picture(size_wh)
    points, labels = [[0.6 * w, 0.3 * h], [0.1 * w, 0.9 * h]], [1, 0]
    box = [0.05 * w, 0.1 * h, 0.9 * w, 0.8 * h]
    theirs = SamProcessor(SamImageProcessorPil())(
        image, input_points=[[points]], input_labels=[[labels]], input_boxes=[[box]], return_tensors="pt"
    )
    frame = Frame(size_wh, 1024)
    clicks = tuple(Click(x, y, bool(label)) for (x, y), label in zip(points, labels, strict=True))
    prompt = frame.prompt(Selection(clicks, (box[0], box[1], box[2], box[3])))
    assert tuple(theirs["reshaped_input_sizes"][0].tolist()) == frame.inner_wh[::-1]
    np.testing.assert_allclose(frame.pixels(image), theirs["pixel_values"].numpy(), atol=1e-4)
    np.testing.assert_allclose(prompt.points, theirs["input_points"][0, 0].numpy(), rtol=1e-6)
    np.testing.assert_array_equal(prompt.labels, theirs["input_labels"][0, 0].numpy())
    np.testing.assert_allclose(prompt.box, theirs["input_boxes"][0, 0].numpy(), rtol=1e-6)


@pytest.mark.parametrize("size_wh", SIZES)
def test_masks_come_back_to_the_picture_as_transformers_own_processor_brings_them(size_wh: tuple[int, int]) -> None:
    frame = Frame(size_wh, 1024)
    logits = torch.randn(1, 1, 1, 256, 256, generator=torch.Generator().manual_seed(0))
    theirs = SamProcessor(SamImageProcessorPil()).post_process_masks(
        logits, [size_wh[::-1]], [frame.inner_wh[::-1]], binarize=False
    )
    inner = frame.to_square(logits[0, 0, 0].numpy())
    ours = frame.to_picture(inner)
    np.testing.assert_allclose(ours, theirs[0][0, 0].numpy(), atol=1e-3)
    spots = [(0.0, 0.0), (size_wh[0] - 1.0, size_wh[1] - 1.0), (0.7 * size_wh[0], 0.4 * size_wh[1])]
    expected = [ours[int(y), int(x)] for x, y in spots]
    at = frame.at_clicks(inner, Selection(tuple(Click(x, y) for x, y in spots)))
    np.testing.assert_allclose(at, expected, atol=0.02)


def test_the_masks_are_those_of_transformers(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the picture to logits in the picture's size, against the library's own way."""
    from transformers import SamModel

    image = data.astronaut()[:400]
    proposed: list[Candidate] = []
    monkeypatch.setattr(prompted, "chosen", lambda found, *rest: (proposed.extend(found), chosen(found, *rest))[1])
    Sam().select(image, click(250, 300))
    processor = SamProcessor(SamImageProcessorPil())
    inputs = processor(image, input_points=[[[[250.0, 300.0]]]], input_labels=[[[1]]], return_tensors="pt")
    with torch.no_grad():
        output = SamModel.from_pretrained(model_folder)(**{k: inputs[k] for k in inputs if "size" not in k})
    masks = processor.post_process_masks(
        output.pred_masks, inputs["original_sizes"], inputs["reshaped_input_sizes"], binarize=False
    )[0][0].numpy()
    assert len(proposed) == 3
    for ours, mask, iou in zip(proposed, masks, output.iou_scores[0, 0], strict=True):
        np.testing.assert_allclose(Frame((512, 400), 1024).to_picture(ours.logits), mask, atol=1e-3)
        assert ours.predicted_iou == pytest.approx(float(iou), abs=1e-4)


def test_a_box_or_several_points_leave_no_doubt_so_a_fourth_mask_competes(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    monkeypatch.setattr(prompted, "chosen", lambda found, *rest: (counts.append(len(found)), chosen(found, *rest))[1])
    engine, image = Sam(), data.astronaut()
    engine.select(image, click(100, 100))
    engine.select(image, Selection((Click(100, 100), Click(110, 120))))
    engine.select(image, Selection((Click(100, 100),), (50, 50, 300, 400)))
    assert counts == [3, 4, 4]


# -- what comes out ---------------------------------------------------------------------------------------------------


def test_a_click_is_inside_what_it_selects(model_folder: Path) -> None:
    engine, image = Sam(), data.astronaut()
    for x, y in ((0, 0), (511, 511), (250, 300), (511, 0)):
        area = engine.select(image, click(x, y))
        assert area.size_wh == (512, 512)
        assert area.contains(x, y)


def test_points_that_contradict_each_other_are_one_sentence(model_folder: Path) -> None:
    with pytest.raises(EngineFailed, match=r"all points inside and none of the excluded.*draw a box"):
        Sam().select(data.astronaut(), Selection((Click(50, 50), Click(50.2, 50.4, False))))


def test_pointing_outside_the_picture_is_told_before_anything_is_loaded() -> None:
    with pytest.raises(InputError, match="outside the picture"):
        Sam().select(data.astronaut(), click(600, 10))


def _disc(x: float, y: float, radius: float) -> np.ndarray:
    """(256, 256) logits, above 0 in a disc; x and y in pixels of a picture of 512 x 512."""
    rows, columns = np.mgrid[:256, :256]
    return (radius / 2 - np.hypot(columns + 0.5 - x / 2, rows + 0.5 - y / 2)).astype(np.float32)


def test_the_best_mask_that_fits_all_points_is_chosen() -> None:
    frame = Frame((512, 512), 1024)
    small, large, elsewhere = (
        Candidate(frame.to_square(_disc(*disc)), iou)
        for disc, iou in (((200, 200, 40), 0.7), ((220, 200, 120), 0.8), ((400, 400, 90), 0.99))
    )
    masks = [small, large, elsewhere]

    def wide(*clicks: Click) -> float:
        area = chosen(masks, Selection(clicks), frame)
        assert area is not None
        return area.box_xyxy[2] - area.box_xyxy[0]

    assert wide(Click(200, 200)) == pytest.approx(240, abs=3), "the likelier of the two that hold the point"
    assert wide(Click(200, 200), Click(290, 200, False)) == pytest.approx(80, abs=3), "only the small one spares it"
    assert wide(Click(400, 400)) == pytest.approx(180, abs=3)


def test_another_threshold_saves_a_mask_that_nearly_fits() -> None:
    frame = Frame((512, 512), 1024)
    disc = Candidate(frame.to_square(_disc(200, 200, 80)), 0.9)
    beyond, within = Selection((Click(200, 200), Click(290, 200))), Selection((Click(200, 200), Click(270, 200, False)))
    wider, tighter = chosen([disc], beyond, frame), chosen([disc], within, frame)
    assert wider is not None
    assert wider.contains(290, 200)
    assert tighter is not None
    assert not tighter.contains(270, 200)
    assert tighter.contains(200, 200)
    assert chosen([disc], Selection((Click(290, 200), Click(200, 200, False))), frame) is None


def test_small_holes_and_islands_go_and_clicked_ones_stay() -> None:
    mask = np.zeros((200, 200), bool)
    mask[20:120, 20:120] = True
    mask[60:64, 60:64] = False  # a speck
    mask[80:110, 80:110] = False  # a hole that is one
    mask[150:155, 150:155] = True
    plain = tidied(mask, click(30, 30))
    assert plain[62, 62]
    assert not plain[95, 95]
    assert not plain[152, 152]
    kept = tidied(mask, Selection((Click(30, 30), Click(152, 152), Click(62, 62, False))))
    assert kept[152, 152]
    assert not kept[62, 62]


# -- the second click -------------------------------------------------------------------------------------------------


def test_only_the_first_click_on_a_picture_looks_at_it(model_folder: Path, seen: list[Any]) -> None:
    engine, image = Sam(), data.astronaut()
    first = engine.select(image, click(250, 300))
    engine.select(image.copy(), click(100, 100))
    again = engine.select(image, click(250, 300))
    assert len(seen) == 1
    assert first.iou(again) == 1
    other = image.copy()
    other[0, 0] = 255 - other[0, 0]
    engine.select(other, click(250, 300))
    assert len(seen) == 2, "one pixel makes another picture"


def test_pictures_that_were_not_clicked_for_long_are_forgotten(model_folder: Path, seen: list[Any]) -> None:
    engine = Sam()
    pictures = [picture((64, 48), seed) for seed in range(PICTURES + 1)]
    for image in pictures:
        engine.select(image, click(10, 10))
    engine.select(pictures[-1], click(20, 20))
    assert len(seen) == PICTURES + 1
    engine.select(pictures[0], click(20, 20))
    assert len(seen) == PICTURES + 2


def test_half_precision_hardly_moves_the_outline(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = data.astronaut()
    exact = Sam().select(image, click(250, 300))
    monkeypatch.setenv("DEEPMASK_PRECISION", "bfloat16")
    assert Sam().select(image, click(250, 300)).iou(exact) > 0.9


def test_looking_tells_how_far_it_is_and_can_be_stopped(model_folder: Path) -> None:
    told: list[tuple[float, str]] = []
    Sam().select(data.astronaut(), click(5, 5), progress=lambda share, text: told.append((share, text)))
    shares = [share for share, text in told if text == "Looking at the picture"]
    assert shares == sorted(shares)
    assert len(shares) == tiny.DEPTH
    assert told[-1] == (1.0, "Outlined")

    def stop(share: float, text: str) -> None:
        if share > 0.4:
            raise Cancelled("stopped")

    engine = Sam()
    with pytest.raises(Cancelled):
        engine.select(data.astronaut(), click(5, 5), progress=stop)
    assert engine.select(data.astronaut(), click(5, 5)).contains(5, 5), "it goes on working"


# -- weights ----------------------------------------------------------------------------------------------------------


def test_without_weights_the_command_is_named_and_the_embedded_one_chosen() -> None:
    with pytest.raises(EngineMissing, match="deepmask weights get sam_base"):
        engines.choose("area_selector", "sam")
    assert engines.choose("area_selector").name == "grabcut"


def test_with_weights_it_is_the_first_choice(model_folder: Path) -> None:
    assert engines.choose("area_selector").name == "sam"
    assert engines.choose("area_selector").commercial


def test_a_file_that_is_not_the_published_one_is_not_used(model_folder: Path) -> None:
    path = model_folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(EngineMissing, match=r"model\.safetensors is damaged or is not the file that was published"):
        Sam().select(data.astronaut(), click(5, 5))


def test_the_setting_chooses_another_set_or_folder(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, image = Sam(), data.astronaut()
    first = engine.select(image, click(250, 300))
    tiny.write_model(tmp_path / "mine", seed=7)
    monkeypatch.setenv("DEEPMASK_SAM_MODEL", str(tmp_path / "mine"))
    other = engine.select(image, click(250, 300))
    assert first.iou(other) < 1, "another network, and no embedding of the first"
    monkeypatch.setenv("DEEPMASK_SAM_MODEL", "sam_large")
    with pytest.raises(EngineMissing, match="deepmask weights get sam_large"):
        engine.select(image, click(5, 5))
    monkeypatch.setenv("DEEPMASK_SAM_MODEL", "no such thing")
    with pytest.raises(UnknownName, match="sam_huge"):
        engine.select(image, click(5, 5))


@pytest.mark.parametrize("change", ["another kind", "lost tensors"])
def test_a_folder_that_is_no_segment_anything_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    from safetensors.torch import load_file, save_file

    tiny.write_model(tmp_path / "mine")
    if change == "another kind":
        config = tmp_path / "mine" / "config.json"
        config.write_text(config.read_text("utf-8").replace('"model_type": "sam"', '"model_type": "vit"'))
    else:
        path = tmp_path / "mine" / "model.safetensors"
        tensors = {k: v for k, v in load_file(path).items() if not k.startswith("mask_decoder")}
        save_file(tensors, path, {"format": "pt"})
    monkeypatch.setenv("DEEPMASK_SAM_MODEL", str(tmp_path / "mine"))
    monkeypatch.setenv("DEEPMASK_DEVICE", "cpu")
    with pytest.raises(EngineFailed, match="is a vit" if change == "another kind" else "lack mask_decoder"):
        Sam().select(data.astronaut(), click(5, 5))


# -- memory -----------------------------------------------------------------------------------------------------------


def test_want_of_memory_is_one_sentence_and_no_end(
    model_folder: Path, seen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepmask.engines.selecting.sam import TransformersSam

    engine, embed = Sam(), TransformersSam.embed

    def full(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(TransformersSam, "embed", full)
    with pytest.raises(EngineFailed, match=r"Memory does not suffice for sam_base.*set sam_model to"):
        engine.select(data.astronaut(), click(5, 5))
    monkeypatch.setattr(TransformersSam, "embed", embed)
    assert engine.select(data.astronaut(), click(5, 5)).contains(5, 5)


def test_too_little_free_memory_is_seen_before_loading(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompted, "free_bytes", lambda _: 100 << 20)
    with pytest.raises(EngineFailed, match=r"Memory does not suffice.*GiB"):
        Sam().select(data.astronaut(), click(5, 5))
