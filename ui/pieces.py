"""Photos and videos on the desks of the Protect and Detect tabs: uploads that are opened, shown, and worked on."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from deepmask.config import Settings
from deepmask.errors import InputError, MediaError
from deepmask.media import Photo
from deepmask.media.clip import Clip
from deepmask.media.clip_formats import VIDEO_SUFFIXES
from deepmask.progress import Progress
from ui import pictures

if TYPE_CHECKING:
    from ui.session import Session

ACCEPTED = ["image", "video", ".heic", ".heif", ".avif", ".webp", ".tif", ".tiff", ".mkv", ".webm"]
"""What the browser's file chooser offers."""


@dataclass
class Piece:
    """One photo or video on a desk."""

    path: Path
    """The upload, in the session's folder."""
    name: str
    clip: Clip | None = None
    """The video, if it is one."""
    problem: str = ""
    """Why the file cannot be used: one sentence."""
    runs: int = 0
    """How many results there were; part of file names, which browsers remember."""

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.path.parent

    @property
    def preview(self) -> Path:
        """The picture as the page shows it."""
        return self.folder / "preview.jpg"

    @property
    def thumb(self) -> Path:
        """The picture in the strip."""
        return self.folder / "thumb.jpg"

    def new_folder(self) -> Path:
        """An empty folder for the next result."""
        self.runs += 1
        folder = self.folder / f"result-{self.runs}"
        folder.mkdir()
        return folder

    def open_photo(self, settings: Settings) -> Photo:
        """The photo.

        Raises:
            InputError: its file was deleted meanwhile.
            MediaError: it cannot be read.
        """
        if not self.path.is_file():
            raise InputError("This page rested for a while and its files were deleted; drop them here again.")
        return Photo.open(self.path, max_megapixels=settings.max_megapixels)


PieceT = TypeVar("PieceT", bound=Piece)


def is_video(path: Path) -> bool:
    """Whether a file is taken for a video, by its name."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def lay_down(piece: Piece, settings: Settings) -> None:
    """Open what was uploaded and draw its preview; what cannot be used stays with its reason."""
    try:
        if is_video(piece.path):
            piece.clip = Clip.open(piece.path)
            rgb = next((picture.rgb for picture in piece.clip.pictures(0, 1)), None)
            if rgb is None:
                raise MediaError(f"No picture of {piece.name} can be decoded; give another copy.")
        else:
            rgb = piece.open_photo(settings).rgb
    except (InputError, MediaError) as error:
        piece.problem = str(error)
        return
    shown = pictures.preview(rgb)
    pictures.write(shown, piece.preview)
    pictures.write(pictures.thumb(shown), piece.thumb)


def adopt(
    session: Session, uploads: Sequence[str], kind: type[PieceT], settings: Settings, progress: Progress
) -> list[PieceT]:
    """Move uploads into the session's folder and open them."""
    pieces = [kind(session.adopt(Path(upload)), Path(upload).name) for upload in uploads]
    for n, piece in enumerate(pieces):
        progress(n / len(pieces), f"Opening {piece.name}")
        lay_down(piece, settings)
    return pieces


def discard(pieces: Sequence[Piece]) -> None:
    """Delete all files of these pieces."""
    for piece in pieces:
        shutil.rmtree(piece.folder, ignore_errors=True)
