"""``deepmask avatar``: from a prompt to portraits, or to a persona in the vault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from deepmask import engines
from deepmask.engines import EngineSpec
from deepmask.errors import InputError
from deepmask.face_pose import FacePose
from deepmask.media import FORMATS, Photo
from deepmask.vault import Vault, slug
from deepmask.wishes import Wishes
from pipelines import avatar
from pipelines.avatar import AvatarOptions, Draft
from ui.commands.shared import (
    existing,
    json_option,
    overwrite_option,
    print_json,
    progress_bar,
    read_photo,
    refuse_existing,
    say,
)

_PICTURE_SUFFIXES = {suffix for row in FORMATS for suffix in row.suffixes}


def _styles() -> list[str]:
    return ["auto", *(row.name for row in engines.rows("portrait_painter"))]


def _pose_readers() -> list[str]:
    return ["auto", *(row.name for row in engines.rows("pose_reader"))]


def _heeding() -> list[EngineSpec]:
    """The styles that follow words."""
    return [row for row in engines.rows("portrait_painter") if row.heeds_wishes]


class _WithHint(click.Command):
    """Says below the options how to get the styles that are not ready."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for row in _heeding():
            if row.missing():
                formatter.write_paragraph()
                formatter.write_text(f"To get the style {row.name} ({row.summary}): {row.remedy()}")


@click.command(cls=_WithHint)
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
@click.option("--negative", default=Wishes.negative, help="Diffusion: what must not be seen.")
@click.option("--steps", type=int, default=Wishes.steps, help="Diffusion: denoising steps; the engine knows how many.")
@click.option("--guidance", type=float, default=Wishes.guidance, help="Diffusion: how closely the words are followed.")
@click.option("--fast/--no-fast", default=Wishes.fast, help="Diffusion: few steps or many; else the device decides.")
@click.option(
    "--pose", help="Diffusion: how the head is held, by name (a wrong one lists them) or as in a photo of one face."
)
@click.option(
    "--pose-by",
    type=click.Choice(_pose_readers()),
    help="What reads the pose of the photo; openpose is for non-commercial use only.  [default: auto]",
)
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
    **wishes: Any,
) -> None:
    """Paint personas from a prompt.

    \b
    deepmask avatar "woman in her forties, red curls, glasses" -o drafts
    deepmask avatar "woman in her forties, red curls, glasses" --seed 2 --name Maya
    deepmask avatar "woman in her forties, red curls" --style diffusion --pose selfie.jpg -o drafts
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
    options = AvatarOptions(style, count, size, _wishes(style, wishes))
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
        say(f"Kept {persona.name} (seed {persona.seed}, {persona.engine}).")


def _wishes(style: str, given: dict[str, Any]) -> Wishes:
    """The wishes of the options; a remark where the style pays no heed to them."""
    asked = {name: value for name, value in given.items() if value not in (None, "")}
    row = engines.choose("portrait_painter", style)
    if asked and not row.heeds_wishes:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in asked)
        say(f"The style {row.name} goes by attributes alone and pays no heed to {names}.", err=True)
        return Wishes()
    reader = asked.pop("pose_by", None)
    if pose := asked.pop("pose", None):
        asked["pose"] = _pose(pose, reader)
    elif reader:
        raise click.UsageError("--pose-by says what reads the pose of a photo; name that photo with --pose.")
    return Wishes(**asked)


def _pose(text: str, reader: str | None) -> FacePose:
    """A pose by its name, or of the face in a photo, read by the engine ``reader``."""
    path = Path(text)
    if path.suffix.lower() in _PICTURE_SUFFIXES or path.exists():
        with progress_bar() as progress:
            return avatar.pose_of(read_photo(path), reader or "auto", progress=progress)
    if reader:
        raise click.UsageError(f"--pose-by reads the pose of a photo, and there is no photo {text}.")
    return FacePose.template(text.strip().lower())


def _names(folder: Path, prompt: str, seed: int, count: int) -> list[Path]:
    return [folder / f"{slug(prompt) or 'persona'}-{seed + n}.png" for n in range(count)]


def _tell(drafts: list[Draft], targets: list[Path]) -> None:
    if drafts[0].unknown:
        say(f"Not understood, and left to the seed: {', '.join(drafts[0].unknown)}.", err=True)
    for draft, target in zip(drafts, targets, strict=False):
        say(f"seed {draft.seed} → {target}")
