"""Virtual environments for engines whose requirements contradict ours: built on request, whole or not there.

An environment lies in ``<home>/environments/<name>/``. The last thing written into it is ``deepmask.json`` with the
digest of the requirements it was made from; without that file, or after an update of Deepmask with other requirements,
it counts as absent. What a cancelled build has finished is kept and used by the next.

Packages come from wherever pip is set up to look (``pip config``, ``PIP_INDEX_URL``...), so the choice between torch
for the processor and torch for a graphics card is pip's; docs/workers.md says how to make it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deepmask import config
from deepmask.errors import EngineFailed, EngineMissing, UnknownName
from deepmask.files import write_text
from deepmask.progress import Progress, part, silent
from deepmask.workers import processes

_MARKER = "deepmask.json"
_UNFINISHED = "building.json"
_GIGABYTE = 10**9


@dataclass(frozen=True)
class Environment:
    """One row: what an environment is for and what it costs."""

    name: str
    title: str
    pythons: tuple[str, ...]
    """Versions of Python that all its packages exist for, best first."""
    size_bytes: int
    """On disk, with torch for the processor."""
    size_cuda_bytes: int
    """On disk, with torch for NVIDIA cards, which is what pip finds on Linux if nothing else is set up."""
    proof: str
    """An import that shows that it works."""

    @property
    def requirements(self) -> Path:
        """Every package with its version; installed without asking for further ones."""
        return Path(__file__).with_name("requirements") / f"{self.name}.txt"

    @property
    def script(self) -> Path:
        """The worker that runs in it."""
        return Path(__file__).with_name("scripts") / f"{self.name}_worker.py"

    @property
    def folder(self) -> Path:
        """Where it lies or would lie."""
        return config.home() / "environments" / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def command(self) -> str:
        """What a user types to have it."""
        return f"deepmask engines install {self.name}"


ENVIRONMENTS: tuple[Environment, ...] = (
    Environment("whisperx", "WhisperX", ("3.11", "3.12"), 2_100_000_000, 7_600_000_000, "import whisperx.asr"),
    Environment("tortoise", "Tortoise", ("3.11",), 1_700_000_000, 7_000_000_000, "import tortoise.api"),
)


def environment(name: str) -> Environment:
    """The row of that name.

    Raises:
        UnknownName: there is none; the message lists the known.
    """
    for row in ENVIRONMENTS:
        if row.name == name:
            return row
    raise UnknownName.of("environment", name, [row.name for row in ENVIRONMENTS])


def installed(name: str) -> bool:
    """Whether it is there, whole, and made from the requirements of this version of Deepmask."""
    row = environment(name)
    return _digest_in(row.folder / _MARKER) == _digest(row.requirements) and row.python.exists()


def size_bytes(name: str) -> int:
    """What it takes on disk now, finished or not."""
    folder = environment(name).folder
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) if folder.exists() else 0


def install(name: str, *, progress: Progress = silent) -> None:
    """Build an environment, or go on with one whose building was interrupted; minutes.

    Raises:
        EngineMissing: there is no fitting Python, too little space, or the user wants to stay offline.
        EngineFailed: a package could not be had or installed; the message says which and where the log is.
        Cancelled: raised by ``progress``.
    """
    row = environment(name)
    if installed(name):
        return
    if config.Settings.load().offline:
        raise EngineMissing(f"{row.title} would have to be downloaded, but the setting offline is on; switch it off.")
    with _alone(row):
        if not (_is_unfinished(row) and _has_pip(row)):
            _discard(row.folder)
        _need_space(row)
        progress(0.0, f"{row.title}: making the environment")
        if not row.python.exists():
            _create(row, part(progress, 0.0, 0.05))
        _install_packages(row, part(progress, 0.05, 0.94))
        _drop_extensions_of_torchaudio(row.folder)
        _prove(row, part(progress, 0.94, 1.0))
        (row.folder / _UNFINISHED).unlink(missing_ok=True)
        write_text(row.folder / _MARKER, json.dumps({"requirements": _digest(row.requirements)}) + "\n")
    progress(1.0, f"{row.title} is installed")


def remove(name: str) -> bool:
    """Take an environment away, finished or not; False if there was none.

    Raises:
        EngineFailed: it is in use.
    """
    row = environment(name)
    if not row.folder.exists():
        return False
    with _alone(row):
        _discard(row.folder)
    return True


# -- steps of building -------------------------------------------------------------------------------------------------


def _create(row: Environment, progress: Progress) -> None:
    python = _fitting_python(row)
    row.folder.mkdir(parents=True, exist_ok=True)
    write_text(row.folder / _UNFINISHED, json.dumps({"requirements": _digest(row.requirements)}) + "\n")
    _run(row, [python, "-I", "-m", "venv", str(row.folder)], _Says(row.title, "making the environment"), progress)


def _install_packages(row: Environment, progress: Progress) -> None:
    """torch with what it needs on this machine, then exactly our list."""
    pins = row.requirements.read_text("utf-8").splitlines()
    torch = next(line for line in pins if line.startswith("torch=="))
    pip = [str(row.python), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    for arguments, step, expected in (
        (["--constraint", str(row.requirements), torch], part(progress, 0.0, 0.5), 12),
        (["--no-deps", "--requirement", str(row.requirements)], part(progress, 0.5, 1.0), len(pins)),
    ):
        _run(row, pip + arguments, _Reader(row.title, expected), step)


class _Reader:
    """Reads what pip prints and knows how far it is."""

    def __init__(self, title: str, expected: int) -> None:
        self._title, self._expected = title, expected
        self._packages = 0
        self._told = "looking for packages"

    def __call__(self, line: str) -> None:
        match = re.match(r"\s*(Collecting|Downloading|Installing collected|Requirement already)\s+(.*)", line)
        if not match:
            return
        what, rest = match.groups()
        self._packages += what in ("Collecting", "Requirement already")
        if what == "Downloading":
            size = re.search(r"\([\d.]+ [kMG]B\)", rest)
            self._told = f"{rest.rpartition('/')[2].partition('-')[0]} {size[0] if size else ''}".strip()
        elif what.startswith("Installing"):
            self._packages = max(self._packages, round(0.7 * self._expected))
            self._told = "unpacking"
        elif what == "Collecting":
            self._told = re.split(r"[\s=<>;]", rest)[0]

    def state(self) -> tuple[float, str]:
        """Fraction and message for a ``Progress``."""
        return min(self._packages / self._expected, 0.95), f"{self._title}: {self._told}"


def _drop_extensions_of_torchaudio(folder: Path) -> None:
    """The compiled parts fit one version of torch and CUDA only; both engines need nothing but its Python code."""
    for package in folder.glob("[Ll]ib*/**/site-packages/torchaudio"):
        for pattern in ("lib/*.so", "lib/*.pyd", "lib/*.dylib"):
            for extension in package.glob(pattern):
                extension.unlink()


def _prove(row: Environment, progress: Progress) -> None:
    _run(row, [str(row.python), "-I", "-c", row.proof], _Says(row.title, "trying it"), progress)


def _fitting_python(row: Environment) -> str:
    """Path of an interpreter that can make environments; the running one if it fits."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" in row.pythons:
        return sys.executable
    for version in row.pythons:
        for command in ([f"python{version}"], ["py", f"-{version}"]):
            if (found := shutil.which(command[0])) and (path := _answers(found, *command[1:])):
                return path
    wanted = " or ".join(row.pythons)
    raise EngineMissing(f"{row.title} needs Python {wanted}; install it beside this one and run: {row.command}")


def _answers(*command: str) -> str:
    question = "import sys, venv, ensurepip; print(sys.executable)"
    try:
        answer = subprocess.run(
            [*command, "-I", "-c", question], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def _need_space(row: Environment) -> None:
    row.folder.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(row.folder.parent).free
    wanted = row.size_bytes - size_bytes(row.name) + _GIGABYTE  # pip unpacks in a temporary folder
    if free < wanted:
        raise EngineMissing(
            f"{row.title} needs {wanted / _GIGABYTE:.1f} GB of disk space in {row.folder.parent}, "
            f"{free / _GIGABYTE:.1f} GB are free; make room and run: {row.command}"
        )


class _Says:
    """For a step whose output tells nothing."""

    def __init__(self, title: str, doing: str) -> None:
        self._message = f"{title}: {doing}"

    def __call__(self, line: str) -> None:
        pass

    def state(self) -> tuple[float, str]:
        return 0.0, self._message


def _run(row: Environment, command: list[str], reader: _Reader | _Says, progress: Progress) -> None:
    """A command of the building; its output goes to ``reader`` line by line and into the log."""
    log = row.folder.with_suffix(".log")
    process = processes.start(command, _build_variables(), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line.decode("utf-8", "replace"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    said: list[str] = []
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n")
            while True:
                progress(*reader.state())
                with contextlib.suppress(queue.Empty):
                    line = lines.get(timeout=0.25)
                    if line is None:
                        break
                    file.write(line)
                    said.append(line.strip())
                    reader(line)
        code = process.wait()
    finally:
        if process.poll() is None:
            processes.kill(process)
        process.stdout.close()
    if code:
        reasons = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")] or said[-1:]
        reason = (reasons[-1] if reasons else f"code {code}").rstrip(". ")
        raise EngineFailed(f"{row.title} could not be installed ({reason}); the log is {log}. Try again: {row.command}")


def _build_variables() -> dict[str, str]:
    """The user's own, so that pip finds its index, less what would lead it to another environment."""
    astray = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_CONSTRAINT")
    return {name: value for name, value in os.environ.items() if name not in astray} | {"PYTHONUTF8": "1"}


# -- what is there -----------------------------------------------------------------------------------------------------


def _digest(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def _digest_in(marker: Path) -> str:
    try:
        return str(json.loads(marker.read_text("utf-8"))["requirements"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _is_unfinished(row: Environment) -> bool:
    return _digest_in(row.folder / _UNFINISHED) == _digest(row.requirements)


def _has_pip(row: Environment) -> bool:
    """Whether making the environment came to its end: the record is what pip's own installation writes last."""
    return row.python.exists() and any(row.folder.glob("[Ll]ib*/**/site-packages/pip-*.dist-info/RECORD"))


def _discard(folder: Path) -> None:
    """Moved aside first, so that at no moment half an environment stands in its place."""
    if not folder.exists():
        return
    aside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        folder.rename(aside)
    except OSError as error:
        raise EngineFailed(f"{folder} is in use; close Deepmask everywhere and try again.") from error
    shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def _alone(row: Environment) -> Iterator[None]:
    """One process at a time builds or removes an environment."""
    row.folder.parent.mkdir(parents=True, exist_ok=True)
    with (row.folder.parent / f".{row.name}.lock").open("a+b") as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            raise EngineFailed(f"{row.title} is being installed or removed already; wait for that to end.") from error
        yield


def _lock(handle: int) -> None:
    """Until the file is closed, by the end of the process at the latest."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
