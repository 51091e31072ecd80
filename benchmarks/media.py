"""Opening, editing and saving photos of 12 and 100 megapixels: time, and memory at its highest."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from skimage import data

from benchmarks.tables import Measure, print_table
from deepmask.media import Photo

MEMORY_BAR_GB = 3.0
SIZES_WH = {"12 megapixels": (4000, 3000), "100 megapixels": (11600, 8650)}
KINDS = {"JPEG": "a.jpg", "PNG": "a.png", "16-bit PNG": "a16.png"}


def make(path: Path, size_wh: tuple[int, int]) -> None:
    """A photo with detail and noise, 16 bits deep if the name says so."""
    photo = cv2.resize(data.astronaut(), size_wh, interpolation=cv2.INTER_LINEAR)
    noise = np.random.default_rng(0).integers(0, 5, (*photo.shape[:2], 1), np.uint8)
    photo = cv2.add(photo, np.repeat(noise, 3, axis=2))
    deep = photo.astype(np.uint16) * 257 if "16" in path.name else photo
    options = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 1]
    cv2.imwrite(str(path), deep[..., ::-1], options)


def mask(path: Path) -> dict[str, float]:
    """Seconds of each step and peak memory in GB of this process."""
    times = [time.perf_counter()]
    photo = Photo.open(path)
    times.append(time.perf_counter())
    rgb = photo.rgb.copy()
    h, w = rgb.shape[:2]
    rgb[h // 3 : h // 2, w // 3 : w // 2] = 128
    edited = photo.edited(rgb)
    times.append(time.perf_counter())
    edited.save(path.with_name(f"masked_{path.name}"))
    times.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    steps = dict(zip(("open", "edit", "save"), np.diff(times).tolist(), strict=True))
    return {**steps, "peak": peak * (1 if sys.platform == "darwin" else 1024) / 1e9}


def main() -> None:
    """Print a table for each size."""
    for title, size_wh in SIZES_WH.items():
        measures = []
        for kind, name in KINDS.items():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, name)
                _in_own_process("make", str(path), *map(str, size_wh))
                found = json.loads(_in_own_process("mask", str(path)))
            measures += [Measure(f"{kind}: {step}", found[step], "s") for step in ("open", "edit", "save")]
            measures.append(Measure(f"{kind}: memory at its highest", found["peak"], "GB", bar=MEMORY_BAR_GB))
        print_table(f"Photo files of {title}", measures)


def _in_own_process(*arguments: str) -> str:
    """What a fresh process prints, so that neither memory nor caches of another step count."""
    command = [sys.executable, "-m", "benchmarks.media", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(Path(sys.argv[2]), (int(sys.argv[3]), int(sys.argv[4])))
    elif sys.argv[1:2] == ["mask"]:
        print(json.dumps(mask(Path(sys.argv[2]))))
    else:
        main()
