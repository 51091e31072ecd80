"""Child processes in a group of their own, so that they can be ended together with everything they started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_WINDOWS = sys.platform == "win32"


def start(
    command: Sequence[str], environment: Mapping[str, str], *, stderr: int | IO[bytes] = subprocess.PIPE,
    stdin: int = subprocess.PIPE, folder: Path | None = None,
) -> subprocess.Popen[bytes]:  # fmt: skip
    """A process with pipes, at the head of a new group."""
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        list(command),
        env=dict(environment),
        cwd=folder,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=not _WINDOWS,
        creationflags=flags if _WINDOWS else 0,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process made by :func:`start` and all it started, at once; returns when it is gone."""
    if _WINDOWS:
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()
