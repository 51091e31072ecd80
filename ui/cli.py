"""The command line: ``deepmask COMMAND``.

Each command lives in its own module, imported only when the command runs, so that ``deepmask --help`` answers at once.

Exit codes: 0 done; 1 ``doctor`` or ``weights verify`` found something broken; 2 bad input or usage; 3 a face would
still be recognisable, or ``detect`` found a fake; 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence

import click

from deepmask import __version__
from deepmask.errors import DeepmaskError
from deepmask.printable import printable

EXIT_BAD_INPUT = 2
EXIT_STOPPED = 130

COMMANDS = {
    "avatar": "Paint personas from a prompt.",
    "personas": "List, show, vary, import, export and remove personas.",
    "people": "Say who gets which persona in your photos.",
    "photo": "Mask the faces of photos.",
    "video": "Mask the faces and voices of videos.",
    "body": "Cover, remove or exchange people in photos.",
    "voice": "Mask the voices of recordings.",
    "seal": "Sign photos in their own pixels, so that changes can be told.",
    "verify": "Say who sealed photos and what was changed since.",
    "restore": "Take the seal out of a photo, bit for bit.",
    "tag": "Give photos and videos an id that outlasts what happens to them.",
    "read-tag": "Read the tags of photos and videos.",
    "cloak": "Change photos a little, so that networks see somebody else.",
    "detect": "Find faked pixels in photos and videos.",
    "key": "Your signing key, and the public keys of people you know.",
    "app": "Open the app in the browser.",
    "demo": "Mask a sample photo with a painted persona.",
    "engines": "List the engines and what they need.",
    "weights": "List, get, check, import and remove the weights of neural engines.",
    "doctor": "Check that everything works on this machine.",
}
"""Command → one line of help. ``ui.commands.NAME`` holds a click command called ``command``."""


class _Lazy(click.Group):
    """A group that imports a command when it is run, not when it is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"ui.commands.{cmd_name.replace('-', '_')}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="deepmask")
def cli() -> None:
    """A virtual persona instead of your own face and voice, made and kept on your own machine.

    \b
    deepmask avatar "a good young indian office employee, black hair, male" --seed 7 --name Maya
    deepmask photo party.jpg -o masked.jpg --persona Maya
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # names and arrows must not fail where the output is not Unicode
    try:
        code = cli.main(arguments, prog_name="deepmask", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        click.echo("\n".join(map(printable, text.getvalue().splitlines())), err=True)
        return error.exit_code
    except click.Abort as stop:
        click.echo(str(stop) or "Stopped; nothing half-written is left behind.", err=True)
        return EXIT_STOPPED
    except DeepmaskError as error:
        click.echo(printable(str(error)), err=True)
        return EXIT_BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
