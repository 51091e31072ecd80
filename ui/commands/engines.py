"""``deepmask engines``: the table, without importing any engine."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import get_args

import click

from deepmask import engines
from deepmask.engines import EngineSpec, Kind
from deepmask.weights import Weight, size_text
from deepmask.weights.places import find
from deepmask.workers import environments
from ui.commands.shared import json_option, print_json, progress_bar, table

_HEAD = ("NAME", "READY", "BUSINESS USE", "WHAT IT DOES [LICENCE]")
_ENVIRONMENT = click.Choice([row.name for row in environments.ENVIRONMENTS])


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the engines and what they need; of each kind, the first that is ready is used.

    Weights are downloaded by 'deepmask weights get' only. Two engines run in environments of their own, made by
    'deepmask engines install'.
    """
    if ctx.invoked_subcommand is None:
        _list(as_json)


@command.command()
@click.argument("name", type=_ENVIRONMENT)
def install(name: str) -> None:
    """Make the environment of an engine, or go on where this was stopped: minutes, gigabytes."""
    row = environments.environment(name)
    if environments.installed(name):
        click.echo(f"{row.title} is installed already, in {row.folder}.")
        return
    click.echo(
        f"{row.title} goes into {row.folder}: about {size_text(row.size_bytes)} on disk, or "
        f"{size_text(row.size_cuda_bytes)} where pip finds torch for NVIDIA cards.",
        err=True,
    )
    with progress_bar() as progress:
        environments.install(name, progress=progress)
    click.echo(f"{row.title} is installed: {size_text(environments.size_bytes(name))}.")
    for engine in engines.table():
        if engine.environment == name and engine.missing():
            click.echo(f"It still lacks {', '.join(engine.missing())}; run: {engine.remedy()}")


@command.command()
@click.argument("name", type=_ENVIRONMENT)
def remove(name: str) -> None:
    """Delete the environment of an engine; its weights stay."""
    freed = environments.size_bytes(name)
    gone = environments.remove(name)
    title = environments.environment(name).title
    click.echo(f"{title} is removed; {size_text(freed)} are free again." if gone else f"{title} is not installed.")


def _list(as_json: bool) -> None:
    rows = engines.table()
    if as_json:
        print_json([_facts(row) for row in rows])
        return
    order = get_args(Kind)
    groups = groupby(sorted(rows, key=lambda row: order.index(row.kind)), lambda row: row.kind)
    lines: list[tuple[str, ...]] = [_HEAD]
    for kind, members in groups:
        lines += [(f"{kind}:", "", "", ""), *(_cells(row) for row in members)]
    click.echo(table(lines, wrap=True))
    waiting = [row for row in rows if row.missing()]
    if waiting:
        click.echo("\nNot ready; to get them:\n" + table([(f"  {row.name}", row.remedy()) for row in waiting]))


def _cells(row: EngineSpec) -> tuple[str, ...]:
    return (
        f"  {row.name}",
        "no" if row.missing() else "yes",
        "yes" if row.commercial else "no",
        f"{row.summary} [{_licences(row)}]",
    )


def _sets(row: EngineSpec) -> list[Weight]:
    return [find(name).row for name in row.needed_weights()]


def _licences(row: EngineSpec) -> str:
    """Of the engine, and of its weights where those have others."""
    named = {one.licence: None for one in _sets(row) if one.licence.partition(" (")[0] not in row.licence}
    return "; ".join([row.licence, *(f"weights {licence}" for licence in named)])


def _facts(row: EngineSpec) -> dict[str, object]:
    sets = _sets(row)
    return asdict(row) | {
        "missing": row.missing(),
        "remedy": row.remedy(),
        "commercial": row.commercial,
        "weights": [
            {
                "name": one.name, "size_bytes": one.size_bytes, "licence": one.licence, "licence_url": one.licence_url,
                "commercial": one.commercial, "vendor": one.vendor, "year": one.year, "repo": one.repo,
            }
            for one in sets
        ],
    }  # fmt: skip
