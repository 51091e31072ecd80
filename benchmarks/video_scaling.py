"""How many frames a second are masked by one process, by two, and by a Ray cluster of two nodes, all on this machine.

The same made clip, in one run, so that the ratios tell. The times include starting processes and connecting, twice,
some seconds each. One process uses several threads for decoding and encoding, so two on a machine of two cores are not
twice as fast. The films are compared to the bit.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.tables import Measure, print_table
from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.plan import Decision
from deepmask.track import Key, Track
from pipelines.video.cluster import QUIET
from pipelines.video.preparing import Mask, Rung
from pipelines.video.sharing import DrawJob, LookJob, Workers, workers_for

FRAMES = 720
STRETCH = 120
"""Frames of a piece; shorter than in use, so that a short clip has several."""
SIZE_WH = 640, 360
FACE_PX = 300


def main() -> int:
    """Print the table; 1 if the films differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = Clip.open(_made(folder / "made.mp4"))
        rates, sums = {}, {}
        for title, cluster, count in (("one process", None, 1), ("two processes", None, 2), ("Ray", "two nodes", None)):
            if cluster is not None and importlib.util.find_spec("ray") is None:
                print("Ray is not installed: pip install 'deepmask[cluster]'")
                continue
            with _two_nodes() if cluster else nullcontext() as address:
                rates[title] = _frames_a_second(clip, workers_for(address, count), folder / title)
            sums[title] = [
                hashlib.sha256(path.read_bytes()).digest() for path in sorted((folder / title).glob("*.mp4"))
            ]
    print_table(
        f"Sharing out ({SIZE_WH[0]} x {SIZE_WH[1]}, {FRAMES} frames, found and covered, {os.cpu_count()} cores)",
        [
            Measure("one process", rates["one process"], "frames/s"),
            Measure("two processes, of one", rates["two processes"] / rates["one process"], "times"),
            *[Measure("Ray, two nodes, of one", rate / rates["one process"], "times") for rate in _only(rates, "Ray")],
            Measure("other bits than one process", sum(bits != sums["one process"] for bits in sums.values()), "", 0),
        ],
    )
    return int(any(bits != sums["one process"] for bits in sums.values()))


def _only(rates: dict[str, float], title: str) -> list[float]:
    return [rates[title]] if title in rates else []


def _made(path: Path) -> Path:
    from skimage.data import astronaut

    (width, height), scale = SIZE_WH, FACE_PX / 512
    person = cv2.resize(astronaut(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(1).integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
    behind = cv2.resize(noise, SIZE_WH, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    with av.open(str(path), "w") as target:
        track: Any = target.add_stream("libx264", rate=30, options={"g": "30", "preset": "veryfast"})
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        for number in range(FRAMES):
            picture, (x, y) = behind.copy(), _place(number)
            picture[y : y + FACE_PX, x : x + FACE_PX] = person
            target.mux(track.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        target.mux(track.encode(None))
    return path


def _place(number: int) -> tuple[int, int]:
    """Upper left corner of the person in a frame."""
    across, down = SIZE_WH[0] - FACE_PX, SIZE_WH[1] - FACE_PX
    return round(across * (0.5 + 0.5 * np.sin(number / 40))), round(down * (0.5 + 0.5 * np.sin(number / 23)))


def _frames_a_second(clip: Clip, workers: Workers, folder: Path) -> float:
    scale = FACE_PX / 512
    places = [(n, *_place(n)) for n in range(FRAMES)]
    keys = tuple(Key(n, (x + 175 * scale, y + 60 * scale, x + 275 * scale, y + 180 * scale)) for n, x, y in places)
    mask = Mask(Track("face-1", keys, Decision("vector")), None, (Rung("vector"), Rung("solid")))
    spans = [(start, min(start + STRETCH, FRAMES)) for start in range(0, FRAMES, STRETCH)]
    begun = time.perf_counter()
    list(workers.glimpses([LookJob(clip, *span, "frames", 3, folder / f"{span[0]:03}.npz") for span in spans]))
    paths = [folder / f"{start:03}.mp4" for start, _ in spans]
    jobs = [DrawJob(clip, (mask,), Look(), *span, Encoding(), path) for span, path in zip(spans, paths, strict=True)]
    list(workers.drawings(jobs))
    return FRAMES / (time.perf_counter() - begun)


@contextmanager
def _two_nodes() -> Iterator[str]:
    """Address of a Ray cluster of two nodes with a core each."""
    os.environ.update(QUIET)
    from ray.cluster_utils import Cluster  # pyright: ignore[reportMissingImports]

    nodes: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    nodes.add_node(num_cpus=1)
    try:
        yield nodes.address
    finally:
        nodes.shutdown()


if __name__ == "__main__":
    raise SystemExit(main())
