"""What all events of the app share: errors become one calm sentence, work shows progress and can be stopped."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import gradio as gr

from deepmask.errors import Cancelled, DeepmaskError
from deepmask.progress import Progress
from ui.session import Session

log = logging.getLogger("deepmask.app")

UNEXPECTED = "Something went wrong that should not have; nothing was changed. The terminal has the details."

BAR = gr.Progress()
"""Default of an event's last argument, through which Gradio hands in the page's bar."""

Updates = dict[Any, Any]
"""Component → what it shows from now on."""


def progress_of(session: Session, bar: gr.Progress) -> Progress:
    """A ``Progress`` that moves the page's bar and ends the work when the user stops it."""
    ticket = session.begin()

    def report(fraction: float, message: str) -> None:
        session.go_on(ticket)
        bar(fraction, desc=message)

    return report


def guarded(event: Callable[..., Any]) -> Callable[..., Any]:
    """Turn errors of an event into a sentence for the user."""

    @functools.wraps(event)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        try:
            return event(*args, **kwargs)
        except Exception as error:
            raise for_users(error) from None

    return quiet


def worker(
    show: Callable[[Session], Updates],
) -> Callable[[Callable[..., Updates | None]], Callable[..., Iterator[Updates]]]:
    """For long work: ``event(session, ..., bar)`` changes the session, ``show`` says what the page looks like after it.

    The page is shown as it is afterwards even if the work failed or was stopped; what the event returns is shown on
    top if it succeeded: forms that are done with are emptied so.
    """

    def decorate(event: Callable[..., Updates | None]) -> Callable[..., Iterator[Updates]]:
        @functools.wraps(event)
        def run(session: Session, *args: Any, **kwargs: Any) -> Iterator[Updates]:
            ticket, failure = session.begin(), None
            extra: Updates | None = None
            try:
                extra = event(session, *args, **kwargs)
            except Exception as error:
                failure = failure_of(error, session, ticket)
            yield shown_after(show, session, extra, failure)
            if failure is not None:
                raise failure

        return run

    return decorate


def failure_of(error: Exception, session: Session, ticket: int) -> gr.Error | None:
    """What to tell the user after work has ended with an error; None when they stopped it, which is said here."""
    if isinstance(error, Cancelled) or session.stopped(ticket):
        gr.Info("Stopped; what was finished before is kept.", duration=5)
        return None
    return for_users(error)


def shown_after(
    show: Callable[[Session], Updates], session: Session, extra: Updates | None, failure: gr.Error | None
) -> Updates:
    """The page after work, with what the event adds to it."""
    try:
        return show(session) | (extra or {})
    except Exception as error:
        raise for_users(failure or error) from None


def for_users(error: Exception) -> gr.Error:
    """The error as one calm sentence; what nobody expected goes to the log."""
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, DeepmaskError):
        words = escape(str(error), quote=False)  # the page shows it as HTML, and names of others are in it
        return gr.Error(words, duration=12, print_exception=False)
    log.error("Unexpected error in the app", exc_info=error)
    return gr.Error(UNEXPECTED, duration=12, print_exception=False)
