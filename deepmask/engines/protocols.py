"""What each kind of engine promises. An engine is any class that fulfils one of these; nothing is inherited.

All pictures are (H, W, 3) RGB uint8 and upright; all coordinates are pixels of the whole picture. Engines are built
without arguments, may be kept for the life of the process, and are called from one thread at a time.
"""

from __future__ import annotations

from typing import Protocol

from deepmask.faces import Box, Embedding, Face, Landmarks, Patch, RGBImage
from deepmask.look import Look
from deepmask.persona import Attributes, Persona
from deepmask.progress import Progress, silent
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


class FaceRestorer(Protocol):
    """Makes an aligned face sharp."""

    side_px: int
    """Side of the square it works on."""

    def restore(self, aligned: RGBImage) -> RGBImage:
        """(side_px, side_px, 3) in FFHQ alignment, and the same out."""
        ...
