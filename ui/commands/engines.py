"""``deepmask engines``: the table, without importing any engine."""

from __future__ import annotations

from dataclasses import asdict

import click

from deepmask import engines
from deepmask.engines import EngineSpec
from deepmask.weights import Weight
from deepmask.weights.places import find
from ui.commands.shared import json_option, print_json, table

_HEAD = ("KIND", "NAME", "READY", "BUSINESS USE", "LICENCE", "WEIGHTS", "WHAT IT DOES")


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the engines and what they need; of each kind, the first that is ready is used.

    Weights are downloaded by 'deepmask weights get' only.
    """
    rows = engines.table()
    if as_json:
        print_json([_facts(row) for row in rows])
        return
    click.echo(table([_HEAD, *(_cells(row) for row in rows)]))
    waiting = [row for row in rows if row.missing()]
    if waiting:
        click.echo("\nNot ready; to get them:\n" + table([(f"  {row.name}", row.remedy()) for row in waiting]))


def _cells(row: EngineSpec) -> tuple[str, ...]:
    return (
        row.kind,
        row.name,
        "no" if row.missing() else "yes",
        "yes" if row.commercial else "no",
        _licence(row),
        " + ".join(row.needed_weights()) or "none",
        row.summary,
    )


def _sets(row: EngineSpec) -> list[Weight]:
    return [find(name).row for name in row.needed_weights()]


def _licence(row: EngineSpec) -> str:
    """Of the engine, or of its weights where they are stricter."""
    strict = [w.licence for w in _sets(row) if not w.commercial]
    return strict[0] if strict else row.licence


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
