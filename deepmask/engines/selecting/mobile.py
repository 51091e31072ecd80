"""MobileSAM (Zhang et al., 2023): Segment Anything's decoder behind a TinyViT of 5 million weights instead of 632.

segment-anything does not know it, but timm has the TinyViT (Wu et al., 2022). Only its last reduction of size is left
out, so that 64 x 64 places remain, and the neck of Segment Anything follows.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

SIDE_PX = 1024
EMBEDDING_PX, CHANNELS = 64, 256
_WIDTHS, _DEPTHS, _HEADS, _WINDOWS = (64, 128, 160, 320), (2, 2, 6, 2), (2, 4, 5, 10), (7, 7, 14, 7)

_NAMES = (
    (r"^image_encoder\.neck\.", "image_encoder.1."),
    (r"^image_encoder\.patch_embed\.seq\.0\.", "image_encoder.0.patch_embed.conv1."),
    (r"^image_encoder\.patch_embed\.seq\.2\.", "image_encoder.0.patch_embed.conv2."),
    (r"^image_encoder\.layers\.(\d)\.blocks\.", r"image_encoder.0.stages.\1.blocks."),
    *((rf"^image_encoder\.layers\.{n}\.downsample\.", f"image_encoder.0.stages.{n + 1}.downsample.") for n in range(3)),
    (r"(\.(?:conv\d|local_conv))\.c\.", r"\1.conv."),
)
"""How tensors of the published file are called in :func:`build`'s network."""


def build() -> Any:
    """An untrained MobileSAM as segment_anything's Sam."""
    parts = import_module("segment_anything.modeling")
    return parts.Sam(
        image_encoder=_encoder(),
        prompt_encoder=parts.PromptEncoder(
            embed_dim=CHANNELS,
            image_embedding_size=(EMBEDDING_PX, EMBEDDING_PX),
            input_image_size=(SIDE_PX, SIDE_PX),
            mask_in_chans=16,
        ),
        mask_decoder=parts.MaskDecoder(
            num_multimask_outputs=3,
            transformer=parts.TwoWayTransformer(depth=2, embedding_dim=CHANNELS, mlp_dim=2048, num_heads=8),
            transformer_dim=CHANNELS,
            iou_head_depth=3,
            iou_head_hidden_dim=256,
        ),
    )


def blocks(model: Any) -> list[Any]:
    """Those of the encoder, one after the other."""
    return [block for stage in model.image_encoder[0].stages for block in stage.blocks]


def renamed(state: dict[str, Any]) -> dict[str, Any]:
    """The tensors of the published file by the names of :func:`build`'s network, without the classifier's."""
    return {
        _renamed(name): tensor
        for name, tensor in state.items()
        if not name.startswith(("image_encoder.head.", "image_encoder.norm_head."))
    }


def _renamed(name: str) -> str:
    for pattern, new in _NAMES:
        name = re.sub(pattern, new, name)
    return name


def _encoder() -> Any:
    import torch

    layer_norm = import_module("segment_anything.modeling.common").LayerNorm2d
    body = import_module("timm.models.tiny_vit").TinyVit(
        num_classes=0, embed_dims=_WIDTHS, depths=_DEPTHS, num_heads=_HEADS, window_sizes=_WINDOWS, drop_path_rate=0.0
    )
    body.stages[3].downsample.conv2.conv.stride = (1, 1)
    body.head = torch.nn.Identity()
    body.forward = body.forward_features
    neck = torch.nn.Sequential(
        torch.nn.Conv2d(_WIDTHS[-1], CHANNELS, 1, bias=False),
        layer_norm(CHANNELS),
        torch.nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False),
        layer_norm(CHANNELS),
    )
    encoder = torch.nn.Sequential(body, neck)
    return encoder
