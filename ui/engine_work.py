"""What the buttons of the Engines tab do; knows no widget.

An offer is what a user gets in one go: an engine with all weights it needs, or a set that makes one better.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deepmask import config, engines, weights
from deepmask.engines import EngineSpec
from deepmask.errors import InputError
from deepmask.progress import Progress, part
from deepmask.resources import ASSETS
from deepmask.weights import Weight
from deepmask.weights.places import find
from deepmask.workers import environments
from deepmask.workers.environments import Environment

Readiness = Literal["ready", "get", "licence", "unfinished", "damaged", "packages", "environment"]
"""What has to be done first. packages: a command has to be run; environment: one of its own has to be made."""

_NEURAL = "pip install 'deepmask[neural]'"
_CHECKOUT = ASSETS.parent if (ASSETS.parent / "Makefile").is_file() else None

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
    def packages(self) -> tuple[str, ...]:
        """Python packages that are not installed."""
        return () if self.row is None else tuple(name for name in self.row.missing_modules() if name in self.row.needs)

    @property
    def environment(self) -> Environment | None:
        """The environment of its own that it runs in, if it has one."""
        named = self.row is not None and self.row.environment
        return environments.environment(named) if named else None

    @property
    def readiness(self) -> Readiness:
        """What stands between the user and the engine: what has to be installed, then the weights."""
        if self.packages:
            return "packages"
        if (own := self.environment) and not environments.installed(own.name):
            return "environment"
        return self.weights_readiness

    @property
    def weights_readiness(self) -> Readiness:
        """What has to be done about the weights; the gravest first."""
        states = [weights.state(one.name) for one in self.sets]
        found = {_OF_KINDS.get(state.kind, "ready") for state in states}
        if any(state.kind == "absent" and state.present_bytes for state in states):  # the first file was not finished
            found.add("unfinished")
        for readiness in _GRAVEST:
            if readiness in found:
                return readiness
        return "ready"

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


def is_here(one: Offer) -> bool:
    """Whether there is something to remove."""
    return bool(one.removable) or (one.environment is not None and one.environment.folder.exists())


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
    return _what_is_left(one, "downloaded")


def install(one: Offer, progress: Progress) -> str:
    """Make the environment of an engine, or go on with it; returns what to tell the user.

    Raises:
        EngineMissing: no fitting Python, too little space, or downloads are switched off.
        EngineFailed: a package could not be had or installed.
        Cancelled: the user stopped it; what is finished is kept.
    """
    if one.environment is None:
        raise InputError(f"{one.title} needs no environment of its own.")
    environments.install(one.environment.name, progress=progress)
    return _what_is_left(one, "installed")


def install_command(row: EngineSpec) -> str:
    """What a user types to have the packages of an engine: with our Makefile, if Deepmask runs from its checkout."""
    if row.install == _NEURAL and _CHECKOUT is not None and Path(sys.prefix) == _CHECKOUT / ".venv":
        return f"make -C {shlex.quote(str(_CHECKOUT))} neural"
    return row.installing()


def _what_is_left(one: Offer, done: str) -> str:
    if one.packages and one.row is not None:
        return f"{one.title} is {done}; its Python packages are not: {install_command(one.row)}"
    if one.readiness == "environment":
        return f"{one.title} is {done}; now install it."
    if one.readiness != "ready":
        return f"{one.title} is {done}; now get its weights."
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
    """Delete the files, and the environment of its own; returns what to tell the user.

    Raises:
        EngineFailed: the environment is in use.
    """
    freed = 0
    if own := one.environment:
        freed = environments.size_bytes(own.name)
        environments.remove(own.name)
    freed += sum(weights.remove(row.name) for row in one.removable)
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
