"""The mask of a camera's picture.

Nothing passes because something failed: a picture that nobody could look at, because the engines are still being
loaded, are busy elsewhere or fail, is covered as a whole. Pictures are shown a little late, so that a face that has
just been found is covered in those, too, in which it was not found yet.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np

from deepmask import engines
from deepmask.errors import EngineError, InputError
from deepmask.faces import Face, Landmarks, RGBImage, clip_box, enlarge
from deepmask.persona import Persona
from deepmask.progress import Progress, silent
from pipelines.live.following import LARGEST_GAP_S, Follower, Following, shift
from pipelines.live.shrinking import swapped
from pipelines.photo.choosing import ladder
from pipelines.photo.rendering import unsuitable
from pipelines.video.steadying import Grey, mixed

Style = Literal["persona", "pixelate", "solid", "vector"]
"""What everybody in the picture gets."""
STYLES: tuple[Style, ...] = get_args(Style)

FINDER = "frames"
MOST_PX = 1280
"""Longer side of the pictures that are shown; larger ones are scaled down, since they are looked at as small ones."""
PATIENCE_S = 0.3
"""A picture that must wait longer for the engines is covered."""
DELAY = 2
"""How many pictures later one is shown."""
CALM_S = 0.5
"""How long an engine that could not draw a face is not asked for it again."""

PREPARING = "The masks are being prepared."
BUSY = "Other work is using the engines."
FAILED = "The faces could not be looked for."

log = logging.getLogger("deepmask.live")


@dataclass(frozen=True)
class Shown:
    """What may be shown of one picture of a camera."""

    rgb: RGBImage
    seconds: float
    """When it was taken."""
    faces: int = 0
    """How many are masked."""
    engines: tuple[str, ...] = ()
    """What masked them, each once."""
    covered: str = ""
    """Why the whole picture is covered, as a sentence; empty when it is not."""


@dataclass
class _Waiting:
    """A masked picture that is shown later."""

    canvas: RGBImage
    grey: Grey
    seconds: float
    faces: int
    engines: tuple[str, ...]


class LiveMask:
    """Masks one picture after the other.

    Args:
        style: what everybody gets.
        persona: whose face that is, for style 'persona' only.

    Raises:
        InputError: an unknown style, or a persona that does not go with it.
    """

    def __init__(self, style: Style = "pixelate", persona: Persona | None = None) -> None:
        if style not in STYLES:
            raise InputError(f"A live picture gets one of {', '.join(STYLES)}, not {style!r}.")
        if (style == "persona") != (persona is not None):
            raise InputError("A live picture needs a persona if, and only if, its style is 'persona'.")
        self._persona = persona
        self._rungs = ladder(style, persona, "painter" if style == "persona" else None)
        self._following = Following()
        self._waiting: deque[_Waiting] = deque()
        self._ready = threading.Event()
        self._mine = threading.Lock()

    def prepare(self, progress: Progress = silent) -> None:
        """Load the engines and let them draw once, which takes up to a minute where kernels must be compiled first.

        Raises:
            EngineMissing: the finder or the mask that was asked for cannot be used; the message has the command.
        """
        engines.choose("face_finder", FINDER)
        engines.choose("face_swapper", self._rungs[0])
        blank = np.full((360, 640, 3), 127, np.uint8)
        with engines.turn(progress):
            engines.load("face_finder", FINDER).find(blank)
            if self._persona is not None:
                portrait = _fitting(self._persona.portrait, 480)
                face = next(iter(engines.load("face_finder", FINDER).find(portrait)), None)
                if face is not None:
                    self._draw(portrait.copy(), Follower(face.box_xyxy, 0.0, 0.0), portrait, None, 0.0)
        self._ready.set()

    def mask(self, rgb: RGBImage, seconds: float) -> Shown:
        """Take the next picture (H, W, 3) and give what may be shown now: one taken ``DELAY`` pictures before.

        Args:
            seconds: when it was taken, by any clock that does not go back.
        """
        rgb = _fitting(rgb, MOST_PX)
        if not self._ready.is_set():
            return Shown(covering(rgb), seconds, covered=PREPARING)
        try:
            with _held(self._mine), _held(engines.exclusive):
                return self._masked(rgb, seconds)
        except _Busy:
            return Shown(covering(rgb), seconds, covered=BUSY)
        except Exception as error:  # fail closed: whatever goes wrong, nobody sees the picture
            log.warning("A live picture is covered", exc_info=error)
            why = str(error) if isinstance(error, EngineError) else FAILED
            return Shown(covering(rgb), seconds, covered=why)

    def _masked(self, rgb: RGBImage, seconds: float) -> Shown:
        if self._waiting and (
            seconds - self._waiting[-1].seconds > LARGEST_GAP_S or self._waiting[-1].canvas.shape != rgb.shape
        ):
            self._waiting.clear()
        found = engines.load("face_finder", FINDER).find(rgb)
        grey = Grey.of(rgb)
        greys = (self._waiting[-1].grey, grey) if self._waiting else None
        followers = self._following.update(found, grey, seconds)
        canvas, used = rgb.copy(), []
        for one in sorted(followers, key=lambda one: one.box[2] - one.box[0]):  # what is nearer covers what is behind
            used.append(self._draw(canvas, one, rgb, greys, seconds))
            if one.first_at == seconds:
                self._cover_before(one, grey)
        self._waiting.append(_Waiting(canvas, grey, seconds, len(followers), tuple(dict.fromkeys(used))))
        if len(self._waiting) <= DELAY:
            return Shown(covering(rgb), seconds, covered=PREPARING)
        shown = self._waiting.popleft()
        return Shown(shown.canvas, shown.seconds, shown.faces, shown.engines)

    def _cover_before(self, one: Follower, grey: Grey) -> None:
        """Cover a face that is seen for the first time where it was in the pictures that are not shown yet."""
        plain = {name: np.inf for name in self._rungs if engines.load("face_swapper", name).needs_landmarks}
        box = one.box
        for waiting in reversed(self._waiting):
            dx, dy = shift(box, grey, waiting.grey)
            x1, y1, x2, y2 = box
            box, grey = (x1 + dx, y1 + dy, x2 + dx, y2 + dy), waiting.grey
            before = Follower(box, waiting.seconds, waiting.seconds, plainer=dict(plain))
            self._draw(waiting.canvas, before, waiting.canvas, None, waiting.seconds)

    def _draw(
        self, canvas: RGBImage, one: Follower, rgb: RGBImage, greys: tuple[Grey, Grey] | None, seconds: float
    ) -> str:
        """Draw the first mask of the ladder that can be drawn over a face; its engine."""
        rungs = [name for name in self._rungs if one.plainer.get(name, -np.inf) <= seconds]
        one.landmarks = self._mesh(rgb, one, greys) if _needs_landmarks(rungs) else None
        face = _face(one)
        for name in rungs:
            try:
                swapper = engines.load("face_swapper", name)
                if reason := unsuitable(name, swapper, face):
                    raise EngineError(reason)
                swapped(swapper, name, canvas, face, self._persona).paste(canvas)
                return name
            except Exception as error:  # fail closed: whatever goes wrong in an engine, a plainer mask follows
                if not isinstance(error, EngineError):
                    log.warning("%s failed", name, exc_info=error)
                one.plainer[name] = seconds + CALM_S
        x1, y1, x2, y2 = clip_box(enlarge(face.box_xyxy, 1.3), (canvas.shape[1], canvas.shape[0]))
        canvas[y1:y2, x1:x2] = 127
        return "rectangle"

    @staticmethod
    def _mesh(rgb: RGBImage, one: Follower, greys: tuple[Grey, Grey] | None) -> Landmarks | None:
        """The mesh of a face, steadied by where it was in the picture before."""
        points = engines.load("face_landmarker").fit(rgb, one.box)
        if points is None or one.landmarks is None or greys is None or greys[0].pixels.shape != greys[1].pixels.shape:
            return points
        return mixed(one.landmarks, points, *greys)


def _face(one: Follower) -> Face:
    if one.landmarks is None:
        return Face(one.box)
    return Face(one.box, 1.0, one.landmarks, engines.load("face_landmarker").yaw_degrees(one.landmarks))


def _needs_landmarks(rungs: Sequence[str]) -> bool:
    return any(engines.load("face_swapper", name).needs_landmarks for name in rungs)


def covering(rgb: RGBImage) -> RGBImage:
    """A picture of which nothing but a few broad colours is left."""
    h, w = rgb.shape[:2]
    few = cv2.resize(rgb, (4, 3), interpolation=cv2.INTER_AREA)
    calm = cv2.addWeighted(few, 0.5, np.full_like(few, 96), 0.5, 0)
    return cv2.resize(calm, (w, h), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def _fitting(rgb: RGBImage, most_px: int) -> RGBImage:
    scale = most_px / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


class _Busy(Exception):
    """A lock did not come free in time."""


@contextmanager
def _held(lock: threading.Lock | threading.RLock) -> Iterator[None]:
    if not lock.acquire(timeout=PATIENCE_S):
        raise _Busy
    try:
        yield
    finally:
        lock.release()
