"""What the Protect tab works at; part of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deepmask.cloak_report import CloakReport
from deepmask.faces import Face
from pipelines.protect.cloaking import CloakOptions
from pipelines.protect.sealing import SealOptions
from pipelines.protect.tagging import TagOptions
from ui.dossiers import Filed
from ui.pieces import Piece

Job = Literal["seal", "tag", "cloak"]
Look = Literal["picture", "compare", "findings"]
Options = SealOptions | TagOptions | CloakOptions


@dataclass(frozen=True, eq=False)
class Cloaking:
    """What 'Show me' has to know of a cloaked photo."""

    report: CloakReport
    faces: tuple[Face, ...]
    shown: bool = False
    """Whether the finding has the swaps already."""


@dataclass(frozen=True, eq=False)
class Done:
    """One job done with one file."""

    options: Options
    """How it was done; a result of other options is not shown."""
    file: Path
    filed: Filed
    after: Path | None = None
    """The protected picture as the page shows it; None for videos."""
    before: Path | None = None
    """The picture it is compared with; None: as it was uploaded."""
    cloaking: Cloaking | None = None


@dataclass
class Item(Piece):
    """One photo or video, and what was made of it."""

    done: dict[Job, Done] = field(default_factory=dict)


@dataclass
class ProtectDesk:
    """The files, what is to be done with them, and what is shown of it."""

    items: list[Item] = field(default_factory=list)
    current: int = 0
    job: Job = "seal"
    seal: SealOptions = field(default_factory=SealOptions)
    tag: TagOptions = field(default_factory=TagOptions)
    cloak: CloakOptions = field(default_factory=CloakOptions)
    look: Look = "picture"
    """What is shown of a file that is done."""

    @property
    def item(self) -> Item | None:
        """The file that is shown."""
        return self.items[self.current] if self.current < len(self.items) else None

    @property
    def options(self) -> Options:
        """How the chosen job is to be done."""
        return {"seal": self.seal, "tag": self.tag, "cloak": self.cloak}[self.job]

    @property
    def done(self) -> Done | None:
        """What the chosen job made of the file that is shown."""
        return None if self.item is None else self.done_with(self.item)

    def done_with(self, item: Item) -> Done | None:
        """What the chosen job made of a file; None if that was done with other options, or not yet."""
        done = item.done.get(self.job)
        return done if done is not None and done.options == self.options else None

    def can(self, item: Item) -> bool:
        """Whether the chosen job can be done with a file: videos are tagged only."""
        return not item.problem and (item.clip is None or self.job == "tag")

    @property
    def waiting(self) -> list[Item]:
        """Files the chosen job is still to be done with."""
        return [item for item in self.items if self.can(item) and self.done_with(item) is None]

    @property
    def folders(self) -> list[Path]:
        """Where the files are."""
        return [item.folder for item in self.items]
