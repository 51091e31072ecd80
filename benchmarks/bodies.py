"""Finding people from head to foot, on outlines drawn by hand and on scenes composed of them.

The baseline is what the same networks give without our search: one pose on one crop below each face.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from skimage import data

from benchmarks.body_truth import EMPTY, Truth, composed, drawn
from benchmarks.tables import Measure, print_table
from deepmask import engines
from deepmask.area import Area, Body, Mask
from deepmask.faces import Face, RGBImage

FOUND = 0.5
"""Intersection over union from which somebody counts as found."""

Segment = Callable[[RGBImage, Sequence[Face]], list[Area]]


def main() -> None:
    """Print the tables of bodies."""
    scenes = [*drawn(), *composed()]
    print_table("People from head to foot", measured(ours, scenes, bars=True))
    print_table("The same by one crop below each face", measured(below_faces, scenes))


def measured(segment: Segment, scenes: Iterable[Truth], *, bars: bool = False) -> list[Measure]:
    """Shares and overlaps of people, times, and false alarms."""
    finder = engines.load("face_finder")
    overlaps: list[float] = []
    seconds: list[float] = []
    more = 0
    segment(np.zeros((64, 64, 3), np.uint8), ())  # loads the networks
    for scene in scenes:
        faces = finder.find(scene.image)
        start = time.perf_counter()
        areas = segment(scene.image, faces)
        seconds.append(time.perf_counter() - start)
        best = [max((area.iou(Area.of(person)) for area in areas), default=0.0) for person in scene.people]
        overlaps += best
        more += len(areas) - sum(value > FOUND for value in best)
    alarms = sum(len(segment(image, finder.find(image))) for image in (empty(name) for name in EMPTY))
    seen = [value for value in overlaps if value > FOUND]
    return [
        Measure(f"people found, of {len(overlaps)}", 100 * len(seen) / len(overlaps), "%", 90 if bars else None, True),
        Measure("outline, mean IoU of those found", float(np.mean(seen or [0.0])), "", 0.9 if bars else None, True),
        Measure("outline, least IoU", min(overlaps)),
        Measure("areas that are nobody's outline", more),
        Measure(f"false alarms on {len(EMPTY)} pictures without people", alarms, "", 1 if bars else None),
        Measure("time a picture beyond finding faces, mean", float(np.mean(seconds)), "s", 1.5 if bars else None),
    ]


def empty(name: str) -> RGBImage:
    """A picture of skimage.data without people."""
    image = np.asarray(getattr(data, name)())
    return np.ascontiguousarray(np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image[..., :3])


def ours(image: RGBImage, faces: Sequence[Face]) -> list[Area]:
    """What the product does."""
    bodies: list[Body] = engines.load("person_segmenter", "poses").segment(image, faces)
    return [body.area for body in bodies]


def below_faces(image: RGBImage, faces: Sequence[Face]) -> list[Area]:
    """MediaPipe's own solution on a crop below each face."""
    return [Area.of(mask) for face in faces if (mask := _below(image, face)) is not None and mask.any()]


def _below(image: RGBImage, face: Face) -> Mask | None:
    from mediapipe.python.solutions.pose import Pose

    x1, y1, x2, _ = face.box_xyxy
    h, w = image.shape[:2]
    middle, size = (x1 + x2) / 2, face.size_px
    left, right = int(max(0, middle - 2.2 * size)), int(min(w, middle + 2.2 * size))
    top, bottom = int(max(0, y1 - 0.9 * size)), int(min(h, y1 + 7.5 * size))
    with Pose(static_image_mode=True, enable_segmentation=True, min_detection_confidence=0.3) as pose:
        found = pose.process(np.ascontiguousarray(image[top:bottom, left:right])).segmentation_mask  # pyright: ignore
    if found is None:
        return None
    whole = np.zeros((h, w), bool)
    whole[top:bottom, left:right] = found > 0.5
    return whole


if __name__ == "__main__":
    main()
