"""``deepmask doctor``: what works on this machine, found out by doing it once."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import stat
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click
import numpy as np

from deepmask import engines
from deepmask.engines import EngineSpec
from deepmask.errors import DeepmaskError, EngineFailed
from deepmask.faces import Face, RGBImage
from deepmask.persona import Attributes, Persona
from deepmask.progress import Progress
from deepmask.roster import is_encrypted
from deepmask.vault import Vault
from ui.commands.shared import json_option, print_json, progress_bar

State = Literal["ok", "note", "broken"]

LEAST_MEMORY_GB = 4
PYTHONS = ((3, 11), (3, 12))
_PORTRAIT_PX = 512


@dataclass(frozen=True)
class Check:
    """One line of the doctor's findings."""

    subject: str
    state: State
    detail: str
    remedy: str = ""


@click.command()
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check that everything works on this machine; exit code 1 if something needed does not.

    Every engine does its work once, on a sample photo and a persona painted for the purpose.
    """
    with progress_bar() as progress:
        checks = [python(), device(), memory(), *packages(), *vault_checks(Vault()), *engine_checks(progress)]
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        click.echo("\n".join(_lines(checks)))
    ctx.exit(1 if any(check.state == "broken" for check in checks) else 0)


def _lines(checks: list[Check]) -> Iterator[str]:
    """For people, wrapped to the terminal."""
    marks: dict[State, str] = {"ok": "ok", "note": "note", "broken": "BROKEN"}
    width = max(60, shutil.get_terminal_size((160, 24)).columns)
    indent = 9 + max(len(check.subject) for check in checks) + 2
    for check in checks:
        head = f"{marks[check.state]:<9}{check.subject}".ljust(indent)
        yield textwrap.fill(head + f"{check.detail} {check.remedy}".strip(), width, subsequent_indent=" " * indent)


# ------------------------------------------------------------------------------------------------------------- machine
def python() -> Check:
    """The interpreter."""
    detail = f"{platform.python_version()} in {sys.prefix}"
    if sys.version_info[:2] in PYTHONS:
        return Check("Python", "ok", detail)
    return Check("Python", "broken", detail, "Install Python 3.11 or 3.12 and make a new environment with it.")


def device() -> Check:
    """Where the engines compute: the providers of a live session, not those that might be used."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    detail = f"{platform.system()} {platform.machine()}, {cores} cores"
    try:
        from deepmask.engines.centerface import CenterFace

        return Check("Device", "ok", f"{detail}; ONNX models run on {', '.join(CenterFace().providers)}")
    except Exception as error:  # whatever it is, the user wants to read it here
        return Check("Device", "broken", f"{detail}; ONNX models do not run: {_first_line(error)}.", _remedy(error))


def memory() -> Check:
    """Main memory."""
    try:
        total_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):
        return Check("Memory", "note", "unknown on this system")
    if total_gb < LEAST_MEMORY_GB:
        return Check("Memory", "note", f"{total_gb:.1f} GB", f"Large photos want {LEAST_MEMORY_GB} GB.")
    return Check("Memory", "ok", f"{total_gb:.1f} GB")


def packages() -> Iterator[Check]:
    """The packages that ours requires, with their versions."""
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in importlib.metadata.requires("deepmask") or []]
    fine = []
    for requirement in (r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})):
        remedy = f"Run: pip install '{requirement}'"
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield Check("Packages", "broken", f"{requirement.name} is not installed.", remedy)
            continue
        if requirement.specifier.contains(version, prereleases=True):
            fine.append(f"{requirement.name} {version}")
        else:
            yield Check("Packages", "broken", f"{requirement.name} {version} does not fit.", remedy)
    yield Check("Packages", "ok", ", ".join(fine))


# --------------------------------------------------------------------------------------------------------------- vault
def vault_checks(vault: Vault) -> Iterator[Check]:
    """Where personas and people are kept, and who may read them."""
    try:
        vault.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=vault.folder):
            pass
        yield Check("Vault", "ok", f"{vault.folder}, {len(vault.personas())} personas")
    except (OSError, DeepmaskError) as error:
        detail = f"{vault.folder} cannot be used: {_first_line(error)}."
        yield Check("Vault", "broken", detail, "Set DEEPMASK_HOME to a folder of yours.")
        return
    for sentence in vault.damaged():
        yield Check("Vault", "note", sentence)
    roster = vault.folder / "roster.json"
    if roster.exists():
        yield _roster_check(roster, is_encrypted(vault.folder))


def _roster_check(path: Path, encrypted: bool) -> Check:
    mode = stat.S_IMODE(path.stat().st_mode)
    detail = f"{'encrypted' if encrypted else 'not encrypted'}, mode {mode:o}"
    if mode & 0o077 and os.name == "posix":
        return Check("Roster", "broken", f"{detail}: others can read it.", f"Run: chmod 600 '{path}'")
    return Check("Roster", "ok", detail)


# ------------------------------------------------------------------------------------------------------------- engines
@dataclass
class _Sitter:
    """The photo and the persona every engine is tried on, as far as they are known yet."""

    picture: RGBImage
    face: Face
    persona: Persona

    @classmethod
    def new(cls) -> _Sitter:
        """The sample photo, with a guess where its face is, and a persona that is not painted yet."""
        from skimage import data

        picture = np.ascontiguousarray(data.astronaut()[:300, 60:360])
        blank = np.full((_PORTRAIT_PX, _PORTRAIT_PX, 3), 127, np.uint8)
        return cls(picture, Face((115, 54, 215, 180)), Persona("sitter", "Sitter", "painter", blank))


def engine_checks(progress: Progress) -> Iterator[Check]:
    """Each engine of the table, tried once. A kind without a single working engine is broken."""
    sitter = _Sitter.new()
    working: set[str] = set()
    rows = engines.table()
    for n, row in enumerate(rows):
        progress(n / len(rows), f"Trying {row.name}")
        check = _tried(row, sitter)
        if check.state != "broken":
            working.add(row.kind)
        yield check
    for kind in dict.fromkeys(row.kind for row in rows):
        if kind not in working:
            yield Check(_words(kind), "broken", "no engine of this kind works.")


def _tried(row: EngineSpec, sitter: _Sitter) -> Check:
    subject = f"{_words(row.kind)}: {row.name}"
    if missing := row.missing():
        return Check(subject, "broken", f"{', '.join(missing)} not installed.", f"Run: {row.install}")
    start = time.perf_counter()
    try:
        with engines.exclusive:
            said = _TRIALS[row.kind](row.name, sitter)
    except EngineFailed as error:
        return Check(subject, "note", str(error))
    except Exception as error:  # whatever it is, the user wants to read it here
        return Check(subject, "broken", f"{_first_line(error)}.", _remedy(error))
    return Check(subject, "ok", f"{said} in {time.perf_counter() - start:.1f} s, the first time")


def _paint(name: str, sitter: _Sitter) -> str:
    portrait = engines.load("portrait_painter", name).paint(Attributes(), 7, _PORTRAIT_PX)
    if name == engines.choose("portrait_painter").name:
        sitter.persona = Persona("sitter", "Sitter", name, portrait, seed=7, attributes=Attributes())
    return "painted a portrait"


def _find(name: str, sitter: _Sitter) -> str:
    found = engines.load("face_finder", name).find(sitter.picture)
    if not found:
        raise EngineFailed("It did not find the face of the sample photo.")
    sitter.face = found[0]
    return "found the face"


def _fit(name: str, sitter: _Sitter) -> str:
    landmarker = engines.load("face_landmarker", name)
    landmarks = landmarker.fit(sitter.picture, sitter.face.box_xyxy)
    if landmarks is None:
        raise EngineFailed("It did not fit the face of the sample photo.")
    sitter.face = Face(sitter.face.box_xyxy, sitter.face.score, landmarks, landmarker.yaw_degrees(landmarks))
    return f"fitted {len(landmarks)} points"


def _embed(name: str, sitter: _Sitter) -> str:
    return f"computed {engines.load('face_recognizer', name).embed(sitter.picture, sitter.face).size} numbers"


def _swap(name: str, sitter: _Sitter) -> str:
    engines.load("face_swapper", name).swap(sitter.picture, sitter.face, sitter.persona)
    return "masked the face"


_TRIALS: dict[str, Callable[[str, _Sitter], str]] = {
    "portrait_painter": _paint,
    "face_finder": _find,
    "face_landmarker": _fit,
    "face_recognizer": _embed,
    "face_swapper": _swap,
}


def _words(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".")


_LIBRARIES = {
    "libGL.so": "apt-get install libgl1",
    "libglib-2.0": "apt-get install libglib2.0-0",
    "libgthread-2.0": "apt-get install libglib2.0-0",
    "libEGL": "apt-get install libegl1",
    "libGLESv2": "apt-get install libgles2",
    "libfontconfig": "apt-get install libfontconfig1",
    "libsndfile": "apt-get install libsndfile1",
    "libportaudio": "apt-get install libportaudio2",
}


def _remedy(error: BaseException) -> str:
    """The command that brings a missing system library or package, on Debian and Ubuntu."""
    text = str(error)
    for library, install in _LIBRARIES.items():
        if library in text:
            return f"Run (Debian, Ubuntu): {install}"
    return "Run: pip install --force-reinstall deepmask" if isinstance(error, ImportError) else ""
