"""How long work will still take, told behind its message; and work that waits while it is paused."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from deepmask.progress import Progress

_WINDOW_S = 45.0
"""The pace is that of so long ago until now: stretches that were done before take no time at all."""
_SURE_AFTER_S = 4.0
"""Before this nothing is said."""
_POLL_S = 0.2


def with_time_left(progress: Progress, clock: Callable[[], float] = time.monotonic) -> Progress:
    """A ``Progress`` that adds the remaining time to every message, once there is a pace to go by."""
    past: deque[tuple[float, float]] = deque()

    def report(fraction: float, message: str) -> None:
        now = clock()
        if not past or fraction > past[-1][1]:
            past.append((now, fraction))
        while len(past) > 2 and now - past[0][0] > _WINDOW_S:
            past.popleft()
        (since, before), ahead = past[0], past[-1][1] - past[0][1]
        if now - since < _SURE_AFTER_S or ahead <= 0:
            progress(fraction, message)
            return
        left = (1.0 - fraction) * (now - since) / ahead if fraction > before else 0.0
        progress(fraction, f"{message} · {in_words(left)}" if left > 0 else message)

    return report


def in_words(seconds: float) -> str:
    """A remaining time as people say it.

    >>> in_words(8), in_words(49), in_words(200), in_words(9000)
    ('a few seconds left', 'about 50 s left', 'about 3 min left', 'about 2.5 h left')
    """
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} s left"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min left"
    return f"about {round(seconds / 1800) / 2:g} h left"


def pausable(progress: Progress, paused: Callable[[], bool]) -> Progress:
    """A ``Progress`` that does not return while ``paused()`` says so; whoever stops the work stops it then, too."""

    def report(fraction: float, message: str) -> None:
        progress(fraction, message)
        while paused():
            progress(fraction, "Paused")
            time.sleep(_POLL_S)

    return report
