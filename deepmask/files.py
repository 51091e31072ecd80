"""Files that are either whole or not there: written beside the target, then moved over it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from deepmask.errors import DeepmaskError


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A binary file that becomes ``path`` only if the block ends without an error.

    Args:
        mode: permissions, less what the user's umask takes away.

    Raises:
        DeepmaskError: one sentence when the place cannot be written (full disk, no permission, no such folder).
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{temporary_prefix(path)}{secrets.token_hex(6)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        temporary = beside
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise DeepmaskError(_sentence(path, error)) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


@contextlib.contextmanager
def placing(path: Path) -> Iterator[Path]:
    """The name of a file that becomes ``path`` only if the block ends without an error: :func:`replacing` for libraries
    that open files themselves.

    Raises:
        DeepmaskError: one sentence when the place cannot be written (full disk, no permission, no such folder).
    """
    beside = path.with_name(f"{temporary_prefix(path)}{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise DeepmaskError(_sentence(path, error)) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


@contextlib.contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """A private folder beside ``target`` for what is on the way to it; removed with all its files at the end.

    Beside it there is room for large files, which a system's temporary folder need not have, and a finished one is
    moved in no time.

    Raises:
        DeepmaskError: one sentence when the place cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".deepmask-", dir=target.parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise DeepmaskError(_sentence(target, error)) from error
    with folder as name:
        yield Path(name)


def move(source: Path, target: Path) -> None:
    """Make a finished file ``target``, which is replaced.

    Between two disks it is copied to one hidden name beside ``target`` first. Who was killed there finds that piece
    replaced by the next try.

    Raises:
        DeepmaskError: one sentence when the place cannot be written.
    """
    beside = target.with_name(f"{temporary_prefix(target)}part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.replace(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            shutil.copyfile(source, beside)
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(beside, target)
            source.unlink()
    except OSError as error:
        raise DeepmaskError(_sentence(target, error)) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


class Hold:
    """Says that a folder is in use, until the object is gone or the process ends, however it ends.

    Several hold one folder at a time. Where a system knows no such locks, nobody is ever alone.
    """

    def __init__(self, folder: Path) -> None:
        self.was_alone = False
        """Whether nobody else held the folder in the moment this one began to."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        self._file = (folder / "lock").open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.was_alone = True
        except OSError:
            pass
        with contextlib.suppress(OSError):  # a disk without locks
            fcntl.flock(self._file, fcntl.LOCK_SH)


def temporary_prefix(path: Path) -> str:
    """How the names of files begin that are on their way to become ``path``; they lie beside it."""
    return f".{path.name[:40]}."


def write_bytes(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Atomically write ``data`` to ``path``."""
    with replacing(path, mode=mode) as file:
        file.write(data)


def write_text(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Atomically write UTF-8 ``text`` to ``path``."""
    write_bytes(path, text.encode("utf-8"), mode=mode)


def _sentence(path: Path, error: OSError) -> str:
    reasons: dict[int | None, Callable[[], str]] = {
        errno.ENOSPC: lambda: f"The disk of {path.parent} is full; free some space and try again.",
        errno.EACCES: lambda: f"{path.parent} may not be written to; choose another folder.",
        errno.EROFS: lambda: f"{path.parent} is read-only; choose another folder.",
        errno.EPERM: lambda: f"{path.parent} may not be written to; choose another folder.",
        errno.ENOTDIR: lambda: f"{path.parent} is not a folder; choose another place.",
        errno.EISDIR: lambda: f"{path} is a folder; name a file.",
    }
    fallback = lambda: f"{path} cannot be written ({error.strerror}); choose another place."  # noqa: E731
    return reasons.get(error.errno, fallback)()
