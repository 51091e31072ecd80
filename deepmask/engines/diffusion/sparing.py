"""What is tried one after the other where memory does not suffice: networks of other engines are given back, then less
is done at once, then on a smaller canvas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar
from weakref import WeakSet

from deepmask.engines.device import out_of_memory
from deepmask.errors import EngineFailed
from deepmask.progress import Progress

Made = TypeVar("Made")


class Keeper(Protocol):
    """An engine that keeps its networks loaded from one picture to the next."""

    def release(self) -> None:
        """Give back the memory of the networks."""
        ...


_keepers: WeakSet[Keeper] = WeakSet()


def keep_track_of(keeper: Keeper) -> None:
    """Let others have the memory of this engine when they need it; only one engine works at a time."""
    _keepers.add(keeper)


def release_others(keeper: Keeper) -> None:
    """Give back what all engines but ``keeper`` keep loaded."""
    for other in _keepers:
        if other is not keeper:
            other.release()


@dataclass(frozen=True)
class Rung:
    """One way to use memory."""

    frugal: bool
    """One network at a time on a graphics card, attention in slices, decoding in tiles."""
    share: float = 1.0
    """Of the sides of the canvas that was wished."""


RUNGS = (Rung(False), Rung(True), Rung(True, 0.75), Rung(True, 0.5))
"""From the best to the thriftiest."""


def within_memory(
    model: str,
    frugal: bool,
    attempt: Callable[[Rung], Made],
    release: Callable[[], None],
    progress: Progress,
    remedy: str,
) -> tuple[Rung, Made]:
    """What the first rung that fits makes, and which it was.

    Args:
        model: how the settings name it, for messages.
        frugal: whether memory is known not to suffice for the first rung.
        release: gives memory back after a rung failed.
        remedy: what else a user can do, within a sentence.

    Raises:
        EngineFailed: none fits, or the attempt failed for another reason.
    """
    for rung in RUNGS[1:] if frugal else RUNGS:
        try:
            return rung, attempt(rung)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                reason = str(error).strip().split("\n")[0][:200]
                raise EngineFailed(f"The model {model} failed while painting ({reason}).") from error
        release()  # outside of the handler: a traceback holds on to tensors
        progress(0.0, "Memory did not suffice; again, more sparingly")
    raise EngineFailed(f"Memory does not suffice for this model; {remedy}.")
