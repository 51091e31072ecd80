"""``deepmask weights``: what the neural engines load; nothing else downloads any."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from deepmask import engines, weights
from deepmask.errors import WeightsError
from ui.commands.shared import existing, fill, json_option, print_json, progress_bar, say, table

EXIT_BROKEN = 1
EXIT_STOPPED = 130
_STATES = {"licence": "licence not accepted"}

accept_option = click.option("--accept-licence", is_flag=True, help="Accept the licences of these weights.")


@click.group()
def command() -> None:
    """List, get, check and remove the weights of neural engines.

    \b
    deepmask weights list
    deepmask weights get sd15 lcm_lora taesd
    deepmask weights import ~/.insightface/models/buffalo_l

    A set is named as in the list, by the id of a repository on the Hugging Face hub (any diffusers model in the
    safetensors format), or by a folder.
    """


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the sets, their licences, and what of them is on this machine."""
    rows = weights.rows()
    if as_json:
        print_json([_as_data(row) for row in rows])
        return
    head = ("NAME", "SIZE", "BUSINESS USE", "STATE", "TITLE")
    click.echo(table([head, *(_summary(row) for row in rows)], wrap=True))
    for row in rows:
        users = ", ".join([*_engines_of(row.name), *(f"{name} (optional)" for name in row.helps)])
        click.echo("\n" + fill(f"{row.name}: {row.vendor}, {row.year}; {row.licence}, {row.licence_url}", 2))
        click.echo(fill(f"  from {row.repo}{f'; used by {users}' if users else ''}", 2))


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@accept_option
def get(names: tuple[str, ...], accept_licence: bool) -> None:
    """Download sets, verified and resumable; a licence that restricts use is shown and asked for once."""
    for name in names:
        row = weights.offer(name)
        _settle_licence(row, accept_licence)
        try:
            with progress_bar() as progress:
                folder = weights.fetch(name, progress)
        except KeyboardInterrupt:
            click.echo("Stopped; run the command again to go on where it stopped.", err=True)
            raise click.exceptions.Exit(EXIT_STOPPED) from None
        say(f"{name}: {weights.state(name).sentence} {folder}")


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@json_option
def verify(names: tuple[str, ...], as_json: bool) -> int:
    """Read every file again and compare it with what was published; without names, all sets that are there."""
    chosen = names or [row.name for row in weights.rows() if weights.state(row.name).kind != "absent"]
    found: dict[str, list[weights.Finding]] = {}
    with progress_bar() as progress:
        for name in chosen:
            found[name] = weights.verify(name, progress)
    if as_json:
        print_json({name: [asdict(finding) for finding in findings] for name, findings in found.items()})
    elif found:
        lines = [(name, f.path, _VERDICTS[f.verdict]) for name, findings in found.items() for f in findings]
        click.echo(table([("SET", "FILE", "RESULT"), *lines]))
    else:
        click.echo("No weights are on this machine.")
    wrong = any(f.verdict in ("broken", "absent") for findings in found.values() for f in findings)
    return EXIT_BROKEN if wrong else 0


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(names: tuple[str, ...], yes: bool) -> None:
    """Delete sets from this machine."""
    if not yes and any(weights.state(name).present_bytes for name in names):
        click.confirm(f"Delete the weights {', '.join(names)}?", abort=True, err=True)
    for name in names:
        freed = weights.remove(name)
        say(f"{name}: {weights.size_text(freed)} freed" if freed else f"{name} was not there.")


@command.command("import")
@click.argument("source", type=existing, metavar="DIR")
@accept_option
@json_option
def import_(source: Path, accept_licence: bool, as_json: bool) -> None:
    """Take weights from a folder or zip file: recognised by their digests, checked and linked or copied."""
    with progress_bar() as progress:
        brought = weights.bring(source.expanduser(), progress)
    for name in brought.sets:
        _settle_licence(weights.weight(name), accept_licence, required=False)
    if as_json:
        print_json(
            {
                "taken": [asdict(taken) for taken in brought.taken],
                "refused": [{"path": str(path), "set": name} for path, name in brought.refused],
                "ignored": [str(path) for path in brought.ignored],
                "states": {name: weights.state(name).kind for name in brought.sets},
            }
        )
        return
    _report(brought)
    if not brought.taken:
        raise WeightsError(f"Nothing in {source} belongs to a known set; deepmask weights list has their names.")


_VERDICTS = {
    "verified": "as published",
    "unpinned": "unchanged since it was first seen; no digest is published",
    "unchecked": "not read",
    "broken": "DAMAGED or not the published file; run: deepmask weights get",
    "absent": "missing",
}


def _report(brought: weights.Brought) -> None:
    for name in brought.sets:
        files = [taken for taken in brought.taken if taken.name == name]
        by_name = sum(not taken.pinned for taken in files)
        how = f", {by_name} of them by name, since no digest is published" if by_name else ""
        say(f"{name}: {len(files)} files recognised{how}. {weights.state(name).sentence}")
    for path, name in brought.refused:
        say(f"{path} is called like a file of {name} but is not the published one; it was not taken.", err=True)
    for path in brought.ignored[:10]:
        say(f"{path} belongs to no known set; it was not taken.", err=True)
    if len(brought.ignored) > 10:
        say(f"… and {len(brought.ignored) - 10} more.", err=True)


def _settle_licence(row: weights.Weight, accept: bool, *, required: bool = True) -> None:
    """Show a licence that restricts use, and have it accepted once.

    Raises:
        WeightsError: it was not accepted.
    """
    if not row.must_accept or weights.accepted(row):
        return
    known = "does not allow" if "non-commercial" in row.licence else "is not known to allow"
    use = "restricts what it may be used for" if row.commercial else f"{known} commercial use"
    click.echo(f"{row.title}, {row.vendor}: the licence ({row.licence}) {use}.\n  {row.licence_url}", err=True)
    if not accept and sys.stdin.isatty():
        accept = click.confirm("Do you accept this licence?", err=True)
    if accept:
        weights.accept(row.name)
    elif required:
        raise WeightsError(
            f"Without the licence of {row.name!r} nothing was fetched; add --accept-licence to accept it."
        )


def _summary(row: weights.Weight) -> tuple[str, ...]:
    state = weights.state(row.name).kind
    return (
        row.name,
        weights.size_text(row.size_bytes),
        "yes" if row.commercial else "no",
        _STATES.get(state, state),
        row.title,
    )


def _as_data(row: weights.Weight) -> dict[str, object]:
    state = weights.state(row.name)
    return {
        **asdict(row),
        "size_bytes": row.size_bytes,
        "must_accept": row.must_accept,
        "accepted": weights.accepted(row),
        "engines": _engines_of(row.name),
        "state": state.kind,
        "state_sentence": state.sentence,
        "folder": str(state.folder),
        "present_bytes": state.present_bytes,
    }


def _engines_of(name: str) -> list[str]:
    return [engine.name for engine in engines.table() if name in engine.weights]
