"""What each kind of engine promises. An engine is any class that fulfils one of these; nothing is inherited.

All pictures are (H, W, 3) RGB uint8 and upright, all coordinates pixels of the whole picture; sound is float32 in
-1..1. Engines are built without arguments, may be kept for the life of the process, and are called from one thread at
a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from deepmask.area import Area, Body, Selection
from deepmask.face_pose import FacePose
from deepmask.faces import Box, Embedding, Face, Landmarks, Patch, RGBImage
from deepmask.look import FaceRegion, Look
from deepmask.media.sound import Samples, Sound
from deepmask.persona import Attributes, Persona
from deepmask.progress import Progress, silent
from deepmask.transcript import Transcript
from deepmask.voice import Voice
from deepmask.voice_plan import Strength
from deepmask.wishes import Preview, Wishes, unseen


class PortraitPainter(Protocol):
    """Draws a persona."""

    def paint(
        self,
        attributes: Attributes,
        seed: int,
        size_px: int = 512,
        *,
        wishes: Wishes | None = None,
        progress: Progress = silent,
        preview: Preview = unseen,
    ) -> RGBImage:
        """A (size_px, size_px, 3) portrait; the same arguments give the same picture on the same machine.

        Raises:
            EngineFailed: the portrait cannot be made, or may not be shown (content safety).
        """
        ...

    def recipe(self, wishes: Wishes | None = None) -> dict[str, str]:
        """What a portrait depends on besides the arguments: models with their digests, scheduler, version."""
        ...


class PortraitVarier(PortraitPainter, Protocol):
    """A painter that can begin with a picture instead of with nothing: ``EngineSpec.varies``."""

    def vary(
        self,
        portrait: RGBImage,
        attributes: Attributes,
        seed: int,
        *,
        wishes: Wishes | None = None,
        strength: float = 0.5,
        progress: Progress = silent,
        preview: Preview = unseen,
    ) -> RGBImage:
        """The portrait (n, n, 3) changed towards the words by ``strength``, 0.1..1.

        Raises:
            EngineFailed: as :meth:`paint`.
        """
        ...


class FaceFinder(Protocol):
    """Finds faces; a missed face is worse than a false alarm."""

    def find(self, image: RGBImage, *, progress: Progress = silent) -> list[Face]:
        """All faces of a picture of any size, best first, without landmarks."""
        ...


class FaceLandmarker(Protocol):
    """Fits the mesh of 478 landmarks to a face whose box is known."""

    def fit(self, image: RGBImage, box: Box) -> Landmarks | None:
        """Landmarks, or None when no mesh fits (profile, tiny, covered)."""
        ...

    def yaw_degrees(self, landmarks: Landmarks) -> float:
        """Turn of the head to the side, 0 = towards the camera, absolute value."""
        ...


class PoseReader(Protocol):
    """Finds out how a head is held and the face is moved."""

    def read(self, image: RGBImage, box: Box) -> FacePose | None:
        """The pose of the face in ``box``, as a portrait would show it; None where it cannot be told.

        Raises:
            EngineFailed: the engine itself does not work.
        """
        ...


class FaceRecognizer(Protocol):
    """Tells people apart."""

    match_below: float
    """A distance below this is the same person (a strict bar, for matching)."""
    match_margin: float
    """By how much the next person must be farther."""
    hidden_above: float
    """A distance from here on is somebody else (for the leak check)."""

    def embed(self, image: RGBImage, face: Face) -> Embedding:
        """Identity descriptor of the face in the box; distances are Euclidean."""
        ...


class FaceSwapper(Protocol):
    """Covers one face, with a persona's face or with a plainer mask."""

    needs_persona: bool
    min_size_px: float
    """Faces with a smaller box are not tried."""
    max_yaw_degrees: float
    """Heads turned farther are not tried; 180 = works on any."""
    needs_landmarks: bool

    def swap(
        self, image: RGBImage, face: Face, persona: Persona | None, *, strength: float = 0.8, look: Look | None = None
    ) -> Patch:
        """The patch that hides ``face``.

        Args:
            strength: how far the result departs from the original, 0..1, for engines that have a choice.
            look: detail and extent of the new face, for engines that have a choice.

        Raises:
            EngineFailed: this face cannot be done; the caller takes a plainer engine.
        """
        ...


@runtime_checkable
class SteadySwapper(FaceSwapper, Protocol):
    """A swapper that can be told what it else takes from each picture, such as light, so that films do not flicker."""

    def derive(self, image: RGBImage, face: Face) -> NDArray[np.float64]:
        """(k,) what the patch takes from the picture besides landmarks; means of such numbers are such numbers.

        Raises:
            EngineFailed: nothing can be told of this face.
        """
        ...

    def swap(
        self,
        image: RGBImage,
        face: Face,
        persona: Persona | None,
        *,
        strength: float = 0.8,
        look: Look | None = None,
        derived: NDArray[np.float64] | None = None,
    ) -> Patch:
        """As :meth:`FaceSwapper.swap`.

        Args:
            derived: as :meth:`derive` gives them, perhaps those of several frames averaged; None: of this picture.
        """
        ...


class FaceRestorer(Protocol):
    """Makes an aligned face sharp."""

    side_px: int
    """Side of the square it works on."""

    def restore(self, aligned: RGBImage) -> RGBImage:
        """(side_px, side_px, 3) in FFHQ alignment, and the same out."""
        ...


class PersonSegmenter(Protocol):
    """Finds people from head to foot; a missed person is worse than a false alarm."""

    def segment(
        self, image: RGBImage, faces: Sequence[Face] = (), *, thorough: bool = True, progress: Progress = silent
    ) -> list[Body]:
        """Everybody in a picture, with and without a visible face; areas of different people do not overlap.

        Args:
            faces: those already found; a body that has one of them says which.
            thorough: False where small people without a known face may be passed over, as in those frames of a video
                that lie between others.
        """
        ...


class AreaSelector(Protocol):
    """Outlines what somebody points at."""

    def select(self, image: RGBImage, selection: Selection, *, progress: Progress = silent) -> Area:
        """The area that is meant; further questions about the same picture are answered faster.

        Raises:
            EngineFailed: nothing can be outlined there.
        """
        ...


class Inpainter(Protocol):
    """Fills a hole in a picture."""

    heeds_prompt: bool
    """Whether it can show what words say; others continue the surroundings."""

    def fill(
        self,
        image: RGBImage,
        hole: Area,
        *,
        avoid: Area | None = None,
        prompt: str = "",
        seed: int = 0,
        progress: Progress = silent,
    ) -> Patch:
        """What is to be seen instead; opaque within ``hole`` and transparent outside.

        Args:
            avoid: pixels the filling must not repeat, such as other people.

        Raises:
            EngineFailed: this hole cannot be filled, or the filling may not be shown (content safety).
        """
        ...


class BodyMasker(Protocol):
    """Covers an area plainly; cannot fail."""

    def tone(self, image: RGBImage, area: Area) -> NDArray[np.uint8]:
        """(3,) the colour of the surroundings by which ``area`` would be covered."""
        ...

    def cover(
        self,
        image: RGBImage,
        area: Area,
        *,
        feather_px: float = 0.0,
        tone: NDArray[np.uint8] | None = None,
        size_px: float | None = None,
    ) -> Patch:
        """Opaque within ``area`` except for a soft edge of ``feather_px`` outside of it.

        Args:
            tone: as :meth:`tone` gives it, perhaps of several frames of a film, so that it does not flicker; None: of
                this picture.
            size_px: of the whole person throughout a film, as the square root of their pixels: the cells of a mosaic
                keep their size then and lie on a grid of the picture; None: by the area.
        """
        ...


class TextFinder(Protocol):
    """Finds writing, licence plates among it."""

    def find(self, image: RGBImage, *, progress: Progress = silent) -> list[tuple[Area, float]]:
        """Areas of lines of text with scores 0..1, best first."""
        ...


class FaceParser(Protocol):
    """Tells which pixels are skin, hair, eyes, ..."""

    classes: tuple[str, ...]
    """Name of each class; the first is 'background'."""

    def parse(self, image: RGBImage, faces: Sequence[Face] = ()) -> NDArray[np.uint8]:
        """(H, W) the class of each pixel; the same picture gives the same map."""
        ...


@dataclass(frozen=True)
class TagFound:
    """A tag that was read, and how it lies in the picture."""

    tag_id: int
    """64 bits."""
    confidence: float
    """Deviations by which the pilot stands out."""
    scale: float
    """Pixels of the pattern in one of the picture."""
    angle_degrees: float
    """By which the picture was turned since, anticlockwise; before it was mirrored, if it was."""
    offset_xy: tuple[float, float]
    """Where the pattern begins, in its own pixels."""
    mirrored: bool = False
    aspect: float = 1.0
    """By how much more the picture was widened than heightened."""


class Tagger(Protocol):
    """Lays 64 bits over a whole picture, so that they outlast compression, resizing, cropping and a swapped face."""

    def embed(self, image: RGBImage, tag_id: int, key: bytes, *, strength: float = 2.0) -> RGBImage:
        """A tagged copy.

        Args:
            tag_id: 0 <= tag_id < 2**64.
            key: what the pattern is drawn from; who has it can read and remove the tag.
            strength: amplitude in grey levels on medium texture.

        Raises:
            EngineFailed: the picture is too small to hold the tag.
        """
        ...

    def read(self, image: RGBImage, key: bytes, *, thorough: bool = True) -> TagFound | None:
        """The tag; None where none is found.

        Args:
            thorough: look for cropped and turned pictures, too.
        """
        ...

    def read_all(self, images: Sequence[RGBImage], key: bytes, *, thorough: bool = True) -> TagFound | None:
        """The tag that pictures of one size all carry in the same place, as those of a video do; one is enough."""
        ...

    def intact(self, image: RGBImage, found: TagFound, key: bytes) -> NDArray[np.float32]:
        """(H, W) about 1 where the tag is as it was laid, near 0 where pixels were replaced since."""
        ...


class Cloak(Protocol):
    """Changes a photo so little that people hardly see it, against a network that looks at its faces."""

    victims: tuple[str, ...]
    """Names of the networks it works against."""

    def cloak(
        self,
        image: RGBImage,
        faces: Sequence[Face],
        *,
        strength: int,
        region: FaceRegion = "face",
        seed: int = 0,
        progress: Progress = silent,
    ) -> RGBImage:
        """A cloaked copy; pixels farther from a face than its region are untouched.

        Args:
            strength: 1..5.
            region: how far around a face the picture may change.
            seed: the same gives the same bits.

        Raises:
            EngineFailed: this picture cannot be cloaked.
        """
        ...


class FakeFinder(Protocol):
    """Tells which pixels were made by a machine."""

    fake_above: float
    """A face whose most suspicious pixels reach this on average is called fake: no genuine one should."""
    real_below: float
    """One that stays below this is likely real; between the two nobody can tell."""

    def find(self, image: RGBImage, *, progress: Progress = silent) -> NDArray[np.float32]:
        """(H, W) probability 0..1 that a pixel is faked."""
        ...


Mono = NDArray[np.float32]
"""(n,) samples in -1..1."""


class VoiceConverter(Protocol):
    """Makes a recording sound like another voice; words and timing stay."""

    def convert(
        self, sound: Sound, voice: Voice, *, strength: Strength = "natural", secret: bytes, progress: Progress = silent
    ) -> Iterator[Samples]:
        """Blocks of the converted sound, together as long as ``sound``, at its rate and with its channels.

        Args:
            secret: what this recording's own deviation from ``voice`` is drawn from; never stored by anybody.

        Raises:
            EngineFailed: this sound cannot be converted.
        """
        ...

    def pitch_hz(self, sound: Sound) -> float | None:
        """Median fundamental frequency; None where nothing is voiced."""
        ...


class Transcriber(Protocol):
    """Writes down what is said."""

    languages: tuple[str, ...]
    """ISO 639-1; empty: finds out by itself."""
    tells_speakers: bool
    """Whether phrases of different people get different speakers."""
    hears_machines: bool
    """Whether it understands synthetic speech so well that a word it does not hear was not said."""

    def transcribe(self, sound: Sound, *, language: str | None = None, progress: Progress = silent) -> Transcript:
        """All phrases with the times of their words.

        Raises:
            EngineFailed: the recogniser gave up, or does not know the language.
        """
        ...


class SpeechSynthesizer(Protocol):
    """Speaks a text."""

    languages: tuple[str, ...]
    """ISO 639-1."""

    def speak(
        self,
        text: str,
        voice: Voice,
        *,
        language: str = "en",
        seconds: float | None = None,
        progress: Progress = silent,
    ) -> tuple[Mono, int]:
        """Samples and their rate in Hz; near ``seconds`` long where that is natural, trimmed of silence.

        Raises:
            EngineFailed: this text cannot be spoken.
        """
        ...


class SpeakerRecognizer(Protocol):
    """Tells voices apart."""

    same_above: float
    """A cosine above this is the same person."""
    hidden_below: float
    """A cosine below this is somebody else."""

    def embed(self, blocks: Iterable[Mono], rate_hz: int) -> NDArray[np.float32] | None:
        """Unit vector of who speaks in a mono sound; None where there is too little speech."""
        ...
