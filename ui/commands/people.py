"""``deepmask people``: who is known, and what happens to them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from deepmask import engines
from deepmask.errors import InputError
from deepmask.media import find_photos
from deepmask.vault import Vault
from pipelines.people import enrol
from ui.commands.shared import (
    PASSPHRASE,
    existing,
    json_option,
    open_roster,
    print_json,
    progress_bar,
    read_photo,
    say,
    table,
)

persona_option = click.option("--persona", help="Persona this person gets in photos.")
keep_option = click.option("--keep", is_flag=True, help="Leave this person's face as it is.")


@click.group()
def command() -> None:
    """Say who gets which persona in your photos.

    Enrolment keeps numbers computed from the photos (biometric data), never the photos, in a file only you can read.
    """


@command.command()
@click.argument("name")
@click.argument("photos", nargs=-1, required=True, type=existing)
@persona_option
@keep_option
@click.option(
    "--recognizer",
    type=click.Choice(["auto", *(row.name for row in engines.rows("face_recognizer"))]),
    default="auto",
    show_default=True,
    help="By which everybody is recognised; the first person decides.",
)
def add(name: str, photos: tuple[Path, ...], persona: str | None, keep: bool, recognizer: str) -> None:
    """Enrol a person, or add photos of one.

    The photos (or folders of photos) must show this person only.
    """
    vault = Vault()
    policy = _policy(vault, persona, keep)
    roster = open_roster(vault)
    sources = [read_photo(path) for path in find_photos(photos)]
    with progress_bar() as progress:
        roster = enrol(roster, name, sources, policy, recognizer=recognizer, progress=progress)
    roster.save(vault.folder)
    person = roster.person(name)
    say(f"{person.name} is known by {_count(len(person.embeddings), 'photo')}{_says(vault, policy)}.")


@command.command("list")
@json_option
def list_people(as_json: bool) -> None:
    """List the enrolled people."""
    vault = Vault()
    roster = open_roster(vault)
    if as_json:
        keys = ("id", "name", "persona", "photos", "enrolled_at")
        facts = ((p.id, p.name, p.persona, len(p.embeddings), p.enrolled_at) for p in roster.people)
        print_json([dict(zip(keys, row, strict=True)) for row in facts])
    elif roster.people:
        names = {p.id: p.name for p in vault.personas()}
        rows = ((p.name, _gets(p.persona, names), _count(len(p.embeddings), "photo")) for p in roster.people)
        click.echo(table(rows))
    else:
        click.echo("Nobody is enrolled; add somebody with: deepmask people add NAME PHOTO --persona PERSONA", err=True)


@command.command()
@click.argument("name")
@persona_option
@keep_option
def assign(name: str, persona: str | None, keep: bool) -> None:
    """Give a person another persona, or their own face."""
    vault = Vault()
    policy = _policy(vault, persona, keep)
    roster = open_roster(vault).assigned(name, policy)
    roster.save(vault.folder)
    say(f"{roster.person(name).name} is known{_says(vault, policy)}.")


@command.command()
@click.argument("name")
def forget(name: str) -> None:
    """Remove a person and everything computed from their photos."""
    vault = Vault()
    roster = open_roster(vault)
    person = roster.person(name)
    roster.forget(name).save(vault.folder)
    say(f"{person.name} is forgotten.")


@command.command()
def protect() -> None:
    """Encrypt the roster with a passphrase.

    It is read from DEEPMASK_PASSPHRASE, or asked for in a terminal.
    """
    vault = Vault()
    roster = open_roster(vault)
    if not roster.people:
        raise InputError("Nobody is enrolled, so there is nothing to encrypt; add somebody first.")
    roster.protected(_new_passphrase()).save(vault.folder)
    click.echo("The roster is encrypted. Without the passphrase nobody can read it, and it cannot be recovered.")


@command.command()
def unprotect() -> None:
    """Keep the roster as a plain file again."""
    vault = Vault()
    open_roster(vault).protected(None).save(vault.folder)
    click.echo("The roster is no longer encrypted.")


def _policy(vault: Vault, persona: str | None, keep: bool) -> str | None:
    if (persona is not None) == keep:
        raise click.UsageError("Say what this person gets: --persona NAME, or --keep for their own face.")
    return None if persona is None else vault.persona(persona).id


def _says(vault: Vault, policy: str | None) -> str:
    return " and keeps their own face" if policy is None else f" and appears as {vault.persona(policy).name}"


def _gets(persona: str | None, names: dict[str, str]) -> str:
    return "keeps own face" if persona is None else f"becomes {names.get(persona, 'a removed persona')}"


def _new_passphrase() -> str:
    if (passphrase := os.environ.get(PASSPHRASE)) is not None:
        return passphrase
    if not sys.stdin.isatty():
        raise InputError(f"A passphrase is needed; set {PASSPHRASE} or run this in a terminal.")
    return click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
