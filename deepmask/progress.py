"""How long work reports on itself, and how it is stopped.

A ``Progress`` is any callable ``progress(fraction, message)`` with ``fraction`` in 0..1. To cancel, the callable
raises :class:`deepmask.errors.Cancelled`; long loops therefore call it often and hold nothing half-written.
"""

from collections.abc import Callable

Progress = Callable[[float, str], None]


def silent(fraction: float, message: str) -> None:
    """The default: say nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """A ``Progress`` for a step that takes the share ``start..stop`` of the whole."""

    def inner(fraction: float, message: str) -> None:
        progress(start + (stop - start) * fraction, message)

    return inner
