"""Segment Anything as its authors published it, from their checkpoints; and MobileSAM.

The package needs torchvision for what is not used here (making masks of everything), and torchvision has to fit torch.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from deepmask.area import Area, Selection
from deepmask.engines.device import Device, out_of_memory
from deepmask.engines.selecting.frame import Prompt
from deepmask.engines.selecting.prompted import Network, Prompted
from deepmask.errors import EngineFailed, UnknownName
from deepmask.faces import RGBImage
from deepmask.progress import Progress, silent

VARIANTS = {"sam_vit_b": "vit_b", "sam_vit_l": "vit_l", "sam_vit_h": "vit_h", "mobile_sam": "vit_t"}
"""Set of weights → name of its network."""


class SegmentAnything:
    """Outlines by the checkpoint that the setting ``segment_anything_model`` names."""

    def __init__(self) -> None:
        self._prompted = Prompted("segment_anything_model", load, "mobile_sam")

    def select(self, image: RGBImage, selection: Selection, *, progress: Progress = silent) -> Area:
        """As :meth:`Prompted.select`."""
        return self._prompted.select(image, selection, progress=progress)


class OriginalSam:
    """segment_anything's Sam; looking is done in the device's number format, clicks in float32."""

    side_px = 1024
    """Of all that are published."""

    def __init__(self, model: Any, blocks: Sequence[Any], place: Device) -> None:
        self._model = model.eval().to(place.kind)
        self._dtype = place.dtype
        self._model.image_encoder.to(place.dtype)
        self.blocks = blocks

    def embed(self, pixels: Any) -> Any:
        """As :meth:`Network.embed`."""
        return self._model.image_encoder(pixels.to(self._dtype)).float()

    def propose(self, embedding: Any, prompt: Prompt, *, several: bool) -> tuple[Any, Any]:
        """As :meth:`Network.propose`."""
        import torch

        def tensor(values: Any) -> Any:
            return torch.from_numpy(values).to(embedding.device)

        sparse, dense = self._model.prompt_encoder(
            points=(tensor(prompt.points)[None], tensor(prompt.labels)[None]) if len(prompt.points) else None,
            boxes=None if prompt.box is None else tensor(prompt.box)[None],
            masks=None,
        )
        logits, ious = self._model.mask_decoder(
            image_embeddings=embedding,
            image_pe=self._model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
        )
        return logits[0], ious[0]


def load(name: str, folder: Path, place: Device) -> Network:
    """The network of a published checkpoint.

    Raises:
        UnknownName: no checkpoint of that name is published.
        EngineFailed: torchvision does not fit torch, or the file is not what it should be.
    """
    if name not in VARIANTS:
        raise UnknownName.of("checkpoint for segment_anything_model", name, list(VARIANTS))
    registry = _registry()
    if VARIANTS[name] == "vit_t":
        from deepmask.engines.selecting import mobile

        model = mobile.build()
        blocks, renamed = mobile.blocks(model), mobile.renamed
    else:
        model = registry[VARIANTS[name]]()
        blocks, renamed = model.image_encoder.blocks, dict
    path = next(path for path in sorted(folder.rglob("*")) if path.suffix in (".pth", ".pt"))
    try:
        model.load_state_dict(renamed(_state(path)))
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, OSError, EOFError, TypeError) as error:
        if out_of_memory(error):
            raise
        reason = str(error).strip().split("\n")[0][:200].rstrip(".:")
        raise EngineFailed(f"{path} cannot be loaded ({reason}); fetch its files again.") from error
    return OriginalSam(model, blocks, place)


def _state(path: Path) -> Any:
    """The tensors of a checkpoint by name; a pickle, so nothing but tensors is let out of it."""
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def _registry() -> dict[str, Any]:
    try:
        return import_module("segment_anything").sam_model_registry
    except (RuntimeError, ImportError, OSError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise EngineFailed(
            f"segment_anything cannot be imported ({reason}); torch and torchvision have to come from the same place, "
            "both for the processor or both for the same graphics cards."
        ) from error
