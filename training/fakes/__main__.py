"""``python -m training.fakes [--photos FOLDER]``: make ``assets/fake_finder/unet.onnx`` anew; an hour on one core.

With photos of your own the network sees more people, cameras and light, which is what it lacks most.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
import torch

from deepmask.files import write_text
from deepmask.progress import Progress
from deepmask.resources import ASSETS
from training.fakes import photos
from training.fakes.learning import Course, learn
from training.fakes.network import OPSET, export
from training.fakes.samples import Lessons
from training.fakes.swaps import of_portrait, swaps

FOLDER = ASSETS / "fake_finder"


@click.command()
@click.option("--photos", "folders", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder of genuine photos to learn from as well; may be given several times.")  # fmt: skip
@click.option("--steps", default=Course.steps, show_default=True, type=click.IntRange(1))
@click.option("--minutes", default=Course.minutes, show_default="no limit", type=click.FloatRange(0, min_open=True))
@click.option("--seed", default=Course.seed, show_default=True)
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1))
@click.option("--bfloat16", is_flag=True, help="Three times as fast on processors that have these numbers.")
@click.option("--out", default=FOLDER, show_default="assets/fake_finder", type=click.Path(path_type=Path))
def main(
    folders: tuple[Path, ...], steps: int, minutes: float | None, seed: int, threads: int, bfloat16: bool, out: Path
) -> None:
    """Teach the network, and write it and the log of its training.

    Afterwards ``python -m benchmarks.fakes --write`` measures it and chooses from which score on a face is called fake
    or likely real; until then hardly any is.
    """
    torch.set_num_threads(threads)
    say = _printer()
    lessons, told = gathered(folders, seed, say)
    course = Course(steps=steps, minutes=minutes, seed=seed, bfloat16=bfloat16)
    net, log = learn(lessons, course, progress=say)
    out.mkdir(parents=True, exist_ok=True)
    export(net, out / "unet.onnx")
    parameters = sum(p.numel() for p in net.parameters())
    bars = {"fake_above": 0.95, "real_below": 0.05}
    record = {"parameters": parameters, "opset": OPSET, "torch": torch.__version__.partition("+")[0],
              "course": asdict(course), **told, "bars": bars, "log": log}  # fmt: skip
    write_text(out / "training.json", json.dumps(record, indent=1) + "\n")


def gathered(folders: tuple[Path, ...], seed: int, progress: Progress) -> tuple[Lessons, dict[str, object]]:
    """What is learned from, and what the log says of it; names of the user's own photos are not written down."""
    carriers = photos.learned(folders)
    personas = [photos.painted(number)[1] for number in photos.LEARNED_SEEDS]
    people = [carrier for carrier in carriers if carrier.faces]
    faces = personas + [of_portrait(carrier) for carrier in people if not carrier.painted]
    made = list(
        swaps(
            [carrier for carrier in people if not carrier.painted],
            faces,
            np.random.default_rng(seed),
            progress=progress,
        )
    )
    packaged = [path.name for path in photos.packaged(photos.LEARNED)]
    told: dict[str, object] = {
        "photos": packaged,
        "own_photos": len(carriers) - len(packaged) - len(personas),
        "painted_portraits": len(personas),
        "faces": sum(len(carrier.faces) for carrier in carriers),
        "swaps": len(made),
        "held_out": [path.name for path in photos.packaged(photos.HELD_OUT)],
    }
    return Lessons(carriers, made), told


def _printer() -> Progress:
    """Prints a line every few seconds."""
    last = 0.0

    def say(fraction: float, message: str) -> None:
        nonlocal last
        if time.monotonic() - last > 10 or fraction == 1:
            last = time.monotonic()
            print(f"{fraction:4.0%}  {message}", file=sys.stderr, flush=True)

    return say


if __name__ == "__main__":
    main()
