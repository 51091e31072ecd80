"""Segment Anything as transformers has it: safetensors, and no torchvision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from deepmask.area import Area, Selection
from deepmask.engines.device import Device
from deepmask.engines.diffusion.checkpoint import assert_whole, read_json, weight_files
from deepmask.engines.diffusion.loading import quiet, readable_failures
from deepmask.engines.selecting.frame import Prompt
from deepmask.engines.selecting.prompted import Network, Prompted
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage
from deepmask.progress import Progress, silent


class Sam:
    """Outlines by the set of weights that the setting ``sam_model`` names."""

    def __init__(self) -> None:
        self._prompted = Prompted("sam_model", load, "sam_base")

    def select(self, image: RGBImage, selection: Selection, *, progress: Progress = silent) -> Area:
        """As :meth:`Prompted.select`."""
        return self._prompted.select(image, selection, progress=progress)


class TransformersSam:
    """transformers' SamModel; looking is done in the device's number format, clicks in float32: half precision would
    move them by up to four pixels."""

    def __init__(self, model: Any, place: Device) -> None:
        self._model = model.eval().to(place.kind)
        self._dtype = place.dtype
        self._model.vision_encoder.to(place.dtype)
        self.side_px: int = model.config.vision_config.image_size
        self.blocks: Sequence[Any] = model.vision_encoder.layers

    def embed(self, pixels: Any) -> Any:
        """As :meth:`Network.embed`."""
        return self._model.vision_encoder(pixels.to(self._dtype)).last_hidden_state.float()

    def propose(self, embedding: Any, prompt: Prompt, *, several: bool) -> tuple[Any, Any]:
        """As :meth:`Network.propose`."""
        import torch

        def tensor(values: Any) -> Any:
            return torch.from_numpy(values).to(embedding.device)

        output = self._model(
            image_embeddings=embedding,
            input_points=tensor(prompt.points)[None, None] if len(prompt.points) else None,
            input_labels=tensor(prompt.labels)[None, None] if len(prompt.points) else None,
            input_boxes=None if prompt.box is None else tensor(prompt.box)[None, None],
            multimask_output=several,
        )
        return output.pred_masks[0, 0], output.iou_scores[0, 0]


def load(name: str, folder: Path, place: Device) -> Network:
    """The network of a folder in transformers' layout.

    Raises:
        EngineFailed: it is another kind of model, or broken.
    """
    from transformers import SamModel

    quiet()
    kind = read_json(folder / "config.json").get("model_type")
    if kind != "sam":
        raise EngineFailed(f"The model {name} is a {kind}; sam_model takes a Segment Anything model, such as sam_base.")
    assert_whole(weight_files(folder))
    with readable_failures(name):
        model, report = cast(Any, SamModel).from_pretrained(
            folder, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
    if absent := sorted(report["missing_keys"]):
        raise EngineFailed(f"The weights of the model {name} lack {absent[0]} and more; fetch its files again.")
    return TransformersSam(model, place)
