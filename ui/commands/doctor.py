"""``deepmask doctor``: what works on this machine, found out by doing it once."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from deepmask import weights
from deepmask.config import Settings
from deepmask.errors import DeepmaskError
from deepmask.roster import is_encrypted
from deepmask.vault import Vault
from ui.checks import Check, State, first_line
from ui.checks.machine import machine, packages
from ui.checks.trials import engine_checks
from ui.commands.shared import json_option, print_json, progress_bar


@click.command()
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check that everything works on this machine; exit code 1 if something needed does not.

    Every engine that is ready does its work once, on a sample photo and a persona painted for the purpose.
    """
    with progress_bar() as progress:
        checks = [*machine(), *packages(), *vault_checks(Vault()), *weight_checks(), *engine_checks(progress)]
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        click.echo("\n".join(_lines(checks)))
    ctx.exit(1 if any(check.state == "broken" for check in checks) else 0)


def _lines(checks: list[Check]) -> Iterator[str]:
    """For people, wrapped to the terminal."""
    marks: dict[State, str] = {"ok": "ok", "note": "note", "broken": "BROKEN"}
    width = max(60, shutil.get_terminal_size((160, 24)).columns)
    indent = 9 + max(len(check.subject) for check in checks) + 2
    for check in checks:
        head = f"{marks[check.state]:<9}{check.subject}".ljust(indent)
        yield textwrap.fill(head + f"{check.detail} {check.remedy}".strip(), width, subsequent_indent=" " * indent)


def vault_checks(vault: Vault) -> Iterator[Check]:
    """Where personas and people are kept, and who may read them."""
    try:
        vault.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=vault.folder):
            pass
        yield Check("Vault", "ok", f"{vault.folder}, {len(vault.personas())} personas")
    except (OSError, DeepmaskError) as error:
        detail = f"{vault.folder} cannot be used: {first_line(error)}."
        yield Check("Vault", "broken", detail, "Set DEEPMASK_HOME to a folder of yours.")
        return
    for sentence in vault.damaged():
        yield Check("Vault", "note", sentence)
    roster = vault.folder / "roster.json"
    if roster.exists():
        yield _roster_check(roster, is_encrypted(vault.folder))


def _roster_check(path: Path, encrypted: bool) -> Check:
    mode = stat.S_IMODE(path.stat().st_mode)
    detail = f"{'encrypted' if encrypted else 'not encrypted'}, mode {mode:o}"
    if mode & 0o077 and os.name == "posix":
        return Check("Roster", "broken", f"{detail}: others can read it.", f"Run: chmod 600 '{path}'")
    return Check("Roster", "ok", detail)


def weight_checks() -> Iterator[Check]:
    """What was downloaded for neural engines; nothing is read through."""
    try:
        settings = Settings.load()
        states = {row.name: weights.state(row.name) for row in weights.rows()}
    except DeepmaskError as error:
        yield Check("Weights", "broken", str(error))
        return
    for name, state in states.items():
        if state.kind in ("broken", "incomplete", "licence"):
            yield Check(f"Weights: {name}", "note", state.sentence)
    there = [name for name, state in states.items() if state.usable]
    if there:
        total_gb = sum(states[name].present_bytes for name in there) / 1e9
        yield Check("Weights", "ok", f"{', '.join(there)}: {total_gb:.1f} GB")
    else:
        yield Check("Weights", "note", "none; photoreal engines need them.", "See: deepmask weights list")
    if settings.offline or settings.mirror:
        yield Check("Downloads", "note", "switched off (offline)" if settings.offline else f"from {settings.mirror}")
