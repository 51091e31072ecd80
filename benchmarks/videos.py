"""What videos reach on clips of which the truth is known: faces missed, people mixed up, flicker, bodies left open,
frames a second, memory.

``deface`` masks the same clips in the same run, as its command does, without its preview.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import Measure, print_table
from benchmarks.video_bodies_truth import walks, written
from benchmarks.video_truth import (
    SIZE_WH,
    Actor,
    Made,
    Pose,
    Scene,
    Shot,
    Sighting,
    made,
    scenes,
    there_and_back,
    write,
)
from deepmask import engines
from deepmask.engines.masks.cover import cover
from deepmask.faces import Box, Face, RGBImage, iou
from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.persona import Attributes, Persona
from deepmask.plan import Decision
from deepmask.roster import Roster
from deepmask.vault import Vault
from deepmask.video_plan import VideoPlan
from pipelines.photo import PhotoOptions
from pipelines.video import VideoOptions, analyze, check, render
from pipelines.video.drawing import draw
from pipelines.video.preparing import Mask, Rung

LEAST_VISIBLE = 0.5
"""Faces of which less is seen do not count."""
COVERED = 0.9
"""Share of a face that a plain mask on the track's box must hide."""
STEADY_SCENES = "moving", "large"
STEADY_FRAMES = 30
SPEEDS = ((SIZE_WH, 6, 1), (SIZE_WH, 6, 2), ((1920, 1080), 2, 1))
"""What is timed: size of the pictures, seconds, faces."""
OPEN_LEVELS = 16
"""A pixel that differs by less, in every channel, may be as it was."""
LEAST_PIXELS = 500
"""People of whom less is in the frame do not count."""
LENGTHS_S = 30, 120
"""Of the videos whose memory is measured."""


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPMASK_HOME"] = str(Path(folder) / "home")
        persona = _persona(Vault())
        followed, clips = Followed(), {}
        for scene in scenes():
            clip, truth = _made(scene, Path(folder) / f"{scene.name}.mp4")
            plan = analyze(clip, Roster())
            followed.add(scene, truth, plan)
            clips[scene.name] = clip, truth, plan
        print_table("Videos: faces followed (made clips, 640 × 360)", followed.measures())
        steady = [clips[name] for name in STEADY_SCENES]
        print_table("Videos: flicker beside the input's (luma)", flicker(steady, persona, Path(folder)))
        print_table("Videos: whole people as silhouettes (made clips, 640 × 360)", bodies(Path(folder)))
        print_table("Videos: memory, analysis to check in one process, 192 × 144", memory(Path(folder)))
        for size_wh, seconds, faces in SPEEDS:
            title = f"Videos: {size_wh[1]}p, {faces} face{'s' if faces > 1 else ''}, {seconds} s"
            print_table(title, speed(size_wh, seconds, faces, persona, Path(folder)))


def _persona(vault: Vault) -> Persona:
    attributes = Attributes(gender="female", age=30)
    portrait = engines.load("portrait_painter").paint(attributes, 7)
    return vault.add(
        Persona(id="p", name="Painted", engine="painter", portrait=portrait, seed=7, attributes=attributes)
    )


def _made(scene: Scene, path: Path, size_wh: tuple[int, int] = SIZE_WH) -> tuple[Clip, Made]:
    result = made(scene, size_wh)
    write(result.frames, path)
    return Clip.open(path), result


# ----------------------------------------------------------------------------------------------------------- following
@dataclass
class Followed:
    """Counts over all clips."""

    faces: int = 0
    missed: int = 0
    switches: int = 0
    fragments: int = 0
    frames: int = 0
    ghosts: int = 0
    cuts: list[bool] = field(default_factory=list)

    def add(self, scene: Scene, truth: Made, plan: VideoPlan) -> None:
        """Count one clip.

        A switch is a track that goes over from one person to another; a fragment is another track of somebody who has
        one in the shot already, such as after having been hidden.
        """
        owner: dict[str, str] = {}
        tracks: dict[tuple[str, int], set[str]] = {}
        starts = scene.shot_starts()
        self.cuts.append(list(plan.shots) == starts)
        self.frames += scene.frames
        for frame, sightings in enumerate(truth.truth):
            boxes = {track.id: box for track in plan.at(frame) if (box := track.box_at(frame)) is not None}
            shot = sum(start <= frame for start in starts)
            for sighting in sightings:
                if sighting.visible < LEAST_VISIBLE:
                    continue
                self.faces += 1
                self.missed += hidden_share(sighting, list(boxes.values()), plan.size_wh) < COVERED
                nearest = max(boxes, key=lambda id: iou(boxes[id], sighting.box_xyxy), default=None)
                if nearest is None or iou(boxes[nearest], sighting.box_xyxy) < 0.3 or sighting.visible < 0.8:
                    continue
                self.switches += owner.get(nearest, sighting.person) != sighting.person
                owner[nearest] = sighting.person
                tracks.setdefault((sighting.person, shot), set()).add(nearest)
            self.ghosts += sum(all(iou(box, one.box_xyxy) < 0.1 for one in sightings) for box in boxes.values())
        self.fragments += sum(len(ids) - 1 for ids in tracks.values())

    def measures(self) -> list[Measure]:
        """The rows of the table."""
        return [
            Measure("face-frames", self.faces),
            Measure("missed face-frames", 100 * self.missed / self.faces, "%", 1.0),
            Measure("tracks that went over to somebody else", self.switches, "", 0),
            Measure("further tracks of somebody in one shot", self.fragments),
            Measure("boxes where nobody is, a frame", self.ghosts / self.frames),
            Measure("clips with all cuts found and no others", 100 * float(np.mean(self.cuts)), "%", 100, True),
        ]


def hidden_share(sighting: Sighting, boxes: Sequence[Box], size_wh: tuple[int, int]) -> float:
    """How much of a face lies under plain masks on ``boxes``."""
    face = _oval(sighting.box_xyxy, size_wh)
    hidden = np.zeros_like(face)
    for box in boxes:
        area = cover(Face(box))
        (x, y), (h, w) = area.origin_xy, area.alpha.shape
        left, top, right, bottom = max(0, x), max(0, y), min(size_wh[0], x + w), min(size_wh[1], y + h)
        if left < right and top < bottom:
            hidden[top:bottom, left:right] |= area.alpha[top - y : bottom - y, left - x : right - x] > 0.5
    return float(hidden[face].mean()) if face.any() else 1.0


def _oval(box: Box, size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    middle = round((box[0] + box[2]) / 2), round((box[1] + box[3]) / 2)
    cv2.ellipse(mask, middle, (round((box[2] - box[0]) / 2), round((box[3] - box[1]) / 2)), 0, 0, 360, (1,), -1)
    return mask > 0


# -------------------------------------------------------------------------------------------------------------- flicker
def flicker(clips: Sequence[tuple[Clip, Made, VideoPlan]], persona: Persona, folder: Path) -> list[Measure]:
    """Warp errors of each mask over those of the input, as encoded."""
    rows = []
    for name in ("painter", "meshwarp", "vector", "pixelate"):
        before: list[float] = []
        after: list[float] = []
        for clip, truth, plan in clips:
            masks = [Mask(track, persona, (Rung(name), Rung("solid"))) for track in plan.tracks]
            path = folder / f"{name}.mp4"
            draw(clip, masks, Look(), 0, STEADY_FRAMES, path, Encoding(".mp4"))
            source = [picture.rgb for picture in clip.pictures(0, STEADY_FRAMES)]
            drawn = [picture.rgb for picture in Clip.open(path).pictures()]
            ovals = [_all_ovals(sightings, clip.size_wh) for sightings in truth.truth]
            for errors, frames in ((before, source), (after, drawn)):
                errors.append(warp_error(source, frames, ovals))
        rows.append(Measure(f"{name}: warp error over the input's", float(np.sum(after) / np.sum(before)), "", 1.25))
    return rows


def _all_ovals(sightings: Sequence[Sighting], size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros((size_wh[1], size_wh[0]), bool)
    for sighting in sightings:
        mask |= _oval(sighting.box_xyxy, size_wh)
    return mask


def warp_error(source: Sequence[RGBImage], frames: Sequence[RGBImage], masks: Sequence[NDArray[np.bool_]]) -> float:
    """Mean difference in grey levels of each frame and the one before, moved along by the flow of ``source``.

    In luma, since decoders differ in how they enlarge the colours of 4:2:0 (Lai et al., 2018, have the measure).
    """
    measure_flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    greys, seen = ([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in one] for one in (source, frames))
    errors = []
    for n in range(1, len(seen)):
        flow = measure_flow.calc(greys[n], greys[n - 1], np.zeros((*greys[n].shape, 2), np.float32))
        y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
        moved = cv2.remap(seen[n - 1], x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
        if masks[n].any():
            errors.append(float(cv2.absdiff(seen[n], moved)[masks[n]].mean()))
    return float(np.mean(errors))


# --------------------------------------------------------------------------------------------------------------- bodies
def bodies(folder: Path) -> list[Measure]:
    """How much of people is covered where all are to be, and of how much more."""
    shares: list[float] = []
    more: list[float] = []
    seconds, safe = 0.0, []
    for walk in walks():
        path = folder / f"{walk.name}.mp4"
        truth = written(walk, path)
        clip = Clip.open(path)
        plan = analyze(clip, Roster(), VideoOptions(bodies="silhouette"))
        start = time.perf_counter()
        masked = render(clip, plan, Vault(), folder / "covered.mp4")
        seconds += time.perf_counter() - start
        safe.append(check(clip, masked.clip, plan, masked.outcomes, bodies=masked.bodies).safe)
        for picture, source, people in zip(masked.clip.pictures(), truth.frames, truth.people, strict=True):
            inside = np.any([*people.values(), np.zeros(source.shape[:2], bool)], axis=0)
            if np.count_nonzero(inside) > LEAST_PIXELS:
                changed = np.abs(picture.rgb.astype(int) - source).max(2) > OPEN_LEVELS
                shares.append(float(changed[inside].mean()))
                more.append(float(np.count_nonzero(changed & ~inside) / np.count_nonzero(inside)))
    return [
        Measure(f"of people covered, mean of {len(shares)} frames", 100 * float(np.mean(shares)), "%", 98, True),
        Measure("of people covered, least of all frames", 100 * min(shares), "%", 95, True),
        Measure("covered beside them, in parts of them, mean", 100 * float(np.mean(more)), "%"),
        Measure("clips in which the check finds nobody", 100 * float(np.mean(safe)), "%", 100, True),
        Measure("rendering, a frame", 1000 * seconds / len(shares), "ms"),
    ]


# --------------------------------------------------------------------------------------------------------------- memory
def memory(folder: Path) -> list[Measure]:
    """Most memory of a process that masks a short and a long video of the same kind."""
    return [Measure(f"{seconds} s", _most_memory(seconds, folder), "MB") for seconds in LENGTHS_S]


_MASK = """
import resource, sys
from pathlib import Path
from deepmask.media.clip import Clip
from deepmask.roster import Roster
from deepmask.vault import Vault
from pipelines import video
video.mask(Clip.open(Path(sys.argv[1])), Vault(), Roster(), Path(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def _most_memory(seconds: int, folder: Path) -> int:
    """MB of a process of its own (Linux counts kB)."""
    actor = Actor("Collins", there_and_back(Pose(0.4, 0.45, 0.3), Pose(0.9, 0.6, 0.42)))
    path = folder / f"long-{seconds}.mp4"
    write(made(Scene("long", (Shot(10 * seconds, (actor,)),)), (192, 144)).frames, path, fps=10)
    command = [sys.executable, "-c", _MASK, str(path), str(folder / "long-masked.mp4")]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


# ---------------------------------------------------------------------------------------------------------------- speed
def speed(size_wh: tuple[int, int], seconds: int, faces: int, persona: Persona, folder: Path) -> list[Measure]:
    """Frames a second of masking by pixels and by a persona, beside deface."""
    actors = (
        Actor("Collins", there_and_back(Pose(0.45, 0.45, 0.3), Pose(0.8, 0.6, 0.42))),
        Actor("Hopper", there_and_back(Pose(1.35, 0.5, 0.3), Pose(1.2, 0.45, 0.36))),
    )
    scene = Scene("speed", (Shot(25 * seconds, actors[:faces], pan=0.2),))
    clip, _ = _made(scene, folder / f"speed-{size_wh[1]}-{faces}.mp4", size_wh)
    theirs = scene.frames / _seconds(lambda: _deface(clip.path, folder / "deface.mp4"))
    rows = [Measure("deface, blur", theirs, "fps")]
    worn = Decision("persona", persona.id)
    modes = [("pixelate", "auto", Decision("pixelate"), 2.0), ("persona, painter", "painter", worn, 1.0)]
    for name, swapper, decision, bar in [*modes, ("persona, mesh warp", "meshwarp", worn, 1.0)][
        : 3 if faces == 1 else 2
    ]:
        stages = _Stages()
        plan = analyze(clip, Roster(), VideoOptions(PhotoOptions(finder="frames", swapper=swapper)), progress=stages)
        for track in plan.tracks:
            plan = plan.with_track(track.decided(decision))
        masked = render(clip, plan, Vault(), folder / "masked.mp4", progress=stages)
        done = sum(stages.seconds.values())
        check(clip, masked.clip, plan, masked.outcomes, progress=stages)
        whole = sum(stages.seconds.values())
        rows.append(Measure(f"{name}, without the check", scene.frames / done, "fps"))
        rows.append(Measure(f"{name}, over deface", scene.frames / done / theirs, "×", bar, True))
        rows.append(Measure(f"{name}, check included, over deface", scene.frames / whole / theirs, "×"))
        rows += [
            Measure(f"{name}: {stage}", 1000 * spent / scene.frames, "ms a frame")
            for stage, spent in stages.seconds.items()
            if spent > 0.001 * scene.frames
        ]
        _forget()
    return rows


def _forget() -> None:
    """Remove what was worked out, so that the next run does it again."""
    from deepmask.config import home

    for path in (home() / "work").rglob("*.*"):
        path.unlink()


class _Stages:
    """A ``Progress`` that adds up the seconds from each message to the next."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage, self._since = "other", time.perf_counter()

    def __call__(self, fraction: float, message: str) -> None:
        now = time.perf_counter()
        self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        words = message.lower().split(" on face")[0]
        self._stage, self._since = "other" if words.startswith(("found", "masked")) else words, now


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _deface(source: Path, out: Path) -> None:
    from deface import deface
    from deface.centerface import CenterFace

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        deface.video_detect(
            ipath=str(source),
            opath=str(out),
            centerface=CenterFace(in_shape=None, backend="auto"),
            threshold=0.2,
            enable_preview=False,
            cam=False,
            nested=False,
            replacewith="blur",
            mask_scale=1.3,
            ellipse=True,
            draw_scores=False,
            ffmpeg_config={"codec": "libx264"},
            keep_audio=False,
        )


if __name__ == "__main__":
    main()
