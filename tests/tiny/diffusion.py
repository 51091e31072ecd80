"""Stable Diffusion in miniature: the real file formats and the real loading code, networks of a few hundred kilobytes.

``build`` writes a Hugging Face cache as the hub's client would leave it; ``rows`` are the rows of the table of weights
that describe these files, with their true sizes and digests.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from deepmask.weights import Weight, WeightFile, table

NAMES = (
    "sd15", "safety_checker", "controlnet_openpose", "lcm_lora", "taesd", "sdxl_turbo", "sd15_inpaint",
    "controlnet_inpaint",
)  # fmt: skip
"""Sets of weights there is a miniature of."""

TEXT_SIZE = 32
"""Width of the text encoders."""


def snapshot(hub: Path, name: str) -> Path:
    """Where the files of a set lie in a cache."""
    row = table.weight(name)
    return hub / f"models--{row.repo.replace('/', '--')}" / "snapshots" / _commit(row)


def _commit(row: Weight) -> str:
    return row.revision if len(row.revision) == 40 else "0123456789" * 4


def build(hub: Path) -> None:
    """Write all tiny checkpoints into the cache ``hub`` (what ``HF_HUB_CACHE`` names); a second each."""
    import torch

    torch.manual_seed(0)
    for name in NAMES:
        folder = snapshot(hub, name)
        folder.mkdir(parents=True, exist_ok=True)
        reference = folder.parent.parent / "refs" / "main"
        reference.parent.mkdir(exist_ok=True)
        reference.write_text(folder.name)
    _sd15(snapshot(hub, "sd15"))
    for name in ("controlnet_openpose", "controlnet_inpaint"):
        _controlnet(snapshot(hub, name), snapshot(hub, "sd15"))
    _lcm_lora(snapshot(hub, "lcm_lora"), snapshot(hub, "sd15"))
    _taesd(snapshot(hub, "taesd"))
    _sdxl_turbo(snapshot(hub, "sdxl_turbo"))
    _sd15_inpaint(snapshot(hub, "sd15_inpaint"), snapshot(hub, "sd15"))


def rows(hub: Path) -> tuple[Weight, ...]:
    """The rows of the table of weights with sizes and digests of the tiny files, under a licence that asks nothing."""
    return tuple(_row(row, snapshot(hub, row.name)) for row in table.WEIGHTS if row.name in NAMES)


def _row(row: Weight, folder: Path) -> Weight:
    files = tuple(
        WeightFile(file.path, (folder / file.path).stat().st_size, _sha256(folder / file.path)) for file in row.files
    )
    return replace(row, files=files, revision=_commit(row), licence="made by the tests", commercial=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def tiny_hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face cache with all tiny checkpoints; not to be written to."""
    hub = tmp_path_factory.mktemp("huggingface") / "hub"
    build(hub)
    return hub


@pytest.fixture
def tiny_diffusion(tiny_hub: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This home has the tiny checkpoints, offline and on the CPU; gives the cache."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tiny_hub.parent))
    monkeypatch.setenv("HF_HUB_CACHE", str(tiny_hub))
    monkeypatch.setenv("DEEPMASK_DEVICE", "cpu")
    monkeypatch.setattr(table, "WEIGHTS", tuple(row for row in table.WEIGHTS if row.name not in NAMES) + rows(tiny_hub))
    return tiny_hub


# -- Stable Diffusion 1.5 ---------------------------------------------------------------------------------------------


def _sd15(folder: Path) -> None:
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    _tokenizer(folder / "tokenizer")
    StableDiffusionPipeline(
        vae=AutoencoderKL(
            in_channels=3, out_channels=3, latent_channels=4, norm_num_groups=8, block_out_channels=(16,) * 4,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        ),
        text_encoder=CLIPTextModel(CLIPTextConfig(**_text_config())),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        unet=UNet2DConditionModel(
            sample_size=8, block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8,
            cross_attention_dim=TEXT_SIZE, attention_head_dim=8,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=PNDMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1
        ),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,  # type: ignore[arg-type]
    ).to(dtype=torch.float16, silence_dtype_warnings=True).save_pretrained(folder, variant="fp16")  # fmt: skip
    _tokenizer(folder / "tokenizer")
    _as_published(folder / "text_encoder" / "model.fp16.safetensors", "", "text_model.")
    _safety_checker(folder / "safety_checker")
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index["feature_extractor"] = ["transformers", "CLIPFeatureExtractor"]
    (folder / "model_index.json").write_text(json.dumps(index))


def _sd15_inpaint(folder: Path, base: Path) -> None:
    """As published: the parts of the base, but for a network that sees a mask and a picture, too."""
    from diffusers import UNet2DConditionModel

    for part in ("scheduler", "text_encoder", "tokenizer", "vae"):
        shutil.copytree(base / part, folder / part)
    config = UNet2DConditionModel.load_config(base / "unet")
    UNet2DConditionModel.from_config(config, in_channels=9).half().save_pretrained(folder / "unet", variant="fp16")
    index = json.loads((base / "model_index.json").read_text("utf-8"))
    (folder / "model_index.json").write_text(json.dumps(index | {"_class_name": "StableDiffusionInpaintPipeline"}))


def _text_config() -> dict[str, int]:
    return {
        "hidden_size": TEXT_SIZE, "intermediate_size": 37, "num_attention_heads": 4, "num_hidden_layers": 3,
        "vocab_size": len(_vocabulary()[0]), "bos_token_id": len(_vocabulary()[0]) - 2,
        "eos_token_id": len(_vocabulary()[0]) - 1, "pad_token_id": len(_vocabulary()[0]) - 1,
    }  # fmt: skip


def _vocabulary() -> tuple[dict[str, int], list[str]]:
    """Tokens and merges of a byte-pair encoding that knows bytes and a few pairs."""
    codes = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(code) for code in codes] + [chr(256 + n) for n in range(256 - len(codes))]
    merges = ["a n", "o n</w>", "e r</w>", "t h", "th e</w>"]
    tokens = letters + [f"{letter}</w>" for letter in letters] + [merge.replace(" ", "") for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: n for n, token in enumerate(tokens)}, merges


def _tokenizer(folder: Path, pad: str = "<|endoftext|>") -> None:
    """Only the files that Stable Diffusion's own repositories have."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    vocabulary, merges = _vocabulary()
    special = {
        "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": pad
    }  # fmt: skip
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True, **special}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(special), "utf-8")


def _safety_checker(folder: Path) -> None:
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig

    config = CLIPConfig(projection_dim=16)
    config.vision_config.update(
        {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "patch_size": 56}
    )
    checker = StableDiffusionSafetyChecker(config).half()
    checker.save_pretrained(folder, variant="fp16")  # thresholds of 1: nothing is that near
    _as_published(folder / "model.fp16.safetensors", "vision_model.", "vision_model.vision_model.")
    extractor = {
        "crop_size": 224, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True, "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711], "resample": 3, "size": 224,
    }  # fmt: skip
    target = folder.parent / "feature_extractor" / "preprocessor_config.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(extractor), "utf-8")


def _as_published(path: Path, old: str, new: str) -> None:
    """Name the tensors as the published files do, which were saved before transformers 5 made its modules flatter."""
    from safetensors.torch import load_file, save_file

    tensors = {
        f"{new}{name.removeprefix(old)}" if name.startswith(old) else name: tensor
        for name, tensor in load_file(path).items()
    }
    save_file(tensors, path, {"format": "pt"})


def make_prudish(folder: Path) -> None:
    """Rewrite a tiny safety checker so that it flags every picture."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.fp16.safetensors"
    tensors = load_file(path)
    tensors["concept_embeds_weights"].fill_(-1.0)
    save_file(tensors, path, {"format": "pt"})


# -- what goes with it ------------------------------------------------------------------------------------------------


def _controlnet(folder: Path, base: Path) -> None:
    import torch
    from diffusers import ControlNetModel, UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(base / "unet", variant="fp16")
    net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 16, 16, 16))
    outputs = [*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out]
    for layer in outputs:  # zero at birth: without this the pose would have no effect
        torch.nn.init.normal_(layer.weight, std=0.2)
    net.half().save_pretrained(folder, variant="fp16")


def _lcm_lora(folder: Path, base: Path) -> None:
    """In the format of latent-consistency/lcm-lora-sdv1-5: Kohya's names, with alphas."""
    import torch
    from diffusers import UNet2DConditionModel
    from safetensors.torch import save_file

    tensors = {}
    for name, module in UNet2DConditionModel.from_pretrained(base / "unet", variant="fp16").named_modules():
        if not name.endswith(("to_q", "to_k", "to_v", "to_out.0")):
            continue
        key, rank = f"lora_unet_{name.replace('.', '_')}", 4
        tensors[f"{key}.alpha"] = torch.tensor(float(rank))
        tensors[f"{key}.lora_down.weight"] = 0.3 * torch.randn(rank, module.in_features)
        tensors[f"{key}.lora_up.weight"] = 0.3 * torch.randn(module.out_features, rank)
    save_file(tensors, folder / "pytorch_lora_weights.safetensors")


def _taesd(folder: Path) -> None:
    from diffusers import AutoencoderTiny

    AutoencoderTiny(
        encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(1, 1, 1, 1), num_decoder_blocks=(1, 1, 1, 1),
    ).save_pretrained(folder)  # fmt: skip


def _sdxl_turbo(folder: Path) -> None:
    import torch
    from diffusers import (
        AutoencoderKL,
        EulerAncestralDiscreteScheduler,
        StableDiffusionXLPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    _tokenizer(folder / "tokenizer")
    _tokenizer(folder / "tokenizer_2", pad="!")
    config = CLIPTextConfig(**_text_config(), projection_dim=TEXT_SIZE, hidden_act="gelu")
    StableDiffusionXLPipeline(
        vae=AutoencoderKL(
            in_channels=3, out_channels=3, latent_channels=4, norm_num_groups=8, block_out_channels=(16,) * 4,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            scaling_factor=0.13025,
        ),
        text_encoder=CLIPTextModel(config),
        text_encoder_2=CLIPTextModelWithProjection(config),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        tokenizer_2=CLIPTokenizer.from_pretrained(folder / "tokenizer_2"),
        unet=UNet2DConditionModel(
            sample_size=8, block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8,
            cross_attention_dim=2 * TEXT_SIZE, attention_head_dim=(2, 4), use_linear_projection=True,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            addition_embed_type="text_time", addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + TEXT_SIZE,
        ),
        scheduler=EulerAncestralDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="trailing"
        ),
    ).to(dtype=torch.float16, silence_dtype_warnings=True).save_pretrained(folder, variant="fp16")  # fmt: skip
    _as_published(folder / "text_encoder" / "model.fp16.safetensors", "", "text_model.")
    _tokenizer(folder / "tokenizer")
    _tokenizer(folder / "tokenizer_2", pad="!")
