"""Reports as JSON files, and what they say in numbers: what those of all media have in common."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

from deepmask.files import write_text


@dataclass(frozen=True)
class Saved(ABC):
    """A report that knows whether all is well, says so in a sentence, and has a file."""

    @property
    @abstractmethod
    def safe(self) -> bool:
        """Nothing that should be hidden is seen or heard."""

    @abstractmethod
    def summary(self) -> str:
        """One sentence for people."""

    def to_json(self) -> str:
        """JSON text."""
        return json.dumps({"safe": self.safe, "summary": self.summary(), **asdict(self)}, indent=2) + "\n"

    def save(self, path: Path) -> None:
        """Write the JSON atomically."""
        write_text(path, self.to_json())


R = TypeVar("R", bound=Saved)


def noted(report: R, notes: Iterable[str]) -> R:
    """A report with a field ``notes`` that says something more, each thing once."""
    return replace(report, notes=tuple(dict.fromkeys((*report.notes, *notes))))  # type: ignore[attr-defined]


def counted(verdicts: Iterable[str], words: Mapping[str, str]) -> str:
    """'3 hidden, 1 kept as you asked': how often each verdict was given, in the order of ``words``."""
    given = list(verdicts)
    return ", ".join(f"{given.count(verdict)} {said}" for verdict, said in words.items() if verdict in given)
