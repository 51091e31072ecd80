"""A Segment Anything network on one device, and what it saw of the last pictures (4 MiB each, on that device)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from deepmask import weights
from deepmask.area import Area, Selection
from deepmask.config import Settings
from deepmask.engines.device import Device, device, free_bytes, free_memory, out_of_memory, use_all_cores
from deepmask.engines.selecting.candidates import Candidate, chosen
from deepmask.engines.selecting.frame import Frame, Prompt
from deepmask.engines.selecting.remembered import Remembered
from deepmask.errors import EngineFailed
from deepmask.faces import RGBImage
from deepmask.progress import Progress, silent

WORKING_BYTES = 3 << 30
"""Taken besides the weights while a picture is looked at: four blocks attend from everywhere to everywhere."""

_SHARE_OF_LOOKING = 0.9


class Network(Protocol):
    """One that is loaded; tensors are of torch and on its device."""

    side_px: int
    """Of the square it sees."""
    blocks: Sequence[Any]
    """The modules that looking at a picture passes through one after the other."""

    def embed(self, pixels: Any) -> Any:
        """(1, 3, side_px, side_px) float32 to float32 (1, 256, side_px / 16, side_px / 16)."""
        ...

    def propose(self, embedding: Any, prompt: Prompt, *, several: bool) -> tuple[Any, Any]:
        """Logits (N, h, w) of the square and predicted IoU (N,): of the masks for whole, part and part of a part if
        ``several``, else of the one for prompts that leave no doubt."""
        ...


class Loaded(NamedTuple):
    """A network, and what it was loaded from and for."""

    network: Network
    folder: Path
    place: Device


class Prompted:
    """Answers selections with a network that is loaded when it is first needed."""

    def __init__(self, setting: str, load: Callable[[str, Path, Device], Network], smaller: str) -> None:
        """Remember how to load.

        Args:
            setting: name of the setting that says which set of weights.
            load: makes the network of a set, its folder and a device; raises EngineFailed.
            smaller: what is named when memory does not suffice.
        """
        self._setting, self._load, self._smaller = setting, load, smaller
        self._loaded: Loaded | None = None
        self._seen: Remembered[Any] = Remembered()

    def select(self, image: RGBImage, selection: Selection, *, progress: Progress = silent) -> Area:
        """The area that is meant.

        Raises:
            InputError: a point or the box lies outside the picture.
            EngineMissing: the weights are absent.
            EngineFailed: nothing there fits all points, a file is broken, or memory does not suffice.
        """
        import torch

        selection.check((image.shape[1], image.shape[0]))
        with self._enough_memory(), torch.inference_mode():
            loaded = self._ready(progress)
            frame = Frame((image.shape[1], image.shape[0]), loaded.network.side_px)
            embedding = self._embedding(image, frame, loaded, progress)
            area = chosen(_candidates(loaded.network, embedding, selection, frame), selection, frame)
        if area is None:
            raise EngineFailed(
                "Segment Anything finds nothing there that has all points inside and none of the excluded ones; "
                "move the points, or draw a box around what you mean."
            )
        progress(1.0, "Outlined")
        return area

    def _ready(self, progress: Progress) -> Loaded:
        settings = Settings.load()
        name, place = getattr(settings, self._setting), device(settings)
        folder = weights.location(name, progress)
        if self._loaded is None or self._loaded[1:] != (folder, place):
            self._forget()
            progress(0.0, "Loading Segment Anything")
            self._assert_room(folder, place)
            use_all_cores()
            self._loaded = Loaded(self._load(name, folder, place), folder, place)
        return self._loaded

    def _embedding(self, image: RGBImage, frame: Frame, loaded: Loaded, progress: Progress) -> Any:
        import torch

        def look() -> Any:
            with _told(loaded.network.blocks, progress):
                return loaded.network.embed(torch.from_numpy(frame.pixels(image)).to(loaded.place.kind))

        return self._seen.of(image, look)

    @contextmanager
    def _enough_memory(self) -> Iterator[None]:
        """Want of memory, of the device or of the machine, is one sentence, and what is held is given back."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            kind = self._loaded.place.kind if self._loaded else "cpu"
            self._forget()
            raise EngineFailed(self._too_little(kind)) from error

    def _forget(self) -> None:
        """Give back the network and all embeddings."""
        kind = self._loaded.place.kind if self._loaded else "cpu"
        self._loaded = None
        self._seen.clear()
        free_memory(kind)

    def _assert_room(self, folder: Path, place: Device) -> None:
        """Weights and work fit into the machine: a system that runs out of memory ends the program without a word."""
        needed = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) + WORKING_BYTES
        if place.kind != "cuda" and needed > free_bytes("cpu"):
            free = free_bytes("cpu") / 2**30
            detail = f" (it needs {needed / 2**30:.1f} GiB, {free:.1f} are free)"
            raise EngineFailed(self._too_little(place.kind, detail))

    def _too_little(self, kind: str, detail: str = "") -> str:
        name = getattr(Settings.load(), self._setting)
        other = ", or device to cpu" if kind == "cuda" else ", or close other programs"
        return (
            f"Memory does not suffice for {name} on this {kind}{detail}; set {self._setting} to {self._smaller}{other}."
        )


def _candidates(network: Network, embedding: Any, selection: Selection, frame: Frame) -> list[Candidate]:
    """Of a single point the three of different extent; else also the one the network has for clear prompts."""
    prompt = frame.prompt(selection)
    found: list[Candidate] = []
    for several in (True,) if prompt.ambiguous else (True, False):
        logits, ious = network.propose(embedding, prompt, several=several)
        found += [
            Candidate(frame.to_square(one.float().cpu().numpy()), float(iou))
            for one, iou in zip(logits, ious, strict=True)
        ]
    return found


@contextmanager
def _told(blocks: Sequence[Any], progress: Progress) -> Iterator[None]:
    """Tell how far looking at a picture has come, and let it be cancelled between blocks."""

    def hook(number: int) -> Callable[..., None]:
        return lambda *_: progress(_SHARE_OF_LOOKING * number / len(blocks), "Looking at the picture")

    handles = [block.register_forward_pre_hook(hook(number)) for number, block in enumerate(blocks)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
