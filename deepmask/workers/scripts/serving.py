"""The side of a worker that speaks to Deepmask; a script beside this one names its methods and calls :func:`serve`.

Runs in an environment that has no Deepmask, so it uses the standard library only.

The protocol: one JSON object a line, UTF-8, requests on stdin and answers on what was stdout when the process began.
Stdout itself is turned to stderr before anything else is imported, so that no library's banner can spoil the protocol.
Sounds and other arrays do not travel in the lines: they are files in a folder that Deepmask made for the request.

    <- {"hello": 1, "worker": "whisperx", "versions": {"whisperx": "3.8.6"}}     once; 1 is the version of the protocol
    -> {"id": 7, "method": "transcribe", "params": {"sound": "/tmp/.../sound.npy"}}
    <- {"id": 7, "progress": 0.25, "message": "Listening"}                       any number
    <- {"id": 7, "result": {...}}                                                or one of
    <- {"id": 7, "error": "one sentence", "kind": "failed"}                      kind: failed or cancelled
    -> {"cancel": 7}                                                             any time; heeded at the next progress
    <- {"alive": true}                                                           every few seconds, whatever happens

One request is worked on at a time. When stdin closes, the process ends at once.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PROTOCOL = 1
_ALIVE_EVERY_S = 5.0
_REPORT_EVERY_S = 0.1

Report = Callable[[float, str], None]
Method = Callable[[dict[str, Any], Report], dict[str, Any]]


class Failure(Exception):
    """What a method cannot do; the message is one sentence for the user."""


class _Cancelled(BaseException):
    """Not an Exception, so that no library swallows it."""


class _Line:
    """The protocol's own pair of streams."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        self._in = os.fdopen(os.dup(0), "rb")
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        sys.stdout = sys.stderr

    def send(self, message: dict[str, Any]) -> None:
        data = memoryview((json.dumps(message) + "\n").encode())
        with self._lock:
            while data:
                data = data[self._out.write(data) or 0 :]

    def messages(self) -> Any:
        for line in self._in:
            yield json.loads(line)


def serve(name: str, packages: tuple[str, ...], methods: dict[str, Method]) -> None:
    """Answer requests until stdin closes.

    Args:
        packages: distributions whose versions are told in the greeting.
        methods: by name; each takes the request's params and a function to report progress with.
    """
    line = _Line()
    line.send({"hello": PROTOCOL, "worker": name, "versions": {package: _version(package) for package in packages}})
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    cancelled: set[int] = set()
    threading.Thread(target=_read, args=(line, requests, cancelled), daemon=True).start()
    threading.Thread(target=_stay_alive, args=(line,), daemon=True).start()
    while True:
        request = requests.get()
        line.send({"id": request["id"], **_answer(request, methods, line, cancelled)})


def _answer(
    request: dict[str, Any], methods: dict[str, Method], line: _Line, cancelled: set[int]
) -> dict[str, Any]:  # fmt: skip
    last, said = 0.0, ""

    def report(fraction: float, message: str) -> None:
        nonlocal last, said
        if request["id"] in cancelled:
            raise _Cancelled
        if message != said or time.monotonic() - last >= _REPORT_EVERY_S:
            last, said = time.monotonic(), message
            line.send({"id": request["id"], "progress": round(float(fraction), 4), "message": message})

    try:
        report(0.0, "")
        return {"result": methods[request["method"]](request["params"], report)}
    except _Cancelled:
        return {"error": "Cancelled.", "kind": "cancelled"}
    except Failure as failure:
        return {"error": str(failure), "kind": "failed"}
    except Exception as error:
        traceback.print_exc()  # Deepmask keeps the end of stderr for its log
        words = " ".join(str(error).split())[:300]
        return {"error": f"{type(error).__name__}: {words}" if words else type(error).__name__, "kind": "failed"}


def _read(line: _Line, requests: queue.SimpleQueue[dict[str, Any]], cancelled: set[int]) -> None:
    try:
        for message in line.messages():
            if "cancel" in message:
                cancelled.add(message["cancel"])
            else:
                requests.put(message)
    finally:
        os._exit(0)  # Deepmask is gone or wants us gone; nothing here is worth finishing


def _stay_alive(line: _Line) -> None:
    try:
        while True:
            time.sleep(_ALIVE_EVERY_S)
            line.send({"alive": True})
    except OSError:
        os._exit(0)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
