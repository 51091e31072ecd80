"""What the doctor looks at: each check is one line with a state, what was found, and the command that helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepmask.errors import own_pip

State = Literal["ok", "note", "broken"]
"""note: good to know; what is optional and absent. broken: something needed does not work."""


@dataclass(frozen=True)
class Check:
    """One line of the doctor's findings."""

    subject: str
    state: State
    detail: str
    remedy: str = ""


_LIBRARIES = {
    "libGL.so": "apt-get install libgl1",
    "libglib-2.0": "apt-get install libglib2.0-0",
    "libgthread-2.0": "apt-get install libglib2.0-0",
    "libEGL": "apt-get install libegl1",
    "libGLESv2": "apt-get install libgles2",
    "libfontconfig": "apt-get install libfontconfig1",
    "libsndfile": "apt-get install libsndfile1",
    "libportaudio": "apt-get install libportaudio2",
}


def first_line(error: BaseException) -> str:
    """What an exception says, in one line without a full stop."""
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".")


def remedy_for(error: BaseException) -> str:
    """The command that brings a missing system library or package, on Debian and Ubuntu."""
    text = str(error)
    for library, install in _LIBRARIES.items():
        if library in text:
            return f"Run (Debian, Ubuntu): {install}"
    return f"Run: {own_pip('pip install --force-reinstall deepmask')}" if isinstance(error, ImportError) else ""
