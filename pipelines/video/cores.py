"""Stretches shared out to the cores of this machine, each core with a process of its own."""

from __future__ import annotations

import os
import pickle
import queue
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from deepmask.errors import DeepmaskError, InputError
from deepmask.media.clip import Clip
from deepmask.progress import Progress, silent
from deepmask.workers import processes
from pipelines.video.drawing import Drawn
from pipelines.video.looking import Glimpse
from pipelines.video.outlining import Shapes
from pipelines.video.sharing import DrawJob, Job, LookJob, OutlineJob, T, described, finished_here, in_order

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
"""Environment variables of a process that has one core to itself."""

_TICK_S = 0.1
"""How often ``progress`` is asked whether to go on."""
_TRIES = 2
_PROCESS_MB = 700
_BYTES_A_PIXEL = 160
"""Memory of a process that looks or draws, as measured, and what the pictures on their way take of it."""
_SHARE = 0.7
"""Of the free memory."""


class Cores:
    """Processes of this machine, each with one thread. They last as long as one call's iterator is used.

    Args:
        count: how many; None for as many as cores and memory allow.

    Raises:
        InputError: fewer than one.
    """

    def __init__(self, count: int | None = None) -> None:
        if count is not None and count < 1:
            raise InputError(f"At least 1 process does the work, not {count}; leave the number out for all cores.")
        self._count = count

    def glimpses(self, jobs: Sequence[LookJob], *, progress: Progress = silent) -> Iterator[Glimpse]:
        """What is seen in each stretch, in their order."""
        return in_order(jobs, self._finished, progress)

    def outlines(self, jobs: Sequence[OutlineJob], *, progress: Progress = silent) -> Iterator[Shapes]:
        """Who is seen from head to foot in each stretch, in their order."""
        return in_order(jobs, self._finished, progress)

    def drawings(self, jobs: Sequence[DrawJob], *, progress: Progress = silent) -> Iterator[Drawn]:
        """How each stretch was drawn, in their order."""
        return in_order(jobs, self._finished, progress)

    def _finished(self, jobs: Sequence[Job[T]], progress: Progress) -> Generator[tuple[int, T]]:
        count = min(self._count or affordable(jobs[0].clip), len(jobs)) if jobs else 0
        if count < 2:
            yield from finished_here(jobs, progress)
            return
        _ = jobs[0].clip.timeline  # measured once and sent along, instead of once in each process
        yield from _Crew(jobs, count).finished(progress)


def affordable(clip: Clip) -> int:
    """How many processes cores and free memory allow for pictures of a clip's size."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    each = memory_bytes(clip)
    free = _free_bytes()
    return cores if free is None else max(1, min(cores, int(free * _SHARE / each)))


def memory_bytes(clip: Clip) -> int:
    """What a process takes that looks at a stretch of a clip, or draws it."""
    return _PROCESS_MB * 2**20 + _BYTES_A_PIXEL * clip.size_wh[0] * clip.size_wh[1]


def _free_bytes() -> int | None:
    """Memory that programs can have without swapping; None where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None


class _Crew:
    """The processes that do one list of jobs."""

    def __init__(self, jobs: Sequence[Job[Any]], count: int) -> None:
        self._jobs, self._count = jobs, count
        self._left = deque(range(len(jobs)))
        self._tries: Counter[int] = Counter()
        self._heard: queue.SimpleQueue[tuple[_Member, tuple[Any, ...] | None]] = queue.SimpleQueue()
        self._members: set[_Member] = set()
        self._told = "Starting"

    def finished(self, progress: Progress) -> Generator[tuple[int, Any]]:
        """Numbers of jobs and their results, as they come; the processes are gone when it ends, however it does."""
        missing = len(self._jobs)
        try:
            for _ in range(self._count):
                self._start()
            while missing:
                done = len(self._jobs) - missing + sum(member.fraction for member in self._members)
                progress(done / len(self._jobs), self._told)
                with suppress(queue.Empty):
                    member, answer = self._heard.get(timeout=_TICK_S)
                    if (result := self._heed(member, answer)) is not None:
                        missing -= 1
                        yield result
        finally:
            for member in self._members:
                member.end()

    def _start(self) -> None:
        member = _Member(self._heard)
        self._members.add(member)
        self._next(member)

    def _next(self, member: _Member) -> None:
        if not self._left:
            return
        number = self._left.popleft()
        self._tries[number] += 1
        member.give(number, self._jobs[number])

    def _heed(self, member: _Member, answer: tuple[Any, ...] | None) -> tuple[int, Any] | None:
        """A job's number and result, if that is what was heard."""
        number = member.number
        match answer:
            case ("told", fraction, message):
                member.fraction, self._told = fraction, message
            case ("failed", error):
                raise error
            case ("done", result) if number is not None:
                member.free()
                self._next(member)
                return number, result
            case _:
                self._members.discard(member)
                member.end()
                self._again(number, member)
        return None

    def _again(self, number: int | None, member: _Member) -> None:
        """Have the job of a process that died done by another one, once."""
        if number is None:
            return
        if self._tries[number] >= _TRIES:
            why = f"{member.last_words}" if member.last_words else f"exit code {member.exit_code}"
            raise DeepmaskError(
                f"The process working on {described(self._jobs[number])} died twice ({why}); memory may be short: "
                f"close other programs, or try again with one worker."
            )
        self._left.appendleft(number)
        self._start()


class _Member:
    """A process that does one job at a time."""

    def __init__(self, heard: queue.SimpleQueue[tuple[_Member, tuple[Any, ...] | None]]) -> None:
        self.number: int | None = None
        """Of its job."""
        self.fraction = 0.0
        """Of its job, done."""
        self.last_words = ""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        variables = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-P", "-m", "pipelines.video.serving"]
        self._process = processes.start(command, variables, stderr=self._stderr)
        self._listener = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self._listener.start()

    def give(self, number: int, job: Job[Any]) -> None:
        """Have it do a job."""
        self.number, self.fraction = number, 0.0
        assert self._process.stdin is not None
        with suppress(OSError):  # it is gone, which the listener hears
            pickle.dump(job, self._process.stdin)
            self._process.stdin.flush()

    def free(self) -> None:
        """Its job is done."""
        self.number, self.fraction = None, 0.0

    def end(self) -> None:
        """Kill it and all it started."""
        processes.kill(self._process)
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        self.last_words = lines[-1][:200] if lines else ""
        self._stderr.close()

    @property
    def exit_code(self) -> int | None:
        """How it ended: negative for a signal."""
        return self._process.returncode

    def _listen(self, heard: queue.SimpleQueue[tuple[_Member, tuple[Any, ...] | None]]) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                heard.put((self, pickle.load(self._process.stdout)))
        except (EOFError, OSError, pickle.UnpicklingError):
            heard.put((self, None))
