"""From a prompt to a persona: read the prompt, paint drafts, keep the one the user likes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from deepmask import engines
from deepmask.errors import InputError
from deepmask.faces import RGBImage
from deepmask.media import Photo
from deepmask.persona import Attestation, Attributes, Persona
from deepmask.progress import Progress, part, silent
from deepmask.prompt import read
from deepmask.vault import Vault, now

ATTESTATION = "I made this portrait, or I have the permission of the person it shows, and I may use it as a persona."
"""What the user confirms when importing a portrait."""

STARTER_PROMPT = "friendly adult, shirt, studio"


@dataclass(frozen=True)
class AvatarOptions:
    """How drafts are painted."""

    engine: str = "auto"
    """'painter', 'illustrated' or another portrait painter."""
    count: int = 4
    """Drafts with consecutive seeds."""
    size_px: int = 512

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 64:
            raise InputError(f"The number of drafts must lie between 1 and 64, got {self.count}.")
        if not 128 <= self.size_px <= 2048:
            raise InputError(f"The portrait size must lie between 128 and 2048 px, got {self.size_px}.")


@dataclass(frozen=True)
class Draft:
    """A portrait that is not kept yet."""

    portrait: RGBImage
    attributes: Attributes
    seed: int
    engine: str
    prompt: str = ""
    unknown: tuple[str, ...] = ()
    """Words of the prompt that were not understood."""


def create(
    prompt: str, seed: int = 0, options: AvatarOptions | None = None, *, progress: Progress = silent
) -> list[Draft]:
    """Drafts for a prompt, one for each of ``options.count`` consecutive seeds.

    The same prompt and seed give the same persona bit for bit.
    """
    options = options or AvatarOptions()
    if not 0 <= seed < 2**31:
        raise InputError(f"The seed must lie between 0 and {2**31 - 1}, got {seed}.")
    reading = read(prompt)
    engine = engines.choose("portrait_painter", options.engine).name
    drafts = []
    for n in range(options.count):
        step = part(progress, n / options.count, (n + 1) / options.count)
        portrait = _paint(engine, reading.attributes, seed + n, options.size_px, step)
        drafts.append(Draft(portrait, reading.attributes, seed + n, engine, prompt, reading.unknown))
    return drafts


def redraw(
    draft: Draft,
    attributes: Attributes | None = None,
    engine: str | None = None,
    *,
    size_px: int = 512,
    progress: Progress = silent,
) -> Draft:
    """The same person (seed) with other attributes or in another style."""
    row = engines.choose("portrait_painter", engine or draft.engine)
    attributes = attributes or draft.attributes
    portrait = _paint(row.name, attributes, draft.seed, size_px, progress)
    return replace(draft, portrait=portrait, attributes=attributes, engine=row.name)


def _paint(engine: str, attributes: Attributes, seed: int, size_px: int, progress: Progress) -> RGBImage:
    progress(0.0, f"Painting seed {seed}")
    with engines.exclusive:
        return engines.load("portrait_painter", engine).paint(attributes, seed, size_px, progress=progress)


def keep(draft: Draft, name: str, vault: Vault) -> Persona:
    """Keep a draft in the vault under a name."""
    return vault.add(
        Persona(
            id="",
            name=name,
            engine=draft.engine,
            portrait=draft.portrait,
            seed=draft.seed,
            prompt=draft.prompt,
            attributes=draft.attributes,
        )
    )


def starter(vault: Vault, *, progress: Progress = silent) -> Persona:
    """A first persona for somebody who has none yet: a friendly face of a random seed, kept as 'Starter'."""
    draft = create(STARTER_PROMPT, secrets.randbelow(2**31), AvatarOptions(count=1), progress=progress)[0]
    return keep(draft, "Starter", vault)


def import_portrait(source: Photo, name: str, vault: Vault, *, attested: bool) -> Persona:
    """Keep a portrait picture as a persona.

    Args:
        attested: the user confirmed :data:`ATTESTATION`; the statement and the time are recorded.

    Raises:
        InputError: not attested, or the picture does not show one usable face.
    """
    if not attested:
        raise InputError(f"Importing a portrait needs your word (--i-may-use-it): {ATTESTATION}")
    from deepmask.engines.meshwarp import usable_portrait

    with engines.exclusive:
        portrait = usable_portrait(source.rgb)
    return vault.add(
        Persona(id="", name=name, engine="import", portrait=portrait, attestation=Attestation(ATTESTATION, now()))
    )
