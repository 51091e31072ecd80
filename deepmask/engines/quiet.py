"""Native libraries write their start-up notices straight to file descriptor 2, past every Python logger."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def native_stderr_muted() -> Iterator[None]:
    """Discard what native code writes to stderr inside the block.

    The descriptor belongs to the whole process, so wrap only the building of a model and its first run, never work.
    Python exceptions pass through as usual.
    """
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (OSError, AttributeError, ValueError):  # a process without stderr, such as a windowed program
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
