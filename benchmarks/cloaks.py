"""What cloaks reach: networks × versions of the photo, at several strengths, and what that costs.

People: Eileen Collins (NASA, in scikit-image), Grace Hopper (US Navy, in matplotlib), and, where the folder is there,
the portraits of ``../shared/samples/photos``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from skimage import data

from benchmarks.faces import PORTRAITS, SAMPLES, hopper, sample
from benchmarks.tables import Measure, print_table
from deepmask import engines
from deepmask.cloak_report import VERSIONS, CloakReport, Trial
from deepmask.faces import RGBImage
from deepmask.media import Photo
from pipelines.protect.cloaking import CloakOptions, cloak

STRENGTHS = {"dlib": (3, 4, 5)}
OTHERWISE = (4,)
"""Strengths of engines that are slower."""

FEWER = 2
"""So many photos for those."""

DECEIVED_BARS = {("dlib", 4): 80.0, ("dlib", 5): 95.0}
"""Per cent of the faces with which the network that was attacked must be deceived, in each version."""


@dataclass(frozen=True)
class Run:
    """One cloaked photo."""

    report: CloakReport
    seconds: float
    """Of one processor, for the cloak and the check."""


def main() -> None:
    """Print the tables."""
    photos = dict(pictures())
    warmed_up(next(iter(photos.values())))
    for row in engines.rows("cloak"):
        if row.missing():
            continue
        for strength in STRENGTHS.get(row.name, OTHERWISE):
            some = photos if row.name in STRENGTHS else dict(list(photos.items())[:FEWER])
            runs = [cloaked(name, image, row.name, strength) for name, image in some.items()]
            title = f"Cloak {row.name}, strength {strength} ({len(runs)} photos)"
            print_table(title, measures(runs, DECEIVED_BARS.get((row.name, strength))))


def pictures() -> Iterator[tuple[str, RGBImage]]:
    """One clear face each."""
    yield "Collins", data.astronaut()
    yield "Hopper", hopper()
    if SAMPLES.is_dir():
        for name in ("portrait_man_glasses.png", *PORTRAITS):
            yield name, sample(name)


def warmed_up(image: RGBImage) -> None:
    """Everything is loaded before anything is timed."""
    engines.load("face_finder", "thorough").find(image)


def cloaked(name: str, image: RGBImage, engine: str, strength: int) -> Run:
    """One photo through the pipeline."""
    start = time.process_time()
    made = cloak(Photo.from_array(image, name), CloakOptions(strength, engine=engine))
    return Run(made.report, time.process_time() - start)


def measures(runs: list[Run], bar: float | None) -> list[Measure]:
    """Share of faces with which each network is deceived, distances, likeness and time."""
    rows: list[Measure] = []
    for victim in runs[0].report.victims:
        for version in VERSIONS:
            trials = [trial for run in runs for trial in run.report.of(victim, version)]
            if trials:
                rows.append(_deceived(victim, version, trials, bar))
    for trial in next((run.report.trials for run in runs), ()):
        if trial.kind == "identity" and trial.version == VERSIONS[1]:
            same = [t.after for run in runs for t in run.report.of(trial.victim, trial.version)]
            rows.append(Measure(f"distance to {trial.victim}, JPEG 75, mean", float(np.mean(same))))
    rows.append(Measure("PSNR where it changed, mean", float(np.mean([run.report.psnr_db for run in runs])), "dB"))
    rows.append(Measure("SSIM, mean", float(np.mean([run.report.ssim for run in runs]))))
    rows.append(Measure("processor time a photo, median", float(np.median([run.seconds for run in runs])), "s"))
    return rows


def _deceived(victim: str, version: str, trials: list[Trial], bar: float | None) -> Measure:
    attacked = trials[0].attacked
    share = 100 * float(np.mean([trial.deceived for trial in trials]))
    told = "attacked" if attacked else "never seen"
    return Measure(f"{victim} ({told}) deceived, {version}", share, "%", bar if attacked else None, True)


if __name__ == "__main__":
    main()
