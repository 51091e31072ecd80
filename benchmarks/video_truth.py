"""Clips made of photos and painted people, of which is known who is seen where in every frame.

Cut-outs of two photographed faces and painted heads, which can turn, move over still and moving backgrounds, cross each
other, pass behind a pillar, enter, leave and shrink. Photos: Eileen Collins (NASA, in scikit-image), Grace Hopper (US
Navy, in matplotlib).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from benchmarks.faces import hopper
from deepmask.engines.painter.avatar import avatar_for
from deepmask.engines.painter.colours import to_srgb
from deepmask.engines.painter.geometry import rotation, turn_head
from deepmask.engines.painter.portrait import shoulder
from deepmask.engines.painter.render import render
from deepmask.faces import Box, RGBImage
from deepmask.persona import Attributes

SIZE_WH = 640, 360
FPS = 25
NOISE = 1.5
"""Deviation of the sensor's noise in grey levels."""

Cutout = NDArray[np.float32]
"""(h, w, 4) premultiplied RGB 0..255, and opacity 0..1."""


@dataclass(frozen=True)
class Pose:
    """Where a face is in a frame, in parts of the frame's height, and how far its head is turned."""

    x: float
    y: float
    height: float
    """Of the face from hairline to chin."""
    yaw_degrees: float = 0.0


@dataclass(frozen=True)
class Actor:
    """Somebody and their way through a clip."""

    person: str
    way: Callable[[float], Pose]
    """Share of the shot, 0..1 → pose."""
    first: float = 0.0
    last: float = 1.0
    """Shares of the shot between which they are there."""


@dataclass(frozen=True)
class Shot:
    """Actors before a background; the last is nearest."""

    frames: int
    actors: tuple[Actor, ...]
    backdrop: str = "coffee"
    pan: float = 0.0
    """By how much of its width the background moves."""
    light: float = 1.0
    pillar: tuple[float, float] | None = None
    """Left and right side of something that stands before everybody, in frame heights."""


@dataclass(frozen=True)
class Sighting:
    """A face in a frame."""

    person: str
    box_xyxy: Box
    visible: float
    """Share of the face that is neither beyond the frame nor behind anything, 0..1."""


@dataclass(frozen=True)
class Scene:
    """A made clip."""

    name: str
    shots: tuple[Shot, ...]
    noise: float = NOISE

    @property
    def frames(self) -> int:
        """How many there are."""
        return sum(shot.frames for shot in self.shots)

    def shot_starts(self) -> list[int]:
        """First frame of each shot."""
        return [int(v) for v in np.cumsum([0, *(shot.frames for shot in self.shots[:-1])])]


@dataclass
class Made:
    """The frames of a scene, and the truth."""

    frames: list[RGBImage] = field(default_factory=list)
    truth: list[tuple[Sighting, ...]] = field(default_factory=list)


def line(start: Pose, stop: Pose) -> Callable[[float], Pose]:
    """A straight way."""
    names = ("x", "y", "height", "yaw_degrees")
    return lambda t: Pose(**{n: getattr(start, n) + (getattr(stop, n) - getattr(start, n)) * t for n in names})


def there_and_back(start: Pose, turn: Pose) -> Callable[[float], Pose]:
    """A way to ``turn`` and back, slow at both ends."""
    there = line(start, turn)
    return lambda t: there(0.5 - 0.5 * float(np.cos(2 * np.pi * t)))


def scenes() -> list[Scene]:
    """All of them."""
    collins_moves = Actor("Collins", there_and_back(Pose(0.4, 0.45, 0.3), Pose(1.35, 0.6, 0.42)))
    turning = Actor("Ada", line(Pose(0.8, 0.5, 0.36, -85), Pose(1.0, 0.5, 0.36, 85)))
    return [
        Scene("still", (Shot(40, (Actor("Collins", line(Pose(0.9, 0.5, 0.45), Pose(0.9, 0.5, 0.45))),)),)),
        Scene("moving", (Shot(60, (collins_moves,), pan=0.3),)),
        Scene("turning", (Shot(60, (turning,), "chelsea"),)),
        Scene(
            "crossing",
            (
                Shot(
                    70,
                    (
                        Actor("Hopper", line(Pose(0.35, 0.5, 0.3), Pose(1.45, 0.45, 0.3))),
                        Actor("Collins", line(Pose(1.45, 0.48, 0.38), Pose(0.35, 0.5, 0.38))),
                    ),
                ),
            ),
        ),
        Scene(
            "behind a pillar",
            (Shot(70, (Actor("Hopper", line(Pose(0.3, 0.5, 0.32), Pose(1.5, 0.5, 0.32))),), pillar=(0.75, 1.05)),),
        ),
        Scene(
            "cuts",
            (
                Shot(25, (Actor("Collins", line(Pose(0.8, 0.5, 0.4), Pose(0.9, 0.5, 0.4))),)),
                Shot(25, (Actor("Hopper", line(Pose(0.85, 0.5, 0.4), Pose(0.95, 0.5, 0.4))),), "rocket"),
                Shot(
                    25,
                    (
                        Actor("Ben", line(Pose(0.5, 0.5, 0.3, 10), Pose(0.55, 0.5, 0.3, 20))),
                        Actor("Collins", line(Pose(1.3, 0.5, 0.35), Pose(1.2, 0.5, 0.35))),
                    ),
                    "chelsea",
                ),
            ),
        ),
        Scene(
            "entering and leaving",
            (
                Shot(
                    75,
                    (
                        Actor("Hopper", line(Pose(-0.2, 0.4, 0.3), Pose(2.0, 0.5, 0.3)), 0.1, 1.0),
                        Actor("Ada", line(Pose(0.9, 1.25, 0.3), Pose(0.5, -0.35, 0.3)), 0.0, 0.8),
                    ),
                    pan=0.2,
                ),
            ),
        ),
        Scene(
            "appearing suddenly",
            (
                Shot(
                    60,
                    (
                        Actor("Collins", line(Pose(0.5, 0.5, 0.3), Pose(0.6, 0.5, 0.3)), 0.27, 0.75),
                        Actor("Hopper", line(Pose(1.3, 0.5, 0.3), Pose(1.2, 0.5, 0.3)), 0.43, 0.62),
                    ),
                ),
            ),
        ),
        Scene(
            "small",
            (
                Shot(
                    60,
                    (
                        Actor("Collins", line(Pose(0.3, 0.4, 0.07), Pose(0.7, 0.45, 0.08))),
                        Actor("Hopper", line(Pose(1.5, 0.6, 0.06), Pose(1.0, 0.55, 0.08))),
                        Actor("Ada", line(Pose(0.9, 0.3, 0.09, 20), Pose(0.8, 0.7, 0.11, -20))),
                    ),
                    "rocket",
                    pan=0.2,
                ),
            ),
        ),
        Scene("large", (Shot(45, (Actor("Hopper", line(Pose(0.9, 0.5, 0.4), Pose(0.95, 0.5, 1.1))),)),)),
        Scene("dark", (Shot(50, (collins_moves,), light=0.18),), noise=3.0),
    ]


# ------------------------------------------------------------------------------------------------------------- drawing
def made(scene: Scene, size_wh: tuple[int, int] = SIZE_WH) -> Made:
    """Draw a scene."""
    result = Made()
    noise = np.random.default_rng(7)
    for shot in scene.shots:
        for n in range(shot.frames):
            frame, truth = _frame(shot, n / max(1, shot.frames - 1), size_wh)
            frame = frame * shot.light + noise.normal(0, scene.noise, frame.shape)
            result.frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
            result.truth.append(truth)
    return result


def write(frames: Sequence[RGBImage], path: Path, fps: int = FPS) -> None:
    """H.264 as cameras write it."""
    h, w = frames[0].shape[:2]
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = w, h, "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast"}
        for frame in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        file.mux(stream.encode(None))


def _frame(shot: Shot, t: float, size_wh: tuple[int, int]) -> tuple[NDArray[np.float32], tuple[Sighting, ...]]:
    canvas = _background(shot.backdrop, shot.pan * t, size_wh)
    h = size_wh[1]
    faces: list[tuple[str, Box, NDArray[np.float32]]] = []
    for actor in shot.actors:
        if not actor.first <= t <= actor.last:
            continue
        pose = actor.way(t)
        cutout, face = _person(actor.person, pose.yaw_degrees)
        scale = pose.height * h / (face[3] - face[1])
        shift = np.array([pose.x * h, pose.y * h]) - scale * np.array([face[0] + face[2], face[1] + face[3]]) / 2
        layer = _placed(cutout, scale, shift, size_wh)
        canvas = canvas * (1 - layer[..., 3:]) + layer[..., :3]
        faces = [(who, box, seen * (1 - layer[..., 3])) for who, box, seen in faces]
        x1, y1, x2, y2 = (float(v) for v in np.array(face) * scale + np.tile(shift, 2))
        faces.append((actor.person, (x1, y1, x2, y2), _ellipse((x1, y1, x2, y2), size_wh)))
    if shot.pillar is not None:
        left, right = (int(v * h) for v in shot.pillar)
        canvas[:, left:right] = np.linspace(70, 150, right - left)[None, :, None]
        for _, _, seen in faces:
            seen[:, left:right] = 0
    return canvas, tuple(
        Sighting(who, box, float(seen.sum()) / (np.pi / 4 * (box[2] - box[0]) * (box[3] - box[1])))
        for who, box, seen in faces
    )


def _background(name: str, pan: float, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    w, h = size_wh
    picture = _photo(name, round(w * 1.35), h)
    start = pan * w
    shift = np.array([[1, 0, -start], [0, 1, 0]])
    return np.asarray(cv2.warpAffine(picture, shift, (w, h), borderMode=cv2.BORDER_REFLECT), np.float32)


@cache
def _photo(name: str, w: int, h: int) -> NDArray[np.float32]:
    return cv2.resize(getattr(data, name)(), (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)


def _ellipse(box: Box, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    x1, y1, x2, y2 = box
    mask = np.zeros((size_wh[1], size_wh[0]), np.float32)
    centre = (round((x1 + x2) / 2), round((y1 + y2) / 2))
    cv2.ellipse(mask, centre, (round((x2 - x1) / 2), round((y2 - y1) / 2)), 0, 0, 360, (1.0,), -1)
    return mask


def _placed(cutout: Cutout, scale: float, shift: NDArray[np.float64], size_wh: tuple[int, int]) -> Cutout:
    """``cutout`` on an empty frame, without aliasing."""
    while scale < 0.5:
        cutout, scale = cv2.pyrDown(cutout).astype(np.float32), scale * 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return np.asarray(cv2.warpAffine(cutout, matrix, size_wh, flags=cv2.INTER_LINEAR), np.float32)


# -------------------------------------------------------------------------------------------------------------- people
PHOTOGRAPHED: dict[str, tuple[Callable[[], RGBImage], Box, Box]] = {
    "Collins": (data.astronaut, (125, 0, 325, 240), (180, 60, 272, 180)),
    "Hopper": (hopper, (110, 20, 420, 400), (180, 130, 352, 336)),
}
"""Photo, the part of it that is cut out as an oval, and the face in it from hairline to chin."""
PAINTED = {
    "Ada": (Attributes(gender="female", age=35), 11),
    "Ben": (Attributes(gender="male", age=45), 5),
}
_PAINTED_PX = 256
_CM = 9.0
"""Pixels a centimetre in painted heads."""


def _person(name: str, yaw_degrees: float) -> tuple[Cutout, Box]:
    """The cut-out of somebody, and the box of the face in it."""
    return _photographed(name) if name in PHOTOGRAPHED else _painted(name, round(yaw_degrees, 1))


@cache
def _photographed(name: str) -> tuple[Cutout, Box]:
    load, part, face = PHOTOGRAPHED[name]
    x1, y1, x2, y2 = (int(v) for v in part)
    picture = load()[y1:y2, x1:x2].astype(np.float32)
    h, w = picture.shape[:2]
    alpha = cv2.GaussianBlur(_ellipse((6, 6, w - 6, h - 6), (w, h)), (0, 0), 2)[..., None]
    box = face[0] - x1, face[1] - y1, face[2] - x1, face[3] - y1
    return np.dstack([picture * alpha, alpha]).astype(np.float32), box


@cache
def _painted(name: str, yaw_degrees: float) -> tuple[Cutout, Box]:
    avatar = avatar_for(*PAINTED[name])
    turn = rotation(float(np.deg2rad(yaw_degrees)))
    centre = (0.0, -0.5, 0.0)
    linear, opacity = render(avatar, _PAINTED_PX, 1, R=turn, px_per_cm=_CM, camera=None, centre=centre)
    rgb = to_srgb(shoulder(linear / np.maximum(opacity, 1e-3)[..., None])) * 255
    margin = 0.03 * _PAINTED_PX
    oval = _ellipse((margin, margin, _PAINTED_PX - margin, _PAINTED_PX - margin), (_PAINTED_PX, _PAINTED_PX))
    alpha = (opacity * cv2.GaussianBlur(oval, (0, 0), margin / 2))[..., None]
    points = turn_head(avatar.face(avatar.identity.expression), turn) - np.array(centre)
    x, y = _CM * points[:, 0] + _PAINTED_PX / 2, -_CM * points[:, 1] + _PAINTED_PX / 2
    box = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    return np.dstack([rgb * alpha, alpha]).astype(np.float32), box
