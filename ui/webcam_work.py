"""What the Webcam tab does with the pictures of a camera; knows no widget.

A page starts, gets a ticket that nobody can guess, and sends one picture after the other with it. Pictures come and go
in memory: nothing is written, and what is not asked for any more is forgotten.
"""

from __future__ import annotations

import base64
import io
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from deepmask.errors import DeepmaskError, InputError
from deepmask.faces import RGBImage
from deepmask.persona import Persona
from deepmask.vault import Vault
from pipelines.live import LiveMask
from ui.choices import EVERYBODY, MASKS, Choice, to_decision

MOST_CAMERAS = 4
"""More would share one lock until none of them moves."""
IDLE_S = 20.0
"""A camera that sends nothing for so long has been closed."""
MOST_CHARACTERS = 6_000_000
MOST_PX = 1920
QUALITY = 82
"""Of the JPEG pictures that go back."""
PREFIX = "data:image/jpeg;base64,"

UNKNOWN = "The camera was stopped here; start it again."


@dataclass
class Camera:
    """One page's camera."""

    live: LiveMask
    used_at: float = field(default_factory=time.monotonic)
    problem: str = ""
    """Why its masks cannot be drawn."""


class WebcamWork:
    """The Webcam tab's verbs, for all pages of an app."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._cameras: dict[str, Camera] = {}
        self._lock = threading.Lock()

    def start(self, value: str) -> str:
        """A ticket for pictures that are masked as ``value`` of :func:`who_choices` says.

        Raises:
            UnknownName: the persona was removed meanwhile.
            InputError: too many cameras are in use.
        """
        camera = Camera(self._mask(value))
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._forget_idle()
            if len(self._cameras) >= MOST_CAMERAS:
                raise InputError(f"{MOST_CAMERAS} cameras are in use already; stop one of them first.")
            self._cameras[ticket] = camera
        self._prepare(camera)
        return ticket

    def change(self, ticket: str, value: str) -> None:
        """Mask the pictures of a camera that is in use in another way; until that is ready they are covered."""
        mask = self._mask(value)
        with self._lock:
            camera = self._cameras.get(ticket)
        if camera is not None:
            camera.live, camera.problem = mask, ""
            self._prepare(camera)

    def stop(self, ticket: str) -> None:
        """Forget a camera."""
        with self._lock:
            self._cameras.pop(ticket, None)

    def frame(self, data: Any) -> dict[str, str | int]:
        """One picture: ``{"ticket", "picture"}`` with a JPEG as a data address.

        Returns:
            ``picture``, ``faces`` and ``covered`` (why it is covered as a whole, or empty); or ``ended`` with a
            sentence. Whatever happens, no picture comes back that was not masked or covered.
        """
        ticket, picture = (data.get(name) if isinstance(data, dict) else None for name in ("ticket", "picture"))
        with self._lock:
            camera = self._cameras.get(ticket) if isinstance(ticket, str) else None
        if camera is None:
            return {"ended": UNKNOWN}
        if camera.problem:
            return {"ended": camera.problem}
        try:
            rgb = _decoded(picture)
        except InputError as error:
            return {"ended": str(error)}
        camera.used_at = time.monotonic()
        shown = camera.live.mask(rgb, camera.used_at)
        return {"picture": _encoded(shown.rgb), "faces": shown.faces, "covered": shown.covered}

    def _mask(self, value: str) -> LiveMask:
        decision = to_decision(value)
        if decision.action == "keep":
            raise InputError("A live picture is always masked; choose a persona or a cover.")
        persona = None if decision.persona is None else self._vault.persona(decision.persona)
        return LiveMask(decision.action, persona)

    @staticmethod
    def _prepare(camera: Camera) -> None:
        live = camera.live

        def work() -> None:
            try:
                live.prepare()
            except DeepmaskError as error:
                camera.problem = str(error)

        threading.Thread(target=work).start()  # no daemon: native libraries abort when they are killed while loading

    def _forget_idle(self) -> None:
        now = time.monotonic()
        self._cameras = {t: c for t, c in self._cameras.items() if now - c.used_at < IDLE_S}


def who_choices(personas: Sequence[Persona]) -> list[Choice]:
    """What everybody in the picture can become, the latest persona first."""
    masks = [(words, str(action)) for action, words in MASKS.items()]
    return [*((f"Everybody becomes {p.name}", EVERYBODY + p.id) for p in reversed(personas)), *masks]


def _decoded(picture: Any) -> RGBImage:
    if not isinstance(picture, str) or not picture.startswith(PREFIX) or len(picture) > MOST_CHARACTERS:
        raise InputError("The camera's picture cannot be used; reload the page and start again.")
    try:
        with Image.open(io.BytesIO(base64.b64decode(picture[len(PREFIX) :], validate=True)), formats=["JPEG"]) as image:
            if max(image.size) > MOST_PX:
                raise InputError(f"The camera's picture is larger than {MOST_PX} px; choose less detail.")
            return np.asarray(image.convert("RGB"))
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError("The camera's picture is damaged; reload the page and start again.") from error


def _encoded(rgb: RGBImage) -> str:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=QUALITY)
    return PREFIX + base64.b64encode(buffer.getvalue()).decode()
