"""``deepmask personas``: the vault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.persona import Persona
from deepmask.roster import Roster, is_encrypted
from deepmask.vault import Vault
from pipelines import avatar
from pipelines.avatar import ATTESTATION, AvatarOptions, Draft
from ui.commands.shared import (
    existing,
    json_option,
    overwrite_option,
    print_json,
    progress_bar,
    read_photo,
    refuse_existing,
    table,
)


@click.group()
def command() -> None:
    """List, show, import, export and remove personas."""


@command.command("list")
@json_option
def list_personas(as_json: bool) -> None:
    """List the personas of the vault."""
    vault = Vault()
    personas = vault.personas()
    for sentence in vault.damaged():
        click.echo(sentence, err=True)
    if as_json:
        print_json([_facts(p) for p in personas])
    elif personas:
        click.echo(table((p.name, p.engine, f"seed {p.seed}" if p.attributes else "", p.prompt) for p in personas))
    else:
        click.echo('No personas yet; make one with: deepmask avatar "PROMPT" --name NAME', err=True)


@command.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show all that is known of a persona."""
    vault = Vault()
    persona = vault.persona(name)
    facts = _facts(persona) | {"folder": str(vault.folder / "personas" / persona.id)}
    if as_json:
        print_json(facts)
        return
    if persona.attributes is not None:
        facts["attributes"] = ", ".join(f"{key} {value}" for key, value in persona.attributes.to_json().items())
    click.echo(table((key, str(value)) for key, value in facts.items() if value not in (None, "")))


@command.command()
@click.argument("name")
@click.argument("new_name")
def rename(name: str, new_name: str) -> None:
    """Give a persona another name."""
    vault = Vault()
    persona = vault.rename(vault.persona(name), new_name)
    click.echo(f"{name} is called {persona.name} now.")


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Delete a persona and its portrait."""
    vault = Vault()
    persona = vault.persona(name)
    if not is_encrypted(vault.folder):
        holders = [p.name for p in Roster.load(vault.folder).people if p.persona == persona.id]
        if holders:
            raise InputError(
                f"{persona.name} is the persona of {', '.join(holders)}; give them another one first "
                "with 'deepmask people assign'."
            )
    vault.remove(persona)
    click.echo(f"Removed {persona.name}.")


@command.command("import")
@click.argument("portrait", type=existing)
@click.option("--name", required=True, help="Name of the persona.")
@click.option("--i-may-use-it", "attested", is_flag=True, help=f'Your word, recorded in the vault: "{ATTESTATION}"')
def import_portrait(portrait: Path, name: str, attested: bool) -> None:
    """Keep a portrait picture as a persona."""
    persona = avatar.import_portrait(read_photo(portrait), name, Vault(), attested=attested)
    click.echo(f"Kept {persona.name}.")


@command.command()
@click.argument("name")
@click.option("-o", "--out", type=existing, required=True, help="Picture file to write.")
@click.option("--size", type=int, help="Side in pixels; painted personas are drawn anew at this size.")
@overwrite_option
def export(name: str, out: Path, size: int | None, overwrite: bool) -> None:
    """Write a persona's portrait as a picture."""
    refuse_existing([out], overwrite)
    persona = Vault().persona(name)
    Photo.from_array(_portrait(persona, size), out.name).save(out)
    click.echo(f"{persona.name} → {out}")


def _portrait(persona: Persona, size: int | None) -> Any:
    if size is None:
        return persona.portrait
    if persona.attributes is None:
        raise InputError(f"{persona.name} was imported and cannot be drawn at another size; leave out --size.")
    options = AvatarOptions(engine=persona.engine, size_px=size)
    draft = Draft(persona.portrait, persona.attributes, persona.seed, persona.engine)
    with progress_bar() as progress:
        return avatar.redraw(draft, size_px=options.size_px, progress=progress).portrait


def _facts(persona: Persona) -> dict[str, Any]:
    return {
        "id": persona.id,
        "name": persona.name,
        "engine": persona.engine,
        "seed": persona.seed if persona.attributes else None,
        "prompt": persona.prompt,
        "attributes": persona.attributes.to_json() if persona.attributes else None,
        "attested": persona.attestation.given_at if persona.attestation else None,
        "created_at": persona.created_at,
    }
