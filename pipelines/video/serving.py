"""A process that does stretches for :class:`pipelines.video.cores.Cores`: jobs come in, results go out, both pickled.

Started as ``python -m pipelines.video.serving``. It works on one core, and ends with its parent, however that ends:
then there is nothing more to be read from standard input.

    → a job
    ← ('told', fraction, message)    while it is worked on
    ← ('done', result)  or  ('failed', exception)
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
import time
from typing import Any, BinaryIO

import cv2

from deepmask.progress import Progress
from pipelines.video.sharing import Job

_TELL_EVERY_S = 0.1


def main() -> None:
    """Do jobs until there are no more."""
    cv2.setNumThreads(1)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    jobs: queue.SimpleQueue[Job[Any]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(jobs,), daemon=True).start()
    while True:
        _send(answers, *_outcome(jobs.get(), _telling(answers)))


def _receive(jobs: queue.SimpleQueue[Job[Any]]) -> None:
    try:
        while True:
            jobs.put(pickle.load(sys.stdin.buffer))
    finally:  # the parent is gone, or speaks another language: whatever is being done, nobody wants it
        os._exit(0)


def _outcome(job: Job[Any], progress: Progress) -> tuple[str, Any]:
    try:
        return "done", job.run(progress)
    except Exception as error:  # raised again by the parent
        return "failed", _sendable(error)


def _sendable(error: Exception) -> Exception:
    """The exception, or its name and words where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # an exception's own pickling may do anything
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _telling(answers: BinaryIO) -> Progress:
    told_at = 0.0

    def tell(fraction: float, message: str) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > _TELL_EVERY_S:
            told_at = time.monotonic()
            _send(answers, "told", fraction, message)

    return tell


def _send(answers: BinaryIO, *answer: Any) -> None:
    pickle.dump(answer, answers)
    answers.flush()


if __name__ == "__main__":
    main()
