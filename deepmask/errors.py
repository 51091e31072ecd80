"""Everything that can go wrong, in one tree.

    DeepmaskError                 one clear sentence that names the remedy
    ├── InputError                what the user gave cannot be used
    │   ├── MediaError            a file that is not, or no longer, a picture, clip or sound we read
    │   ├── PlanError             a plan of another medium, of a newer schema, or broken
    │   └── UnknownName           a persona, person, engine or style that does not exist
    ├── VaultError                the vault cannot be read or written
    ├── WeightsError              weights cannot be fetched, brought along or checked
    ├── EngineError
    │   ├── EngineMissing         packages or weights are absent; the message has the command that brings them
    │   └── EngineFailed          the engine ran and could not do this one thing (a plainer one takes over)
    └── Cancelled                 the user stopped the work

The command line prints the message and exits with 2, the app shows it as ``gr.Error``.
"""

import shutil
import sys
from pathlib import Path


class DeepmaskError(Exception):
    """Root of all errors a user may see. The message is one sentence that names the remedy."""


class InputError(DeepmaskError):
    """What the user gave cannot be used."""


class MediaError(InputError):
    """A file that is not a picture, clip or sound that can be read, or one that is damaged."""


class PlanError(InputError):
    """A plan that belongs to another medium, was written by a newer version, or is broken."""


class UnknownName(InputError):
    """A name that does not exist; the message lists those that do."""

    @classmethod
    def of(cls, what: str, name: str, known: list[str]) -> "UnknownName":
        """Error for ``name``, listing the ``known`` ones."""
        listed = ", ".join(sorted(known)) or "none yet"
        return cls(f"There is no {what} named {name!r}; known: {listed}.")


class VaultError(DeepmaskError):
    """The vault cannot be read or written."""


class WeightsError(DeepmaskError):
    """Weights that cannot be fetched, brought along or checked."""


class EngineError(DeepmaskError):
    """An engine cannot be used."""


class EngineMissing(EngineError):
    """An engine whose packages or weights are absent."""


class EngineFailed(EngineError):
    """An engine that could not do this one thing; the caller falls back to a plainer one."""


class Cancelled(DeepmaskError):
    """The user stopped the work; nothing was written."""


def own_pip(command: str) -> str:
    """A command as a remedy: 'pip' is that of the Python that runs this, even where the user's shell finds another."""
    found = shutil.which("pip")
    ours = found is not None and Path(found).parent == Path(sys.executable).parent
    if ours or not command.startswith("pip "):
        return command
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m {command}"
