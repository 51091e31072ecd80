"""``deepmask avatar``: from a prompt to portraits, or to a persona in the vault."""

from __future__ import annotations

from pathlib import Path

import click

from deepmask import engines
from deepmask.errors import InputError
from deepmask.media import FORMATS, Photo
from deepmask.vault import Vault, slug
from pipelines import avatar
from pipelines.avatar import AvatarOptions, Draft
from ui.commands.shared import existing, json_option, overwrite_option, print_json, progress_bar, refuse_existing

_PICTURE_SUFFIXES = {suffix for row in FORMATS for suffix in row.suffixes}


def _styles() -> list[str]:
    return ["auto", *(row.name for row in engines.rows("portrait_painter"))]


@click.command()
@click.argument("prompt")
@click.option("--seed", type=int, default=0, show_default=True, help="Same prompt and seed, same persona.")
@click.option("--name", help="Keep the persona in the vault under this name.")
@click.option("-o", "--out", type=existing, help="Write portraits: a picture file, or a folder for several.")
@click.option(
    "--style",
    type=click.Choice(_styles()),
    default=AvatarOptions.engine,
    show_default=True,
    help="How the person is drawn; auto takes the first style that is installed.",
)
@click.option(
    "--count",
    type=int,
    help=f"Portraits with consecutive seeds.  [default: 1 to keep or for a file, {AvatarOptions.count} for a folder]",
)
@click.option("--size", type=int, default=AvatarOptions.size_px, show_default=True, help="Side in pixels.")
@overwrite_option
@json_option
def command(
    prompt: str,
    seed: int,
    name: str | None,
    out: Path | None,
    style: str,
    count: int | None,
    size: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Paint personas from a prompt.

    \b
    deepmask avatar "woman in her forties, red curls, glasses" -o drafts
    deepmask avatar "woman in her forties, red curls, glasses" --seed 2 --name Maya
    """
    if not prompt.strip():
        raise InputError("Describe a person first; a few words are enough.")
    if name is None and out is None:
        raise click.UsageError("Say what to do with the portrait: --name keeps a persona, -o writes pictures.")
    one_file = out is not None and out.suffix.lower() in _PICTURE_SUFFIXES
    count = count if count is not None else 1 if name is not None or one_file else AvatarOptions.count
    if count > 1 and name is not None:
        raise InputError("Only one portrait can be kept under a name; choose its seed and leave out --count.")
    if count > 1 and one_file:
        raise InputError(f"{count} portraits need a folder; give -o a name without a picture suffix.")
    options = AvatarOptions(style, count, size)
    targets = [] if out is None else [out] if one_file else _names(out, prompt, seed, count)
    refuse_existing(targets, overwrite)
    with progress_bar() as progress:
        drafts = avatar.create(prompt, seed, options, progress=progress)
    for draft, target in zip(drafts, targets, strict=False):
        Photo.from_array(draft.portrait, target.name).save(target)
    persona = avatar.keep(drafts[0], name, Vault()) if name is not None else None
    if as_json:
        print_json(
            {
                "persona": None if persona is None else {"id": persona.id, "name": persona.name},
                "engine": drafts[0].engine,
                "attributes": drafts[0].attributes.to_json(),
                "unknown": list(drafts[0].unknown),
                "seeds": [draft.seed for draft in drafts],
                "files": [str(target) for target in targets],
            }
        )
        return
    _tell(drafts, targets)
    if persona is not None:
        click.echo(f"Kept {persona.name} (seed {persona.seed}, {persona.engine}).")


def _names(folder: Path, prompt: str, seed: int, count: int) -> list[Path]:
    return [folder / f"{slug(prompt) or 'persona'}-{seed + n}.png" for n in range(count)]


def _tell(drafts: list[Draft], targets: list[Path]) -> None:
    if drafts[0].unknown:
        click.echo(f"Not understood, and left to the seed: {', '.join(drafts[0].unknown)}.", err=True)
    for draft, target in zip(drafts, targets, strict=False):
        click.echo(f"seed {draft.seed} → {target}")
