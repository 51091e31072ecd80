"""Stretches shared out to the machines of a Ray cluster.

The machines need not share a file system: the bytes of a stretch travel with its job, results come back and are kept
here. On every machine Deepmask is installed, of the same version; nothing is installed or uploaded by Ray.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from deepmask import engines
from deepmask.errors import DeepmaskError, EngineMissing, InputError, own_pip
from deepmask.files import write_bytes
from deepmask.progress import Progress, silent
from pipelines.video import keeping
from pipelines.video.cores import memory_bytes
from pipelines.video.drawing import Drawn
from pipelines.video.looking import Glimpse
from pipelines.video.outlining import Shapes
from pipelines.video.pieces import Cutter, Piece
from pipelines.video.sharing import DrawJob, Job, LookJob, OutlineJob, T, described, in_order

SAME = ("deepmask", "av", "numpy", "opencv-python", "onnxruntime", "mediapipe", "numba", "scipy", "skia-python")
"""Packages on which the bits of a result depend; their versions are the same on all machines."""

_FOLDERS = "deepmask-stretch-"
"""How the names of temporary folders on the machines begin."""
_TICK_S = 0.2
_PROBE_S = 120
_SWEEP_S = 10
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""No statistics for Ray's makers, no upload of the working folder, no warning about graphics cards."""


class Cluster:
    """The machines of a Ray cluster.

    Args:
        address: as Ray takes it: 'auto' or 'host:6379', to whose cluster this machine belongs; 'local' starts one here.
        count: how many stretches are worked on at a time at most; None for as many as the cluster has cores.

    Raises:
        InputError: fewer than one.
        EngineMissing: Ray is not installed.
    """

    def __init__(self, address: str, count: int | None = None) -> None:
        if count is not None and count < 1:
            raise InputError(f"At least 1 stretch is worked on at a time, not {count}; leave the number out for all.")
        if importlib.util.find_spec("ray") is None:
            command = own_pip("pip install 'deepmask[cluster]'")
            raise EngineMissing(f"A cluster needs Ray; run: {command}")
        self._address, self._count = address, count

    def glimpses(self, jobs: Sequence[LookJob], *, progress: Progress = silent) -> Iterator[Glimpse]:
        """What is seen in each stretch, in their order."""
        return in_order(jobs, self._finished, progress)

    def outlines(self, jobs: Sequence[OutlineJob], *, progress: Progress = silent) -> Iterator[Shapes]:
        """Who is seen from head to foot in each stretch, in their order."""
        return in_order(jobs, self._finished, progress)

    def drawings(self, jobs: Sequence[DrawJob], *, progress: Progress = silent) -> Iterator[Drawn]:
        """How each stretch was drawn, in their order; the segments are on this machine then."""
        return in_order(jobs, self._finished, progress)

    def _finished(self, jobs: Sequence[Job[T]], progress: Progress) -> Generator[tuple[int, T]]:
        if not jobs:
            return
        progress(0.0, "Connecting to the cluster")
        with _connected(self._address, self._count) as ray:
            machines = _machines(ray)
            _check(ray, machines, _needed(jobs))
            yield from _Run(ray, machines, jobs, self._count).finished(progress)


# -- the cluster ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _connected(address: str, count: int | None) -> Iterator[Any]:
    """Ray's module, connected; a connection that was there before is used, and left."""
    os.environ.update(QUIET)
    import ray  # pyright: ignore[reportMissingImports]

    if ray.is_initialized():
        yield ray
        return
    own: dict[str, Any] = {"include_dashboard": False, "num_cpus": count} if address == "local" else {}
    try:
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **own)
    except (ConnectionError, OSError, RuntimeError, ValueError, ImportError, AssertionError) as error:
        raise DeepmaskError(
            f"The Ray cluster {address!r} cannot be used ({_first_line(error)}); start it with 'ray start --head' on "
            "one machine and 'ray start --address=HOST:6379' on the others, this one included, or name 'local'."
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


@dataclass(frozen=True)
class _Machine:
    name: str
    cores: int
    memory_bytes: int
    steward: Any
    """A process there that is ready to call something while the others work: ``steward.call.remote(work, *given)``."""


def _machines(ray: Any) -> list[_Machine]:
    """Those that work."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On  # pyright: ignore[reportMissingImports]

    class Steward:  # travels with its code, since the machine may lack ours
        def call(self, work: Callable[..., Any], *given: Any) -> Any:
            return work(*given)

    actor = ray.remote(num_cpus=0)(Steward)
    found = []
    for node in ray.nodes():
        cores = int(node["Resources"].get("CPU", 0))
        if node["Alive"] and cores:
            name = node.get("NodeManagerHostname") or node.get("NodeManagerAddress", "?")
            steward = actor.options(scheduling_strategy=On(node["NodeID"], soft=False)).remote()
            found.append(_Machine(name, cores, int(node["Resources"].get("memory", 0)), steward))
    if not found:
        raise DeepmaskError("The Ray cluster has no machine with processor cores; start one with 'ray start'.")
    return found


def _needed(jobs: Sequence[Job[Any]]) -> list[tuple[engines.Kind, str]]:
    """Engines that the jobs use."""
    needed: dict[tuple[engines.Kind, str], None] = {}
    for job in jobs:
        if isinstance(job, LookJob):
            needed["face_finder", job.finder] = None
        elif isinstance(job, OutlineJob):
            needed |= {("person_segmenter", job.segmenter): None, ("body_masker", "silhouette"): None}
        elif isinstance(job, DrawJob):
            needed |= {("body_masker", figure.cover): None for figure in job.figures if figure.cover is not None}
            needed |= {("tagger", "auto"): None} if job.tag is not None else {}
            needed |= {("face_landmarker", "auto"): None} if any(mask.rungs for mask in job.masks) else {}
            needed |= {("face_swapper", rung.engine): None for mask in job.masks for rung in mask.rungs}
    return list(needed)


def _versions() -> dict[str, str]:
    versions = {}
    for name in SAME:
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def _check(ray: Any, machines: Sequence[_Machine], needed: Sequence[tuple[engines.Kind, str]]) -> None:
    """Raise one sentence unless every machine has the same versions and the engines that are needed."""

    def probe(names: Sequence[str], needed: Sequence[tuple[Any, str]]) -> tuple[dict[str, str], list[str]]:
        from importlib import metadata

        versions = {}
        for name in names:
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
        if "deepmask" not in versions:
            return versions, []
        from deepmask import engines, errors

        missing = []
        for kind, name in needed:
            try:
                engines.choose(kind, name)
            except errors.DeepmaskError as error:
                missing.append(str(error))
        return versions, missing

    ours = _versions()
    questions = [machine.steward.call.remote(probe, SAME, list(needed)) for machine in machines]
    for machine, asked in zip(machines, questions, strict=True):
        try:
            theirs, missing = ray.get(asked, timeout=_PROBE_S)
        except ray.exceptions.RayError as error:
            raise DeepmaskError(
                f"The machine {machine.name} of the cluster does not answer ({_first_line(error)}); look at it with "
                "'ray status', and take it out of the cluster or start it again."
            ) from error
        for name, wanted in ours.items():
            if theirs.get(name) != wanted:
                raise DeepmaskError(
                    f"The machine {machine.name} of the cluster has {name} {theirs.get(name, 'not installed')}, this "
                    f"one {wanted}; install the same Deepmask there, with the same constraints.txt."
                )
        if missing:
            raise EngineMissing(f"On the machine {machine.name} of the cluster: {missing[0]}")


# -- the work ---------------------------------------------------------------------------------------------------------


class _Run:
    """The jobs of one call on the cluster."""

    def __init__(self, ray: Any, machines: Sequence[_Machine], jobs: Sequence[Job[Any]], count: int | None) -> None:
        self._ray, self._machines, self._jobs = ray, machines, jobs
        cores = sum(machine.cores for machine in machines)
        self._most = count or cores + len(machines)  # one waits on each machine, so that none is idle
        memory = min(memory_bytes(jobs[0].clip), *(machine.memory_bytes for machine in machines))
        self._task = ray.remote(num_cpus=1, max_retries=1, memory=memory)(_done_there)
        self._cutter = Cutter(jobs[0].clip)
        self._whole: Any = None

    def finished(self, progress: Progress) -> Generator[tuple[int, Any]]:
        """Numbers of jobs and their results, as they come."""
        left, under_way = deque(range(len(self._jobs))), {}
        clean = False
        try:
            while left or under_way:
                done = 1 - (len(left) + len(under_way)) / len(self._jobs)
                progress(done, f"{len(self._machines)} machines at work")
                if left and len(under_way) < self._most:
                    number = left.popleft()
                    under_way[self._sent(self._jobs[number])] = number
                    if left and len(under_way) < self._most:
                        continue
                ready, _ = self._ray.wait(list(under_way), timeout=_TICK_S)
                for task in ready:
                    number = under_way.pop(task)
                    yield number, self._received(self._jobs[number], task)
            clean = True
        finally:
            if not clean:
                self._stop(list(under_way))

    def _sent(self, job: Job[Any]) -> Any:
        """The job under way on some machine."""
        piece = self._cutter.piece(job.begins, job.end)
        if piece is None and self._whole is None:
            self._whole = self._ray.put(self._cutter.whole())
        return self._task.remote(_travelling(job), self._whole if piece is None else piece)

    def _received(self, job: Job[Any], task: Any) -> Any:
        """The result, which is kept here now."""
        try:
            result, segment = self._ray.get(task)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, DeepmaskError):
                raise error.cause from error
            raise DeepmaskError(
                f"The cluster failed on {described(job)} ({_first_line(error.cause)}); try without --cluster."
            ) from error
        except self._ray.exceptions.RayError as error:
            raise DeepmaskError(
                f"The cluster died on {described(job)} twice ({type(error).__name__}); memory may be short there: try "
                "fewer workers, or look at it with 'ray status'."
            ) from error
        if isinstance(job, DrawJob):
            write_bytes(job.path, segment)
            keeping.write_drawn(job.path, result)
        elif isinstance(job, OutlineJob):
            keeping.write_shapes(job.path, result)
        else:
            keeping.write_glimpse(job.path, result)
        return result

    def _stop(self, tasks: Sequence[Any]) -> None:
        """Kill what is under way, and leave nothing of it."""
        with contextlib.suppress(self._ray.exceptions.RayError):
            for task in tasks:
                self._ray.cancel(task, force=True)
            self._ray.wait(list(tasks), num_returns=len(tasks), timeout=_SWEEP_S) if tasks else None
            sweeps = [machine.steward.call.remote(sweep) for machine in self._machines]
            self._ray.wait(sweeps, num_returns=len(sweeps), timeout=_SWEEP_S)


def _travelling(job: Any) -> Any:
    """A job without the folders of this machine."""
    return replace(job, clip=job.clip.at(Path(job.clip.path.name)), path=Path(job.path.name))


def _done_there(job: Any, piece: Piece) -> tuple[Any, bytes]:
    """Do a job on a machine of the cluster: its result, and the segment if there is one."""
    import cv2

    cv2.setNumThreads(1)
    sweep()
    with own_folder() as folder, piece.placed(folder / job.clip.path.name) as source:
        here = replace(job, clip=job.clip.at(source), path=folder / "kept" / job.path.name)
        result = here.run()
        return result, here.path.read_bytes() if isinstance(job, DrawJob) else b""


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """A temporary folder, locked: :func:`sweep` removes those that nobody holds any more."""
    while True:
        with (
            tempfile.TemporaryDirectory(prefix=_FOLDERS, ignore_cleanup_errors=True) as name,
            _locked(Path(name)) as got,
        ):
            if got and Path(name).is_dir():
                yield Path(name)
                return


def sweep() -> None:
    """Remove what killed processes left in this machine's temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*"):
        with _locked(folder) as got:
            if got:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold a folder's lock, which a process loses when it ends; False if another one has it."""
    import fcntl

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # gone, or somebody else's
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        got = True
    except OSError:
        got = False
    try:
        yield got
    finally:
        os.close(handle)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
