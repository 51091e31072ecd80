"""The table of weights: one row for each set of files an engine loads, with its origin and its licence."""

from __future__ import annotations

from dataclasses import dataclass

from deepmask.errors import UnknownName


@dataclass(frozen=True)
class WeightFile:
    """One file of a set."""

    path: str
    """Where it lies in the set's folder, with forward slashes."""
    size_bytes: int
    sha256: str = ""
    """Empty where no digest was published that we could pin; then the hub's own is asked for and remembered."""


@dataclass(frozen=True)
class Weight:
    """One set of files."""

    name: str
    """What people type: 'sd15'."""
    title: str
    repo: str
    """Repository on the Hugging Face hub, 'organisation/name'."""
    revision: str
    files: tuple[WeightFile, ...]
    licence: str
    licence_url: str
    commercial: bool
    """Whether the licence allows commercial use."""
    vendor: str
    year: int

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files)


WEIGHTS: tuple[Weight, ...] = ()


def weight(name: str) -> Weight:
    """The row of that name.

    Raises:
        UnknownName: there is none; the message lists the known.
    """
    for row in WEIGHTS:
        if row.name == name:
            return row
    raise UnknownName.of("set of weights", name, [row.name for row in WEIGHTS])
