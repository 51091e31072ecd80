"""Plans as JSON files: what all media have in common when a file is read that people and programs may have edited."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from deepmask.errors import InputError, PlanError

T = TypeVar("T")


@dataclass(frozen=True)
class Kind:
    """One kind of plan."""

    medium: str
    """What its files say they are for."""
    words: str
    """The same with its article, for people."""
    command: str
    """That makes one."""
    schema: int
    """Newest version that is understood."""

    def parse(self, text: str, build: Callable[[dict[str, Any]], T]) -> T:
        """The plan that ``build`` makes of the file's data, its version being ``schema`` then.

        Raises:
            PlanError: one sentence: no plan, one for another medium, from a newer Deepmask, or damaged.
        """
        try:
            data = json.loads(text)
            version, medium = int(data["version"]), data["medium"]
        except (ValueError, KeyError, TypeError) as error:
            raise PlanError(f"This file is not a Deepmask plan for {self.words}; {self._remedy}.") from error
        if medium != self.medium:
            raise PlanError(f"The plan is for a {medium}, not for {self.words}; {self._remedy}.")
        if version > self.schema:
            raise PlanError(
                f"The plan was written by a newer Deepmask (schema {version}, this one reads up to {self.schema}); "
                "update Deepmask or make the plan anew."
            )
        try:
            return build(data | {"version": self.schema})
        except PlanError:
            raise
        except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError, InputError) as error:
            raise PlanError(f"The plan is damaged ({str(error).rstrip('.')}); {self._remedy}.") from error

    @property
    def _remedy(self) -> str:
        return f"make one with '{self.command}'"


def text_of(path: Path) -> str:
    """What is written in a plan's file.

    Raises:
        PlanError: it cannot be read, or is no text.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise PlanError(f"The plan {path.name} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"{path.name} is not a plan: it is not a text file.") from error
