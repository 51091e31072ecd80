"""What several commands need: progress on a terminal, careful outputs, and the user's photos, vault and roster."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from deepmask.config import Settings
from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.printable import printable
from deepmask.progress import Progress, silent
from deepmask.roster import Roster, is_encrypted
from deepmask.vault import Vault

PASSPHRASE = "DEEPMASK_PASSPHRASE"
"""Environment variable with the passphrase of the roster."""

_IMPLIED = "deepmask.default_command"

existing = click.Path(path_type=Path)
"""A path that we open ourselves, because our sentences are better than click's."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
provenance_option = click.option(
    "--provenance/--no-provenance",
    default=None,
    help="Whether results carry a tag and content credentials that say that they are masked.  [default: they do]",
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that exist.")


class ByDefault(click.Group):
    """Takes the arguments for its command ``default`` when the first one is not a command."""

    def __init__(self, *args: Any, default: str, usage: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._default, self._usage = default, usage

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [self._default, *args]
            ctx.meta[_IMPLIED] = True
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if ctx.meta.get(_IMPLIED):  # what was not typed is not shown as how to type it
                error.ctx = ctx
            raise

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [self._usage]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        default = self.commands[self._default]
        default.format_options(click.Context(default, parent=ctx), formatter)
        self.format_commands(ctx, formatter)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A ``Progress`` that draws one line on stderr if that is a terminal, and is silent otherwise."""
    if not sys.stderr.isatty():
        yield silent
        return

    def draw(fraction: float, message: str) -> None:
        filled = round(24 * min(max(fraction, 0.0), 1.0))
        line = f"{'█' * filled}{'░' * (24 - filled)} {fraction:4.0%}  {printable(message)}"
        sys.stderr.write(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}")
        sys.stderr.flush()

    try:
        yield draw
    finally:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()


def say(*lines: str, err: bool = False) -> None:
    """Print lines, each as one and without what strangers may have put into names and words to drive a terminal."""
    for line in lines:
        click.echo(printable(line), err=err)


def print_json(data: Any) -> None:
    """JSON on stdout; what would drive a terminal is escaped, so that a program reads it as it was."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    click.echo("\n".join("".join(map(_escaped, line)) for line in text.split("\n")))


def _escaped(character: str) -> str:
    """As JSON has it within strings: what cannot be printed as \\u...."""
    return character if printable(character) or character == " " else json.dumps(character)[1:-1]


def refuse_existing(paths: Iterable[Path | None], overwrite: bool) -> None:
    """Nothing that exists is replaced unless the user said so; called before any work begins.

    Raises:
        InputError: one of ``paths`` exists.
    """
    for path in paths:
        if path is not None and not overwrite and (path.exists() or path.is_symlink()):
            raise InputError(f"{path} exists already; choose another name or add --overwrite.")


def read_photo(path: Path) -> Photo:
    """The photo of a file, within the size the user allows."""
    return Photo.open(path, max_megapixels=Settings.load().max_megapixels)


def open_roster(vault: Vault) -> Roster:
    """The roster; asks for its passphrase when it is encrypted and the environment does not have it."""
    passphrase = os.environ.get(PASSPHRASE)
    if passphrase is None and is_encrypted(vault.folder) and sys.stdin.isatty():
        passphrase = click.prompt("Passphrase of the roster", hide_input=True, err=True)
    return Roster.load(vault.folder, passphrase)


def table(rows: Iterable[tuple[str, ...]], *, wrap: bool = False) -> str:
    """``rows`` as text in aligned columns; ``wrap`` breaks the last column where the terminal ends."""
    rows = [tuple(printable(cell) for cell in row) for row in rows]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))] if rows else []
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    if wrap and rows:
        lines = [fill(line, sum(widths[:-1]) + 2 * len(widths[:-1])) for line in lines]
    return "\n".join(lines)


def fill(line: str, indent: int) -> str:
    """``line`` within the terminal's width, words kept whole; as it is where no terminal has a width."""
    columns = shutil.get_terminal_size((0, 0)).columns
    if not columns:
        return line
    width = max(columns, indent + 24)
    return textwrap.fill(
        line, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False,
        replace_whitespace=False,
    )  # fmt: skip
