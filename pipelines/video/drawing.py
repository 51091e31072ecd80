"""Draw the masks of one stretch of a video; what is drawn depends on nothing but video, masks and frame numbers."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepmask import engines
from deepmask.engines.protocols import FaceSwapper, SteadySwapper
from deepmask.errors import Cancelled, EngineError
from deepmask.faces import Box, Face, Landmarks, Patch, RGBImage, clip_box, enlarge
from deepmask.look import Look
from deepmask.media.clip import Clip
from deepmask.media.clip_encoding import Encoding
from deepmask.media.clip_writing import SegmentWriter
from deepmask.progress import Progress, part, silent
from deepmask.provenance import PixelTag
from pipelines.photo.rendering import unsuitable
from pipelines.video.covering import Covering
from pipelines.video.figures import Figure
from pipelines.video.preparing import Mask, Rung
from pipelines.video.steadying import REACH_FRAMES, Grey, averaged, steady

WARM_UP_FRAMES = REACH_FRAMES
"""Frames looked at before and after a stretch, so that what is steadied does not know where a stretch ends."""
DERIVED_EVERY = 3
"""Frames from one look at the light to the next, counted from the start of the video."""
CALM_S = 0.25
"""A plainer mask that one frame needs is kept for this long around it, since a change is what catches the eye."""
BODY_OF = "body/"
"""Begins the names of people who are covered from head to foot, before that of their face's track."""
_MEASURE = re.compile(r" \([^)]*\)")
"""A number in brackets, which would be another one in every frame."""


Derived = dict[str, NDArray[np.float64]]
"""Engine → what it takes from a picture besides landmarks."""


@dataclass
class Drawn:
    """How the tracks of a stretch were masked."""

    start: int
    engines: dict[str, Counter[str]] = field(default_factory=dict)
    """Track → engine → frames."""
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """Track → why plainer masks were used, as clauses."""

    def note(self, track: str, engine: str, reasons: Sequence[str]) -> None:
        """One more frame."""
        self.engines.setdefault(track, Counter())[engine] += 1
        known = self.reasons.setdefault(track, [])
        for reason in reasons:
            plain = _MEASURE.sub("", reason)
            if plain not in known:
                known.append(plain)


def draw(
    clip: Clip,
    masks: Sequence[Mask],
    look: Look,
    start: int,
    stop: int,
    path: Path,
    encoding: Encoding,
    *,
    figures: Sequence[Figure] = (),
    tag: PixelTag | None = None,
    progress: Progress = silent,
) -> Drawn:
    """Write the frames ``start`` to ``stop`` of the masked video into the segment ``path``.

    Faces are masked first, and people who are to be covered from head to foot then: nothing shows should an outline
    miss a head.

    Args:
        figures: everybody from head to foot, those who stay as well; empty: nobody is covered.
        tag: laid into every frame, last of all.

    Raises:
        MediaError: the video cannot be decoded or encoded.
    """
    here = [mask for mask in masks if mask.rungs and mask.track.first < stop and mask.track.last >= start]
    meshes = _meshes(clip, here, start, stop, part(progress, 0.0, 0.3))
    people = Covering(clip, figures, [mask.track for mask in here], start, stop, part(progress, 0.3, 0.4))
    drawn = Drawn(start)
    with SegmentWriter(path, clip, encoding) as writer:
        for picture in clip.pictures(start, stop):
            canvas = picture.rgb.copy()
            for mask, box in _nearest_last(here, picture.index):
                face = meshes[mask.track.id].face(picture.index, box)
                allowed, reasons = meshes[mask.track.id].rungs(picture.index)
                derived = meshes[mask.track.id].derived.get(picture.index, {})
                engine, more = _cover(canvas, face, mask, allowed, look, derived)
                drawn.note(mask.track.id, engine, reasons + more)
            for person, engine, reasons in people.paint(canvas, picture.index):
                drawn.note(BODY_OF + person, engine, reasons)
            writer.write(picture.edited(canvas if tag is None else tag.laid(canvas)))
            progress(0.4 + 0.6 * (picture.index - start + 1) / (stop - start), "Masking")
    return drawn


def _nearest_last(masks: Sequence[Mask], frame: int) -> Iterator[tuple[Mask, Box]]:
    """Masks in a frame with their boxes, the largest last: what is nearer covers what is behind."""
    boxes = [(mask, box) for mask in masks if (box := mask.track.box_at(frame)) is not None]
    yield from sorted(boxes, key=lambda one: Face(one[1]).size_px)


def _cover(
    canvas: RGBImage, face: Face, mask: Mask, rungs: Sequence[Rung], look: Look, derived: Derived
) -> tuple[str, list[str]]:
    """Draw the first mask that can be drawn; its engine, and why others could not."""
    reasons: list[str] = []
    with engines.exclusive:
        for rung in rungs:
            try:
                swapper = engines.load("face_swapper", rung.engine)
                if reason := unsuitable(rung.engine, swapper, face):
                    reasons.append(reason)
                    continue
                _patch(swapper, canvas, face, mask, rung, look, derived).paste(canvas)
                return rung.engine, reasons
            except Cancelled:
                raise
            except Exception as error:  # fail closed: whatever goes wrong in an engine, a plainer mask follows
                known = isinstance(error, EngineError)
                reasons.append(str(error).rstrip(".") if known else f"{rung.engine} failed ({type(error).__name__})")
    x1, y1, x2, y2 = clip_box(enlarge(face.box_xyxy, 1.3), (canvas.shape[1], canvas.shape[0]))
    canvas[y1:y2, x1:x2] = 127
    return "rectangle", reasons


def _patch(
    swapper: FaceSwapper, canvas: RGBImage, face: Face, mask: Mask, rung: Rung, look: Look, derived: Derived
) -> Patch:
    if isinstance(swapper, SteadySwapper):
        values = derived.get(rung.engine)
        return swapper.swap(canvas, face, mask.persona, strength=rung.strength, look=look, derived=values)
    return swapper.swap(canvas, face, mask.persona, strength=rung.strength, look=look)


@dataclass
class _Mesh:
    """What is known of one track's face in the frames of a stretch."""

    mask: Mask
    calm_frames: int
    landmarks: dict[int, Landmarks | None] = field(default_factory=dict)
    """Frame → steadied mesh; None where none fits."""
    derived: dict[int, Derived] = field(default_factory=dict)
    """Frame → what engines take from the picture, steadied, too."""

    def face(self, frame: int, box: Box) -> Face:
        """The face with its mesh."""
        points = self.landmarks.get(frame)
        return Face(box, landmarks=points, yaw_degrees=None if points is None else _yaw(points))

    def read(self, frame: int, rgb: RGBImage, box: Box) -> None:
        """Learn what a frame shows of the face."""
        points = self.landmarks[frame] = _fit(rgb, box)
        self.derived[frame] = {}
        for name in dict.fromkeys(rung.engine for rung in self.mask.rungs):
            swapper = engines.load("face_swapper", name)
            if points is not None and frame % DERIVED_EVERY == 0 and isinstance(swapper, SteadySwapper):
                with engines.exclusive, contextlib.suppress(EngineError):
                    self.derived[frame][name] = swapper.derive(rgb, Face(box, landmarks=points))

    def steady(self, greys: dict[int, Grey]) -> None:
        """Take the trembling out of what was read; ``greys`` are the frames."""
        frames = list(self.landmarks)
        steadied = steady([self.landmarks[frame] for frame in frames], [greys[frame] for frame in frames])
        self.landmarks = dict(zip(frames, steadied, strict=True))
        for name in {name for derived in self.derived.values() for name in derived}:
            values = averaged([self.derived[frame].get(name) for frame in frames])
            for frame, one in zip(frames, values, strict=True):
                if one is not None:
                    self.derived[frame][name] = one

    def rungs(self, frame: int) -> tuple[list[Rung], list[str]]:
        """Those that can be drawn in this frame and in those around it, and why the others cannot."""
        around = [near for near in range(frame - self.calm_frames, frame + self.calm_frames + 1)]
        faces = [self.face(near, box) for near in around if (box := self._box(near)) is not None]
        allowed, reasons = list(self.mask.rungs), []
        while len(allowed) > 1:
            swapper = engines.load("face_swapper", allowed[0].engine)
            against = next((r for face in faces if (r := unsuitable(allowed[0].engine, swapper, face))), None)
            if against is None:
                break
            reasons.append(against)
            allowed.pop(0)
        return allowed, reasons

    def _box(self, frame: int) -> Box | None:
        """Where the face is in a frame that was looked at."""
        return self.mask.track.box_at(frame) if frame in self.landmarks else None


def _meshes(clip: Clip, masks: Sequence[Mask], start: int, stop: int, progress: Progress) -> dict[str, _Mesh]:
    """Steadied meshes of all tracks whose masks need them."""
    calm = max(1, round(CALM_S * clip.fps))
    meshes = {mask.track.id: _Mesh(mask, calm) for mask in masks}
    needing = [meshes[mask.track.id] for mask in masks if _needs_landmarks(mask)]
    if not needing:
        return meshes
    first, last = max(start - WARM_UP_FRAMES, 0), stop + WARM_UP_FRAMES
    greys: dict[int, Grey] = {}
    for picture in clip.pictures(first, last):
        greys[picture.index] = Grey.of(picture.rgb)
        for mesh in needing:
            box = mesh.mask.track.box_at(picture.index)
            if box is not None:
                mesh.read(picture.index, picture.rgb, box)
        progress((picture.index - first + 1) / (last - first), "Fitting faces")
    for mesh in needing:
        mesh.steady(greys)
    return meshes


def _needs_landmarks(mask: Mask) -> bool:
    return any(engines.load("face_swapper", rung.engine).needs_landmarks for rung in mask.rungs)


def _fit(rgb: RGBImage, box: Box) -> Landmarks | None:
    with engines.exclusive:
        return engines.load("face_landmarker").fit(rgb, box)


def _yaw(points: np.ndarray) -> float:
    return engines.load("face_landmarker").yaw_degrees(points)
