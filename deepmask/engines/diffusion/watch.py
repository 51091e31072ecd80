"""Reports on a running pipeline, and stops it: at every block of the network, since a step may take many seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deepmask.engines.diffusion.checkpoint import Family
from deepmask.engines.diffusion.preview import preview as preview_of
from deepmask.progress import Progress
from deepmask.wishes import Preview, unseen


class Watch:
    """One run of a pipeline. ``progress`` may raise ``Cancelled``, which ends the run."""

    def __init__(self, progress: Progress, preview: Preview, family: Family) -> None:
        self._progress, self._preview = progress, preview
        self._family: Family = family
        self._step, self._started = 0, time.monotonic()

    @contextmanager
    def over(self, pipe: Any, steps: int) -> Iterator[Any]:
        """Watch ``pipe`` for about ``steps`` steps; gives its ``callback_on_step_end``."""
        unet = pipe.unet
        blocks = [*unet.down_blocks, unet.mid_block, *unet.up_blocks]
        handles = [
            block.register_forward_pre_hook(lambda *_, n=n: self._report(n / len(blocks), steps))
            for n, block in enumerate(blocks)
        ]
        self._started = time.monotonic()

        def step_ended(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            self._step = step + 1
            self._report(0.0, pipe.num_timesteps)
            if self._preview is not unseen:
                self._preview(preview_of(pipe.scheduler, tensors["latents"], self._family))
            return tensors

        try:
            yield step_ended
        finally:
            for handle in handles:
                handle.remove()

    def _report(self, share_of_step: float, steps: int) -> None:
        done = min((self._step + share_of_step) / steps, 1.0)
        message = f"Step {min(self._step + 1, steps)} of {steps}"
        if self._step and done < 1:
            seconds = (time.monotonic() - self._started) * (1 - done) / done
            message += f", about {_duration(seconds)} left"
        self._progress(done, message)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
