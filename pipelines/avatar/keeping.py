"""Personas of the vault: a draft that is kept, a first one for newcomers, a portrait that is brought along."""

from __future__ import annotations

import secrets

from deepmask import engines
from deepmask.errors import InputError
from deepmask.media import Photo
from deepmask.persona import Attestation, Persona
from deepmask.progress import Progress, silent
from deepmask.vault import Vault, now
from pipelines.avatar.creating import MOST_SEED, STARTER_PROMPT, AvatarOptions, Draft, create

ATTESTATION = "I made this portrait, or I have the permission of the person it shows, and I may use it as a persona."
"""What the user confirms when importing a portrait."""


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
            wishes=draft.wishes,
            recipe=draft.recipe,
        )
    )


def starter(vault: Vault, *, progress: Progress = silent) -> Persona:
    """A first persona for somebody who has none yet: a friendly face of a random seed, kept as 'Starter'.

    It is made by a painter that works from attributes: those are quick, and can draw the persona in any pose.
    """
    rows = engines.rows("portrait_painter")
    quick = next((row.name for row in rows if not row.heeds_wishes and not row.missing()), "auto")
    draft = create(STARTER_PROMPT, secrets.randbelow(MOST_SEED), AvatarOptions(quick, count=1), progress=progress)[0]
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
