"""What the Detect tab works at; part of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ui.dossiers import Filed
from ui.pieces import Piece


@dataclass
class Suspect(Piece):
    """One photo or video, and what was found."""

    original: Piece | None = None
    """What the owner gave to compare with."""
    filed: Filed | None = None
    restored: Path | None = None
    """The original that its seal gave back."""
    wholly: bool = False
    """Whether that is so bit for bit; else blocks that were changed are still as they are."""


@dataclass
class DetectDesk:
    """The files, and which of them is shown."""

    suspects: list[Suspect] = field(default_factory=list)
    current: int = 0

    @property
    def suspect(self) -> Suspect | None:
        """The file that is shown."""
        return self.suspects[self.current] if self.current < len(self.suspects) else None

    @property
    def waiting(self) -> list[Suspect]:
        """Files that were not looked at yet."""
        return [suspect for suspect in self.suspects if not suspect.problem and suspect.filed is None]

    @property
    def folders(self) -> list[Path]:
        """Where the files are."""
        return [piece.folder for piece in self.pieces]

    @property
    def pieces(self) -> list[Piece]:
        """All files, those to compare with too."""
        return [*self.suspects, *(one.original for one in self.suspects if one.original is not None)]
