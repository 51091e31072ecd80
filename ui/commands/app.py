"""``deepmask app``: the app in the browser."""

from __future__ import annotations

from dataclasses import replace

import click

from deepmask.config import Settings


@click.command()
@click.option("--host", help=f"Address to listen on; others than {Settings.host} need a password.")
@click.option("--port", type=click.IntRange(1, 65535), help=f"Port to listen on.  [default: {Settings.port}]")
@click.option(
    "--password",
    envvar="DEEPMASK_PASSWORD",
    help="Ask for this password; better set DEEPMASK_PASSWORD, which other users of the machine cannot see.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def command(host: str | None, port: int | None, password: str | None, no_browser: bool) -> None:
    """Open the app in the browser."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = replace(Settings.load(), **given)
    from ui.app import serve

    serve(settings, password=password, open_browser=not no_browser)
