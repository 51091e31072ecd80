"""``deepmask personas``: the vault, and variations of what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from deepmask import engines
from deepmask.errors import InputError
from deepmask.face_pose import OF_PHOTO
from deepmask.faces import RGBImage
from deepmask.media import FORMATS, Photo
from deepmask.persona import Persona
from deepmask.roster import Roster, is_encrypted
from deepmask.variation import Variation, VariationKind
from deepmask.vault import Vault
from pipelines import avatar
from pipelines.avatar import ATTESTATION, AvatarOptions, Consistency, Draft, VariationOptions
from ui.commands.shared import (
    existing,
    json_option,
    overwrite_option,
    print_json,
    progress_bar,
    read_photo,
    refuse_existing,
    say,
    table,
)


@click.group()
def command() -> None:
    """List, show, vary, import, export and remove personas."""


@command.command("list")
@json_option
def list_personas(as_json: bool) -> None:
    """List the personas of the vault."""
    vault = Vault()
    personas = vault.personas()
    for sentence in vault.damaged():
        say(sentence, err=True)
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
    facts = _facts(persona) | {
        "variations": len(vault.variations(persona)) or None,
        "folder": str(vault.folder / "personas" / persona.id),
    }
    if as_json:
        print_json(facts)
        return
    if persona.attributes is not None:
        facts["attributes"] = _listed(persona.attributes.to_json())
    if persona.wishes is not None:
        pose = {"pose": persona.wishes.pose.name or OF_PHOTO} if persona.wishes.pose else {}
        facts["wishes"] = _listed(persona.wishes.to_json() | pose)
    facts["recipe"] = _listed(persona.recipe)
    facts["voice"] = _listed(persona.voice.to_json()) if persona.voice else None
    click.echo(table((key, str(value)) for key, value in facts.items() if value not in (None, "")))


@command.command()
@click.argument("name")
@click.argument("new_name")
def rename(name: str, new_name: str) -> None:
    """Give a persona another name."""
    vault = Vault()
    persona = vault.rename(vault.persona(name), new_name)
    say(f"{name} is called {persona.name} now.")


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
    say(f"Removed {persona.name}.")


@command.command("import")
@click.argument("portrait", type=existing)
@click.option("--name", required=True, help="Name of the persona.")
@click.option("--i-may-use-it", "attested", is_flag=True, help=f'Your word, recorded in the vault: "{ATTESTATION}"')
def import_portrait(portrait: Path, name: str, attested: bool) -> None:
    """Keep a portrait picture as a persona."""
    persona = avatar.import_portrait(read_photo(portrait), name, Vault(), attested=attested)
    say(f"Kept {persona.name}.")


@command.command()
@click.argument("name")
@click.option("-o", "--out", type=existing, required=True, help="Picture file, or a folder for the variations as well.")
@click.option("--size", type=int, help="Side in pixels; painted personas are drawn anew at this size.")
@overwrite_option
def export(name: str, out: Path, size: int | None, overwrite: bool) -> None:
    """Write a persona's portrait as a picture, or all its pictures into a folder."""
    vault = Vault()
    persona = vault.persona(name)
    if out.suffix.lower() in {suffix for row in FORMATS for suffix in row.suffixes}:
        pictures = {out: _portrait(persona, size)}
    else:
        pictures = {out / f"{persona.id}.png": _portrait(persona, size)}
        pictures |= {out / f"{persona.id}-{v.id}.png": v.picture for v in vault.variations(persona)}
    refuse_existing(pictures, overwrite)
    for path, picture in pictures.items():
        Photo.from_array(picture, path.name).save(path)
        say(f"{persona.name} → {path}")


def _portrait(persona: Persona, size: int | None) -> RGBImage:
    if size is None:
        return persona.portrait
    if persona.attributes is None or not persona.redrawable:
        made = f"made by {persona.engine}" if persona.attributes else "imported"
        raise InputError(f"{persona.name} was {made} and cannot be drawn at another size; leave out --size.")
    options = AvatarOptions(engine=persona.engine, size_px=size)
    draft = Draft(persona.portrait, persona.attributes, persona.seed, persona.engine)
    with progress_bar() as progress:
        return avatar.redraw(draft, size_px=options.size_px, progress=progress).portrait


@command.command()
@click.argument("name")
@click.argument("words", required=False, default=VariationOptions.words)
@click.option(
    "--kind",
    type=click.Choice(get_args(VariationKind)),
    default=VariationOptions.kind,
    show_default=True,
    help="What is to be another.",
)
@click.option("--seed", type=int, default=VariationOptions.seed, show_default=True, help="Another one, other pictures.")
@click.option("--count", type=int, default=VariationOptions.count, show_default=True, help="Pictures to make.")
@click.option(
    "--swapper",
    type=click.Choice(["auto", *(row.name for row in engines.rows("face_swapper"))]),
    default=VariationOptions.swapper,
    show_default=True,
    help="What puts the persona's face onto new pictures.",
)
@click.option("-o", "--out", type=existing, help="Write the pictures into this folder instead of keeping them.")
@click.option("--all", "everything", is_flag=True, help="Keep or write also those that show somebody else.")
@overwrite_option
@json_option
def vary(
    name: str,
    words: str,
    out: Path | None,
    everything: bool,
    overwrite: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Make further pictures of a persona: another expression, setting or clothing.

    \b
    deepmask personas vary Maya laughing
    deepmask personas vary Maya "red hoodie" --kind clothing
    deepmask personas vary Maya --kind setting -o pictures

    A recogniser compares each picture with the portrait; those it takes for somebody else are left out.
    """
    vault = Vault()
    persona, chosen = vault.persona(name), VariationOptions(words=words, **options)
    numbers = range(1, chosen.count + 1)
    targets = [] if out is None else [out / f"{persona.id}-{chosen.kind}-{n:03d}.png" for n in numbers]
    refuse_existing(targets, overwrite)
    with progress_bar() as progress:
        made = avatar.vary(persona, chosen, progress=progress)
    wanted = [variation for variation in made if variation.same_person or everything]
    places: dict[int, str] = {}
    if out is None:
        places = {id(v): avatar.keep_variation(persona, v, vault, anyway=True).id for v in wanted}
    else:
        for variation, path in zip(wanted, targets, strict=False):
            Photo.from_array(variation.picture, path.name).save(path)
            places[id(variation)] = str(path)
    alike = avatar.consistency(made)
    if as_json:
        print_json(
            {
                "persona": persona.id,
                "pictures": [v.to_json() | {"place": places.get(id(v))} for v in made],
                "match_below": alike.match_below if alike else None,
                "among": alike.among if alike else [],
            }
        )
        return
    for variation in made:
        place = places.get(id(variation))
        say(f"{variation.words}: {f'{place}. ' if place else 'left out. '}{avatar.explained(variation)}")
    if alike is not None:
        say(_alike(persona, alike))


@command.command()
@click.argument("name")
@click.option("--remove", "removed", metavar="ID", help="Delete this picture.")
@json_option
def looks(name: str, removed: str | None, as_json: bool) -> None:
    """List the kept variations of a persona."""
    vault = Vault()
    persona = vault.persona(name)
    if removed is not None:
        vault.remove_variation(persona, removed)
        say(f"Removed {removed} of {persona.name}.", err=as_json)
    kept = vault.variations(persona)
    if as_json:
        print_json([v.to_json() | {"id": v.id} for v in kept])
    elif kept:
        click.echo(table((v.id, v.kind, v.words, _distance(v)) for v in kept))
    elif removed is None:
        say(f"No variations yet; make some with: deepmask personas vary {persona.id}", err=True)


def _distance(variation: Variation) -> str:
    if variation.distance is None:
        return "no face measured"
    return f"distance {variation.distance:.2f}{'' if variation.same_person else ', somebody else'}"


def _alike(persona: Persona, alike: Consistency) -> str:
    """How alike the pictures are: one sentence."""
    told = f"{_range(alike.to_portrait)} from the portrait of {persona.name}"
    if alike.among:
        told += f", {_range(alike.among)} among each other"
    return f"Distances by {alike.recognizer}: {told}; the same person is below {alike.match_below:.2f}."


def _range(values: tuple[float, ...]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"


def _listed(facts: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in facts.items())


def _facts(persona: Persona) -> dict[str, Any]:
    return {
        "id": persona.id,
        "name": persona.name,
        "engine": persona.engine,
        "seed": persona.seed if persona.attributes else None,
        "prompt": persona.prompt,
        "attributes": persona.attributes.to_json() if persona.attributes else None,
        "wishes": persona.wishes.to_json() if persona.wishes else None,
        "recipe": persona.recipe,
        "voice": persona.voice.to_json() if persona.voice else None,
        "attested": persona.attestation.given_at if persona.attestation else None,
        "created_at": persona.created_at,
    }
