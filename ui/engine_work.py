"""What the buttons of the Engines tab do; knows no widget.

An offer is what a user gets in one go: an engine with all weights it needs, or a set that makes one better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepmask import config, engines, weights
from deepmask.engines import EngineSpec
from deepmask.errors import InputError
from deepmask.progress import Progress, part
from deepmask.weights import Weight
from deepmask.weights.places import find

Readiness = Literal["ready", "get", "licence", "unfinished", "damaged", "packages"]
"""packages: everything is there but Python packages, which only a command can bring."""

_OF_KINDS: dict[str, Readiness] = {
    "absent": "get",
    "licence": "licence",
    "incomplete": "unfinished",
    "broken": "damaged",
}
_GRAVEST: tuple[Readiness, ...] = ("damaged", "unfinished", "get", "licence")


@dataclass(frozen=True)
class Offer:
    """Something that can be got."""

    id: str
    title: str
    purpose: str
    sets: tuple[Weight, ...]
    row: EngineSpec | None = None
    """The engine; None for a set by itself."""

    @property
    def readiness(self) -> Readiness:
        """What stands between the user and the engine; the gravest first."""
        states = [weights.state(one.name) for one in self.sets]
        found = {_OF_KINDS.get(state.kind, "ready") for state in states}
        if any(state.kind == "absent" and state.present_bytes for state in states):  # the first file was not finished
            found.add("unfinished")
        for readiness in _GRAVEST:
            if readiness in found:
                return readiness
        return "packages" if self.row is not None and self.row.missing_modules() else "ready"

    @property
    def commercial(self) -> bool:
        """Whether all licences allow commercial use."""
        return self.row.commercial if self.row is not None else all(one.commercial for one in self.sets)

    @property
    def absent(self) -> tuple[Weight, ...]:
        """The sets that have to be got or got again."""
        return tuple(one for one in self.sets if _lacks(one))

    @property
    def bytes_to_get(self) -> int:
        """How much is to be downloaded still."""
        left = (max(0, one.size_bytes - weights.state(one.name).present_bytes) for one in self.absent)
        return sum(left)

    @property
    def to_accept(self) -> tuple[Weight, ...]:
        """The sets whose licence restricts and was not accepted yet, one of each licence."""
        asking = [one for one in self.sets if one.must_accept and not weights.accepted(one)]
        return tuple({one.licence: one for one in reversed(asking)}.values())[::-1]

    @property
    def removable(self) -> tuple[Weight, ...]:
        """The sets of which something is in our own folder."""
        ours = config.home() / "models"
        states = ((one, weights.state(one.name)) for one in self.sets)
        return tuple(one for one, state in states if state.present_bytes and state.folder.is_relative_to(ours))


def offers() -> list[Offer]:
    """Engines that do not come with Deepmask, then sets that no engine demands."""
    rows = [row for row in engines.table() if is_extra(row)]
    named = [Offer(f"{row.kind}:{row.name}", title(row), row.summary, _sets(row.needed_weights()), row) for row in rows]
    demanded = {name for row in rows for name in row.needed_weights()}
    extra = [one for one in weights.rows() if one.name not in demanded and not one.shares]
    return [*named, *(Offer(f"weights:{one.name}", one.title, "", (one,)) for one in extra)]


def is_extra(row: EngineSpec) -> bool:
    """Whether an engine needs more than what is installed with Deepmask: weights, packages, an environment."""
    return bool(row.weights) or row.install != EngineSpec.install


def title(row: EngineSpec) -> str:
    """What an engine is called: 'Photoreal (inswapper)', 'ArcFace'."""
    label = row.label or row.name
    return label if row.name.casefold() == label.casefold() else f"{label} ({row.name})"


def offer(id: str) -> Offer:
    """The offer of that id."""
    for one in offers():
        if one.id == id:
            return one
    raise InputError("This engine is no longer there; reload the page.")


def get(one: Offer, accepted: bool, progress: Progress) -> str:
    """Accept the licences, download and verify; returns what to tell the user.

    Raises:
        InputError: a licence has to be accepted first, or it is another one than was shown.
        WeightsError: it cannot be downloaded; what has arrived stays.
    """
    asking = one.to_accept
    if asking and not accepted:
        raise InputError(f"Please read and accept the licence first: {', '.join(row.licence for row in asking)}.")
    for row in one.sets:
        if row.must_accept and not weights.accepted(row):
            _accept(row)
    wanted = one.absent
    total = sum(row.size_bytes for row in wanted) or 1
    done = 0
    for row in wanted:
        step = part(progress, done / total, (done + row.size_bytes) / total)
        weights.fetch(row.name, step)
        done += row.size_bytes
    if one.row is not None and one.row.missing_modules():
        return f"{one.title} is downloaded; it needs packages, too: {one.row.installing()}"
    return f"{one.title} is ready."


def _accept(shown: Weight) -> None:
    """Remember that the licence was accepted that was shown: of a model of the hub, none is known before it is asked.

    Raises:
        InputError: the publisher states another one.
    """
    stated = weights.offer(shown.name)
    if stated.must_accept and stated.licence != shown.licence:
        raise InputError(
            f"The licence of {shown.name} is {stated.licence} ({stated.licence_url}), which you have not seen yet; "
            f"to accept it, run: deepmask weights get {shown.name}"
        )
    weights.accept(shown.name)


def verify(one: Offer, progress: Progress) -> str:
    """Read all files through again; returns what to tell the user."""
    here = [row for row in one.sets if weights.state(row.name).present_bytes]
    broken = []
    for n, row in enumerate(here):
        findings = weights.verify(row.name, part(progress, n / len(here), (n + 1) / len(here)))
        broken += [f"{row.name}/{finding.path}" for finding in findings if finding.verdict == "broken"]
    if broken:
        return f"Not as published, so never used: {', '.join(broken)}. Get replaces it."
    return f"All files of {one.title} are as they should be."


def remove(one: Offer) -> str:
    """Delete the files; returns what to tell the user."""
    freed = sum(weights.remove(row.name) for row in one.removable)
    return f"{one.title} is removed; {weights.size_text(freed)} are free again."


def also_used_by(one: Offer) -> list[str]:
    """Other engines that removing this would take away."""
    names = {row.name for row in one.removable}
    others = [row for row in engines.table() if names & set(row.needed_weights()) and row != one.row]
    return [title(row) for row in others]


def _lacks(one: Weight) -> bool:
    return weights.state(one.name).kind in ("absent", "incomplete", "broken")


def _sets(names: tuple[str, ...]) -> tuple[Weight, ...]:
    return tuple(find(name).row for name in names)
