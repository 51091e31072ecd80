"""The real table: what it must hold whatever is added to it."""

import re

import pytest

from deepmask import weights
from deepmask.weights import layout

ROWS = weights.WEIGHTS  # the fixture replaces the table after this line
PICTURES = {
    "sd15", "safety_checker", "controlnet_openpose", "lcm_lora", "taesd", "sdxl_turbo", "buffalo_l", "inswapper_128",
    "gfpgan", "sd15_inpaint", "controlnet_inpaint",
}  # fmt: skip
SAFE = (".safetensors", ".onnx", ".json", ".txt")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_rows_are_complete(row):
    assert row.title
    assert row.vendor
    assert row.licence
    assert 2015 < row.year < 2100
    assert row.licence_url.startswith("https://")
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", row.repo)
    assert row.revision == "main" or re.fullmatch(r"[0-9a-f]{40}", row.revision)
    assert len({file.path for file in row.files}) == len(row.files) > 0
    for file in row.files:
        assert file.size_bytes > 0
        for digest in (file.sha256, *file.also_sha256):
            assert re.fullmatch(r"([0-9a-f]{64})?", digest)
    assert ("non-commercial" in row.licence) == (not row.commercial)


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in PICTURES], ids=lambda row: row.name)
def test_no_engine_for_pictures_opens_what_could_run_code(row):
    assert all(file.path.endswith(SAFE) for file in row.files)


def test_names_are_unique_and_parts_lie_in_the_folder_of_the_whole():
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    for row in ROWS:
        if row.shares:
            whole = next(other for other in ROWS if other.name == row.shares)
            assert set(row.files) <= set(whole.files)
            assert (whole.repo, whole.revision, whole.licence) == (row.repo, row.revision, row.licence)


def test_what_diffusers_loads_is_listed_and_nothing_twice():
    for name in ("sd15", "sd15_inpaint", "sdxl_turbo", "controlnet_openpose", "controlnet_inpaint", "taesd"):
        paths = [file.path for row in ROWS if row.name == name for file in row.files]
        assert sorted(paths) == layout.needed(paths)


def test_only_licences_that_restrict_are_asked_for():
    asked = {row.name for row in ROWS if row.must_accept}
    assert {"sd15", "lcm_lora", "sdxl_turbo", "buffalo_l", "inswapper_128"} <= asked
    assert not {"taesd", "gfpgan"} & asked


def test_of_a_repository_only_one_variant_is_needed():
    assert layout.needed(
        [
            "README.md", "model_index.json", "v1-5-pruned.safetensors", "scheduler/scheduler_config.json",
            "tokenizer/merges.txt", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
            "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors",
            "text_encoder/model.safetensors", "text_encoder/flax_model.msgpack", "text_encoder/pytorch_model.bin",
            "images/a/b.json", "unet/openvino_model.bin",
        ]
    ) == [
        "model_index.json", "scheduler/scheduler_config.json", "text_encoder/model.safetensors", "tokenizer/merges.txt",
        "unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors",
    ]  # fmt: skip


def test_split_weights_come_with_the_right_index():
    shards = ["transformer/diffusion_pytorch_model-00001-of-00002.safetensors"]
    half = ["transformer/diffusion_pytorch_model.fp16-00001-of-00002.safetensors"]
    index = "transformer/diffusion_pytorch_model.safetensors.index.json"
    half_index = "transformer/diffusion_pytorch_model.safetensors.index.fp16.json"
    everything = ["model_index.json", *shards, *half, index, half_index]
    assert layout.needed(everything) == sorted(["model_index.json", *half, half_index])
    assert layout.needed(["model_index.json", *shards, index]) == sorted(["model_index.json", *shards, index])
    assert layout.variant(half) == "fp16"
    assert layout.variant(shards) is None


def test_a_model_that_is_no_pipeline_keeps_its_top_folder():
    assert layout.needed(["README.md", "config.json", "model.safetensors", "model.fp16.safetensors"]) == [
        "config.json",
        "model.fp16.safetensors",
    ]
    assert layout.needed(["config.json", "pytorch_model.bin"]) == []
