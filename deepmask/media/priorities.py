"""Encoders that raise their threads above everything else are brought back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")


@contextmanager
def kept_priority() -> Iterator[None]:
    """What is started within gets the priority of the thread that starts it, and that thread keeps its own.

    SVT-AV1, run as root (as in containers), gives its caller and its workers the highest real-time priority
    (``pthread_setschedparam``, SCHED_FIFO 99); whatever the program starts later inherits it, and a machine of few
    cores stands still. Only Linux has it.
    """
    if sys.platform != "linux":
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    before = _real_time()
    try:
        yield
    finally:
        for thread in _real_time() - before:
            with suppress(OSError):  # it has ended
                os.sched_setscheduler(thread, policy, parameters)


def _real_time() -> set[int]:
    """Threads of this process that come before all ordinary ones."""
    found = set()
    for thread in map(int, os.listdir(_TASKS)) if _TASKS.is_dir() else ():
        with suppress(OSError):
            if os.sched_getscheduler(thread) in (os.SCHED_FIFO, os.SCHED_RR):
                found.add(thread)
    return found
