"""Speaks to a worker: starts it, sends requests, passes progress on, and ends it with all its children.

The protocol is stated in :mod:`deepmask.workers.scripts.serving`. A worker is started by the first request and again
after it died; it keeps its models between requests and is ended when it had nothing to do for a while.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import queue
import subprocess
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from deepmask.errors import EngineFailed, EngineMissing
from deepmask.progress import Progress, silent
from deepmask.workers import processes
from deepmask.workers.environments import environment, installed
from deepmask.workers.scripts import serving

logger = logging.getLogger(__name__)

_LONGEST_LINE = 16 * 2**20
_STDERR_LINES = 200
_TICK_S = 0.2
_KEPT = (
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA",
    "LOCALAPPDATA", "PROGRAMDATA", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "TZ",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES",
)  # fmt: skip
"""What a worker sees of our environment variables; no tokens, no proxies, nothing that Python reads."""
_SET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "PYANNOTE_METRICS_ENABLED": "0",
    "OTEL_SDK_DISABLED": "true",
    "TOKENIZERS_PARALLELISM": "false",
    "MPLBACKEND": "agg",
    "OMP_WAIT_POLICY": "passive",
    "KMP_BLOCKTIME": "0",
}


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that only this user may look into, for the files of one request; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="deepmask-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


class Worker:
    """One worker process, started when needed. Requests from several threads wait for each other."""

    def __init__(
        self,
        title: str,
        python: Path,
        script: Path,
        *,
        variables: Mapping[str, str] | None = None,
        caches: Path | None = None,
        start_s: float = 60.0,
        silence_s: float = 120.0,
        grace_s: float = 5.0,
        idle_s: float = 300.0,
    ) -> None:
        """
        Args:
            title: what people call the engine, for messages.
            python: interpreter of its environment.
            variables: further environment variables.
            caches: folder in which libraries may keep what they compile; a worker writes nowhere else.
            start_s: how long it may take to say hello.
            silence_s: how long nothing at all may be heard of it, signs of life included.
            grace_s: how long it may take to heed a cancellation before it is killed.
            idle_s: how long it is kept without work, its models in memory.
        """
        self.title = title
        self._command = [str(python), "-I", "-u", "-X", "utf8", str(script)]
        self._variables = dict(variables or {}) | _cache_variables(caches)
        self._start_s, self._silence_s, self._grace_s, self._idle_s = start_s, silence_s, grace_s, idle_s
        self._lock = threading.Lock()
        self._connection: _Connection | None = None
        self._idle: threading.Timer | None = None
        self._ids = 0
        self.versions: dict[str, str] = {}
        """Of the packages that do the work; known after the first request."""
        _all.add(self)

    def request(
        self, method: str, params: Mapping[str, Any], *, progress: Progress = silent, timeout_s: float = 3600.0
    ) -> dict[str, Any]:
        """Have a method run in the worker and wait for its result.

        Raises:
            EngineFailed: the worker said why it cannot, died, hung or spoke nonsense; the next request starts it anew.
            Cancelled: raised by ``progress``, which is asked several times a second.
        """
        with self._turn(progress):
            connection = self._connected(progress)
            self._ids += 1
            try:
                return self._converse(connection, self._ids, method, params, progress, timeout_s)
            finally:
                if not connection.healthy:
                    self._drop(connection)
                self._rest_later()

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            if self._idle:
                self._idle.cancel()
            if self._connection:
                self._drop(self._connection)

    def kill(self) -> None:
        """End the process at once, whoever waits for it."""
        if connection := self._connection:
            connection.end()

    # -- the course of a request --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _turn(self, progress: Progress) -> Iterator[None]:
        while not self._lock.acquire(timeout=_TICK_S):
            progress(0.0, f"Waiting for {self.title}")
        try:
            if self._idle:
                self._idle.cancel()
            yield
        finally:
            self._lock.release()

    def _connected(self, progress: Progress) -> _Connection:
        if self._connection and not self._connection.healthy:
            self._drop(self._connection)
        if self._connection:
            return self._connection
        connection = self._connection = _Connection(self.title, self._command, self._environment())
        try:
            greeting = self._next(
                connection, time.monotonic() + self._start_s, self._start_s, progress, (0.0, "Starting")
            )
            if greeting.get("hello") != serving.PROTOCOL:
                raise connection.failed("it is of another version")
        except BaseException:
            self._drop(connection)
            raise
        self.versions = {str(name): str(version) for name, version in dict(greeting.get("versions", {})).items()}
        return connection

    def _converse(
        self, connection: _Connection, id: int, method: str, params: Mapping[str, Any], progress: Progress,
        timeout_s: float,
    ) -> dict[str, Any]:  # fmt: skip
        connection.send({"id": id, "method": method, "params": dict(params)})
        deadline = time.monotonic() + timeout_s
        told = (0.0, f"Waiting for {self.title}")
        try:
            while True:
                message = self._next(connection, deadline, timeout_s, progress, told)
                if message.get("id") != id:
                    continue  # a sign of life
                if "result" in message:
                    return dict(message["result"])
                if "error" in message:
                    raise EngineFailed(f"{self.title} could not do this: {message['error']}")
                told = (float(message.get("progress", 0.0)), str(message.get("message") or told[1]))
        except (EngineFailed, KeyError, TypeError, ValueError) as error:
            if isinstance(error, EngineFailed):
                raise
            raise connection.failed("it gave an answer that makes no sense") from error
        except BaseException:
            self._cancel(connection, id)
            raise

    def _next(
        self, connection: _Connection, deadline: float, limit_s: float, progress: Progress, told: tuple[float, str]
    ) -> dict[str, Any]:
        """The next message, asking ``progress`` meanwhile whether to go on."""
        heard = time.monotonic()
        while True:
            progress(*told)
            message = connection.receive(_TICK_S)
            if message is not None:
                return message
            now = time.monotonic()
            if now > deadline:
                raise connection.failed(f"it took longer than {limit_s:.0f} seconds")
            if now - heard > self._silence_s:
                raise connection.failed(f"nothing was heard of it for {self._silence_s:.0f} seconds")

    def _cancel(self, connection: _Connection, id: int) -> None:
        """Ask it to stop, and kill it if it does not within the time of grace."""
        try:
            connection.send({"cancel": id})
            until = time.monotonic() + self._grace_s
            while (left := until - time.monotonic()) > 0:
                message = connection.receive(left)
                if message and message.get("id") == id and ("error" in message or "result" in message):
                    return
        except EngineFailed:
            pass  # it died of it, which is what was wanted
        connection.end()

    # -- the process --------------------------------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        threads = str(processor_count())
        counts = {name: threads for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        return kept | _SET | counts | self._variables

    def _drop(self, connection: _Connection) -> None:
        connection.end()
        if self._connection is connection:
            self._connection = None

    def _rest_later(self) -> None:
        if self._connection is None:
            return
        self._idle = threading.Timer(self._idle_s, self.close)
        self._idle.daemon = True
        self._idle.start()


class _Connection:
    """A running worker process and its three pipes."""

    def __init__(self, title: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._title = title
        try:
            self._process = processes.start(command, environment)
        except OSError as error:
            raise EngineFailed(f"{title} cannot be started ({error.strerror}); install it again.") from error
        self._messages: queue.SimpleQueue[dict[str, Any] | str] = queue.SimpleQueue()
        """What it said, in the end the reason why nothing more will come."""
        self._said: deque[str] = deque(maxlen=_STDERR_LINES)
        self._ending = threading.Lock()
        self._dead = False
        self._readers = [
            threading.Thread(target=self._read_messages, daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def healthy(self) -> bool:
        """Whether another request may be sent."""
        return not self._dead and self._process.poll() is None

    def send(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write((json.dumps(message) + "\n").encode())
            stdin.flush()
        except (OSError, ValueError) as error:
            raise self.failed(self._how_it_ended()) from error

    def receive(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message, None if there is none yet.

        Raises:
            EngineFailed: it is gone or speaks nonsense.
        """
        try:
            message = self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(message, str):
            raise self.failed(message or self._how_it_ended())
        return message

    def failed(self, what: str) -> EngineFailed:
        """Ends the process and says why; what it said last goes to the log."""
        self.end()
        if self._said:
            logger.warning("%s: %s; it said:\n%s", self._title, what, "\n".join(self._said))
        return EngineFailed(f"{self._title} was stopped: {what}. Try again, with a shorter piece if it happens again.")

    def end(self) -> None:
        """Kill the process and its children, and close the pipes; does nothing the second time."""
        with self._ending:
            if self._dead:
                return
            self._dead = True
            with contextlib.suppress(OSError):
                cast(Any, self._process.stdin).close()
            if self._process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=0.2)
            processes.kill(self._process)
        for reader, pipe in zip(self._readers, (self._process.stdout, self._process.stderr), strict=True):
            reader.join(timeout=2.0)
            if pipe and not reader.is_alive():
                pipe.close()

    def _read_messages(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        while line := stdout.readline(_LONGEST_LINE):
            try:
                message = json.loads(line)
                if not isinstance(message, dict):
                    raise ValueError("not an object")
            except ValueError:
                self._messages.put("it wrote something that is not an answer")
                return
            self._messages.put(message)
        self._messages.put("")

    def _read_stderr(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while line := stderr.readline(10_000):
            self._said.append(line.decode("utf-8", "replace").rstrip())

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        code = self._process.returncode
        if code in (-9, 137):
            return "the system ended it, most likely for lack of memory"
        return f"it ended by itself (code {code})"


def _cache_variables(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    places = {"HF_HOME": "huggingface", "TORCH_HOME": "torch", "NUMBA_CACHE_DIR": "numba", "MPLCONFIGDIR": "matplotlib"}
    return {name: str(folder / place) for name, place in places.items()} | {"XDG_CACHE_HOME": str(folder)}


_all: weakref.WeakSet[Worker] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    for worker in list(_all):
        worker.kill()


_shared: dict[Path, Worker] = {}
_sharing = threading.Lock()


def worker(name: str) -> Worker:
    """The one worker of an environment.

    Raises:
        EngineMissing: the environment is not installed; the message has the command.
    """
    row = environment(name)
    if not installed(name):
        raise EngineMissing(f"{row.title} is not installed; run: {row.command}")
    with _sharing:
        if row.folder not in _shared:
            _shared[row.folder] = Worker(row.title, row.python, row.script, caches=row.folder / "cache")
        return _shared[row.folder]


def processor_count() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(len(os.sched_getaffinity(0)), 1)
    return os.cpu_count() or 1
