"""``deepmask engines``: the table, without importing any engine."""

from __future__ import annotations

from dataclasses import asdict

import click

from deepmask import engines
from ui.commands.shared import json_option, print_json, table


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the engines and what they need; of each kind, the first that is ready is used."""
    rows = engines.table()
    if as_json:
        print_json([asdict(row) | {"missing": row.missing()} for row in rows])
        return
    head = ("KIND", "NAME", "READY", "LICENCE", "WHAT IT DOES")
    click.echo(table([head, *((r.kind, r.name, _ready(r), r.licence, r.summary) for r in rows)]))


def _ready(row: engines.EngineSpec) -> str:
    missing = row.missing()
    return f"no: {', '.join(missing)} missing; {row.install}" if missing else "yes"
