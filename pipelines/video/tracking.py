"""From faces in single frames to faces that are followed: linked, carried through gaps, begun early and ended late.

Looking both ways in time is the point of analysing first: a face is hidden in the frames before a finder saw it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepmask.faces import Box, RGBImage, clip_box, iou
from deepmask.media.clip import Clip
from deepmask.progress import Progress, silent
from pipelines.video.looking import Glimpse, Sight, colours_of, unlike

LINK_IOU = 0.2
"""Boxes of two looks that overlap by more than this may be one face."""
MOST_UNLIKE = 0.6
"""A box in the very same place may be coloured this differently and still be the same face; elsewhere less so."""
PATIENCE_LOOKS = 3
"""A face that was not seen for this many looks may still be the same."""
REACH_S = 0.8
"""How long a face is followed where no finder sees it."""
HOLD_S = 0.3
"""How long its place stays covered before and after that."""
LARGE_HOLD_S = 0.5
"""The same for faces that were seen often: somebody who has turned away is there still."""
OFTEN_LOOKS = 20
MET_IOU = 0.3
"""A followed box that overlaps a seen one by more than this has met it."""

LOST_UNLIKE = 0.5
"""A followed place that is coloured this differently shows something else; faces stay below .4, backgrounds are
beyond .55."""
SURE_SCORE = 0.5
"""A face that one look alone sees, with a lower score, is none if it is small."""
SMALL_SHARE = 0.1
"""Small: its longer side in parts of the frame's shorter one."""
STEADY_S = 0.6
"""Length of the piece of a path through which a parabola is laid to find where the face is in its middle."""

_TRACKING_PX = 640
"""Longer side of the pictures in which faces are followed."""
_SMALLEST_TRACKED_PX = 12


@dataclass
class Path:
    """One face, as it is being followed."""

    shot: tuple[int, int]
    """First and last frame of its shot, both included."""
    seen: dict[int, Sight] = field(default_factory=dict)
    """Frame → what the finder saw."""
    boxes: dict[int, Box] = field(default_factory=dict)
    """Frame → where it is, seen or followed."""

    @property
    def first(self) -> int:
        """First frame with a box."""
        return min(self.boxes)

    @property
    def last(self) -> int:
        """Last frame with a box."""
        return max(self.boxes)

    def see(self, frame: int, sight: Sight) -> None:
        """The finder saw it."""
        self.seen[frame] = sight
        self.boxes[frame] = sight.face.box_xyxy

    def dense(self) -> NDArray[np.float64]:
        """(n, 4) boxes of every frame from the first to the last, straight lines between those that are known."""
        known = sorted(self.boxes)
        values = np.array([self.boxes[frame] for frame in known])
        frames = np.arange(known[0], known[-1] + 1)
        return np.stack([np.interp(frames, known, values[:, side]) for side in range(4)], axis=1)


def shots_of(glimpses: Iterable[Glimpse], frames: int) -> list[tuple[int, int]]:
    """First and last frame of every shot, both included."""
    starts = sorted({0, *(cut for glimpse in glimpses for cut in glimpse.cuts)})
    return [(start, stop - 1) for start, stop in zip(starts, [*starts[1:], frames], strict=True)]


def link(glimpses: Sequence[Glimpse], frames: int, size_wh: tuple[int, int]) -> list[Path]:
    """Paths of the faces, each within one shot; one look to the next by the best assignment of boxes (Kuhn 1955).

    What is small, unsure and not confirmed by any other look at its shot is left out.
    """
    small_px = SMALL_SHARE * min(size_wh)
    found = {frame: faces for glimpse in glimpses for frame, faces in glimpse.faces.items()}
    paths: list[Path] = []
    for shot in shots_of(glimpses, frames):
        looks = [frame for frame in sorted(found) if shot[0] <= frame <= shot[1]]
        live: list[Path] = []
        linked: list[Path] = []
        for number, frame in enumerate(looks):
            earliest = looks[max(0, number - PATIENCE_LOOKS)]
            live = [path for path in live if max(path.seen) >= earliest]
            fresh = _assign(live, frame, found[frame])
            live += [_begun(shot, frame, sight) for sight in fresh]
            linked += live[len(live) - len(fresh) :]
        paths += [path for path in linked if len(looks) == 1 or not _false_alarm(path, small_px)]
    return paths


def _false_alarm(path: Path, small_px: float) -> bool:
    faces = [sight.face for sight in path.seen.values()]
    return len(faces) == 1 and faces[0].score < SURE_SCORE and faces[0].size_px < small_px


def _begun(shot: tuple[int, int], frame: int, sight: Sight) -> Path:
    path = Path(shot)
    path.see(frame, sight)
    return path


def _assign(live: list[Path], frame: int, sights: Sequence[Sight]) -> list[Sight]:
    """Give the faces of a frame to the paths they continue; those that continue none are returned."""
    from scipy.optimize import linear_sum_assignment

    if not live or not sights:
        return list(sights)
    overlap = np.array([[iou(_expected(path, frame), sight.face.box_xyxy) for sight in sights] for path in live])
    unlike = np.array([[path.seen[max(path.seen)].unlike(sight) for sight in sights] for path in live])
    possible = (overlap > LINK_IOU) & (unlike < 1 - overlap * (1 - MOST_UNLIKE))
    rows, columns = linear_sum_assignment(np.where(possible, unlike - overlap, 10.0))
    taken = set()
    for row, column in zip(rows, columns, strict=True):
        if possible[row, column]:
            live[row].see(frame, sights[column])
            taken.add(int(column))
    return [sight for n, sight in enumerate(sights) if n not in taken]


def _expected(path: Path, frame: int) -> Box:
    """Where the face would be if it went on as it moved between its last two looks."""
    *_, last = sorted(path.seen)
    before = [f for f in path.seen if f < last]
    now = np.array(path.boxes[last])
    if not before:
        return path.boxes[last]
    earlier = max(before)
    moved = (now - np.array(path.boxes[earlier])) / (last - earlier) * (frame - last)
    shift = np.tile((moved[:2] + moved[2:]) / 2, 2)
    x1, y1, x2, y2 = now + shift
    return float(x1), float(y1), float(x2), float(y2)


def carry(clip: Clip, paths: list[Path], progress: Progress = silent) -> list[Path]:
    """Follow each face backwards from its first and forwards from its last look; paths that meet become one."""
    reach = max(1, round(REACH_S * clip.fps))
    ends = [(path, direction) for path in paths for direction in (1, -1)]
    for n, (path, direction) in enumerate(ends):
        progress(n / len(ends), "Following faces")
        _follow(clip, path, direction, reach, paths)
    merged = _joined(paths)
    for path in merged:
        _steady(path, clip.fps)
        _hold(path, clip.fps)
    progress(1.0, "Following faces")
    return merged


def _follow(clip: Clip, path: Path, direction: int, reach: int, paths: Sequence[Path]) -> None:
    start = path.last if direction > 0 else path.first
    limit = min(start + reach, path.shot[1]) if direction > 0 else max(start - reach, path.shot[0])
    if limit == start:
        return
    pictures = [_small(p.rgb) for p in clip.pictures(min(start, limit), max(start, limit) + 1)]
    if direction < 0:
        pictures.reverse()
    scale = pictures[0].shape[1] / clip.size_wh[0]
    others = [other for other in paths if other is not path and other.shot == path.shot]
    box = path.boxes[start]
    own = colours_of(pictures[0], (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale))
    for step, box in enumerate(_tracked(pictures, tuple(v * scale for v in path.boxes[start])), start=1):
        if unlike(own, colours_of(pictures[step], box)) > LOST_UNLIKE:
            return
        frame = start + direction * step
        x1, y1, x2, y2 = (v / scale for v in box)
        path.boxes[frame] = (x1, y1, x2, y2)
        if any(frame in other.seen and iou(other.boxes[frame], (x1, y1, x2, y2)) > MET_IOU for other in others):
            return


def _small(rgb: RGBImage) -> RGBImage:
    import cv2

    scale = min(1.0, _TRACKING_PX / max(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _tracked(pictures: Sequence[RGBImage], box: tuple[float, ...]) -> Iterable[Box]:
    """Boxes in the pictures after the first, as long as the face is found again (KCF: Henriques et al., 2015)."""
    import cv2

    h, w = pictures[0].shape[:2]
    x1, y1, x2, y2 = clip_box((box[0], box[1], box[2], box[3]), (w, h))
    if min(x2 - x1, y2 - y1) < _SMALLEST_TRACKED_PX:
        return
    tracker = cv2.TrackerKCF.create()
    tracker.init(pictures[0], (x1, y1, x2 - x1, y2 - y1))
    for picture in pictures[1:]:
        found, (x, y, width, height) = tracker.update(picture)
        if not found:
            return
        yield float(x), float(y), float(x + width), float(y + height)


def _joined(paths: list[Path]) -> list[Path]:
    """Paths of one shot whose boxes meet while one of them is only followed are one face."""
    merged: list[Path] = []
    for path in sorted(paths, key=lambda p: min(p.seen)):
        for known in merged:
            if known.shot == path.shot and _same(known, path):
                known.seen |= path.seen
                known.boxes = known.boxes | path.boxes | {f: sight.face.box_xyxy for f, sight in known.seen.items()}
                break
        else:
            merged.append(path)
    return merged


def _same(one: Path, other: Path) -> bool:
    if set(one.seen) & set(other.seen):
        return False
    common = sorted(set(one.boxes) & set(other.boxes))
    if not common or not all(iou(one.boxes[f], other.boxes[f]) > MET_IOU for f in (common[0], common[-1])):
        return False
    earlier, later = (one, other) if max(one.seen) < max(other.seen) else (other, one)
    return earlier.seen[max(earlier.seen)].unlike(later.seen[min(later.seen)]) < MOST_UNLIKE


def _steady(path: Path, fps: float) -> None:
    """Take the trembling of the finders out of a path, without lag (Savitzky and Golay, 1964)."""
    from scipy.signal import savgol_filter

    boxes = path.dense()
    length = min(round(STEADY_S * fps), len(boxes)) // 2 * 2 - 1
    if length < 5:
        return
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    middle = np.asarray(savgol_filter(middle, length, 2, axis=0))
    half = np.maximum(np.asarray(savgol_filter(size, length, 1, axis=0)), 0.5 * size) / 2
    steadied = np.hstack([middle - half, middle + half])
    first = path.first
    path.boxes = {first + n: (float(a), float(b), float(c), float(d)) for n, (a, b, c, d) in enumerate(steadied)}


def _hold(path: Path, fps: float) -> None:
    """Keep covering the place where a face was a little before it is seen and after it is lost."""
    seconds = LARGE_HOLD_S if len(path.seen) >= OFTEN_LOOKS else HOLD_S
    hold = max(1, round(seconds * fps))
    first, last = path.first, path.last
    path.boxes[max(path.shot[0], first - hold)] = path.boxes[first]
    path.boxes[min(path.shot[1], last + hold)] = path.boxes[last]
