"""Work that can be watched: the picture that is being made, how far it is, and what is finished already.

Gradio shows what an event yields, so the work runs in a thread of its own and the event yields how it stands.
"""

from __future__ import annotations

import base64
import contextvars
import io
import threading
import time
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import cv2
import numpy as np
from PIL import Image

from deepmask.errors import Cancelled
from deepmask.faces import RGBImage
from ui.events import Updates, failure_of, shown_after
from ui.session import Session

PREVIEW_PX = 320
LEAST_PAUSE_S = 0.15
"""Between two states of the page: a browser cannot show more, and pictures cost bandwidth."""


class Stage:
    """What the work tells the page; handed to an event as its last argument."""

    def __init__(self, session: Session) -> None:
        self._session, self._ticket = session, session.begin()
        self._left = False
        self._news = threading.Event()
        self._fraction, self._message, self._picture = 0.0, "Starting", ""
        self._finished = 0
        self._ended = False
        self.extra: Updates | None = None
        self.error: Exception | None = None

    @property
    def ticket(self) -> int:
        """Of the session, for what is stopped."""
        return self._ticket

    def progress(self, fraction: float, message: str) -> None:
        """A ``Progress``; ends the work when the user has stopped it or left the page."""
        self._session.go_on(self._ticket)
        if self._left:
            raise Cancelled("The page was closed.")
        self._session.touch()
        self._fraction, self._message = fraction, message
        self._news.set()

    def preview(self, image: RGBImage) -> None:
        """A ``Preview``: what the picture looks like so far."""
        self._picture = _data_address(image)
        self._news.set()

    def finished(self) -> None:
        """One picture is done and can be shown among the others."""
        self._finished += 1
        self._picture = ""
        self._news.set()

    def html(self) -> str:
        """How the work stands."""
        seen = f'<img src="{self._picture}" alt="The picture so far">' if self._picture else ""
        percent = round(100 * min(max(self._fraction, 0.0), 1.0))
        return (
            f'<figure class="dm-live">{seen}<figcaption><span>{escape(self._message)}</span>'
            f'<div class="dm-live-bar" role="progressbar" aria-valuenow="{percent}"><i style="width:{percent}%"></i>'
            "</div></figcaption></figure>"
        )

    def perform(self, event: Callable[..., Updates | None], args: tuple[Any, ...]) -> None:
        """Run the event to its end, whatever that is."""
        try:
            self.extra = event(self._session, *args, self)
        except Exception as error:
            self.error = error
        finally:
            self._ended = True
            self._news.set()

    def states(self) -> Iterator[bool]:
        """One item for each new state until the work has ended: whether more pictures are finished than before."""
        seen = 0
        while not self._ended:
            self._news.wait()
            self._news.clear()
            now = self._finished
            yield now > seen
            seen = now
            time.sleep(LEAST_PAUSE_S)

    def leave(self) -> None:
        """Nobody looks any more: the work ends at its next step."""
        self._left = True


def live(
    show: Callable[[Session], Updates], partly: Callable[[Session], Updates], frame: Any
) -> Callable[[Callable[..., Updates | None]], Callable[..., Iterator[Updates]]]:
    """For long work with something to see: ``event(session, ..., stage)`` changes the session and tells the stage.

    Args:
        show: the whole tab, after the work.
        partly: what of it changes whenever a picture is finished.
        frame: the HTML component in which the work is watched.
    """

    def decorate(event: Callable[..., Updates | None]) -> Callable[..., Iterator[Updates]]:
        def run(session: Session, *args: Any) -> Iterator[Updates]:
            stage = Stage(session)
            session.painting = True
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(stage.perform, event, args), daemon=True)
            thread.start()
            try:
                for more in stage.states():
                    yield {frame: stage.html()} | (partly(session) if more else {})
            finally:
                stage.leave()
                thread.join()
                session.painting = False
            failure = None if stage.error is None else failure_of(stage.error, session, stage.ticket)
            yield shown_after(show, session, stage.extra, failure)
            if failure is not None:
                raise failure

        return run

    return decorate


def _data_address(image: RGBImage) -> str:
    """The picture as an address that needs no file: small, for a glance."""
    scale = PREVIEW_PX / max(image.shape[:2])
    if scale != 1:
        size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
